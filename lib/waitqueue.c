/* SPDX-License-Identifier: MIT */
/*
 * Wait queues.
 *
 * An entry is taken off and its thread unparked under the queue's lock, and
 * wait_finish() takes that lock: the thread cannot return or exit while a
 * waker still uses its entry.
 */
#include "lib/waitqueue.h"

void wait_queue_init(struct wait_queue *wq)
{
	spin_init(&wq->lock);
	list_init(&wq->waiters);
}

void wait_entry_init(struct wait_entry *entry)
{
	list_init(&entry->node);
	entry->thread = machine_self();
	entry->was_woken = false;
}

void wait_prepare(struct wait_queue *wq, struct wait_entry *entry)
{
	spin_lock(&wq->lock);
	entry->was_woken = false;
	if (list_empty(&entry->node))
		list_add_tail(&entry->node, &wq->waiters);
	spin_unlock(&wq->lock);
}

/* Under wq->lock. */
static inline bool wake_first(struct wait_queue *wq)
{
	struct wait_entry *entry =
	    list_first_entry_or_null(&wq->waiters, struct wait_entry, node);

	if (!entry)
		return false;
	list_del_init(&entry->node);
	entry->was_woken = true;
	machine_unpark(entry->thread);
	return true;
}

void wait_finish(struct wait_queue *wq, struct wait_entry *entry)
{
	spin_lock(&wq->lock);
	list_del_init(&entry->node);
	if (entry->was_woken)
		wake_first(wq);
	spin_unlock(&wq->lock);
}

bool wake_one(struct wait_queue *wq)
{
	bool found;

	spin_lock(&wq->lock);
	found = wake_first(wq);
	spin_unlock(&wq->lock);
	return found;
}

void wake_all(struct wait_queue *wq)
{
	spin_lock(&wq->lock);
	while (wake_first(wq))
		;
	spin_unlock(&wq->lock);
}
