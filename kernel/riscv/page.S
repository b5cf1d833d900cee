/* SPDX-License-Identifier: MIT */
/*
 * Zeroing and copying whole pages: the floor under every fault that hands out
 * a page, so the loops are unrolled until their overhead no longer shows.
 * Both addresses are page aligned; nothing here can fault.
 */

#include "kernel/riscv/copy.inc"

	.section .text
	.balign 4

/*
 * void clear_page(void *page): 512 stores, 14 instructions around them; or
 * cbo.zero for each block of clear_block_size bytes.
 */
	.globl clear_page
	.type clear_page, @function
clear_page:
	li	a1, 4096
	add	a1, a1, a0
	lw	a2, clear_block_size
	bnez	a2, 2f
1:
	.set	offset, 0
	.rept	128
	sd	zero, offset(a0)
	.set	offset, offset + 8
	.endr
	addi	a0, a0, 1024
	bne	a0, a1, 1b
	ret
2:
	.rept	8
	.insn	i 0x0f, 2, x0, a0, 4	/* cbo.zero (a0) */
	add	a0, a0, a2
	.endr
	bne	a0, a1, 2b
	ret
	.size clear_page, . - clear_page

/*
 * void copy_page(void *to, const void *from)
 * copy_kib: 1 KiB a round until a0 is a2. user_copy comes here as well: it
 * counts on all other registers than a3-a7 and t0-t2 (uaccess.S).
 */
	.globl copy_page
	.type copy_page, @function
copy_page:
	li	a2, 4096
	add	a2, a2, a0
	.globl copy_kib
copy_kib:
	.set	offset, 0
	.rept	16
	COPY_64	offset
	.set	offset, offset + 64
	.endr
	addi	a0, a0, 1024
	addi	a1, a1, 1024
	bne	a0, a2, copy_kib
	.globl copy_kib_end
copy_kib_end:
	ret
	.size copy_page, . - copy_page
