/* SPDX-License-Identifier: MIT */
/*
 * Timers: call a function at a point in time. One tree for each hart, ordered
 * by deadline; the hart's interrupt comes for the first one or for the
 * scheduler's tick, whichever is earlier.
 *
 * Functions run from timer_tick(): on the kernel stack of whatever user thread
 * was interrupted, or of the idle thread. They may not sleep.
 */
#pragma once

#include "lib/rbtree.h"

struct timer {
	struct rb_node node;
	uint64_t deadline; /* machine_clock() */
	void (*fn)(struct timer *timer);
	uint32_t hart; /* whose tree; constant while armed */
	bool is_armed; /* lock of that tree */
};

void timer_setup(struct timer *timer, void (*fn)(struct timer *timer));

/* Arm a timer that is not armed. It fires on this hart. */
void timer_start(struct timer *timer, uint64_t deadline);

/*
 * Disarm. Returns whether it was armed; its function is not running any more
 * when this returns, so the memory may go. Not from the function itself.
 */
bool timer_cancel(struct timer *timer);

/* Run what is due on this hart and set its next interrupt. */
void timer_run(void);

/* The scheduler wants timer_run() no later than this on this hart. */
void timer_set_tick(uint64_t deadline);

/* Once, before the first thread. */
void timer_init(void);
