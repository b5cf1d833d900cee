/* SPDX-License-Identifier: MIT */
/*
 * Wait queues: sleep until a condition holds that somebody else makes true.
 *
 * The waiter joins the queue first and looks at the condition afterwards; the
 * waker makes the condition true first and then wakes. Both go through the
 * queue's lock. So either the waker finds the waiter, or the waiter's look
 * comes after the waker's store: no wake-up is lost, and what the waker wrote
 * before waking is seen.
 *
 * Waking takes the entry off the queue, so that each wake_one() wakes another
 * thread. Entries live on the stack; wait_finish() must be called before they
 * go away. Waking may be done with spinlocks held.
 */
#pragma once

#include "lib/list.h"
#include "lib/spinlock.h"

#include "abi/errno.h"

struct wait_queue {
	struct spinlock lock;
	struct list_head waiters; /* of struct wait_entry, guarded by lock */
};

struct wait_entry {
	struct list_head node; /* fresh while not on the queue */
	struct thread *thread;
	bool was_woken; /* a waker took it off since wait_prepare() */
};

#define WAIT_QUEUE_INIT(name)                                                  \
	{                                                                      \
		.waiters = LIST_HEAD_INIT((name).waiters)                      \
	}

void wait_queue_init(struct wait_queue *wq);

/* Make `entry` one of the running thread; it is on no queue. */
void wait_entry_init(struct wait_entry *entry);

/*
 * Join the queue at its end, unless still on it. To be followed by a look at
 * the condition, and by machine_park() when it does not hold. Forgets an
 * earlier wake-up: the look that follows makes up for it.
 */
void wait_prepare(struct wait_queue *wq, struct wait_entry *entry);

/*
 * Leave the queue, after a look at the condition that followed wait_prepare()
 * or when giving up. A wake-up that picked this entry since then was not
 * needed here and is passed on to the next waiter.
 */
void wait_finish(struct wait_queue *wq, struct wait_entry *entry);

/* Wake the thread that waits longest; returns whether there was one. */
bool wake_one(struct wait_queue *wq);
void wake_all(struct wait_queue *wq);

/*
 * Sleep until `cond` holds or `give_up` does; 0 or -EINTR. Both are evaluated
 * several times, without the lock.
 */
#define wait_event_unless(wq, cond, give_up)                                   \
	({                                                                     \
		struct wait_entry wait_;                                       \
		int wait_err_ = 0;                                             \
		if (!(cond)) {                                                 \
			wait_entry_init(&wait_);                               \
			for (;;) {                                             \
				wait_prepare((wq), &wait_);                    \
				if (cond)                                      \
					break;                                 \
				if (give_up) {                                 \
					wait_err_ = -EINTR;                    \
					break;                                 \
				}                                              \
				machine_park();                                \
			}                                                      \
			wait_finish((wq), &wait_);                             \
		}                                                              \
		wait_err_;                                                     \
	})

/* Sleep until `cond` holds. */
#define wait_event(wq, cond) ((void)wait_event_unless(wq, cond, false))

/* The same; 0, or -EINTR when a fatal signal came first. */
#define wait_event_killable(wq, cond)                                          \
	wait_event_unless(wq, cond, machine_fatal_signal())
