/* SPDX-License-Identifier: MIT */
/*
 * Processes and numbers as objects, and what /proc asks about them.
 *
 * Numbers are nodes of one red-black tree: a process, its threads, its group
 * and its session are found there, in order, and a number is not given away
 * again while any of them still uses it.
 */
#include "kernel/process.h"

#include <string.h>

#include "kernel/fs/files.h"
#include "kernel/sched.h"
#include "kernel/time.h"
#include "mm/mm.h"
#include "mm/slab.h"

struct spinlock process_lock;
uint32_t nr_all_threads;

static struct kmem_cache process_cache, sighand_cache, pid_cache;
static struct rb_root pid_tree; /* process_lock */
static int last_pid;		/* process_lock */

/* Private writable memory of all: promised, whether touched or not. */
static __cold uint64_t committed(void)
{
	uint64_t pages = 0;
	struct pid *pid;

	spin_lock(&process_lock);
	for (pid = pid_next_locked(0); pid; pid = pid_next_locked(pid->nr)) {
		const struct process *p = pid->process;

		if (p && p->mm)
			pages += load_relaxed(&p->mm->data_vm) +
				 load_relaxed(&p->mm->stack_vm);
	}
	spin_unlock(&process_lock);
	return pages;
}

__cold void process_init(void)
{
	vm_memory_committed = committed;
	kmem_cache_init(&process_cache, "process", sizeof(struct process), 0,
			NULL);
	kmem_cache_init(&sighand_cache, "sighand", sizeof(struct sighand), 0,
			NULL);
	kmem_cache_init(&pid_cache, "pid", sizeof(struct pid), 0, NULL);
}

/* An eighth of memory may be kernel stacks, as on Linux. */
unsigned process_max_threads(void)
{
	return (unsigned)min(page_nr_total() / 32, (uint64_t)PID_MAX / 2);
}

/* The number itself or the one above it; NULL: none. */
static struct pid *pid_at_or_above(int nr)
{
	struct rb_node *node = pid_tree.node;
	struct pid *best = NULL;

	while (node) {
		struct pid *pid = rb_entry(node, struct pid, node);

		if (pid->nr == nr)
			return pid;
		if (pid->nr > nr)
			best = pid;
		node = pid->nr > nr ? node->left : node->right;
	}
	return best;
}

struct pid *pid_find_locked(int nr)
{
	struct pid *pid = pid_at_or_above(nr);

	return pid && pid->nr == nr ? pid : NULL;
}

struct pid *pid_next_locked(int nr)
{
	return pid_at_or_above(nr + 1);
}

static void pid_insert(struct pid *pid)
{
	struct rb_node *parent = NULL, **link = &pid_tree.node;

	while (*link) {
		parent = *link;
		if (pid->nr < rb_entry(parent, struct pid, node)->nr)
			link = &parent->left;
		else
			link = &parent->right;
	}
	rb_link_node(&pid->node, parent, link);
	rb_insert(&pid->node, &pid_tree);
}

int pid_alloc(struct pid **pidp)
{
	struct pid *pid = kmem_cache_alloc(&pid_cache, GFP_USER);
	int tries = 0;

	if (!pid)
		return -ENOMEM;
	pid->refs = 1;
	pid->thread = NULL;
	pid->process = NULL;
	list_init(&pid->group);
	spin_lock(&process_lock);
	do {
		last_pid = last_pid + 1 < PID_MAX ? last_pid + 1 : 2;
	} while (pid_find_locked(last_pid) && ++tries < PID_MAX);
	if (tries == PID_MAX) {
		spin_unlock(&process_lock);
		kmem_cache_free(&pid_cache, pid);
		return -EAGAIN;
	}
	pid->nr = last_pid;
	pid_insert(pid);
	spin_unlock(&process_lock);
	*pidp = pid;
	return 0;
}

void pid_put_locked(struct pid *pid)
{
	if (!pid || --pid->refs)
		return;
	rb_erase(&pid->node, &pid_tree);
	kmem_cache_free(&pid_cache, pid);
}

struct sighand *sighand_alloc(void)
{
	struct sighand *sighand = kmem_cache_alloc(&sighand_cache, GFP_USER);

	if (sighand) {
		spin_init(&sighand->lock);
		sighand->refs = 1;
		sighand->changed = 0;
	}
	return sighand;
}

void sighand_put(struct sighand *sighand)
{
	if (sighand && fetch_sub_acq_rel(&sighand->refs, 1) == 1)
		kmem_cache_free(&sighand_cache, sighand);
}

struct process *process_alloc(void)
{
	struct process *p = kmem_cache_alloc(&process_cache, GFP_USER);

	if (!p)
		return NULL;
	memset(p, 0, sizeof(*p));
	p->refs = 1;
	list_init(&p->pgrp_node);
	list_init(&p->children);
	list_init(&p->sibling);
	list_init(&p->threads);
	list_init(&p->pending.queue);
	wait_queue_init(&p->child_wait);
	p->start_time = machine_clock();
	mutex_init(&p->timer_mutex);
	list_init(&p->timers);
	return p;
}

void process_put(struct process *p)
{
	if (fetch_sub_acq_rel(&p->refs, 1) != 1)
		return;
	sighand_put(p->sighand);
	kmem_cache_free(&process_cache, p);
}

void process_set_pgrp_locked(struct process *p, struct pid *pgrp)
{
	struct pid *old = p->pgrp;

	p->pgrp = pid_get_locked(pgrp);
	list_del_init(&p->pgrp_node);
	list_add_tail(&p->pgrp_node, &pgrp->group);
	pid_put_locked(old);
}

void process_set_session_locked(struct process *p, struct pid *session)
{
	struct pid *old = p->session;

	p->session = pid_get_locked(session);
	pid_put_locked(old);
}

void process_release_locked(struct process *p)
{
	list_del_init(&p->sibling);
	list_del_init(&p->pgrp_node);
	p->pid->process = NULL;
	pid_put_locked(p->pgrp);
	pid_put_locked(p->session);
	pid_put_locked(p->pid);
	p->pid = p->pgrp = p->session = NULL;
	process_put(p);
}

void usage_add(struct usage *to, const struct usage *from)
{
	to->runtime += from->runtime;
	to->min_flt += from->min_flt;
	to->maj_flt += from->maj_flt;
	to->nr_switches += from->nr_switches;
	to->nr_preempted += from->nr_preempted;
	to->max_rss = max(to->max_rss, from->max_rss);
}

void usage_add_thread(struct usage *to, const struct thread *t)
{
	to->runtime += sched_runtime(t);
	to->min_flt += load_relaxed(&t->min_flt);
	to->maj_flt += load_relaxed(&t->maj_flt);
	to->nr_switches += load_relaxed(&t->nr_switches);
	to->nr_preempted += load_relaxed(&t->nr_preempted);
}

void process_usage_locked(struct process *p, struct usage *usage)
{
	struct thread *t;

	*usage = p->dead_threads;
	for_each_thread(t, p) usage_add_thread(usage, t);
	if (!p->mm)
		return;
	usage->max_rss = max(usage->max_rss, mm_hiwater_rss(p->mm));
}

struct process *process_find(int nr)
{
	struct process *p = NULL;
	struct pid *pid;

	spin_lock(&process_lock);
	pid = pid_find_locked(nr);
	if (pid && pid->process)
		p = process_get(pid->process);
	spin_unlock(&process_lock);
	return p;
}

__cold struct process *process_next(int nr)
{
	struct process *p = NULL;
	struct pid *pid;

	spin_lock(&process_lock);
	while ((pid = pid_at_or_above(nr))) {
		if (pid->process) {
			p = process_get(pid->process);
			break;
		}
		nr = pid->nr + 1;
	}
	spin_unlock(&process_lock);
	return p;
}

__cold int process_next_tid(struct process *p, int tid)
{
	struct thread *t;
	int best = 0;

	spin_lock(&process_lock);
	for_each_thread(t, p)
	{
		if (t->pid->nr > tid && (!best || t->pid->nr < best))
			best = t->pid->nr;
	}
	spin_unlock(&process_lock);
	return best;
}

struct mm_struct *process_mm(struct process *p)
{
	struct mm_struct *mm;

	spin_lock(&process_lock);
	mm = p->mm;
	if (mm && !mmget_not_zero(mm))
		mm = NULL;
	spin_unlock(&process_lock);
	return mm;
}

__cold struct files *process_files(struct process *p)
{
	struct files *files = NULL;
	struct thread *t;

	spin_lock(&process_lock);
	for_each_thread(t, p)
	{
		if (t->files) {
			files = files_get(t->files);
			break;
		}
	}
	spin_unlock(&process_lock);
	return files;
}

__cold struct fs_context *process_fs(struct process *p)
{
	struct fs_context *fs = NULL;
	struct thread *t;

	spin_lock(&process_lock);
	for_each_thread(t, p)
	{
		if (t->fs) {
			fs = fs_context_get(t->fs);
			break;
		}
	}
	spin_unlock(&process_lock);
	return fs;
}

/* Signal fields of a process that has threads left. process_lock is held. */
static void get_signal_info(struct process *p, struct thread *t,
			    struct process_info *info)
{
	struct sighand *sighand = p->sighand;

	spin_lock(&sighand->lock);
	info->sig_pending = p->pending.set | t->pending.set;
	info->sig_blocked = t->blocked;
	for (int sig = 1; sig <= SIGRTMAX; sig++) {
		if (!(sighand->changed & SIGMASK(sig)))
			continue;
		if (sighand->action[sig - 1].sa_handler == SIG_IGN)
			info->sig_ignored |= SIGMASK(sig);
		else if (sighand->action[sig - 1].sa_handler != SIG_DFL)
			info->sig_caught |= SIGMASK(sig);
	}
	spin_unlock(&sighand->lock);
}

__cold void process_get_info(struct process *p, struct process_info *info)
{
	struct thread *t;

	memset(info, 0, sizeof(*info));
	spin_lock(&process_lock);
	info->pid = p->pid_nr;
	if (p->parent)
		info->ppid = p->parent->pid_nr;
	memcpy(info->comm, p->comm, sizeof(info->comm));
	info->state = 'Z';
	info->nr_threads = p->nr_threads;
	info->start_time = p->start_time;
	info->exit_signal = p->exit_signal;
	info->nice = (int)p->traits.nice;
	info->no_new_privs = p->traits.bits & TRAIT_NO_NEW_PRIVS;
	info->ids = p->ids;
	info->children = p->dead_children;
	process_usage_locked(p, &info->usage);
	info->pgrp = p->pgrp ? p->pgrp->nr : 0;
	info->session = p->session ? p->session->nr : 0;
	t = process_first_thread(p);
	if (t) {
		memcpy(info->comm, t->comm, sizeof(info->comm));
		info->hart = load_relaxed(&t->home);
		info->state = sched_is_runnable(t) ? 'R' : 'S';
		if (p->stop_signal && p->nr_stopped == p->nr_threads)
			info->state = 'T';
		get_signal_info(p, t, info);
	}
	spin_unlock(&process_lock);
}
