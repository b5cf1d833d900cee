/* SPDX-License-Identifier: MIT */
/*
 * Sleeping until a condition, a signal or a point in time, whichever is first.
 * Built on lib/waitqueue.h; for pipes, the terminal, poll, futexes and wait.
 *
 * Times are absolute, in nanoseconds of machine_clock().
 */
#pragma once

#include "kernel/restart.h"
#include "lib/waitqueue.h"

#define TIME_NEVER UINT64_MAX

/*
 * machine_park() that also returns once machine_clock() >= deadline. Returns
 * whether the deadline has passed. Spurious returns are allowed.
 */
bool park_until(uint64_t deadline);

/* Is there a signal that the running thread has to act upon? */
bool signal_pending(void);

/*
 * Sleep until cond holds. 0, or -ERESTARTSYS when a signal came first: what a
 * system call then returns, unless it already did part of its work.
 */
#define wait_event_interruptible(wq, cond)                                     \
	(wait_event_unless((wq), (cond), signal_pending()) ? -ERESTARTSYS : 0)

/* The same with a deadline: also -ETIMEDOUT. TIME_NEVER: no deadline. */
#define wait_event_until(wq, cond, deadline)                                   \
	({                                                                     \
		struct wait_entry wait_;                                       \
		int wait_err_ = 0;                                             \
		bool wait_late_ = false;                                       \
		if (!(cond)) {                                                 \
			wait_entry_init(&wait_);                               \
			for (;;) {                                             \
				wait_prepare((wq), &wait_);                    \
				if (cond)                                      \
					break;                                 \
				if (signal_pending())                          \
					wait_err_ = -ERESTARTSYS;              \
				else if (wait_late_)                           \
					wait_err_ = -ETIMEDOUT;                \
				if (wait_err_)                                 \
					break;                                 \
				wait_late_ = park_until(deadline);             \
			}                                                      \
			wait_finish((wq), &wait_);                             \
		}                                                              \
		wait_err_;                                                     \
	})
