/* SPDX-License-Identifier: MIT */
/*
 * RCU by quiescent states. A reader's section is any stretch of kernel code in
 * which it does not sleep, so rcu_read_lock() and rcu_read_unlock() only mark
 * it. A grace period has passed when every hart has been through a context
 * switch, has taken an interrupt in user mode, or was idle.
 */
#pragma once

#include "lib/atomic.h"
#include "lib/machine.h"

struct rcu_head {
	struct rcu_head *next;
	void (*fn)(struct rcu_head *head);
};

/*
 * Call fn(head) after a grace period. It runs on any hart, without locks, and
 * may not sleep.
 */
void call_rcu(struct rcu_head *head, void (*fn)(struct rcu_head *head));

/* Wait for a grace period; sleeps. Also known as machine_rcu_synchronize. */
void synchronize_rcu(void);

/* Harts that owe a quiescent state to the grace period in progress. */
extern uint64_t rcu_pending;

void rcu_report(uint64_t harts);

/* This hart is in no reader's section now. No spinlock may be held. */
static inline void rcu_quiescent(void)
{
	uint64_t self = 1UL << machine_hart();

	if (unlikely(load_relaxed(&rcu_pending) & self))
		rcu_report(self);
}
