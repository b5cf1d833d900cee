/* SPDX-License-Identifier: MIT */
/*
 * Signals: sending (signal.c), taking and acting on them on the way to user
 * mode (deliver.c), the frame on the user stack (signal_frame.c).
 *
 * sighand->lock guards pending sets, masks and actions of all threads that
 * share it; process_lock is taken before it.
 */
#pragma once

#include "kernel/process.h"
#include "kernel/riscv/sigframe.h"
#include "kernel/riscv/trap.h"

/*
 * The kernel fills in the first bytes of a siginfo, as Linux does, and keeps
 * and copies only these. Programs find zeros behind them.
 */
static inline void siginfo_copy(struct siginfo *to, const struct siginfo *from)
{
	__builtin_memcpy(to, from, SIG_INFO_BYTES);
}

static inline void siginfo_init(struct siginfo *info, int sig, int code)
{
	__builtin_memset(info, 0, SIG_INFO_BYTES);
	info->si_signo = sig;
	info->si_code = code;
}

/* A signal that is to be handled: what was sent, and what to do. */
struct taken_signal {
	struct siginfo info; /* si_signo: which it is */
	struct sigaction action;
	uint64_t blocked; /* the mask that it came through */
};

#define SIG_KERNEL_IGNORE                                                      \
	(SIGMASK(SIGCHLD) | SIGMASK(SIGCONT) | SIGMASK(SIGURG) |               \
	 SIGMASK(SIGWINCH))
#define SIG_KERNEL_STOP                                                        \
	(SIGMASK(SIGSTOP) | SIGMASK(SIGTSTP) | SIGMASK(SIGTTIN) |              \
	 SIGMASK(SIGTTOU))
#define SIG_UNBLOCKABLE (SIGMASK(SIGKILL) | SIGMASK(SIGSTOP))

static inline bool sig_is_valid(uint64_t sig)
{
	return sig >= 1 && sig <= SIGRTMAX;
}

void signal_init(void);

/* Under sighand->lock: the action for a signal. */
static inline struct sigaction sighand_action(const struct sighand *sighand,
					      int sig)
{
	if (sighand->changed & SIGMASK(sig))
		return sighand->action[sig - 1];
	return (struct sigaction){.sa_handler = SIG_DFL};
}

void sighand_set_action(struct sighand *sighand, int sig,
			const struct sigaction *action);

/* exec.c: without handlers; what was ignored stays ignored. */
void sighand_clear_handlers(struct sighand *sighand);

/* siginfo of a signal that the running thread sends by kill and the like. */
void siginfo_user(struct siginfo *info, int sig, int code);

/*
 * Send to a process, or to one thread of it. info NULL: from the kernel.
 * 0, or -EAGAIN: a queued signal found no room. process_lock is held.
 */
int send_signal_locked(struct process *p, int sig, const struct siginfo *info);
int send_thread_signal_locked(struct thread *t, int sig,
			      const struct siginfo *info);

/* send_signal_locked() without locks, for a process one has a reference to. */
void signal_process(struct process *p, int sig);

/*
 * What a program sends to process p, or to its thread t if that is not NULL;
 * sig may be 0. Also -EPERM. sys_signal.c; process_lock is held.
 */
int send_user_signal_locked(struct process *p, struct thread *t, int sig,
			    const struct siginfo *info);

/*
 * To every process of a group: kill(-pgrp) or, info NULL, the terminal. 0,
 * -ESRCH, or -EPERM: to none of them.
 */
int signal_pgrp(int pgrp, int sig, const struct siginfo *info);

/* The frame of `sig` could not be written or read: SIGSEGV, see trap.h. */
void force_sigsegv(int sig);

/* Kill every thread of p, which has sighand->lock held. */
void kill_process_locked(struct process *p, int status);

/*
 * The next of the running thread's pending signals that is in `set`; 0: none.
 * Lock held.
 */
int signal_dequeue_locked(uint64_t set, struct siginfo *info);

/* Set WORK_SIGNAL again if something unblocked is pending. Lock held. */
static inline void signal_recalc_locked(struct thread *t)
{
	if (unlikely((t->pending.set | t->process->pending.set) & ~t->blocked ||
		     t->forced_signal))
		thread_set_work(t, WORK_SIGNAL);
}

/*
 * The running thread will not take these any more: tell another thread of the
 * process of those that are pending. Lock held.
 */
void signal_retarget_pending(struct process *p, uint64_t newly_blocked);

static inline void signal_retarget_locked(struct process *p,
					  uint64_t newly_blocked)
{
	if (unlikely(p->pending.set & newly_blocked))
		signal_retarget_pending(p, newly_blocked);
}

/* Change the running thread's mask, and look whether that lets one through. */
static inline void signal_set_blocked_locked(uint64_t mask)
{
	struct thread *self = current;

	signal_retarget_locked(self->process, mask & ~self->blocked);
	self->blocked = mask;
	signal_recalc_locked(self);
}

void signal_set_blocked(uint64_t mask);

/*
 * For ppoll and the like: block `mask` for the time of the call. The call ends
 * with signal_restore_mask(), or with -ERESTARTNOHAND and no such call when a
 * signal came: the handler then runs under `mask`.
 */
void signal_set_temporary_mask(uint64_t mask);
void signal_restore_mask(void);

/* Drop what is pending of these; lock held. */
void signal_flush_locked(struct process *p, uint64_t set);
void signal_flush_thread(struct thread *t); /* all; it is exiting */
void signal_flush_process(struct process *p);

/* deliver.c: a child's change of state goes to its parent. process_lock. */
void notify_parent_locked(struct process *p, int code, int status);

/*
 * A thread has stopped or has left: if now all threads of a stopping process
 * have stopped, tell the parent. process_lock is held.
 */
void check_stop_locked(struct process *p);

/* signal_frame.c */
int signal_setup_frame(struct trap_frame *frame,
		       const struct taken_signal *taken, uint64_t mask);

/* restart_syscall of a call whose wait was interrupted by a stop. */
long restart_eintr(struct restart_block *block);
