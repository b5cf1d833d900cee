/* SPDX-License-Identifier: MIT */
/*
 * The machine's part of a thread: first member of struct thread.
 *
 * Invariants: tp points to the running thread while the kernel runs; sscratch
 * is 0 in the kernel and holds the thread while the hart is in user mode.
 *
 * A new thread is made runnable by thread_prepare_user and then looks to
 * switch_to() as if it had called it once.
 */
#pragma once

#include "kernel/riscv/trap.h"

#define THREAD_KSTACK  288
#define THREAD_WORK    296
#define THREAD_HART    300
#define THREAD_SCRATCH 304
#define THREAD_CONTEXT 312
#define THREAD_FP      440

#define KSTACK_SIZE 16384 /* see kernel/kstack.h */

#ifndef __ASSEMBLER__

#include "lib/machine.h"

/* What switch_to() saves: all that C preserves. */
struct context {
	uint64_t ra, sp;
	uint64_t s[12];
	uint64_t status; /* sstatus: SPP, SPIE, SUM, FS */
	uint64_t gp;	 /* the program's; traps leave it in the hart */
};

/* Floating point, rv64 D; valid while the thread is not running. */
struct fp_state {
	uint64_t f[32];
	uint32_t fcsr;
};

_Static_assert(sizeof(struct fp_state) == 264, "fcsr is stored as 64 bits");

struct arch_thread {
	struct trap_frame frame; /* registers of user mode */
	uint64_t kstack_top;	 /* sp at a trap from user mode */
	uint32_t work;		 /* atomic; not 0: user_work() before return */
	uint32_t hart;		 /* index of the hart it runs on */
	uint64_t scratch;	 /* for the first instructions of a trap */
	struct context context;
	struct fp_state fp;
};

_Static_assert(offsetof(struct arch_thread, kstack_top) == THREAD_KSTACK, "");
_Static_assert(offsetof(struct arch_thread, work) == THREAD_WORK, "");
_Static_assert(offsetof(struct arch_thread, hart) == THREAD_HART, "");
_Static_assert(THREAD_HART == THREAD_HART_OFFSET, "");
_Static_assert(offsetof(struct arch_thread, scratch) == THREAD_SCRATCH, "");
_Static_assert(offsetof(struct arch_thread, context) == THREAD_CONTEXT, "");
_Static_assert(offsetof(struct arch_thread, fp) == THREAD_FP, "");

/*
 * Stop running `prev` and go on with `next`, which keeps this hart (its hart
 * field is set here). Returns, later and perhaps on another hart, in `prev`;
 * the result is the thread that ran before it did. Address spaces are the
 * caller's (mm_activate). Interrupts are off.
 */
struct thread *switch_to(struct thread *prev, struct thread *next);

/*
 * A thread whose first steps are first(prev) with the thread that ran before
 * it, as switch_to would have returned it, and then user mode with the
 * registers in `frame` and in `fp`. The caller filled both and kstack_top.
 */
void thread_prepare_user(struct arch_thread *t,
			 void (*first)(struct thread *prev));

/* Store the running thread's live floating point registers in its fp. */
void thread_save_fp(struct arch_thread *self);

/* Load the running thread's floating point registers from its fp. */
void thread_load_fp(struct arch_thread *self);

/* Set the registers of a fresh program: all zero but these. */
void thread_start_user(struct arch_thread *self, vaddr_t pc, vaddr_t sp);

/* Drop this stack and run fn(arg) on the empty stack that ends at top. */
_Noreturn void call_on_stack(uint64_t top, void (*fn)(void *), void *arg);

/*
 * Wait for an interrupt with interrupts enabled; timer_tick and ipi_received
 * run meanwhile. Returns after one. Idle threads only.
 */
void hart_wait_for_interrupt(void);

#endif
