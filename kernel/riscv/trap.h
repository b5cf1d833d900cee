/* SPDX-License-Identifier: MIT */
/*
 * Traps: the saved registers, and who handles what.
 *
 * The frame of a trap from user mode is the first member of struct thread, so
 * tp points to both; the frame of a trap from the kernel is on its stack.
 *
 * A trap from user mode saves only what C may clobber; s0-s11 and gp stay in
 * the hart. They are valid in the frame only
 *  - in user_work() and everything it calls (signal delivery, exit), which
 *    leave them as they are, and
 *  - in system calls entered through a full_sys_* stub (clone, execve), which
 *    may also change any register of the frame.
 * rt_sigreturn does not find them there, but puts new ones in.
 *
 * The order pc, x1 .. x31 is that of Linux's user_regs_struct and of the
 * sigcontext, so signal code copies USER_REGS words at once.
 */
#pragma once

#define FRAME_EPC     0
#define FRAME_X(n)    (8 * (n)) /* register xn, n = 1 .. 31 */
#define FRAME_STATUS  256
#define FRAME_CAUSE   264
#define FRAME_TVAL    272
#define FRAME_ORIG_A0 280
#define FRAME_SIZE    288

#define USER_REGS 32

/* Entries of syscall_table; larger numbers are -ENOSYS without a look. */
#define SYSCALL_SLOTS 512

#ifndef __ASSEMBLER__

#include "lib/types.h"

struct trap_frame {
	uint64_t epc;
	uint64_t ra, sp, gp, tp;
	uint64_t t0, t1, t2;
	uint64_t s0, s1;
	uint64_t a0, a1, a2, a3, a4, a5, a6, a7;
	uint64_t s2, s3, s4, s5, s6, s7, s8, s9, s10, s11;
	uint64_t t3, t4, t5, t6;
	uint64_t status, cause, tval; /* kernel traps only */
	uint64_t orig_a0; /* a0 at system call entry, for a restart */
};

_Static_assert(offsetof(struct trap_frame, ra) == FRAME_X(1), "frame");
_Static_assert(offsetof(struct trap_frame, t0) == FRAME_X(5), "frame");
_Static_assert(offsetof(struct trap_frame, s0) == FRAME_X(8), "frame");
_Static_assert(offsetof(struct trap_frame, a0) == FRAME_X(10), "frame");
_Static_assert(offsetof(struct trap_frame, s2) == FRAME_X(18), "frame");
_Static_assert(offsetof(struct trap_frame, t6) == FRAME_X(31), "frame");
_Static_assert(offsetof(struct trap_frame, status) == FRAME_STATUS, "frame");
_Static_assert(offsetof(struct trap_frame, cause) == FRAME_CAUSE, "frame");
_Static_assert(offsetof(struct trap_frame, tval) == FRAME_TVAL, "frame");
_Static_assert(offsetof(struct trap_frame, orig_a0) == FRAME_ORIG_A0, "frame");
_Static_assert(sizeof(struct trap_frame) == FRAME_SIZE, "frame");
_Static_assert(FRAME_SIZE % 16 == 0, "stack alignment");

/*
 * System calls. trap.S takes syscall_table[a7] and calls it with a0 .. a5 as
 * they are; the result becomes the program's a0. Each entry is the lower half
 * of an address, sys_none() where there is no call (kernel/riscv/syscalls.S).
 * The entries of calls that need or change the whole frame are the stubs below,
 * which save s0-s11 and gp (rt_sigreturn: only if it fails), call sys_NAME and
 * then load every register.
 */
extern const uint32_t syscall_table[SYSCALL_SLOTS];

/* Let this hart take traps; sscratch, stvec and interrupt enables. */
void trap_init_hart(void);

/*
 * Called from trap.S. user_page_fault (fault.c) for the three page faults,
 * user_trap for every other exception and for interrupts.
 */
void user_page_fault(struct trap_frame *frame, uint64_t cause, vaddr_t addr);
void user_trap(struct trap_frame *frame, uint64_t cause, uint64_t tval);
void kernel_trap(struct trap_frame *frame);

/*
 * What traps ask of the rest of the kernel (sched.c, signal.c).
 *
 * user_work: the running thread's work word is not zero on its way to user
 * mode; all registers are in the frame. is_syscall: the trap was a system
 * call whose result is frame->a0; to restart it, set a0 = orig_a0 and subtract
 * 4 from epc. Works until the word is zero (who sets it from another hart also
 * sends an IPI, so nothing is lost after that). May not return.
 * timer_tick, ipi_received: interrupts; from user mode, or from idle.
 * force_sig_fault: a fault or exception of the running thread that it cannot
 * ignore; delivered by user_work.
 */
void user_work(struct trap_frame *frame, bool is_syscall);
void timer_tick(void);
void ipi_received(void);
void force_sig_fault(int sig, int code, vaddr_t addr);

#endif
