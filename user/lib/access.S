/* SPDX-License-Identifier: MIT */
/*
 * The accesses of probe.c: a0 is the address, a1 the value, the result is in
 * a0. Leaf functions that change neither sp nor ra: whatever the second line
 * of one runs into, ra is where to go on.
 */
	.macro ACCESS name, instruction:vararg
	.globl	\name
	.type	\name, @function
\name:
	\instruction
	ret
	.size	\name, . - \name
	.endm

	.text
	ACCESS access_load, lbu a0, 0(a0)
	ACCESS access_load64, ld a0, 0(a0)
	ACCESS access_store, sb a1, 0(a0)
	ACCESS access_store64, sd a1, 0(a0)
	ACCESS access_amo, amoadd.w a0, a1, (a0)
	ACCESS access_call, jr a0

	.section .note.GNU-stack, "", @progbits
