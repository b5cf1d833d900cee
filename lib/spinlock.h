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
#include "lib/lockdep.h"
#include "lib/machine.h"

struct spinlock {
	uint32_t held;	/* 0 or 1 */
	uint16_t class; /* see lib/lockdep.h; 0 without the checker */
	uint16_t unused;
};

#define SPINLOCK_INIT ((struct spinlock){0})

/* Make it free; each place in the source that does so is a lock class. */
#define spin_init(lock) spin_init_class((lock), LOCKDEP_CLASS(lock))

static inline void spin_init_class(struct spinlock *lock, uint16_t class)
{
	*lock = (struct spinlock){.class = class};
}

static inline void spin_acquire(struct spinlock *lock)
{
	while (unlikely(exchange_acquire(&lock->held, 1))) {
		if (CONFIG_LOCKDEP)
			lockdep_spin(lock, lock->class, &lock->held);
		while (load_relaxed(&lock->held))
			machine_relax();
	}
}

/* Take the lock; spins. The acquire pairs with the release in spin_unlock. */
static inline void spin_lock(struct spinlock *lock)
{
	lockdep_acquire(lock, lock->class, LOCK_SPINS);
	spin_acquire(lock);
}

/* The same while another lock of its class is held, in the caller's order. */
static inline void spin_lock_nested(struct spinlock *lock)
{
	lockdep_acquire(lock, lock->class, LOCK_SPINS | LOCK_NESTED);
	spin_acquire(lock);
}

/* Take the lock if it is free; returns whether it was taken. */
static inline bool spin_trylock(struct spinlock *lock)
{
	if (exchange_acquire(&lock->held, 1))
		return false;
	lockdep_acquire(lock, lock->class, LOCK_SPINS | LOCK_TRIES);
	return true;
}

static inline void spin_unlock(struct spinlock *lock)
{
	lockdep_release(lock);
	store_release(&lock->held, 0);
}

static inline bool spin_is_locked(const struct spinlock *lock)
{
	return load_relaxed(&lock->held);
}
