/* SPDX-License-Identifier: MIT */
/*
 * Fair sleeping mutex: one thread at a time, in order of arrival once there is
 * a queue. It is the write side of lib/rwsem.h in a quarter of the space; what
 * that file says of sleeping and of the lock's lifetime holds here too. The
 * thread that locked it unlocks it.
 */
#pragma once

#include "lib/rwsem.h"

struct mutex {
	uint64_t count; /* RWSEM_WRITER, RWSEM_WAITERS */
	struct lock_queue queue;
};

#define MUTEX_INIT(name)                                                       \
	{                                                                      \
		.queue.waiters = LIST_HEAD_INIT((name).queue.waiters)          \
	}

/* Make it free; each place in the source that does so is a lock class. */
#define mutex_init(mutex) mutex_init_class((mutex), LOCKDEP_CLASS(mutex))

static inline void mutex_init_class(struct mutex *mutex, uint16_t class)
{
	mutex->count = 0;
	mutex->queue.class = class;
	spin_init(&mutex->queue.lock);
	list_init(&mutex->queue.waiters);
}

static inline bool mutex_fast(struct mutex *mutex)
{
	uint64_t count = 0;

	/* Pairs with the release in mutex_unlock. */
	return cas_acquire(&mutex->count, &count, RWSEM_WRITER);
}

static inline bool mutex_trylock(struct mutex *mutex)
{
	if (!mutex_fast(mutex))
		return false;
	lockdep_acquire(mutex, mutex->queue.class, LOCK_SLEEPS | LOCK_TRIES);
	return true;
}

static inline void mutex_lock(struct mutex *mutex)
{
	lockdep_acquire(mutex, mutex->queue.class, LOCK_SLEEPS);
	if (unlikely(!mutex_fast(mutex)))
		lock_queue_wait(&mutex->count, &mutex->queue, true, false);
}

/* 0, or -EINTR without the mutex when a fatal signal came first. */
static inline int __must_check mutex_lock_killable(struct mutex *mutex)
{
	int err = 0;

	lockdep_acquire(mutex, mutex->queue.class, LOCK_SLEEPS);
	if (unlikely(!mutex_fast(mutex)))
		err = lock_queue_wait(&mutex->count, &mutex->queue, true, true);
	if (unlikely(err))
		lockdep_release(mutex);
	return err;
}

static inline void mutex_unlock(struct mutex *mutex)
{
	uint64_t count;

	lockdep_release(mutex);
	count = fetch_sub_release(&mutex->count, RWSEM_WRITER);
	BUG_ON(!(count & RWSEM_WRITER));
	if (unlikely(count & RWSEM_WAITERS))
		lock_queue_wake(&mutex->count, &mutex->queue);
}

static inline bool mutex_is_locked(const struct mutex *mutex)
{
	return load_relaxed(&mutex->count) & RWSEM_WRITER;
}
