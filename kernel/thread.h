/* SPDX-License-Identifier: MIT */
/*
 * A thread: what is scheduled. Its process holds what threads share.
 *
 * Lock marks: S sighand->lock of the process; T process_lock; R lock of the
 * run queue of `home`; a atomic; o only the thread itself; c constant.
 * Two marks: either to read, both to write.
 *
 * A thread is freed when its last reference is gone: one is its own until it
 * has left its stack for the last time, others are thread_get()'s.
 */
#pragma once

#include "kernel/riscv/thread.h"
#include "kernel/timer.h"
#include "lib/list.h"
#include "lib/lockdep.h"
#include "lib/machine.h"

#include "abi/limits.h"
#include "abi/signal.h"

struct files;
struct fs_context;
struct mm_struct;
struct pid;
struct process;

/* Bits of arch.work: what to do before the next return to user mode. */
#define WORK_SIGNAL    0x1u /* look for a signal, stop or exit */
#define WORK_RESCHED   0x2u /* let others run */
#define WORK_INTERRUPT 0x4u /* interrupt the harts that were woken */

/* Values of park; see machine_park. */
enum park_state { PARK_NONE, PARK_TOKEN, PARK_SLEEPING };

/* What becomes of a thread that has given up its hart: see finish_switch. */
enum leave { LEAVE_NOT, LEAVE_DEAD, LEAVE_MOVE };

/* Signals sent and not yet taken; queue holds those with a siginfo. */
struct sigpending {
	uint64_t set;
	struct list_head queue;
};

struct thread {
	struct arch_thread arch; /* first: tp points to both */

	/* sched.c */
	struct list_head run_node; /* R */
	uint32_t park;		   /* a; enum park_state */
	uint32_t home;		   /* R; hart it runs or ran on */
	bool is_running;	   /* R; on a hart now */
	bool is_idle;		   /* c; a hart's idle thread */
	uint8_t leave;		   /* R; enum leave, at the next switch */
	uint64_t affinity;	   /* a; harts it may run on */
	uint64_t started_at;	   /* o; since when it runs */
	uint64_t runtime;	   /* o; nanoseconds before that */
	uint64_t nr_switches, nr_preempted; /* o */

	/* process.c */
	uint32_t refs;		     /* a */
	struct mm_struct *mm;	     /* o; NULL: kernel thread, or exiting */
	struct process *process;     /* c, reference; NULL: kernel */
	struct pid *pid;	     /* T; changes in exec only */
	struct list_head group_node; /* T+S; process->threads */
	struct files *files;	     /* T to change, o */
	struct fs_context *fs;	     /* T to change, o */
	char comm[TASK_COMM_LEN];    /* o writes; readers may see a mix */
	uint64_t min_flt, maj_flt;   /* o */
	uint64_t set_child_tid;	     /* c; user address or 0 */
	uint64_t clear_child_tid;    /* o; user address or 0 */
	uint64_t robust_list;	     /* o; user address or 0 */
	struct vfork *vfork;	     /* T; parent to release */
	int pdeath_signal;	     /* T */

	/* signal.c */
	uint64_t blocked;	   /* S to write, o */
	uint64_t real_blocked;	   /* S; while sigtimedwait waits */
	uint64_t saved_mask;	   /* o; valid if restore_mask */
	bool restore_mask;	   /* o; put saved_mask back */
	bool is_exiting;	   /* S, o to read; takes no more signals */
	bool is_stopped;	   /* S; waits in a group stop */
	bool fatal_signal;	   /* a; must die */
	struct sigpending pending; /* S */
	int forced_signal;    /* o; a fault to be handled before all others; 0:
				 none */
	int forced_code;      /* o */
	uint64_t forced_addr; /* o */
	struct sigaltstack altstack; /* o */
	struct restart_block {	     /* o; for restart_syscall */
		long (*fn)(struct restart_block *block);
		uint64_t arg[4];
	} restart;

	struct held_locks held; /* o; see lib/lockdep.h */
};

static inline struct thread *current_thread(void)
{
	return machine_self();
}

#define current current_thread()

/* Has it been killed? machine_fatal_signal() asks whether waiting is over. */
static inline bool must_die(const struct thread *t)
{
	return load_relaxed(&t->fatal_signal);
}

/* The address space of the running thread; NULL in a kernel thread. */
static inline struct mm_struct *current_mm(void)
{
	return current->mm;
}

/* Once, early at boot: caches. */
void thread_init(void);

/*
 * A thread struct with a kernel stack and one reference; on no list and not
 * runnable. NULL: no memory.
 */
struct thread *thread_alloc(void) __must_check;

static inline struct thread *thread_get(struct thread *t)
{
	fetch_add_relaxed(&t->refs, 1);
	return t;
}

/* The last reference frees struct and stack. The thread is not running. */
void thread_put(struct thread *t);

/* Ask t to call user_work() before it is in user mode again. Any context. */
static inline void thread_set_work(struct thread *t, uint32_t work)
{
	fetch_or_acq_rel(&t->arch.work, work);
}

/* The running thread served these. */
static inline void thread_clear_work(uint32_t work)
{
	fetch_and_acq_rel(&current->arch.work, ~work);
}

/* Count a page fault for getrusage. */
static inline void thread_count_fault(bool major)
{
	if (major)
		current->maj_flt++;
	else
		current->min_flt++;
}

/* For log lines: "init", 1, 1. Kernel threads are process 0. */
const char *current_comm(void);
int current_pid(void);
int current_tid(void);
