/* SPDX-License-Identifier: MIT */
/*
 * System calls that ask for or change attributes of threads and processes:
 * numbers, groups, sessions, names.
 */
#include <string.h>

#include "kernel/exit.h"
#include "kernel/riscv/uaccess.h"
#include "kernel/signal.h"
#include "kernel/syscall.h"

long sys_exit(uint64_t code)
{
	thread_exit((int)(code & 0xff) << 8);
}

long sys_exit_group(uint64_t code)
{
	group_exit((int)(code & 0xff) << 8);
}

long sys_set_tid_address(uint64_t addr)
{
	current->clear_child_tid = addr;
	return current->pid->nr;
}

long sys_getpid(void)
{
	return current->process->pid_nr;
}

/*
 * The first process has none. A parent that ends is replaced before it is
 * freed, so a look without the lock is right if the parent is still the same
 * afterwards; the memory itself does not go away.
 */
long sys_getppid(void)
{
	struct process *const *link = &current->process->parent;
	const struct process *parent;
	int nr;

	do {
		parent = load_acquire(link);
		if (!parent)
			return 0;
		nr = load_acquire(&parent->pid_nr);
	} while (load_relaxed(link) != parent);
	return nr;
}

long sys_gettid(void)
{
	return current->pid->nr;
}

/* The process of a pid, the caller's for 0; NULL: none. process_lock. */
static struct process *process_of(int nr)
{
	struct pid *pid;

	if (!nr)
		return current->process;
	pid = pid_find_locked(nr);
	return pid ? pid->process : NULL;
}

long sys_getpgid(uint64_t nr)
{
	struct process *p;
	long result;

	spin_lock(&process_lock);
	p = process_of((int)nr);
	result = p ? p->pgrp->nr : -ESRCH;
	spin_unlock(&process_lock);
	return result;
}

long sys_getsid(uint64_t nr)
{
	struct process *p;
	long result;

	spin_lock(&process_lock);
	p = process_of((int)nr);
	result = p ? p->session->nr : -ESRCH;
	spin_unlock(&process_lock);
	return result;
}

static long set_pgid_locked(int nr, int pgid)
{
	struct process *self = current->process, *p = process_of(nr);
	struct pid *pgrp;

	if (!p || (p != self && p->parent != self))
		return -ESRCH;
	if (p != self && p->session != self->session)
		return -EPERM;
	if (p != self && p->has_execed)
		return -EACCES;
	if (p->session == p->pid)
		return -EPERM; /* it leads a session */
	pgrp = pgid ? pid_find_locked(pgid) : p->pid;
	if (pgrp != p->pid) {
		if (!pgrp || list_empty(&pgrp->group) ||
		    list_first_entry(&pgrp->group, struct process, pgrp_node)
			    ->session != self->session)
			return -EPERM;
	}
	if (p->pgrp != pgrp)
		process_set_pgrp_locked(p, pgrp);
	return 0;
}

long sys_setpgid(uint64_t nr, uint64_t pgid)
{
	long err;

	if ((int)pgid < 0)
		return -EINVAL;
	spin_lock(&process_lock);
	err = set_pgid_locked((int)nr, (int)pgid);
	spin_unlock(&process_lock);
	return err;
}

long sys_setsid(void)
{
	struct process *p = current->process;
	long result = -EPERM;

	spin_lock(&process_lock);
	if (list_empty(&p->pid->group)) {
		process_set_session_locked(p, p->pid);
		process_set_pgrp_locked(p, p->pid);
		result = p->pid_nr;
	}
	spin_unlock(&process_lock);
	return result;
}

/* Only the ordinary personality; asking is allowed. */
long sys_personality(uint64_t persona)
{
	return (uint32_t)persona == UINT32_MAX || !(uint32_t)persona ? 0
								     : -EINVAL;
}
