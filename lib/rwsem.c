/* SPDX-License-Identifier: MIT */
/*
 * The queue of a sleeping lock.
 *
 * Invariants, under the queue's lock: RWSEM_WAITERS is set exactly while the
 * queue is not empty. While it is set the fast paths refuse, so the word
 * changes only by releases, and by grant() under the lock.
 *
 * No wake-up is lost. A thread that queues sets RWSEM_WAITERS and only then
 * looks whether it can have the lock. A release that came before is seen by
 * that look; one that comes after sees the bit and calls lock_queue_wake().
 *
 * A waiter lives on the stack of its thread. It is granted and unparked under
 * the queue's lock, and its thread looks for the grant under it, so it cannot
 * return or exit while the granter still uses it.
 */
#include "lib/rwsem.h"

struct waiter {
	struct list_head node;
	struct thread *thread;
	bool is_writer;
	bool is_granted; /* then it is off the queue */
};

void rwsem_init_class(struct rwsem *sem, uint16_t class)
{
	sem->count = 0;
	sem->owner = NULL;
	sem->queue.class = class;
	spin_init(&sem->queue.lock);
	list_init(&sem->queue.waiters);
}

/* Give the lock to the head of the queue as far as the holders allow. */
static void grant(uint64_t *word, struct lock_queue *queue)
{
	struct waiter *waiter, *next;

	list_for_each_entry_safe (waiter, next, &queue->waiters, node) {
		/* Acquire: the waiter gets what the last holder released. */
		uint64_t count = load_acquire(word);

		if (count & RWSEM_WRITER)
			break;
		if (waiter->is_writer && count >= RWSEM_READER)
			break;
		fetch_add_acquire(word, waiter->is_writer ? RWSEM_WRITER
							  : RWSEM_READER);
		list_del(&waiter->node);
		waiter->is_granted = true;
		machine_unpark(waiter->thread);
	}
	if (list_empty(&queue->waiters))
		fetch_and_relaxed(word, ~RWSEM_WAITERS);
}

void __cold lock_queue_wake(uint64_t *count, struct lock_queue *queue)
{
	spin_lock(&queue->lock);
	grant(count, queue);
	spin_unlock(&queue->lock);
}

int __cold lock_queue_wait(uint64_t *count, struct lock_queue *queue,
			   bool is_writer, bool killable)
{
	struct waiter waiter = {
	    .thread = machine_self(),
	    .is_writer = is_writer,
	};
	int err = 0;

	lockdep_wait_begin();
	spin_lock(&queue->lock);
	list_add_tail(&waiter.node, &queue->waiters);
	fetch_or_relaxed(count, RWSEM_WAITERS);
	grant(count, queue);
	while (!waiter.is_granted) {
		if (killable && machine_fatal_signal()) {
			list_del(&waiter.node);
			/* It may have stood before readers who can run. */
			grant(count, queue);
			err = -EINTR;
			break;
		}
		spin_unlock(&queue->lock);
		machine_park();
		spin_lock(&queue->lock);
	}
	spin_unlock(&queue->lock);
	lockdep_wait_end();
	return err;
}
