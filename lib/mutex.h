/* SPDX-License-Identifier: MIT */
/*
 * Fair sleeping mutex: one thread at a time, in order of arrival once there is
 * a queue. Small; for objects that are held over sleeps.
 *
 * mutex_lock() may sleep; no spinlock may be held. Not recursive. The thread
 * that locked it unlocks it. The mutex must stay in memory until
 * mutex_unlock() has returned.
 */
#pragma once

#include "lib/list.h"
#include "lib/spinlock.h"

#define MUTEX_HELD    1U
#define MUTEX_WAITERS 2U /* changed under `lock` only */

struct mutex {
	uint32_t state;
	struct spinlock lock;	/* guards the queue */
	struct list_head queue; /* of struct mutex_waiter */
};

#define MUTEX_INIT(name)                                                       \
	{                                                                      \
		.queue = LIST_HEAD_INIT((name).queue)                          \
	}

void mutex_init(struct mutex *mutex);

/* The paths with a queue; for the inline functions below. */
void mutex_lock_slow(struct mutex *mutex);
void mutex_unlock_slow(struct mutex *mutex);

static inline bool mutex_trylock(struct mutex *mutex)
{
	uint32_t state = 0;

	/* Pairs with the release in mutex_unlock. */
	return cas_acquire(&mutex->state, &state, MUTEX_HELD);
}

static inline void mutex_lock(struct mutex *mutex)
{
	if (unlikely(!mutex_trylock(mutex)))
		mutex_lock_slow(mutex);
}

static inline void mutex_unlock(struct mutex *mutex)
{
	uint32_t state = MUTEX_HELD;

	if (unlikely(!cas_release(&mutex->state, &state, 0)))
		mutex_unlock_slow(mutex);
}

static inline bool mutex_is_locked(const struct mutex *mutex)
{
	return load_relaxed(&mutex->state) & MUTEX_HELD;
}
