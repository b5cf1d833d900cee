/* SPDX-License-Identifier: MIT */
/*
 * Acting on signals, on the way back to user mode: handlers, default actions,
 * stopping and continuing, restarting system calls.
 */
#include "kernel/exit.h"
#include "kernel/sched.h"
#include "kernel/signal.h"

#include <string.h>

#include "abi/syscall.h"

void notify_parent_locked(struct process *p, int code, int status)
{
	struct process *parent = p->parent;
	struct siginfo info;
	struct usage usage;
	int sig = code <= CLD_DUMPED ? p->exit_signal : SIGCHLD;

	if (!parent)
		return;
	wake_all(&parent->child_wait);
	if (!sig)
		return;
	if (code >= CLD_STOPPED &&
	    sighand_action(parent->sighand, SIGCHLD).sa_flags & SA_NOCLDSTOP)
		return;
	process_usage_locked(p, &usage);
	siginfo_init(&info, sig, code);
	info.si_pid = p->pid_nr;
	info.si_status = status;
	info.si_utime = (int64_t)(usage.runtime / (1000000000 / USER_HZ));
	send_signal_locked(parent, sig, &info);
}

void check_stop_locked(struct process *p)
{
	if (!p->stop_signal || p->nr_stopped != p->nr_threads ||
	    p->is_stop_unseen || !p->nr_threads)
		return;
	p->is_stop_unseen = true;
	p->is_continue_unseen = false;
	notify_parent_locked(p, CLD_STOPPED, p->stop_signal);
}

/* Is there nobody who could continue this group? Terminal stops are ignored
 * then. */
static bool is_orphaned_pgrp(struct pid *pgrp)
{
	struct process *p;

	list_for_each_entry (p, &pgrp->group, pgrp_node) {
		struct process *parent = p->parent;

		if (parent && parent->pid_nr != 1 && !p->is_zombie &&
		    parent->pgrp != pgrp && parent->session == p->session)
			return false;
	}
	return true;
}

static bool must_exit(const struct process *p)
{
	return p->is_group_exit || (p->group_exec && p->group_exec != current);
}

/* Wait until the process is continued. sighand->lock is held, but released
 * meanwhile. */
static void stop_here(struct process *p)
{
	struct spinlock *lock = &p->sighand->lock;

	p->nr_stopped++;
	current->is_stopped = true;
	spin_unlock(lock);
	spin_lock(&process_lock);
	check_stop_locked(p);
	spin_unlock(&process_lock);
	spin_lock(lock);
	while (p->stop_signal && !must_exit(p)) {
		spin_unlock(lock);
		machine_park();
		spin_lock(lock);
	}
	p->nr_stopped--;
	current->is_stopped = false;
}

/* The default action of a stop signal: begin to stop the whole process. */
static void begin_stop(struct process *p, int sig)
{
	struct spinlock *lock = &p->sighand->lock;
	struct thread *t;

	if (sig != SIGSTOP) {
		bool is_orphaned;

		spin_unlock(lock);
		spin_lock(&process_lock);
		is_orphaned = is_orphaned_pgrp(p->pgrp);
		spin_unlock(&process_lock);
		spin_lock(lock);
		if (is_orphaned)
			return;
	}
	p->stop_signal = sig;
	for_each_thread(t, p)
	{
		thread_set_work(t, WORK_SIGNAL);
		if (t != current)
			sched_kick(t);
	}
}

/* Does the program handle what was taken? Lock held. */
static inline bool has_handler(struct sighand *sighand,
			       struct taken_signal *taken)
{
	int sig = taken->info.si_signo;

	taken->action = sighand_action(sighand, sig);
	if (taken->action.sa_handler == SIG_DFL ||
	    taken->action.sa_handler == SIG_IGN)
		return false;
	if (unlikely(taken->action.sa_flags & SA_RESETHAND))
		sighand->changed &= ~SIGMASK(sig);
	return true;
}

/* It does not: do what is to be done instead. Lock held. */
static void default_action(struct process *p, const struct taken_signal *taken)
{
	int sig = taken->info.si_signo;

	if (taken->action.sa_handler == SIG_IGN ||
	    SIG_KERNEL_IGNORE & SIGMASK(sig) || p->pid_nr == 1)
		return;
	if (SIG_KERNEL_STOP & SIGMASK(sig))
		begin_stop(p, sig);
	else
		kill_process_locked(p, sig);
}

/*
 * The signal of the thread's own fault comes before all others. If nobody
 * handles it the process dies, whatever it ignores, and the first one as well.
 */
static bool take_forced(struct process *p, struct taken_signal *taken)
{
	struct thread *self = current;
	int sig = self->forced_signal;

	siginfo_init(&taken->info, sig, self->forced_code);
	taken->info.si_addr = self->forced_addr;
	self->forced_signal = 0;
	if (likely(!(self->blocked & SIGMASK(sig)) &&
		   has_handler(p->sighand, taken)))
		return true;
	p->sighand->changed &= ~SIGMASK(sig);
	kill_process_locked(p, sig);
	return false;
}

static _Noreturn void exit_with_group(struct process *p)
{
	int status = p->exit_status;

	spin_unlock(&p->sighand->lock);
	thread_exit(status);
}

/* Block what is not to interrupt the handler. Lock held. */
static void enter_handler(struct taken_signal *taken)
{
	uint64_t mask = taken->action.sa_mask;

	if (!(taken->action.sa_flags & SA_NODEFER))
		mask |= SIGMASK(taken->info.si_signo);
	taken->blocked = current->blocked;
	signal_set_blocked_locked(mask | taken->blocked);
}

/*
 * Take the next signal that has a handler; false: there is none. Default
 * actions happen here, and may be the end.
 */
static bool get_signal(struct taken_signal *taken)
{
	struct process *p = current->process;
	bool is_taken = false;

	spin_lock(&p->sighand->lock);
	while (!is_taken) {
		if (must_exit(p))
			exit_with_group(p);
		if (p->stop_signal) {
			stop_here(p);
		} else if (current->forced_signal) {
			is_taken = take_forced(p, taken);
		} else {
			if (!signal_dequeue_locked(~current->blocked,
						   &taken->info))
				break;
			is_taken = has_handler(p->sighand, taken);
			if (!is_taken)
				default_action(p, taken);
		}
	}
	if (is_taken)
		enter_handler(taken);
	spin_unlock(&p->sighand->lock);
	return is_taken;
}

static void restart_call(struct trap_frame *frame)
{
	frame->a0 = frame->orig_a0;
	frame->epc -= 4;
}

/* A system call was interrupted: what its result means with this handler. */
static void fix_result(struct trap_frame *frame, const struct sigaction *action)
{
	switch (-(long)frame->a0) {
	case ERESTARTSYS:
		if (action && !(action->sa_flags & SA_RESTART))
			frame->a0 = (uint64_t)-EINTR;
		else
			restart_call(frame);
		break;
	case ERESTARTNOINTR:
		restart_call(frame);
		break;
	case ERESTARTNOHAND:
		if (action)
			frame->a0 = (uint64_t)-EINTR;
		else
			restart_call(frame);
		break;
	case ERESTART_RESTARTBLOCK:
		if (action) {
			frame->a0 = (uint64_t)-EINTR;
		} else {
			restart_call(frame);
			frame->a7 = SYS_restart_syscall;
		}
		break;
	}
}

static void handle_signals(struct trap_frame *frame, bool is_syscall)
{
	struct taken_signal taken;
	uint64_t mask;

	if (!get_signal(&taken)) {
		if (is_syscall)
			fix_result(frame, NULL);
		signal_restore_mask();
		return;
	}
	if (is_syscall)
		fix_result(frame, &taken.action);
	mask = current->restore_mask ? current->saved_mask : taken.blocked;
	if (signal_setup_frame(frame, &taken, mask)) {
		signal_set_blocked(taken.blocked);
		force_sigsegv(taken.info.si_signo);
		return;
	}
	current->restore_mask = false;
}

void user_work(struct trap_frame *frame, bool is_syscall)
{
	uint32_t work;

	while ((work = load_acquire(&current->arch.work))) {
		thread_clear_work(work);
		if (work & WORK_INTERRUPT)
			sched_send_interrupts();
		if (work & WORK_RESCHED)
			sched_yield_slice();
		if (work & WORK_SIGNAL) {
			handle_signals(frame, is_syscall);
			is_syscall = false;
		}
	}
}
