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

/* Rounds follow each other no faster, or the hart would do nothing else. */
#define REAL_TIMER_MIN 50000UL

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

static int read_clock(int id, uint64_t *ns)
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
		return -EINVAL;
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

static int put_timeval(vaddr_t addr, uint64_t ns)
{
	struct timeval tv = {(int64_t)(ns / NSEC_PER_SEC),
			     (int64_t)(ns % NSEC_PER_SEC / NSEC_PER_USEC)};

	return copy_to_user(addr, &tv, sizeof(tv));
}

static int timeval_to_ns(const struct timeval *tv, uint64_t *ns)
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

/*
 * ITIMER_REAL. The timer's function sends the signal and arms the next round;
 * it takes process_lock, so nobody may cancel the timer under that.
 */
static void real_timer_fired(struct timer *timer)
{
	struct process *p = container_of(timer, struct process, real_timer);

	spin_lock(&process_lock);
	if (!p->is_zombie)
		send_signal_locked(p, SIGALRM, NULL);
	if (p->real_interval)
		timer_start(timer, max(timer->deadline + p->real_interval,
				       machine_clock() + REAL_TIMER_MIN));
	spin_unlock(&process_lock);
}

void real_timer_init(struct process *p)
{
	timer_setup(&p->real_timer, real_timer_fired);
}

/* Value and interval as they are now. */
static void real_timer_read(struct process *p, struct itimerval *it)
{
	uint64_t now = machine_clock(), left = 0, interval = p->real_interval;

	if (load_relaxed(&p->real_timer.is_armed))
		left = max(p->real_timer.deadline, now + NSEC_PER_USEC) - now;
	it->it_value.tv_sec = (int64_t)(left / NSEC_PER_SEC);
	it->it_value.tv_usec = (int64_t)(left % NSEC_PER_SEC / NSEC_PER_USEC);
	it->it_interval.tv_sec = (int64_t)(interval / NSEC_PER_SEC);
	it->it_interval.tv_usec =
	    (int64_t)(interval % NSEC_PER_SEC / NSEC_PER_USEC);
}

long sys_getitimer(uint64_t which, uint64_t addr)
{
	struct itimerval it = {{0, 0}, {0, 0}};

	if ((uint32_t)which > ITIMER_PROF)
		return -EINVAL;
	if ((uint32_t)which == ITIMER_REAL)
		real_timer_read(current->process, &it);
	return copy_to_user(addr, &it, sizeof(it));
}

/* The timers that count CPU time are not kept: only disarming works. */
long sys_setitimer(uint64_t which, uint64_t new_addr, uint64_t old_addr)
{
	struct process *p = current->process;
	struct itimerval new = {{0, 0}, {0, 0}}, old = {{0, 0}, {0, 0}};
	uint64_t value, interval;

	if ((uint32_t)which > ITIMER_PROF)
		return -EINVAL;
	if (new_addr && copy_from_user(&new, new_addr, sizeof(new)))
		return -EFAULT;
	if (timeval_to_ns(&new.it_value, &value) ||
	    timeval_to_ns(&new.it_interval, &interval))
		return -EINVAL;
	if ((uint32_t)which != ITIMER_REAL) {
		if (value)
			return -EOPNOTSUPP;
	} else {
		mutex_lock(&p->timer_mutex);
		real_timer_read(p, &old);
		p->real_interval = 0; /* so that it stays cancelled */
		timer_cancel(&p->real_timer);
		p->real_interval = interval == TIME_NEVER ? 0 : interval;
		if (value)
			timer_start(&p->real_timer, deadline_after(value));
		mutex_unlock(&p->timer_mutex);
	}
	return old_addr ? copy_to_user(old_addr, &old, sizeof(old)) : 0;
}
