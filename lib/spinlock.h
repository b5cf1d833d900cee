/* SPDX-License-Identifier: MIT */
/*
 * Spinlocks: mutual exclusion between harts for a few instructions.
 *
 * The holder never sleeps. Test-and-set rather than tickets: under an emulator
 * the hart whose turn it is may not be running, and a queue would then stand
 * still behind it.
 */
#pragma once

#include "lib/atomic.h"
#include "lib/machine.h"

struct spinlock {
	uint32_t held; /* 0 or 1 */
};

#define SPINLOCK_INIT ((struct spinlock){0})

static inline void spin_init(struct spinlock *lock)
{
	store_relaxed(&lock->held, 0);
}

/* Take the lock; spins. The acquire pairs with the release in spin_unlock. */
static inline void spin_lock(struct spinlock *lock)
{
	while (unlikely(exchange_acquire(&lock->held, 1))) {
		while (load_relaxed(&lock->held))
			machine_relax();
	}
}

/* Take the lock if it is free; returns whether it was taken. */
static inline bool spin_trylock(struct spinlock *lock)
{
	return !exchange_acquire(&lock->held, 1);
}

static inline void spin_unlock(struct spinlock *lock)
{
	store_release(&lock->held, 0);
}

static inline bool spin_is_locked(const struct spinlock *lock)
{
	return load_relaxed(&lock->held);
}
