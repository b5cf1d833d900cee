/* SPDX-License-Identifier: MIT */
/*
 * Zeroing and copying whole pages: the floor under every fault that hands out
 * a page, so the loops are unrolled until their overhead no longer shows.
 * Both addresses are page aligned; nothing here can fault.
 */

	.section .text
	.balign 4

/* void clear_page(void *page): 512 stores, 11 instructions around them. */
	.globl clear_page
	.type clear_page, @function
clear_page:
	li	a1, 4096
	add	a1, a1, a0
1:
	.set	offset, 0
	.rept	128
	sd	zero, offset(a0)
	.set	offset, offset + 8
	.endr
	addi	a0, a0, 1024
	bne	a0, a1, 1b
	ret
	.size clear_page, . - clear_page

/* void copy_page(void *to, const void *from): 1 KiB a round. */
	.globl copy_page
	.type copy_page, @function
copy_page:
	li	a2, 4096
	add	a2, a2, a0
1:
	.set	offset, 0
	.rept	16
	ld	a3, offset +  0(a1)
	ld	a4, offset +  8(a1)
	ld	a5, offset + 16(a1)
	ld	a6, offset + 24(a1)
	ld	a7, offset + 32(a1)
	ld	t0, offset + 40(a1)
	ld	t1, offset + 48(a1)
	ld	t2, offset + 56(a1)
	sd	a3, offset +  0(a0)
	sd	a4, offset +  8(a0)
	sd	a5, offset + 16(a0)
	sd	a6, offset + 24(a0)
	sd	a7, offset + 32(a0)
	sd	t0, offset + 40(a0)
	sd	t1, offset + 48(a0)
	sd	t2, offset + 56(a0)
	.set	offset, offset + 64
	.endr
	addi	a0, a0, 1024
	addi	a1, a1, 1024
	bne	a0, a2, 1b
	ret
	.size copy_page, . - copy_page
