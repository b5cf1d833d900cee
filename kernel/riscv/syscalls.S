/* SPDX-License-Identifier: MIT */
/*
 * syscall_table: from number to handler (kernel/syscall.h). Words of 32 bits
 * are enough and half the size: the kernel lies in the last 2 GiB, so trap.S
 * loads them with their sign. C has no constant for such a word.
 */
#include "abi/syscall.h"
#include "kernel/riscv/trap.h"

	.macro HANDLER nr, function
	.set	handler_\nr, \function
	.endm

#define SYSCALL(name, nr_args)	    HANDLER SYS_##name, sys_##name
#define SYSCALL_FULL(name, nr_args) HANDLER SYS_##name, full_sys_##name
#include "kernel/syscalls.def"

	.altmacro
	.macro SLOT nr
	.ifdef	handler_\nr
	.4byte	handler_\nr
	.else
	.4byte	sys_none
	.endif
	.endm

	.section .rodata
	.balign	4
	.globl	syscall_table
	.type	syscall_table, @object
syscall_table:
	.set	nr, 0
	.rept	SYSCALL_SLOTS
	SLOT	%nr
	.set	nr, nr + 1
	.endr
	.size	syscall_table, . - syscall_table
