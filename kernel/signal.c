/* SPDX-License-Identifier: MIT */
/*
 * Sending signals and keeping those that wait.
 *
 * A signal is pending as a bit of a set, and with it an entry in a queue that
 * holds its siginfo. Signals below SIGRTMIN are pending once at most, and are
 * sent without their siginfo when there is no memory for it; the others queue.
 */
#include "kernel/signal.h"

#include <string.h>

#include "kernel/posix_timer.h"
#include "kernel/sched.h"
#include "lib/bitops.h"
#include "mm/slab.h"

struct sigqueue {
	struct list_head node;
	struct process *charged; /* whose nr_queued counts it */
	struct siginfo info;
};

static struct kmem_cache sigqueue_cache;

__cold void signal_init(void)
{
	kmem_cache_init(&sigqueue_cache, "sigqueue", sizeof(struct sigqueue), 0,
			NULL);
}

void sighand_set_action(struct sighand *sighand, int sig,
			const struct sigaction *action)
{
	sighand->action[sig - 1] = *action;
	sighand->changed |= SIGMASK(sig);
}

bool signal_pending(void)
{
	return load_relaxed(&current->arch.work) & WORK_SIGNAL;
}

bool machine_fatal_signal(void)
{
	return must_die(current) && !current->is_exiting;
}

void siginfo_user(struct siginfo *info, int sig, int code)
{
	siginfo_init(info, sig, code);
	info->si_pid = current_pid();
	info->si_uid = current->process->ids.uid[ID_REAL];
}

static bool is_ignored(const struct sighand *sighand, int sig)
{
	uint64_t handler = sighand_action(sighand, sig).sa_handler;

	return handler == SIG_IGN ||
	       (handler == SIG_DFL && SIG_KERNEL_IGNORE & SIGMASK(sig));
}

static bool is_fatal(const struct sighand *sighand, int sig)
{
	return sighand_action(sighand, sig).sa_handler == SIG_DFL &&
	       !((SIG_KERNEL_IGNORE | SIG_KERNEL_STOP) & SIGMASK(sig));
}

static void flush_pending(struct sigpending *pending, uint64_t set)
{
	struct sigqueue *q, *next;

	if (!(pending->set & set))
		return;
	pending->set &= ~set;
	list_for_each_entry_safe (q, next, &pending->queue, node) {
		if (!(SIGMASK(q->info.si_signo) & set))
			continue;
		list_del(&q->node);
		fetch_sub_release(&q->charged->nr_queued, 1);
		kmem_cache_free(&sigqueue_cache, q);
	}
}

void signal_flush_locked(struct process *p, uint64_t set)
{
	struct thread *t;

	flush_pending(&p->pending, set);
	for_each_thread(t, p) flush_pending(&t->pending, set);
}

void signal_flush_thread(struct thread *t)
{
	flush_pending(&t->pending, ~0UL);
}

void signal_flush_process(struct process *p)
{
	flush_pending(&p->pending, ~0UL);
}

static void wake_for_signal(struct thread *t)
{
	thread_set_work(t, WORK_SIGNAL);
	if (t != current)
		sched_kick(t);
}

static bool wants(const struct thread *t, int sig)
{
	return !t->is_exiting && !(t->blocked & SIGMASK(sig));
}

/* The thread that is told of a signal to its process; NULL: all block it. */
static struct thread *choose_thread(struct process *p, int sig)
{
	struct thread *t;

	if (current->process == p && wants(current, sig))
		return current;
	for_each_thread(t, p)
	{
		if (wants(t, sig))
			return t;
	}
	return NULL;
}

void kill_process_locked(struct process *p, int status)
{
	struct thread *t;

	if (!p->is_group_exit) {
		p->is_group_exit = true;
		p->exit_status = status;
	}
	p->stop_signal = 0;
	for_each_thread(t, p)
	{
		store_relaxed(&t->fatal_signal, true);
		wake_for_signal(t);
	}
}

/*
 * Stop signals and SIGCONT cancel each other as soon as they are sent. Returns
 * whether the process goes on, which its parent is to be told.
 */
static bool cancel_opposites(struct process *p, int sig)
{
	struct thread *t;

	if (SIGMASK(sig) & SIG_KERNEL_STOP)
		signal_flush_locked(p, SIGMASK(SIGCONT));
	if (sig != SIGCONT)
		return false;
	signal_flush_locked(p, SIG_KERNEL_STOP);
	if (!p->stop_signal)
		return false;
	p->stop_signal = 0;
	p->is_stop_unseen = false;
	p->is_continue_unseen = true;
	for_each_thread(t, p) wake_for_signal(t);
	return true;
}

/* Queue the siginfo; without one the taker is told SI_USER, pid 0. */
static int queue_info(struct process *p, struct sigpending *pending, int sig,
		      const struct siginfo *info)
{
	uint64_t limit = process_limit(p, RLIMIT_SIGPENDING);
	struct sigqueue *q = NULL;

	if (sig < SIGRTMIN || load_relaxed(&p->nr_queued) < limit)
		q = kmem_cache_alloc(&sigqueue_cache, GFP_KERNEL);
	if (!q)
		return sig >= SIGRTMIN ? -EAGAIN : 0;
	if (info)
		siginfo_copy(&q->info, info);
	else
		siginfo_init(&q->info, sig, SI_KERNEL);
	q->charged = p;
	fetch_add_relaxed(&p->nr_queued, 1);
	list_add_tail(&q->node, &pending->queue);
	return 0;
}

/* A timer's signal waits once: later ones are counted in it. */
static bool add_overrun(struct sigpending *pending, const struct siginfo *info)
{
	struct sigqueue *q;

	list_for_each_entry (q, &pending->queue, node) {
		if (q->info.si_code == SI_TIMER &&
		    q->info.si_timerid == info->si_timerid) {
			q->info.si_overrun += 1 + info->si_overrun;
			return true;
		}
	}
	return false;
}

/*
 * The whole way of a signal, with sighand->lock: `t` NULL: to the process. One
 * that is blocked, or that sigtimedwait waits for, is kept whatever its action.
 * The first process is not killed by signals it has no handler for.
 */
static int send_locked(struct process *p, struct thread *t, int sig,
		       const struct siginfo *info)
{
	struct sigpending *pending = t ? &t->pending : &p->pending;
	struct thread *target = t;
	bool is_kept;
	int err;

	if (!t)
		target = choose_thread(p, sig);
	else if (!wants(t, sig))
		target = NULL;
	is_kept = !target || target->real_blocked & SIGMASK(sig);
	if (!is_kept && is_ignored(p->sighand, sig))
		return 0;
	if (sig == SIGKILL || (!is_kept && is_fatal(p->sighand, sig))) {
		if (p->pid_nr != 1)
			kill_process_locked(p, sig);
		return 0;
	}
	if (info && info->si_code == SI_TIMER && add_overrun(pending, info))
		return 0;
	if (sig < SIGRTMIN && pending->set & SIGMASK(sig))
		return 0;
	err = queue_info(p, pending, sig, info);
	if (err)
		return err;
	pending->set |= SIGMASK(sig);
	if (target)
		wake_for_signal(target);
	return 0;
}

static int send_signal_to(struct process *p, struct thread *t, int sig,
			  const struct siginfo *info)
{
	bool goes_on;
	int err = 0;

	if (list_empty(&p->threads) || (t && t->is_exiting))
		return 0; /* a zombie takes everything */
	spin_lock(&p->sighand->lock);
	goes_on = cancel_opposites(p, sig);
	if (!p->is_group_exit)
		err = send_locked(p, t, sig, info);
	spin_unlock(&p->sighand->lock);
	if (goes_on)
		notify_parent_locked(p, CLD_CONTINUED, SIGCONT);
	return err;
}

int send_signal_locked(struct process *p, int sig, const struct siginfo *info)
{
	return send_signal_to(p, NULL, sig, info);
}

int send_thread_signal_locked(struct thread *t, int sig,
			      const struct siginfo *info)
{
	return send_signal_to(t->process, t, sig, info);
}

void signal_process(struct process *p, int sig)
{
	spin_lock(&process_lock);
	send_signal_locked(p, sig, NULL);
	spin_unlock(&process_lock);
}

__cold int signal_pgrp(int pgrp, int sig, const struct siginfo *info)
{
	struct process *p;
	struct pid *pid;
	int err = -ESRCH;

	spin_lock(&process_lock);
	pid = pid_find_locked(pgrp);
	if (pid) {
		list_for_each_entry (p, &pid->group, pgrp_node) {
			int one =
			    info ? send_user_signal_locked(p, NULL, sig, info)
				 : send_signal_locked(p, sig, NULL);

			/* One that is reached is enough. */
			if (err)
				err = one;
		}
	}
	spin_unlock(&process_lock);
	return err;
}

/*
 * A fault's signal does not go through the queues: it is delivered before the
 * program runs on, or never. That saves some 400 instructions. What becomes of
 * it is decided when it is delivered, with the lock that this needs anyway.
 */
void force_sig_fault(int sig, int code, vaddr_t addr)
{
	struct thread *self = current;

	self->forced_signal = sig;
	self->forced_code = code;
	self->forced_addr = addr;
	thread_set_work(self, WORK_SIGNAL);
}

__cold void force_sigsegv(int sig)
{
	struct sighand *sighand = current->process->sighand;

	if (sig == SIGSEGV) {
		spin_lock(&sighand->lock);
		sighand->changed &= ~SIGMASK(SIGSEGV);
		spin_unlock(&sighand->lock);
	}
	force_sig_fault(SIGSEGV, SI_KERNEL, 0);
}

/* Signals that the thread itself caused come before all others. */
#define SIG_SYNCHRONOUS                                                        \
	(SIGMASK(SIGSEGV) | SIGMASK(SIGBUS) | SIGMASK(SIGILL) |                \
	 SIGMASK(SIGTRAP) | SIGMASK(SIGFPE) | SIGMASK(SIGSYS))

static int take_from(struct sigpending *pending, uint64_t set,
		     struct siginfo *info)
{
	struct sigqueue *q, *next, *found = NULL;
	bool more = false;
	int sig;

	set &= pending->set;
	if (!set)
		return 0;
	if (set & SIG_SYNCHRONOUS)
		set &= SIG_SYNCHRONOUS;
	sig = (int)bit_lowest(set) + 1;
	list_for_each_entry_safe (q, next, &pending->queue, node) {
		if (q->info.si_signo != sig)
			continue;
		if (found) {
			more = true;
			break;
		}
		found = q;
	}
	if (!more)
		pending->set &= ~SIGMASK(sig);
	if (!found) {
		siginfo_init(info, sig, SI_USER);
		return sig;
	}
	siginfo_copy(info, &found->info);
	if (info->si_code == SI_TIMER)
		posix_timer_taken(info);
	list_del(&found->node);
	fetch_sub_release(&found->charged->nr_queued, 1);
	kmem_cache_free(&sigqueue_cache, found);
	return sig;
}

int signal_dequeue_locked(uint64_t set, struct siginfo *info)
{
	int sig = take_from(&current->pending, set, info);

	return sig ? sig : take_from(&current->process->pending, set, info);
}

void signal_retarget_pending(struct process *p, uint64_t newly_blocked)
{
	struct thread *t;

	for_each_thread(t, p)
	{
		if (t != current && !t->is_exiting &&
		    p->pending.set & newly_blocked & ~t->blocked)
			wake_for_signal(t);
	}
}

void signal_set_blocked(uint64_t mask)
{
	struct sighand *sighand = current->process->sighand;

	spin_lock(&sighand->lock);
	signal_set_blocked_locked(mask & ~SIG_UNBLOCKABLE);
	spin_unlock(&sighand->lock);
}

void signal_set_temporary_mask(uint64_t mask)
{
	current->saved_mask = current->blocked;
	current->restore_mask = true;
	signal_set_blocked(mask);
}

void signal_restore_mask(void)
{
	if (!current->restore_mask)
		return;
	current->restore_mask = false;
	signal_set_blocked(current->saved_mask);
}
