/* SPDX-License-Identifier: MIT */
/*
 * timer_create(2) and its relatives, and the interval timers that count CPU
 * time. Upper bounds are wide: the machine may be busy with something else.
 */
#include "test/guest/guest.h"

#define MS  1000000L
#define SIG SIGRTMIN

struct itimerspec {
	struct timespec it_interval, it_value;
};

static int create(int clock, int notify, int signo, uint64_t value)
{
	struct sigevent event = {.sigev_value = value,
				 .sigev_signo = signo,
				 .sigev_notify = notify,
				 .sigev_tid = gettid()};
	int id = -1;
	long error = sys(SYS_timer_create, clock, &event, &id);

	return error ? (int)error : id;
}

static long set_ms(int id, long value, long interval)
{
	struct itimerspec it = {{interval / 1000, interval % 1000 * MS},
				{value / 1000, value % 1000 * MS}};

	return sys(SYS_timer_settime, id, 0, &it, NULL);
}

static long left_ns(int id)
{
	struct itimerspec it;

	EQ(sys(SYS_timer_gettime, id, &it), 0);
	return it.it_value.tv_sec * 1000 * MS + it.it_value.tv_nsec;
}

static long clock_ns(int clock)
{
	struct timespec now;

	EQ(sys(SYS_clock_gettime, clock, &now), 0);
	return now.tv_sec * 1000 * MS + now.tv_nsec;
}

/* Use CPU time, most of it outside of the kernel, but for two seconds only. */
static void spin_ns(long ns)
{
	long end = clock_ns(CLOCK_PROCESS_CPUTIME_ID) + ns;
	long stop = clock_ns(CLOCK_MONOTONIC) + 2000 * MS;

	while (clock_ns(CLOCK_PROCESS_CPUTIME_ID) < end) {
		CHECK(clock_ns(CLOCK_MONOTONIC) < stop);
		for (volatile int i = 0; i < 20000; i++)
			;
	}
}

static void block(int sig)
{
	uint64_t set = 1UL << (sig - 1);

	EQ(sigprocmask(SIG_BLOCK, &set, NULL), 0);
}

/* Take a blocked signal; -EAGAIN when it does not come within `ms`. */
static long take(int sig, long ms, struct siginfo *info)
{
	uint64_t set = 1UL << (sig - 1);
	struct timespec wait = {ms / 1000, ms % 1000 * MS};

	return sys(SYS_rt_sigtimedwait, &set, info, &wait, sizeof(set));
}

TEST(a_timer_fires_once)
{
	struct siginfo info;
	long start = clock_ns(CLOCK_MONOTONIC);
	int id = create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIG, 77);

	block(SIG);
	EQ(left_ns(id), 0);
	EQ(set_ms(id, 20, 0), 0);
	CHECK(left_ns(id) > 0);
	EQ(take(SIG, 5000, &info), SIG);
	CHECK(clock_ns(CLOCK_MONOTONIC) - start >= 20 * MS);
	EQ(info.si_code, SI_TIMER);
	EQ(info.si_timerid, id);
	EQ(info.si_overrun, 0);
	EQ(info.si_value, 77);
	EQ(left_ns(id), 0);
	EQ(take(SIG, 50, &info), -EAGAIN);
}

TEST(without_an_event_it_is_an_alarm)
{
	struct siginfo info;
	int id = -1;

	block(SIGALRM);
	EQ(sys(SYS_timer_create, CLOCK_REALTIME, NULL, &id), 0);
	EQ(set_ms(id, 1, 0), 0);
	EQ(take(SIGALRM, 5000, &info), SIGALRM);
	EQ(info.si_code, SI_TIMER);
	EQ((int)info.si_value, id);
}

TEST(rounds_that_nobody_took_are_counted)
{
	struct siginfo info;
	int id = create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIG, 0);

	block(SIG);
	EQ(set_ms(id, 1, 2), 0);
	sleep_ms(60);
	EQ(take(SIG, 5000, &info), SIG);
	CHECK(info.si_overrun >= 10);
	EQ(sys(SYS_timer_getoverrun, id), info.si_overrun);
	EQ(set_ms(id, 0, 0), 0);
	EQ(left_ns(id), 0);
	take(SIG, 1, &info);
	EQ(take(SIG, 20, &info), -EAGAIN);
}

TEST(a_timer_fires_at_a_time)
{
	static const int clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC,
				     CLOCK_BOOTTIME};
	struct siginfo info;

	block(SIG);
	for (int i = 0; i < 3; i++) {
		long at = clock_ns(clocks[i]) + 20 * MS;
		struct itimerspec it = {{0, 0},
					{at / (1000 * MS), at % (1000 * MS)}};
		int id = create(clocks[i], SIGEV_SIGNAL, SIG, 0);

		EQ(sys(SYS_timer_settime, id, TIMER_ABSTIME, &it, NULL), 0);
		CHECK(left_ns(id) <= 20 * MS);
		EQ(take(SIG, 5000, &info), SIG);
		CHECK(clock_ns(clocks[i]) >= at);
		/* A time that is over fires at once. */
		EQ(sys(SYS_timer_settime, id, TIMER_ABSTIME, &it, NULL), 0);
		EQ(take(SIG, 5000, &info), SIG);
		EQ(sys(SYS_timer_delete, id), 0);
	}
}

TEST(what_was_set_is_told)
{
	struct itimerspec new = {{3, 0}, {100, 0}}, old;
	int id = create(CLOCK_MONOTONIC, SIGEV_NONE, 0, 0);

	EQ(sys(SYS_timer_settime, id, 0, &new, &old), 0);
	EQ(old.it_value.tv_sec | old.it_value.tv_nsec, 0);
	EQ(sys(SYS_timer_settime, id, 0, &new, &old), 0);
	EQ(old.it_interval.tv_sec, 3);
	EQ(old.it_value.tv_sec, 99);
	new.it_value.tv_nsec = 1000 * MS;
	EQ(sys(SYS_timer_settime, id, 0, &new, NULL), -EINVAL);
	EQ(sys(SYS_timer_settime, id, 0, NULL, NULL), -EINVAL);
	EQ(sys(SYS_timer_settime, id, 0, 8, NULL), -EFAULT);
	EQ(sys(SYS_timer_settime, id, 0, &old, 8), -EFAULT);
}

static volatile int told;

static void tell(int sig, struct siginfo *info, struct ucontext *uc)
{
	(void)sig;
	(void)info;
	(void)uc;
	told = gettid();
}

TEST(one_thread_can_be_told)
{
	int id = create(CLOCK_MONOTONIC, SIGEV_THREAD_ID, SIG, 0);
	struct sigevent event = {.sigev_signo = SIG,
				 .sigev_notify = SIGEV_THREAD_ID,
				 .sigev_tid = 1};

	EQ(handle(SIG, tell, 0), 0);
	EQ(set_ms(id, 5, 0), 0);
	for (int i = 0; i < 500 && !told; i++)
		sleep_ms(10);
	EQ(told, gettid());
	EQ(sys(SYS_timer_create, CLOCK_MONOTONIC, &event, &id), -EINVAL);
}

TEST(what_is_no_timer)
{
	struct itimerspec it = {{0, 0}, {1, 0}};
	int id = create(CLOCK_MONOTONIC, SIGEV_NONE, 0, 0);

	EQ(create(99, SIGEV_SIGNAL, SIG, 0), -EINVAL);
	EQ(create(CLOCK_MONOTONIC, SIGEV_SIGNAL, 65, 0), -EINVAL);
	EQ(create(CLOCK_MONOTONIC, SIGEV_SIGNAL, 0, 0), -EINVAL);
	EQ(create(CLOCK_MONOTONIC, 9, SIG, 0), -EINVAL);
	EQ(sys(SYS_timer_create, CLOCK_MONOTONIC, 8, &id), -EFAULT);
	EQ(sys(SYS_timer_create, CLOCK_MONOTONIC, NULL, 8), -EFAULT);
	EQ(sys(SYS_timer_delete, id), 0);
	EQ(sys(SYS_timer_delete, id), -EINVAL);
	EQ(sys(SYS_timer_settime, id, 0, &it, NULL), -EINVAL);
	EQ(sys(SYS_timer_gettime, id, &it), -EINVAL);
	EQ(sys(SYS_timer_getoverrun, id), -EINVAL);
	EQ(sys(SYS_timer_gettime, -1, &it), -EINVAL);
}

TEST(a_child_has_no_timers)
{
	struct itimerval hour = {{0, 0}, {3600, 0}}, seen;
	int id = create(CLOCK_MONOTONIC, SIGEV_NONE, 0, 0);
	struct itimerspec it;
	int pid;

	EQ(sys(SYS_setitimer, ITIMER_REAL, &hour, NULL), 0);
	pid = fork();
	if (!pid) {
		EQ(sys(SYS_timer_gettime, id, &it), -EINVAL);
		EQ(sys(SYS_getitimer, ITIMER_REAL, &seen), 0);
		EQ(seen.it_value.tv_sec | seen.it_value.tv_usec, 0);
		exit(0);
	}
	joined(pid, 0);
	EQ(sys(SYS_getitimer, ITIMER_REAL, &seen), 0);
	CHECK(seen.it_value.tv_sec >= 3590);
}

TEST(cpu_time_is_waited_for_by_working)
{
	static const int clocks[] = {CLOCK_PROCESS_CPUTIME_ID,
				     CLOCK_THREAD_CPUTIME_ID};
	struct siginfo info;

	block(SIG);
	for (int i = 0; i < 2; i++) {
		int id = create(clocks[i], SIGEV_SIGNAL, SIG, 0);
		long start = clock_ns(clocks[i]);

		EQ(set_ms(id, 50, 0), 0);
		EQ(take(SIG, 120, &info), -EAGAIN);
		CHECK(left_ns(id) > 0);
		spin_ns(100 * MS);
		EQ(take(SIG, 500, &info), SIG);
		CHECK(clock_ns(clocks[i]) - start >= 50 * MS);
	}
}

TEST(interval_timers_of_cpu_time)
{
	static const int signals[] = {SIGALRM, SIGVTALRM, SIGPROF};
	struct itimerval it = {{0, 10000}, {0, 20000}}, old;
	struct siginfo info;

	for (int which = ITIMER_VIRTUAL; which <= ITIMER_PROF; which++) {
		block(signals[which]);
		EQ(sys(SYS_setitimer, which, &it, NULL), 0);
		EQ(take(signals[which], 60, &info), -EAGAIN);
		spin_ns(60 * MS);
		EQ(take(signals[which], 500, &info), signals[which]);
		EQ(sys(SYS_getitimer, which, &old), 0);
		EQ(old.it_interval.tv_usec, 10000);
		it.it_value.tv_usec = 0;
		EQ(sys(SYS_setitimer, which, &it, &old), 0);
		EQ(old.it_interval.tv_usec, 10000);
		it.it_value.tv_usec = 20000;
	}
}

TEST(clocks_of_others)
{
	struct timespec ts;
	int of_me = ~getpid() * 8 + 2, of_thread = ~gettid() * 8 + 6;

	spin_ns(5 * MS);
	CHECK(clock_ns(of_me) >= 5 * MS);
	CHECK(clock_ns(of_thread) >= 5 * MS);
	CHECK(clock_ns(~1 * 8 + 2) > 0);
	EQ(sys(SYS_clock_gettime, ~1 * 8 + 6, &ts), -EINVAL);
	EQ(sys(SYS_clock_gettime, ~0x7ffff * 8 + 2, &ts), -EINVAL);
}

TAP_MAIN
