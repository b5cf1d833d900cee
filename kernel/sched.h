/* SPDX-License-Identifier: MIT */
/*
 * Scheduler: which thread runs on which hart.
 *
 * One run queue for each hart, round robin with slices of SCHED_SLICE. A woken
 * thread goes back to the hart it ran on, unless another one is idle; an idle
 * hart takes waiting threads from the others. machine_park, machine_unpark and
 * machine_yield of lib/machine.h live here.
 *
 * Kernel code is not preempted: schedule() is called from park, from yield and
 * on the way back to user mode only.
 */
#pragma once

#include "kernel/thread.h"

#define SCHED_SLICE 10000000UL /* nanoseconds */

/* The idle thread of the boot hart; tp points to it from the first line on. */
extern struct thread boot_thread;

/* Set up the run queues; on the boot hart, before any thread is made. */
void sched_init(void);

/*
 * The idle thread of another hart, with its kernel stack; that hart enters
 * the kernel with tp = it, sp = arch.kstack_top. NULL: no memory.
 */
struct thread *sched_new_idle(unsigned hart);

/* This hart can run threads now: the rest of its boot thread is the idle loop.
 */
_Noreturn void sched_idle(void);

/* Make a new thread runnable. Takes over the caller's reference. */
void sched_start(struct thread *t);

/* Give the hart away while staying runnable. */
void sched_yield_slice(void);

/* The running thread ends here; its own reference is dropped. */
_Noreturn void sched_exit(void);

/* Run in this address space from now on; NULL: the kernel's alone. */
void sched_use_mm(struct mm_struct *mm);

/* The end of a slice; called by timer_run. */
void sched_tick(void);

/*
 * Let t notice its work bits soon: it is in user mode perhaps, or asleep in a
 * wait that looks at signals.
 */
void sched_kick(struct thread *t);

/* First step of every thread: see thread_prepare_user. */
void sched_thread_first(struct thread *prev);

/* Time t has run, nanoseconds. */
uint64_t sched_runtime(const struct thread *t);

bool sched_is_runnable(const struct thread *t);

uint64_t sched_online_harts(void);
uint64_t sched_idle_harts(void);

/* Send the interrupts that were put off (WORK_INTERRUPT). No lock is held. */
void sched_send_interrupts(void);

/* Move the running thread off harts that its affinity forbids. */
void sched_apply_affinity(void);
