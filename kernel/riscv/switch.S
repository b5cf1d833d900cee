/* SPDX-License-Identifier: MIT */
/*
 * Context switch, and floating-point registers.
 *
 * sstatus belongs to the thread: its FS field says whether the floating-point
 * registers differ from the copy in memory (dirty), equal it (clean) or are
 * not used (off, idle threads).
 */
#include "kernel/riscv/csr.h"
#include "kernel/riscv/thread.h"

	.macro CONTEXT op, base
	\op	ra, THREAD_CONTEXT + 0(\base)
	\op	sp, THREAD_CONTEXT + 8(\base)
	\op	s0, THREAD_CONTEXT + 16(\base)
	\op	s1, THREAD_CONTEXT + 24(\base)
	\op	s2, THREAD_CONTEXT + 32(\base)
	\op	s3, THREAD_CONTEXT + 40(\base)
	\op	s4, THREAD_CONTEXT + 48(\base)
	\op	s5, THREAD_CONTEXT + 56(\base)
	\op	s6, THREAD_CONTEXT + 64(\base)
	\op	s7, THREAD_CONTEXT + 72(\base)
	\op	s8, THREAD_CONTEXT + 80(\base)
	\op	s9, THREAD_CONTEXT + 88(\base)
	\op	s10, THREAD_CONTEXT + 96(\base)
	\op	s11, THREAD_CONTEXT + 104(\base)
	.endm
	.set	CONTEXT_STATUS, THREAD_CONTEXT + 112
	.set	CONTEXT_GP, THREAD_CONTEXT + 120

	.section .text
	.balign 4

/*
 * All floating-point registers to or from the memory at t0, in the order of
 * struct fp_state, which is also that of a signal frame. Called by
 * "jal t2, fp_save"; t1 is changed as well. Loading makes sstatus.FS dirty,
 * saving writes zeros behind fcsr, as Linux does. In signal frames both may
 * fault (uaccess.S).
 *
 * The kernel is built without floating point: fsd, fld and fcsr are encoded by
 * hand.
 */
	.globl fp_save
fp_save:
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, \
		16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	.insn	s 0x27, 3, x\n, 8 * \n(t0)
	.endr
	csrr	t1, 0x003
	sd	t1, 256(t0)
	jr	t2

	.globl fp_load
fp_load:
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, \
		16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	.insn	i 0x07, 3, x\n, 8 * \n(t0)
	.endr
	lw	t1, 256(t0)
	.globl fp_load_end
fp_load_end:
	csrw	0x003, t1
	jr	t2

/* struct thread *switch_to(struct thread *prev, struct thread *next) */
	.globl switch_to
	.type switch_to, @function
switch_to:
	CONTEXT	sd, a0
	sd	gp, CONTEXT_GP(a0)
	csrr	t0, sstatus
	sd	t0, CONTEXT_STATUS(a0)
	li	t1, SSTATUS_FS
	and	t0, t0, t1
	bne	t0, t1, 1f
	addi	t0, a0, THREAD_FP
	jal	t2, fp_save
1:	lw	t0, THREAD_HART(a0)
	sw	t0, THREAD_HART(a1)
	mv	tp, a1
	ld	t0, CONTEXT_STATUS(a1)
	csrw	sstatus, t0
	li	t1, SSTATUS_FS
	and	t0, t0, t1
	beqz	t0, 2f
	addi	t0, a1, THREAD_FP
	jal	t2, fp_load
	li	t0, SSTATUS_FS_DIRTY ^ SSTATUS_FS_CLEAN
	csrc	sstatus, t0
2:	CONTEXT	ld, a1
	ld	gp, CONTEXT_GP(a1)
	ret
	.size switch_to, . - switch_to

/* void thread_save_fp(struct arch_thread *self): nothing to do unless dirty. */
	.globl thread_save_fp
	.type thread_save_fp, @function
thread_save_fp:
	csrr	t0, sstatus
	li	t1, SSTATUS_FS
	and	t0, t0, t1
	bne	t0, t1, 1f
	addi	t0, a0, THREAD_FP
	jal	t2, fp_save
	li	t0, SSTATUS_FS_DIRTY ^ SSTATUS_FS_CLEAN
	csrc	sstatus, t0
1:	ret
	.size thread_save_fp, . - thread_save_fp

/* void thread_load_fp(struct arch_thread *self): FS is clean afterwards. */
	.globl thread_load_fp
	.type thread_load_fp, @function
thread_load_fp:
	li	t0, SSTATUS_FS_DIRTY
	csrs	sstatus, t0
	addi	t0, a0, THREAD_FP
	jal	t2, fp_load
	li	t0, SSTATUS_FS_DIRTY ^ SSTATUS_FS_CLEAN
	csrc	sstatus, t0
	ret
	.size thread_load_fp, . - thread_load_fp

/* void call_on_stack(uint64_t top, void (*fn)(void *), void *arg) */
	.globl call_on_stack
	.type call_on_stack, @function
call_on_stack:
	mv	sp, a0
	mv	a0, a2
	jalr	a1
	unimp
	.size call_on_stack, . - call_on_stack
