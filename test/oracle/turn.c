/* SPDX-License-Identifier: MIT */
/*
 * Taking turns between processes; see shared.h.
 */
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "test/oracle/shared.h"

void turn_give(struct shared *shared, uint32_t to)
{
	__atomic_store_n(&shared->turn, to, __ATOMIC_RELEASE);
	syscall(SYS_futex, &shared->turn, FUTEX_WAKE, 1 << 16, NULL, NULL, 0);
}

bool turn_wait(struct shared *shared, uint32_t me, unsigned seconds)
{
	struct timespec until, now, left = {.tv_sec = 1};
	uint32_t turn;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += seconds;
	for (;;) {
		turn = __atomic_load_n(&shared->turn, __ATOMIC_ACQUIRE);
		if (turn == me)
			return true;
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (now.tv_sec > until.tv_sec)
			return false;
		syscall(SYS_futex, &shared->turn, FUTEX_WAIT, turn, &left, NULL,
			0);
	}
}
