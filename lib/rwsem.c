/* SPDX-License-Identifier: MIT */
/*
 * The queue of a reader-writer lock.
 *
 * Invariants, under `lock`: RWSEM_WAITERS is set exactly while the queue is
 * not empty. While it is set the fast paths refuse, so the word changes only
 * by releases, and by grant() under `lock`.
 *
 * No wake-up is lost. A thread that queues sets RWSEM_WAITERS and only then
 * looks whether it can have the lock. A release that came before is seen by
 * that look; one that comes after sees the bit and calls rwsem_wake().
 *
 * A waiter lives on the stack of its thread. It is granted and unparked under
 * `lock`, and its thread looks for the grant under `lock`, so it cannot return
 * or exit while the granter still uses it.
 */
#include "lib/rwsem.h"

#include "abi/errno.h"

struct rwsem_waiter {
	struct list_head node;
	struct thread *thread;
	bool is_writer;
	bool is_granted; /* then it is off the queue */
};

void rwsem_init(struct rwsem *sem)
{
	sem->count = 0;
	sem->owner = NULL;
	spin_init(&sem->lock);
	list_init(&sem->queue);
}

/* Give the lock to the head of the queue as far as the holders allow. */
static void grant(struct rwsem *sem)
{
	struct rwsem_waiter *waiter, *next;

	list_for_each_entry_safe (waiter, next, &sem->queue, node) {
		/* Acquire: the waiter gets what the last holder released. */
		uint64_t count = load_acquire(&sem->count);

		if (count & RWSEM_WRITER)
			break;
		if (waiter->is_writer && count >= RWSEM_READER)
			break;
		fetch_add_acquire(&sem->count, waiter->is_writer
						   ? RWSEM_WRITER
						   : RWSEM_READER);
		list_del(&waiter->node);
		waiter->is_granted = true;
		machine_unpark(waiter->thread);
	}
	if (list_empty(&sem->queue))
		fetch_and_relaxed(&sem->count, ~RWSEM_WAITERS);
}

void rwsem_wake(struct rwsem *sem)
{
	spin_lock(&sem->lock);
	grant(sem);
	spin_unlock(&sem->lock);
}

/* Queue and sleep until granted, or, when killable, until a fatal signal. */
static int wait_for_grant(struct rwsem *sem, bool is_writer, bool killable)
{
	struct rwsem_waiter waiter = {
	    .thread = machine_self(),
	    .is_writer = is_writer,
	};
	int err = 0;

	spin_lock(&sem->lock);
	list_add_tail(&waiter.node, &sem->queue);
	fetch_or_relaxed(&sem->count, RWSEM_WAITERS);
	grant(sem);
	while (!waiter.is_granted) {
		if (killable && machine_fatal_signal()) {
			list_del(&waiter.node);
			/* It may have stood before readers who can run. */
			grant(sem);
			err = -EINTR;
			break;
		}
		spin_unlock(&sem->lock);
		machine_park();
		spin_lock(&sem->lock);
	}
	spin_unlock(&sem->lock);
	return err;
}

int __cold rwsem_read_slow(struct rwsem *sem, bool killable)
{
	return wait_for_grant(sem, false, killable);
}

int __cold rwsem_write_slow(struct rwsem *sem, bool killable)
{
	int err = wait_for_grant(sem, true, killable);

	if (!err)
		store_relaxed(&sem->owner, machine_self());
	return err;
}
