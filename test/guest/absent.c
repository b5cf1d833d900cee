/* SPDX-License-Identifier: MIT */
/*
 * Every system call that is not there, by its number. Only this kernel's own
 * answer is of interest: on Linux most of these calls do something. What the
 * log says about them is checked by absent.py.
 */
#include "test/guest/guest.h"
#include "user/lib/thread.h"

#define THREADS 2
#define HIGHEST 511 /* with a line in the log */

static const bool has_handler[HIGHEST + 1] = {
#define SYSCALL(name, nr_args)	    [SYS_##name] = true,
#define SYSCALL_FULL(name, nr_args) [SYS_##name] = true,
#include "kernel/syscalls.def"
};

static uint32_t arrived, wrong; /* atomic */

/* Each waits until all have come to the same number; then they race. */
static void meet(uint32_t goal)
{
	__atomic_add_fetch(&arrived, 1, __ATOMIC_RELAXED);
	for (uint32_t n = 1; __atomic_load_n(&arrived, __ATOMIC_RELAXED) < goal;
	     n++)
		if (n % 256 == 0)
			sys(SYS_sched_yield);
}

static void call_all(uint32_t threads)
{
	uint32_t goal = 0;

	for (long nr = 0; nr <= HIGHEST; nr++) {
		if (has_handler[nr])
			continue;
		if (threads > 1)
			meet(goal += threads);
		if (sys(nr) != -ENOSYS)
			__atomic_store_n(&wrong, nr + 1, __ATOMIC_RELAXED);
	}
}

static void call_all_at_once(void *arg)
{
	(void)arg;
	call_all(THREADS);
}

/* First of all, since each number is reported only once. */
TEST(threads_that_miss_the_same_calls)
{
	struct thread threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		EQ(thread_start(&threads[i], call_all_at_once, NULL), 0);
	for (int i = 0; i < THREADS; i++)
		thread_join(&threads[i]);
	EQ(wrong, 0);
}

TEST(another_process_that_misses_them)
{
	call_all(1);
	EQ(wrong, 0);
}

TEST(numbers_beyond_every_table)
{
	EQ(sys(HIGHEST + 1), -ENOSYS);
	EQ(sys(9999), -ENOSYS);
	EQ(sys(-1), -ENOSYS);
	EQ(sys(1UL << 32 | SYS_getpid), -ENOSYS);
	EQ(sys(1UL << 63), -ENOSYS);
}

TAP_MAIN
