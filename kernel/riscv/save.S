/* SPDX-License-Identifier: MIT */
/*
 * Prologues and epilogues of the functions that are compiled for size.
 *
 * With -msave-restore a function's first instruction is "jal t0,
 * __riscv_save_N", where N of s0, s1, ... are to be saved with ra, and it ends
 * by a jump to __riscv_restore_N, which returns for it. The compiler's own
 * library has these too; here no save or restore jumps to the next smaller
 * one, which is faster and, with compressed instructions, not longer.
 * kernel/riscv/backtrace.c reads the saves.
 */

	/* The frame's registers from its top down. */
	.macro	each op, at, register, more:vararg
	\op	\register, \at(sp)
	.ifnb	\more
	each	\op, (\at - 8), \more
	.endif
	.endm

	.macro	save_restore numbers, size, registers:vararg
	.irp	n, \numbers
	.globl	__riscv_save_\n, __riscv_restore_\n
__riscv_save_\n:
	.endr
	addi	sp, sp, -\size
	each	sd, (\size - 8), \registers
	jr	t0
	.irp	n, \numbers
__riscv_restore_\n:
	.endr
	each	ld, (\size - 8), \registers
	addi	sp, sp, \size
	ret
	.endm

	.text
	save_restore "0, 1", 16, ra, s0
	save_restore "2, 3", 32, ra, s0, s1, s2
	save_restore "4, 5", 48, ra, s0, s1, s2, s3, s4
	save_restore "6, 7", 64, ra, s0, s1, s2, s3, s4, s5, s6
	save_restore "8, 9", 80, ra, s0, s1, s2, s3, s4, s5, s6, s7, s8
	save_restore "10, 11", 96, ra, s0, s1, s2, s3, s4, s5, s6, s7, s8, \
		s9, s10
	save_restore 12, 112, ra, s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, \
		s10, s11
