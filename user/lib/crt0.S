/* SPDX-License-Identifier: MIT */
/*
 * The first instructions of a program.
 *
 * The kernel enters here with sp at argc (see abi/auxvec.h) and every other
 * register zero. gp gets the value that the linker relaxed addresses against;
 * the frame pointer and ra are zero so that a backtrace ends here.
 */
	.section .text.start, "ax"
	.globl	_start
	.type	_start, @function
_start:
	.option push
	.option norelax
	la	gp, __global_pointer$
	.option pop
	li	fp, 0
	li	ra, 0
	mv	a0, sp
	call	start
	.size	_start, . - _start

	.section .note.GNU-stack, "", @progbits
