/* SPDX-License-Identifier: MIT */
/*
 * membarrier(2).
 */
#include "abi/prctl.h"
#include "test/conform/conform.h"
#include "user/lib/thread.h"

#define GLOBAL	      MEMBARRIER_CMD_GLOBAL
#define GLOBAL_E      MEMBARRIER_CMD_GLOBAL_EXPEDITED
#define REG_GLOBAL_E  MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED
#define PRIVATE_E     MEMBARRIER_CMD_PRIVATE_EXPEDITED
#define REG_PRIVATE_E MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED
#define CORE	      MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE
#define REG_CORE      MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE
#define REGISTRATIONS MEMBARRIER_CMD_GET_REGISTRATIONS

static long membarrier(int cmd, unsigned flags)
{
	return sys(SYS_membarrier, cmd, flags, 0);
}

TEST(membarrier_tells_what_it_can)
{
	const long all = GLOBAL | GLOBAL_E | REG_GLOBAL_E | PRIVATE_E |
			 REG_PRIVATE_E | CORE | REG_CORE | REGISTRATIONS;

	EQ(membarrier(MEMBARRIER_CMD_QUERY, 0) & all, all);
}

TEST(membarrier_refuses_flags_and_unknown_commands)
{
	EQ(membarrier(MEMBARRIER_CMD_QUERY, 1), -EINVAL);
	EQ(membarrier(GLOBAL, 1), -EINVAL);
	EQ(membarrier(3, 0), -EINVAL);
	EQ(membarrier(1024, 0), -EINVAL);
	EQ(membarrier(-1, 0), -EINVAL);
}

TEST(membarrier_private_needs_registration)
{
	EQ(membarrier(REGISTRATIONS, 0), 0);
	EQ(membarrier(PRIVATE_E, 0), -EPERM);
	EQ(membarrier(CORE, 0), -EPERM);
	EQ(membarrier(REG_PRIVATE_E, 0), 0);
	EQ(membarrier(PRIVATE_E, 0), 0);
	EQ(membarrier(CORE, 0), -EPERM);
	EQ(membarrier(REGISTRATIONS, 0), REG_PRIVATE_E);
}

TEST(membarrier_sync_core_needs_its_own)
{
	EQ(membarrier(REG_CORE, 0), 0);
	EQ(membarrier(REG_CORE, 0), 0);
	EQ(membarrier(CORE, 0), 0);
	EQ(membarrier(PRIVATE_E, 0), -EPERM);
	EQ(membarrier(REGISTRATIONS, 0), REG_CORE | REG_PRIVATE_E);
}

TEST(membarrier_global_needs_none)
{
	EQ(membarrier(GLOBAL, 0), 0);
	EQ(membarrier(GLOBAL_E, 0), 0);
	EQ(membarrier(REG_GLOBAL_E, 0), 0);
	EQ(membarrier(REGISTRATIONS, 0), REG_GLOBAL_E);
}

TEST(membarrier_registration_is_inherited_by_fork)
{
	int pid;

	EQ(membarrier(REG_PRIVATE_E, 0), 0);
	pid = fork();
	if (pid == 0) {
		EQ(membarrier(PRIVATE_E, 0), 0);
		exit(0);
	}
	joined(pid, 0);
}

TEST(membarrier_registration_ends_with_exec)
{
	char *argv[] = {"again", "membarrier_private_needs_registration", NULL};

	EQ(membarrier(REG_PRIVATE_E, 0), 0);
	EQ(membarrier(REG_CORE, 0), 0);
	execve("/proc/self/exe", argv, environ());
	exit(1);
}

/*
 * Two threads store and then look at what the other has stored. One of them has
 * no barrier but the other's membarrier between the two, and still one of them
 * at least must see the other's store.
 */
static volatile uint32_t round_nr, done_nr, left, right, right_saw;

static void store_and_look(void *arg)
{
	(void)arg;
	for (uint32_t n = 1; n <= 200; n++) {
		while (round_nr != n)
			sched_yield();
		right = n;
		right_saw = left;
		done_nr = n;
	}
}

TEST(membarrier_orders_the_others_too)
{
	struct thread thread;

	EQ(membarrier(REG_PRIVATE_E, 0), 0);
	EQ(thread_start(&thread, store_and_look, NULL), 0);
	for (uint32_t n = 1; n <= 200; n++) {
		uint32_t saw;

		round_nr = n;
		left = n;
		EQ(membarrier(PRIVATE_E, 0), 0);
		saw = right;
		while (done_nr != n)
			sched_yield();
		__sync_synchronize();
		CHECK(saw == n || right_saw == n);
	}
	thread_join(&thread);
}

TAP_MAIN
