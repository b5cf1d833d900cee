/* SPDX-License-Identifier: MIT */
/*
 * Context switch, and floating-point registers.
 *
 * sstatus belongs to the thread: its FS field says whether the floating-point
 * registers differ from the copy in memory (dirty), equal it (clean) or are
 * not used (off, kernel threads).
 */
#include "kernel/riscv/csr.h"
#include "kernel/riscv/fp.inc"
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
	FP_SAVE	a0, THREAD_FP, t0
1:	lw	t0, THREAD_HART(a0)
	sw	t0, THREAD_HART(a1)
	mv	tp, a1
	ld	t0, CONTEXT_STATUS(a1)
	csrw	sstatus, t0
	and	t0, t0, t1
	beqz	t0, 2f
	FP_LOAD	a1, THREAD_FP, t0
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
	FP_SAVE	a0, THREAD_FP, t0
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
	FP_LOAD	a0, THREAD_FP, t0
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
