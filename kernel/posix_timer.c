/* SPDX-License-Identifier: MIT */
/*
 * Timers of programs: timer_create(2) and setitimer(2).
 *
 * A process has a list of them; the three interval timers are there too, by
 * negative numbers, once they have been used. A clock that stands still while
 * the process sleeps cannot be waited for: a timer on CPU time looks again when
 * the process could have got there at the earliest, but not in less than
 * CPU_TIMER_PERIOD.
 *
 * The list is changed with timer_mutex and sighand->lock, so either is enough
 * to look; what fired() uses is under process_lock. Nobody may cancel a timer
 * under that.
 */
#include "kernel/posix_timer.h"

#include "kernel/riscv/uaccess.h"
#include "kernel/sched.h"
#include "kernel/signal.h"
#include "kernel/syscall.h"
#include "kernel/time.h"
#include "mm/slab.h"

/* Rounds follow each other no faster, or the hart would do nothing else. */
#define TIMER_MIN	 50000UL
#define CPU_TIMER_PERIOD 4000000UL

struct posix_timer {
	struct list_head node; /* process->timers */
	struct timer timer;
	struct process *process;	   /* c, and so are these */
	int id, clock, notify, signo, tid; /* tid: who is notified */
	int clock_tid;			   /* whose CPU time */
	uint64_t value;
	uint64_t expires, interval; /* T; by its clock; expires 0: disarmed */
	uint32_t overrun;	    /* S; of the last signal that was taken */
};

/* What a timer is set to: nanoseconds until it fires, and from then on. */
struct setting {
	uint64_t value, interval;
};

static bool is_cpu_clock(int clock)
{
	return clock == CLOCK_PROCESS_CPUTIME_ID ||
	       clock == CLOCK_THREAD_CPUTIME_ID;
}

/* 0: a thread that is gone. process_lock is held, here and in the next two. */
static uint64_t now_of(const struct posix_timer *pt)
{
	struct usage usage;
	struct pid *pid;

	switch (pt->clock) {
	case CLOCK_PROCESS_CPUTIME_ID:
		process_usage_locked(pt->process, &usage);
		return usage.runtime;
	case CLOCK_THREAD_CPUTIME_ID:
		pid = pid_find_locked(pt->clock_tid);
		return pid && pid->thread ? sched_runtime(pid->thread) : 0;
	default:
		return machine_clock();
	}
}

static void start(struct posix_timer *pt, uint64_t now)
{
	uint64_t at = pt->expires, left = at - min(at, now);

	left /= max(pt->process->nr_threads, 1u);
	if (is_cpu_clock(pt->clock))
		at = machine_clock() + max(left, CPU_TIMER_PERIOD);
	timer_start(&pt->timer, at);
}

static void notify(struct posix_timer *pt, uint64_t missed)
{
	struct process *p = pt->process;
	struct siginfo info;
	struct pid *pid;

	if (p->is_zombie || pt->notify == SIGEV_NONE)
		return;
	siginfo_init(&info, pt->signo, SI_TIMER);
	info.si_timerid = pt->id;
	info.si_overrun = (int)min(missed, (uint64_t)INT32_MAX);
	info.si_value = pt->value;
	if (pt->notify != SIGEV_THREAD_ID) {
		send_signal_locked(p, pt->signo, pt->id < 0 ? NULL : &info);
		return;
	}
	pid = pid_find_locked(pt->tid);
	if (pid && pid->thread && pid->thread->process == p)
		send_thread_signal_locked(pid->thread, pt->signo, &info);
}

static void fired(struct timer *timer)
{
	struct posix_timer *pt = container_of(timer, struct posix_timer, timer);
	uint64_t now, missed = 0;

	spin_lock(&process_lock);
	now = now_of(pt);
	if (now >= pt->expires) {
		if (pt->interval)
			missed = (now - pt->expires) / pt->interval;
		notify(pt, missed);
		pt->expires += (missed + 1) * pt->interval;
		if (!pt->interval)
			pt->expires = 0;
		else if (!is_cpu_clock(pt->clock))
			pt->expires = max(pt->expires, now + TIMER_MIN);
	}
	if (pt->expires && now)
		start(pt, now);
	spin_unlock(&process_lock);
}

static void read_setting(const struct posix_timer *pt, struct setting *set)
{
	uint64_t now;

	spin_lock(&process_lock);
	now = now_of(pt);
	set->interval = pt->interval;
	set->value = pt->expires ? max(pt->expires, now + 1) - now : 0;
	spin_unlock(&process_lock);
}

/* timer_mutex is held from here on. A value that is_absolute is a time. */
static void change_setting(struct posix_timer *pt, const struct setting *new,
			   bool is_absolute, struct setting *old)
{
	uint64_t now;

	timer_cancel(&pt->timer);
	read_setting(pt, old);
	spin_lock(&process_lock);
	now = now_of(pt);
	pt->interval = new->interval == TIME_NEVER ? 0 : new->interval;
	if (!new->value || is_absolute || new->value == TIME_NEVER)
		pt->expires = new->value;
	else
		pt->expires = now + new->value;
	if (pt->expires)
		start(pt, now);
	spin_unlock(&process_lock);
}

static struct posix_timer *find_timer(struct process *p, int id)
{
	struct posix_timer *pt;

	list_for_each_entry (pt, &p->timers, node) {
		if (pt->id == id)
			return pt;
	}
	return NULL;
}

/* A copy of *from as a timer of the running process; NULL: no memory. */
static struct posix_timer *add_timer(const struct posix_timer *from)
{
	struct process *p = current->process;
	struct posix_timer *pt = kmalloc(sizeof(*pt), GFP_USER);

	if (!pt)
		return NULL;
	*pt = *from;
	pt->process = p;
	timer_setup(&pt->timer, fired);
	fetch_add_relaxed(&p->nr_queued, 1);
	spin_lock(&p->sighand->lock);
	list_add_tail(&pt->node, &p->timers);
	spin_unlock(&p->sighand->lock);
	return pt;
}

static void delete_timer(struct posix_timer *pt)
{
	struct process *p = pt->process;

	timer_cancel(&pt->timer);
	spin_lock(&p->sighand->lock);
	list_del(&pt->node);
	spin_unlock(&p->sighand->lock);
	fetch_sub_release(&p->nr_queued, 1);
	kfree(pt);
}

void posix_timers_delete(struct process *p, bool is_exec)
{
	struct posix_timer *pt, *next;

	if (list_empty(&p->timers))
		return;
	mutex_lock(&p->timer_mutex);
	list_for_each_entry_safe (pt, next, &p->timers, node) {
		if (!is_exec || pt->id >= 0)
			delete_timer(pt);
	}
	mutex_unlock(&p->timer_mutex);
}

void posix_timer_taken(const struct siginfo *info)
{
	struct posix_timer *pt = find_timer(current->process, info->si_timerid);

	if (pt)
		pt->overrun = (uint32_t)info->si_overrun;
}

static int get_sigevent(vaddr_t addr, struct posix_timer *pt)
{
	struct sigevent event;

	if (!addr)
		return 0;
	if (copy_from_user(&event, addr, sizeof(event)))
		return -EFAULT;
	pt->value = event.sigev_value;
	pt->signo = event.sigev_signo;
	pt->notify = event.sigev_notify;
	if (pt->notify == SIGEV_NONE)
		return 0;
	if (!sig_is_valid((uint32_t)pt->signo) ||
	    (pt->notify & ~SIGEV_THREAD_ID && pt->notify != SIGEV_THREAD))
		return -EINVAL;
	if (pt->notify == SIGEV_THREAD_ID) {
		pt->tid = event.sigev_tid;
		if (process_next_tid(current->process, pt->tid - 1) != pt->tid)
			return -EINVAL;
	}
	return 0;
}

/* Which clock, and whose; see read_clock(). */
static int get_clock(int clock, struct posix_timer *pt)
{
	int nr = ~(clock >> 3);
	uint64_t ns;
	int err = read_clock(clock, &ns);

	pt->clock = clock;
	pt->clock_tid = current_tid();
	if (err || clock >= 0)
		return err;
	pt->clock = CLOCK_PROCESS_CPUTIME_ID;
	if (clock & CPU_CLOCK_THREAD) {
		pt->clock = CLOCK_THREAD_CPUTIME_ID;
		pt->clock_tid = nr ? nr : current_tid();
	} else if (nr && nr != current_pid()) {
		return -EINVAL;
	}
	return 0;
}

long sys_timer_create(uint64_t clock, uint64_t event, uint64_t id_addr)
{
	struct process *p = current->process;
	struct posix_timer new = {.signo = SIGALRM};
	long err = get_clock((int)clock, &new);

	if (!err)
		err = get_sigevent(event, &new);
	if (err)
		return err;
	if (load_relaxed(&p->nr_queued) >= process_limit(p, RLIMIT_SIGPENDING))
		return -EAGAIN;
	mutex_lock(&p->timer_mutex);
	new.id = p->next_timer_id;
	if (!event)
		new.value = (uint64_t) new.id;
	if (put_user_u32(id_addr, (uint32_t) new.id))
		err = -EFAULT;
	else if (!add_timer(&new))
		err = -EAGAIN;
	else
		p->next_timer_id = (new.id + 1) & INT32_MAX;
	mutex_unlock(&p->timer_mutex);
	return err;
}

static long put_setting(vaddr_t addr, const struct setting *set)
{
	return put_timespec(addr, set->interval)
		   ? -EFAULT
		   : put_timespec(addr + 16, set->value);
}

/* What is done with the timer of a number; 0 or more, or -EINVAL: none. */
static long with_timer(uint64_t id,
		       long (*fn)(struct posix_timer *pt, void *arg), void *arg)
{
	struct process *p = current->process;
	struct posix_timer *pt = NULL;
	long result = -EINVAL;

	mutex_lock(&p->timer_mutex);
	if ((int)id >= 0)
		pt = find_timer(p, (int)id);
	if (pt)
		result = fn(pt, arg);
	mutex_unlock(&p->timer_mutex);
	return result;
}

static long do_delete(struct posix_timer *pt, void *arg)
{
	(void)arg;
	delete_timer(pt);
	return 0;
}

static long do_read(struct posix_timer *pt, void *arg)
{
	read_setting(pt, arg);
	return 0;
}

static long do_overrun(struct posix_timer *pt, void *arg)
{
	(void)arg;
	return (int)load_relaxed(&pt->overrun);
}

/* arg: the new setting, and behind it the old one. */
static long do_change(struct posix_timer *pt, void *arg)
{
	struct setting *set = arg;

	change_setting(pt, set, false, set + 1);
	return 0;
}

static long do_change_absolute(struct posix_timer *pt, void *arg)
{
	struct setting *set = arg;

	if (pt->clock == CLOCK_REALTIME && set->value)
		set->value = max(deadline_from_realtime(set->value), 1UL);
	change_setting(pt, set, true, set + 1);
	return 0;
}

long sys_timer_delete(uint64_t id)
{
	return with_timer(id, do_delete, NULL);
}

long sys_timer_getoverrun(uint64_t id)
{
	return with_timer(id, do_overrun, NULL);
}

long sys_timer_gettime(uint64_t id, uint64_t addr)
{
	struct setting set;
	long err = with_timer(id, do_read, &set);

	return err ? err : put_setting(addr, &set);
}

long sys_timer_settime(uint64_t id, uint64_t flags, uint64_t new_addr,
		       uint64_t old_addr)
{
	struct setting set[2];
	long err = -EINVAL;

	if (new_addr)
		err = get_timespec(new_addr, &set[0].interval);
	if (!err)
		err = get_timespec(new_addr + 16, &set[0].value);
	if (err)
		return err;
	err = with_timer(
	    id, (int)flags & TIMER_ABSTIME ? do_change_absolute : do_change,
	    set);
	return err || !old_addr ? err : put_setting(old_addr, &set[1]);
}

/* The same for interval timers, which count microseconds. */
static long put_itimer(vaddr_t addr, const struct setting *set)
{
	struct itimerval it;

	timeval_from_ns(&it.it_interval, set->interval);
	timeval_from_ns(&it.it_value, set->value);
	if (set->value && !it.it_value.tv_sec && !it.it_value.tv_usec)
		it.it_value.tv_usec = 1;
	return copy_to_user(addr, &it, sizeof(it));
}

long sys_getitimer(uint64_t which, uint64_t addr)
{
	struct process *p = current->process;
	struct setting set = {0, 0};
	struct posix_timer *pt;

	if ((uint32_t)which > ITIMER_PROF)
		return -EINVAL;
	mutex_lock(&p->timer_mutex);
	pt = find_timer(p, ~(int)which);
	if (pt)
		read_setting(pt, &set);
	mutex_unlock(&p->timer_mutex);
	return put_itimer(addr, &set);
}

/* 0 or -ENOMEM. */
static int set_itimer(unsigned which, const struct setting *new,
		      struct setting *old)
{
	static const uint8_t signals[] = {SIGALRM, SIGVTALRM, SIGPROF};
	struct posix_timer first = {
	    .id = ~(int)which,
	    .clock = which ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC,
	    .signo = signals[which],
	};
	struct process *p = current->process;
	struct posix_timer *pt;

	mutex_lock(&p->timer_mutex);
	pt = find_timer(p, first.id);
	if (!pt && new->value)
		pt = add_timer(&first);
	if (pt)
		change_setting(pt, new, false, old);
	mutex_unlock(&p->timer_mutex);
	return pt || !new->value ? 0 : -ENOMEM;
}

long sys_setitimer(uint64_t which, uint64_t new_addr, uint64_t old_addr)
{
	struct itimerval it = {{0, 0}, {0, 0}};
	struct setting new, old = {0, 0};
	int err;

	if ((uint32_t)which > ITIMER_PROF)
		return -EINVAL;
	if (new_addr && copy_from_user(&it, new_addr, sizeof(it)))
		return -EFAULT;
	if (timeval_to_ns(&it.it_value, &new.value) ||
	    timeval_to_ns(&it.it_interval, &new.interval))
		return -EINVAL;
	err = set_itimer((unsigned)which, &new, &old);
	return err || !old_addr ? err : put_itimer(old_addr, &old);
}
