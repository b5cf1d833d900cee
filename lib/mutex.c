/* SPDX-License-Identifier: MIT */
/*
 * The queue of a mutex.
 *
 * Invariant, under `lock`: MUTEX_WAITERS is set exactly while the queue is not
 * empty. While it is set neither fast path succeeds, so the holder passes the
 * mutex on under `lock`: it stays MUTEX_HELD and changes hands.
 *
 * A waiter lives on the stack of its thread. It is granted and unparked under
 * `lock`, and its thread looks for the grant under `lock`, so it cannot return
 * or exit while the granter still uses it.
 */
#include "lib/mutex.h"

struct mutex_waiter {
	struct list_head node;
	struct thread *thread;
	bool is_granted; /* then it is off the queue */
};

void mutex_init(struct mutex *mutex)
{
	mutex->state = 0;
	spin_init(&mutex->lock);
	list_init(&mutex->queue);
}

void __cold mutex_lock_slow(struct mutex *mutex)
{
	struct mutex_waiter waiter = {.thread = machine_self()};
	uint32_t state;

	spin_lock(&mutex->lock);
	/* Acquire, for the case that it was let go in the meantime. */
	state = fetch_or_acq_rel(&mutex->state, MUTEX_HELD | MUTEX_WAITERS);
	if (!(state & MUTEX_HELD)) {
		/* No holder, hence no queue, and no one else under `lock`. */
		fetch_and_relaxed(&mutex->state, ~MUTEX_WAITERS);
		spin_unlock(&mutex->lock);
		return;
	}
	list_add_tail(&waiter.node, &mutex->queue);
	while (!waiter.is_granted) {
		spin_unlock(&mutex->lock);
		machine_park();
		spin_lock(&mutex->lock);
	}
	spin_unlock(&mutex->lock);
}

void __cold mutex_unlock_slow(struct mutex *mutex)
{
	struct mutex_waiter *waiter;

	/* `lock` orders the old holder's stores before the new one's loads. */
	spin_lock(&mutex->lock);
	BUG_ON(list_empty(&mutex->queue)); /* unlocked by a non-holder */
	waiter = list_first_entry(&mutex->queue, struct mutex_waiter, node);
	list_del(&waiter->node);
	if (list_empty(&mutex->queue))
		fetch_and_relaxed(&mutex->state, ~MUTEX_WAITERS);
	waiter->is_granted = true;
	machine_unpark(waiter->thread);
	spin_unlock(&mutex->lock);
}
