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
