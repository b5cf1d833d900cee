/* SPDX-License-Identifier: MIT */
/*
 * Trap entry and return.
 *
 * From user mode: sscratch holds the thread, whose first member is the frame.
 * Only registers that C may clobber are saved, so a system call that does
 * nothing costs about 70 instructions; s0-s11 and gp follow when there is work
 * (signals, rescheduling) or the call needs the whole frame. Work may look at
 * them but not change them, so they are not loaded again. sstatus is not
 * touched at all: switch_to() keeps it for each thread, and what a nested trap
 * leaves behind is what a return to user mode needs (Priv. 1.12, 3.1.6.1).
 *
 * From the kernel (sscratch is 0): a fault on user memory, a breakpoint or a
 * bug. Interrupts never come here: the kernel runs with them off, and the idle
 * loop looks at sip itself.
 */
#include "kernel/riscv/csr.h"
#include "kernel/riscv/thread.h"

	.macro CALLER_SAVED op, base
	\op	ra, FRAME_X(1)(\base)
	\op	t1, FRAME_X(6)(\base)
	\op	t2, FRAME_X(7)(\base)
	\op	a1, FRAME_X(11)(\base)
	\op	a2, FRAME_X(12)(\base)
	\op	a3, FRAME_X(13)(\base)
	\op	a4, FRAME_X(14)(\base)
	\op	a5, FRAME_X(15)(\base)
	\op	a6, FRAME_X(16)(\base)
	\op	a7, FRAME_X(17)(\base)
	\op	t3, FRAME_X(28)(\base)
	\op	t4, FRAME_X(29)(\base)
	\op	t5, FRAME_X(30)(\base)
	\op	t6, FRAME_X(31)(\base)
	.endm

	.macro CALLEE_SAVED op, base
	\op	gp, FRAME_X(3)(\base)
	\op	s0, FRAME_X(8)(\base)
	\op	s1, FRAME_X(9)(\base)
	\op	s2, FRAME_X(18)(\base)
	\op	s3, FRAME_X(19)(\base)
	\op	s4, FRAME_X(20)(\base)
	\op	s5, FRAME_X(21)(\base)
	\op	s6, FRAME_X(22)(\base)
	\op	s7, FRAME_X(23)(\base)
	\op	s8, FRAME_X(24)(\base)
	\op	s9, FRAME_X(25)(\base)
	\op	s10, FRAME_X(26)(\base)
	\op	s11, FRAME_X(27)(\base)
	.endm

	.section .text.trap, "ax"
	.balign 4
	.globl trap_entry
	.type trap_entry, @function
trap_entry:
	csrrw	tp, sscratch, tp
	beqz	tp, trap_from_kernel
	sd	sp, FRAME_X(2)(tp)
	ld	sp, THREAD_KSTACK(tp)
	sd	t0, FRAME_X(5)(tp)
	CALLER_SAVED sd, tp
	csrrw	t0, sscratch, zero
	sd	t0, FRAME_X(4)(tp)
	csrr	t0, sepc
	csrr	t1, scause
	li	t2, CAUSE_USER_ECALL
	bne	t1, t2, trap_not_syscall

	/* System call: arguments are in place, go on behind the ecall. */
	addi	t0, t0, 4
	sd	t0, FRAME_EPC(tp)
	sd	a0, FRAME_ORIG_A0(tp)
	li	t0, SYSCALL_SLOTS
	bgeu	a7, t0, syscall_unknown
	lla	t0, syscall_table
	slli	t1, a7, 2
	add	t0, t0, t1
	lw	t0, 0(t0)
	jalr	t0
syscall_done:
	lw	t0, THREAD_WORK(tp)
	bnez	t0, syscall_work

	/* Everything but a0 and the registers that C kept is in the frame. */
user_return:
	ld	t0, FRAME_EPC(tp)
	csrw	sscratch, tp
	csrw	sepc, t0
	ld	t0, FRAME_X(5)(tp)
	CALLER_SAVED ld, tp
	ld	sp, FRAME_X(2)(tp)
	ld	tp, FRAME_X(4)(tp)
	sret

syscall_unknown:
	li	a0, -38 /* ENOSYS */
	j	syscall_done

trap_not_syscall:
	sd	a0, FRAME_X(10)(tp)
	sd	t0, FRAME_EPC(tp)
	mv	a0, tp
	mv	a1, t1
	csrr	a2, stval
	li	t0, CAUSE_PAGE_FAULTS
	srl	t0, t0, t1
	andi	t0, t0, 1
	beqz	t0, 1f
	call	user_page_fault
	j	2f
1:	call	user_trap
2:	lw	t0, THREAD_WORK(tp)
	ld	a0, FRAME_X(10)(tp)
	beqz	t0, user_return
	li	a1, 0
	j	1f

	/* The frame gets the rest; a1 says whether this was a system call. */
syscall_work:
	sd	a0, FRAME_X(10)(tp)
	li	a1, 1
1:	CALLEE_SAVED sd, tp
	mv	a0, tp
	call	user_work
	ld	a0, FRAME_X(10)(tp)
	j	user_return

	/* The frame has everything and may differ from the hart's registers. */
full_work:
	mv	a0, tp
	call	user_work
full_return:
	CALLEE_SAVED ld, tp
	ld	a0, FRAME_X(10)(tp)
	j	user_return

	/* Calls that use the whole frame. */
	.macro FULL_SYSCALL name
	.globl full_sys_\name
	.type full_sys_\name, @function
full_sys_\name:
	la	t1, sys_\name
	j	full_syscall
	.endm

full_syscall:
	CALLEE_SAVED sd, tp
	jalr	t1
	sd	a0, FRAME_X(10)(tp)
	lw	t0, THREAD_WORK(tp)
	beqz	t0, full_return
	li	a1, 1
	j	full_work

	FULL_SYSCALL clone
	FULL_SYSCALL clone3
	FULL_SYSCALL execve
	FULL_SYSCALL execveat

	/* Sets all of the frame; when it cannot, the rest is still here. */
	.globl full_sys_rt_sigreturn
	.type full_sys_rt_sigreturn, @function
full_sys_rt_sigreturn:
	call	sys_rt_sigreturn
	lw	t0, THREAD_WORK(tp)
	beqz	t0, full_return
	beqz	a0, 1f
	CALLEE_SAVED sd, tp
1:	li	a1, 0
	j	full_work

/* First steps of a user thread: a0 is the thread before it, s0 a function. */
	.globl thread_first_user
thread_first_user:
	jalr	s0
	lw	t0, THREAD_WORK(tp)
	beqz	t0, full_return
	li	a1, 0
	j	full_work

/*
 * A trap in the kernel. Its frame goes below sp, unless that is outside the
 * stack: bit 14 is set in every stack address and clear in the guard below.
 */
trap_from_kernel:
	csrrw	tp, sscratch, tp
	sd	t0, THREAD_SCRATCH(tp)
	addi	t0, sp, -FRAME_SIZE
	slli	t0, t0, 63 - 14
	bgez	t0, trap_overflow
	addi	sp, sp, -FRAME_SIZE
	addi	t0, sp, FRAME_SIZE
	sd	t0, FRAME_X(2)(sp)
kernel_save:
	ld	t0, THREAD_SCRATCH(tp)
	sd	t0, FRAME_X(5)(sp)
	CALLER_SAVED sd, sp
	CALLEE_SAVED sd, sp
	sd	tp, FRAME_X(4)(sp)
	sd	a0, FRAME_X(10)(sp)
	csrr	t0, sepc
	sd	t0, FRAME_EPC(sp)
	li	t0, SSTATUS_SUM
	csrrc	t0, sstatus, t0
	sd	t0, FRAME_STATUS(sp)
	csrr	t0, scause
	sd	t0, FRAME_CAUSE(sp)
	csrr	t0, stval
	sd	t0, FRAME_TVAL(sp)
	mv	a0, sp
	call	kernel_trap
	.globl kernel_trap_return
kernel_trap_return:
	ld	t0, FRAME_STATUS(sp)
	csrw	sstatus, t0
	ld	t0, FRAME_EPC(sp)
	csrw	sepc, t0
	CALLER_SAVED ld, sp
	CALLEE_SAVED ld, sp
	ld	a0, FRAME_X(10)(sp)
	ld	t0, FRAME_X(5)(sp)
	ld	sp, FRAME_X(2)(sp)
	sret

	/* No room: continue on this hart's emergency stack, only to panic. */
trap_overflow:
	csrw	sscratch, sp
	lla	sp, emergency_stack
	lwu	t0, THREAD_HART(tp)
	slli	t0, t0, 3
	add	sp, sp, t0
	ld	sp, 0(sp)
	addi	sp, sp, -FRAME_SIZE
	csrrw	t0, sscratch, zero
	sd	t0, FRAME_X(2)(sp)
	j	kernel_save
