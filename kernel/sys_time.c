/* SPDX-License-Identifier: MIT */
/*
 * System calls about time.
 *
 * The machine has no calendar that we read: the wall clock starts at a fixed
 * date at boot, so that runs are alike, until a program sets it. CPU time
 * clocks count the time a thread or process has run, kernel included.
 */
#include "kernel/time.h"

#include "kernel/riscv/uaccess.h"
#include "kernel/sched.h"
#include "kernel/signal.h"
#include "kernel/syscall.h"

/* 1 January 2024, 00:00 UTC. */
#define BOOT_REALTIME (1704067200UL * NSEC_PER_SEC)

#define NSEC_PER_USEC 1000UL
#define USEC_PER_SEC  1000000UL

static uint64_t realtime_offset = BOOT_REALTIME; /* a */

uint64_t clock_realtime(void)
{
	return machine_clock() + load_relaxed(&realtime_offset);
}

uint64_t deadline_from_realtime(uint64_t realtime)
{
	uint64_t offset = load_relaxed(&realtime_offset);

	if (realtime == TIME_NEVER)
		return TIME_NEVER;
	return realtime > offset ? realtime - offset : 0;
}

int get_timespec(vaddr_t addr, uint64_t *ns)
{
	struct timespec ts;

	if (copy_from_user(&ts, addr, sizeof(ts)))
		return -EFAULT;
	if (ts.tv_sec < 0 || (uint64_t)ts.tv_nsec >= NSEC_PER_SEC)
		return -EINVAL;
	if ((uint64_t)ts.tv_sec >= INT64_MAX / NSEC_PER_SEC)
		*ns = TIME_NEVER;
	else
		*ns = (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
	return 0;
}

int put_timespec(vaddr_t addr, uint64_t ns)
{
	struct timespec ts = {(int64_t)(ns / NSEC_PER_SEC),
			      (int64_t)(ns % NSEC_PER_SEC)};

	return copy_to_user(addr, &ts, sizeof(ts));
}

static uint64_t deadline_after(uint64_t ns)
{
	return ns == TIME_NEVER ? TIME_NEVER : machine_clock() + ns;
}

int get_timeout(vaddr_t addr, uint64_t *deadline)
{
	uint64_t ns;
	int err = get_timespec(addr, &ns);

	if (!err)
		*deadline = ns ? deadline_after(ns) : 0;
	return err;
}

static uint64_t process_runtime(void)
{
	struct usage usage;

	spin_lock(&process_lock);
	process_usage_locked(current->process, &usage);
	spin_unlock(&process_lock);
	return usage.runtime;
}

/* CPU time of a process or of a thread of the caller's, by its number. */
static int read_cpu_clock(int id, uint64_t *ns)
{
	struct process *self = current->process;
	int nr = ~(id >> 3), err = -EINVAL;
	struct usage usage;
	struct pid *pid;

	if ((id & 3) == 3)
		return -EINVAL;
	if (!nr)
		nr = id & CPU_CLOCK_THREAD ? current_tid() : current_pid();
	spin_lock(&process_lock);
	pid = pid_find_locked(nr);
	if (pid && !(id & CPU_CLOCK_THREAD) && pid->process) {
		process_usage_locked(pid->process, &usage);
		*ns = usage.runtime;
		err = 0;
	} else if (pid && id & CPU_CLOCK_THREAD && pid->thread &&
		   pid->thread->process == self) {
		*ns = sched_runtime(pid->thread);
		err = 0;
	}
	spin_unlock(&process_lock);
	return err;
}

int read_clock(int id, uint64_t *ns)
{
	switch (id) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
		*ns = clock_realtime();
		return 0;
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_BOOTTIME:
		*ns = machine_clock();
		return 0;
	case CLOCK_PROCESS_CPUTIME_ID:
		*ns = process_runtime();
		return 0;
	case CLOCK_THREAD_CPUTIME_ID:
		*ns = sched_runtime(current);
		return 0;
	default:
		return id < 0 ? read_cpu_clock(id, ns) : -EINVAL;
	}
}

long sys_clock_gettime(uint64_t id, uint64_t addr)
{
	uint64_t ns;
	int err = read_clock((int)id, &ns);

	return err ? err : put_timespec(addr, ns);
}

long sys_clock_settime(uint64_t id, uint64_t addr)
{
	uint64_t ns;
	int err;

	if ((int)id != CLOCK_REALTIME)
		return -EINVAL;
	err = get_timespec(addr, &ns);
	if (err)
		return err;
	if (ns == TIME_NEVER || ns < machine_clock())
		return -EINVAL;
	store_relaxed(&realtime_offset, ns - machine_clock());
	return 0;
}

long sys_clock_getres(uint64_t id, uint64_t addr)
{
	uint64_t ns;
	int err = read_clock((int)id, &ns);

	if (err || !addr)
		return err;
	return put_timespec(addr, 1);
}

void timeval_from_ns(struct timeval *tv, uint64_t ns)
{
	tv->tv_sec = (int64_t)(ns / NSEC_PER_SEC);
	tv->tv_usec = (int64_t)(ns % NSEC_PER_SEC / NSEC_PER_USEC);
}

static int put_timeval(vaddr_t addr, uint64_t ns)
{
	struct timeval tv;

	timeval_from_ns(&tv, ns);
	return copy_to_user(addr, &tv, sizeof(tv));
}

int timeval_to_ns(const struct timeval *tv, uint64_t *ns)
{
	if (tv->tv_sec < 0 || (uint64_t)tv->tv_usec >= USEC_PER_SEC)
		return -EINVAL;
	if ((uint64_t)tv->tv_sec >= INT64_MAX / NSEC_PER_SEC)
		*ns = TIME_NEVER;
	else
		*ns = (uint64_t)tv->tv_sec * NSEC_PER_SEC +
		      (uint64_t)tv->tv_usec * NSEC_PER_USEC;
	return 0;
}

long sys_gettimeofday(uint64_t tv, uint64_t tz)
{
	if (tv && put_timeval(tv, clock_realtime()))
		return -EFAULT;
	return tz ? put_user_u64(tz, 0) : 0;
}

long sys_settimeofday(uint64_t tv_addr, uint64_t tz)
{
	struct timeval tv;
	uint64_t ns;

	(void)tz;
	if (!tv_addr)
		return 0;
	if (copy_from_user(&tv, tv_addr, sizeof(tv)))
		return -EFAULT;
	if (timeval_to_ns(&tv, &ns) || ns == TIME_NEVER || ns < machine_clock())
		return -EINVAL;
	store_relaxed(&realtime_offset, ns - machine_clock());
	return 0;
}

/* What is left of an interrupted sleep goes to `left`, if that is wanted. */
static long sleep_until(uint64_t deadline, uint64_t left)
{
	uint64_t now;

	while (!signal_pending()) {
		if (park_until(deadline))
			return 0;
	}
	now = machine_clock();
	if (now >= deadline)
		return 0;
	if (left && put_timespec(left, deadline - now))
		return -EFAULT;
	return -ERESTART_RESTARTBLOCK;
}

static long restart_sleep(struct restart_block *block)
{
	return sleep_until(block->arg[0], block->arg[1]);
}

static long sleep_relative(uint64_t ns, uint64_t left)
{
	struct restart_block *block = &current->restart;
	uint64_t deadline = deadline_after(ns);

	block->fn = restart_sleep;
	block->arg[0] = deadline;
	block->arg[1] = left;
	return sleep_until(deadline, left);
}

long sys_nanosleep(uint64_t time, uint64_t left)
{
	uint64_t ns;
	int err = get_timespec(time, &ns);

	return err ? err : sleep_relative(ns, left);
}

long sys_clock_nanosleep(uint64_t id, uint64_t flags, uint64_t time,
			 uint64_t left)
{
	uint64_t ns, deadline;
	long err;

	if ((int)id == CLOCK_THREAD_CPUTIME_ID || read_clock((int)id, &ns))
		return -EINVAL;
	if ((int)id == CLOCK_PROCESS_CPUTIME_ID)
		return -EOPNOTSUPP;
	err = get_timespec(time, &ns);
	if (err)
		return err;
	if (!((int)flags & TIMER_ABSTIME))
		return sleep_relative(ns, left);
	deadline = (int)id == CLOCK_REALTIME ? deadline_from_realtime(ns) : ns;
	err = sleep_until(deadline, 0);
	return err == -ERESTART_RESTARTBLOCK ? -ERESTARTNOHAND : err;
}
