/* SPDX-License-Identifier: MIT */
/*
 * clone3_on_stack(args, size, run, arg) and
 * clone_on_stack(flags, stack_top, parent_tid, tls, child_tid, run, arg): see
 * thread.h. The child finds run and arg in the registers it inherits.
 */
#include "abi/syscall.h"

	.globl	clone_on_stack
	.type	clone_on_stack, @function
clone_on_stack:
	andi	a1, a1, -16
	li	a7, SYS_clone
	ecall
	beqz	a0, 1f
	ret
1:	li	fp, 0
	mv	a0, a6
	jalr	a5
	li	a0, 0
	li	a7, SYS_exit
	ecall
	ebreak
	.size	clone_on_stack, . - clone_on_stack

	.globl	clone3_on_stack
	.type	clone3_on_stack, @function
clone3_on_stack:
	mv	a5, a2
	mv	a6, a3
	li	a7, SYS_clone3
	ecall
	beqz	a0, 1b
	ret
	.size	clone3_on_stack, . - clone3_on_stack

	.section .note.GNU-stack, "", @progbits
