/* SPDX-License-Identifier: MIT */
/*
 * Loops of known length and the counter of instructions: see instret.h.
 */
	.text
	.globl	read_instret
	.type	read_instret, @function
read_instret:
	rdinstret a0
	ret
	.size	read_instret, . - read_instret

	.globl	empty_loop
	.type	empty_loop, @function
empty_loop:
1:	addi	a0, a0, -1
	bnez	a0, 1b
	ret
	.size	empty_loop, . - empty_loop

	.globl	ecall_loop
	.type	ecall_loop, @function
ecall_loop:
	mv	t0, a0
	mv	a7, a1
1:	ecall
	addi	t0, t0, -1
	bnez	t0, 1b
	ret
	.size	ecall_loop, . - ecall_loop

	.section .note.GNU-stack, "", @progbits
