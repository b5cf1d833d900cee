/* SPDX-License-Identifier: MIT */
/*
 * System calls about scheduling. There is one policy, SCHED_NORMAL without
 * priorities; calls that ask for it are answered and others refused.
 */
#include "kernel/process.h"
#include "kernel/riscv/uaccess.h"
#include "kernel/sched.h"
#include "kernel/syscall.h"
#include "kernel/time.h"

#include "abi/sched.h"

long sys_sched_yield(void)
{
	machine_yield();
	return 0;
}

/* The thread with this number, the caller for 0, with a reference. */
static struct thread *find_thread(int tid)
{
	struct thread *t = NULL;
	struct pid *pid;

	if (!tid)
		return thread_get(current);
	spin_lock(&process_lock);
	pid = pid_find_locked(tid);
	if (pid && pid->thread)
		t = thread_get(pid->thread);
	spin_unlock(&process_lock);
	return t;
}

static long check_thread(int tid)
{
	struct thread *t;

	if (tid < 0)
		return -EINVAL;
	t = find_thread(tid);
	if (!t)
		return -ESRCH;
	thread_put(t);
	return 0;
}

long sys_sched_getaffinity(uint64_t tid, uint64_t size, uint64_t addr)
{
	struct thread *t;
	uint64_t mask;

	if (size < sizeof(mask) || size % sizeof(mask))
		return -EINVAL;
	t = find_thread((int)tid);
	if (!t)
		return -ESRCH;
	mask = load_relaxed(&t->affinity) & sched_online_harts();
	thread_put(t);
	if (put_user_u64(addr, mask))
		return -EFAULT;
	return sizeof(mask);
}

long sys_sched_setaffinity(uint64_t tid, uint64_t size, uint64_t addr)
{
	struct thread *t;
	uint64_t mask = 0;

	if (copy_from_user(&mask, addr, min(size, sizeof(mask))))
		return -EFAULT;
	mask &= sched_online_harts();
	if (!mask)
		return -EINVAL;
	t = find_thread((int)tid);
	if (!t)
		return -ESRCH;
	store_relaxed(&t->affinity, mask);
	if (t == current) {
		sched_apply_affinity();
	} else {
		thread_set_work(t, WORK_RESCHED);
		sched_kick(t);
	}
	thread_put(t);
	return 0;
}

long sys_sched_getscheduler(uint64_t tid)
{
	long err = check_thread((int)tid);

	return err ? err : SCHED_NORMAL;
}

long sys_sched_setscheduler(uint64_t tid, uint64_t policy, uint64_t param)
{
	uint32_t priority;

	if (!param || (int)tid < 0)
		return -EINVAL;
	if (get_user_u32(&priority, param))
		return -EFAULT;
	if ((int)policy != SCHED_NORMAL || priority)
		return -EINVAL;
	return check_thread((int)tid);
}

long sys_sched_getparam(uint64_t tid, uint64_t param)
{
	long err = param ? check_thread((int)tid) : -EINVAL;

	return err ? err : put_user_u32(param, 0);
}

long sys_sched_setparam(uint64_t tid, uint64_t param)
{
	return sys_sched_setscheduler(tid, SCHED_NORMAL, param);
}

/* Known policies have a range of priorities even if nothing uses them. */
long sys_sched_get_priority_max(uint64_t policy)
{
	if ((int)policy == SCHED_NORMAL)
		return 0;
	return (int)policy == SCHED_FIFO || (int)policy == SCHED_RR ? 99
								    : -EINVAL;
}

long sys_sched_get_priority_min(uint64_t policy)
{
	if ((int)policy == SCHED_NORMAL)
		return 0;
	return (int)policy == SCHED_FIFO || (int)policy == SCHED_RR ? 1
								    : -EINVAL;
}

long sys_sched_rr_get_interval(uint64_t tid, uint64_t addr)
{
	long err = check_thread((int)tid);

	return err ? err : put_timespec(addr, SCHED_SLICE);
}

/* Is it the process, the group or the user that is asked about? */
static bool is_meant(const struct process *p, unsigned which, unsigned who)
{
	const struct process *self = current->process;
	unsigned uid = who ? who : self->ids.uid[ID_REAL];

	if (!p || !p->mm)
		return false;
	switch (which) {
	case PRIO_PROCESS:
		return p->pid_nr == (int)(who ? who : (unsigned)self->pid_nr);
	case PRIO_PGRP:
		return who ? p->pgrp->nr == (int)who : p->pgrp == self->pgrp;
	default:
		return p->ids.uid[ID_REAL] == uid;
	}
}

/*
 * Nice values are kept and shown. Sets those of all that are meant when `nice`
 * is not NULL; returns 20 minus the best one, or -Exxx.
 */
static long for_each_meant(unsigned which, unsigned who, const int64_t *nice)
{
	long result = -ESRCH;
	struct pid *pid;

	if (which > PRIO_USER)
		return -EINVAL;
	spin_lock(&process_lock);
	for (pid = pid_next_locked(0); pid; pid = pid_next_locked(pid->nr)) {
		struct process *p = pid->process;

		if (!is_meant(p, which, who))
			continue;
		if (nice && *nice < p->traits.nice &&
		    !process_is_root(current->process)) {
			result = -EACCES;
			break;
		}
		if (nice)
			p->traits.nice = *nice;
		result = max(result, 20 - (long)p->traits.nice);
	}
	spin_unlock(&process_lock);
	return result;
}

long sys_getpriority(uint64_t which, uint64_t who)
{
	return for_each_meant((unsigned)which, (unsigned)who, NULL);
}

long sys_setpriority(uint64_t which, uint64_t who, uint64_t value)
{
	int64_t nice = min(max((int)value, -20), 19);
	long result = for_each_meant((unsigned)which, (unsigned)who, &nice);

	return min(result, 0L);
}
