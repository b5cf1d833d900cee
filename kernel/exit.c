/* SPDX-License-Identifier: MIT */
/*
 * How threads and processes end.
 *
 * A thread first gives up what it uses (address space, files), then leaves its
 * process under process_lock, then its stack. The last one to give up the
 * address space frees it; the last one to leave makes the process a zombie.
 * So when a parent sees the zombie its memory is free.
 */
#include "kernel/exit.h"

#include <string.h>

#include "kernel/fs/files.h"
#include "kernel/futex.h"
#include "kernel/posix_timer.h"
#include "kernel/riscv/smp.h"
#include "kernel/sched.h"
#include "kernel/signal.h"
#include "mm/mm.h"

#include "abi/wait.h"

/* The parent of a vfork may go on: its address space is its own again. */
static void vfork_done(void)
{
	struct vfork *vfork;

	if (!load_relaxed(&current->vfork))
		return;
	spin_lock(&process_lock);
	vfork = current->vfork;
	if (vfork) {
		store_relaxed(&current->vfork, NULL);
		store_relaxed(&vfork->is_done, true);
		wake_all(&vfork->wait);
	}
	spin_unlock(&process_lock);
}

void thread_release_mm(void)
{
	if (current->mm)
		futex_thread_exit();
	vfork_done();
}

static void release_files(struct thread *self)
{
	struct files *files = self->files;
	struct fs_context *fs = self->fs;

	spin_lock(&process_lock);
	self->files = NULL;
	self->fs = NULL;
	spin_unlock(&process_lock);
	if (files)
		files_put(files);
	if (fs)
		fs_context_put(fs);
}

/* The last thread is going: what belongs to all of them. */
static void release_process(struct process *p)
{
	struct mm_struct *mm = p->mm;

	posix_timers_delete(p, false);
	if (!mm)
		return;
	spin_lock(&process_lock);
	p->dead_threads.max_rss = mm_hiwater_rss(mm);
	p->mm = NULL;
	spin_unlock(&process_lock);
	mmput(mm);
}

/* A child whose parent ends becomes another's. process_lock is held. */
static void adopt(struct process *child, struct process *reaper)
{
	struct thread *t;

	child->parent = reaper;
	list_move_tail(&child->sibling, &reaper->children);
	child->exit_signal = SIGCHLD;
	for_each_thread(t, child)
	{
		if (t->pdeath_signal)
			send_thread_signal_locked(t, t->pdeath_signal, NULL);
	}
	if (child->is_zombie) {
		wake_all(&reaper->child_wait);
	} else if (child->stop_signal) {
		send_signal_locked(child, SIGHUP, NULL);
		send_signal_locked(child, SIGCONT, NULL);
	}
}

/* Does the parent not want to hear of its children's end? */
static bool is_parent_indifferent(struct process *parent)
{
	struct sigaction action = sighand_action(parent->sighand, SIGCHLD);

	return action.sa_handler == SIG_IGN || action.sa_flags & SA_NOCLDWAIT;
}

/* Who adopts the children of p: an ancestor that wants to, or the first. */
static struct process *find_reaper(const struct process *p)
{
	struct process *reaper = p->parent;

	while (reaper && (!(reaper->traits.bits & TRAIT_SUBREAPER) ||
			  reaper->is_zombie || reaper->is_group_exit))
		reaper = reaper->parent;
	return reaper ? reaper : pid_find_locked(1)->process;
}

/* The last thread has left. process_lock is held. */
static void become_zombie(struct process *p)
{
	struct process *reaper = find_reaper(p);
	struct process *child, *next;
	int status = p->exit_status;
	bool is_reaped;

	signal_flush_process(p);
	list_for_each_entry_safe (child, next, &p->children, sibling)
		adopt(child, reaper);
	memcpy(p->comm, current->comm, sizeof(p->comm));
	p->is_zombie = true;
	is_reaped =
	    p->exit_signal == SIGCHLD && is_parent_indifferent(p->parent);
	notify_parent_locked(p, WTERMSIG(status) ? CLD_KILLED : CLD_EXITED,
			     WTERMSIG(status) ? WTERMSIG(status)
					      : WEXITSTATUS(status));
	if (is_reaped)
		process_release_locked(p);
}

/* Leave the process. */
static void leave_process(struct process *p, int status)
{
	struct thread *self = current;
	struct spinlock *lock = &p->sighand->lock;

	spin_lock(&process_lock);
	spin_lock(lock);
	signal_flush_thread(self);
	list_del_init(&self->group_node);
	p->nr_threads--;
	if (!p->nr_threads && !p->is_group_exit)
		p->exit_status = status;
	if (p->group_exec && p->nr_threads == 1)
		machine_unpark(p->group_exec);
	spin_unlock(lock);
	usage_add_thread(&p->dead_threads, self);
	self->pid->thread = NULL;
	pid_put_locked(self->pid);
	self->pid = NULL;
	fetch_sub_release(&nr_all_threads, 1);
	if (p->nr_threads)
		check_stop_locked(p);
	else
		become_zombie(p);
	spin_unlock(&process_lock);
}

void thread_exit(int status)
{
	struct thread *self = current;
	struct process *p = self->process;
	struct spinlock *lock = &p->sighand->lock;
	uint64_t left;

	/* First: what is left to do is done to its end, even when killed. */
	spin_lock(lock);
	self->is_exiting = true;
	left = p->pending.set & ~self->blocked;
	if (left)
		signal_retarget_locked(p, left);
	spin_unlock(lock);
	thread_release_mm();
	release_files(self);
	sched_use_mm(NULL);
	if (fetch_sub_acq_rel(&p->nr_live, 1) == 1) {
		if (p->pid_nr == 1) {
			if (p->is_group_exit)
				status = p->exit_status;
			power_off(WTERMSIG(status) ? 128 + WTERMSIG(status)
						   : WEXITSTATUS(status));
		}
		release_process(p);
	}
	leave_process(p, status);
	sched_exit();
}

void group_exit(int status)
{
	struct process *p = current->process;

	spin_lock(&p->sighand->lock);
	if (p->nr_threads > 1)
		kill_process_locked(p, status);
	if (p->is_group_exit)
		status = p->exit_status;
	spin_unlock(&p->sighand->lock);
	thread_exit(status);
}
