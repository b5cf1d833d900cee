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
	/*
	 * SPIN_HELD, and from SPIN_CLASS on the lock's class, which is 0
	 * without the checker (lib/lockdep.h). One word, because what an AMO
	 * returns of less is sign-extended by an instruction more.
	 */
	uint64_t word;
};

#define SPIN_HELD     1UL
#define SPIN_CLASS    32
#define SPINLOCK_INIT ((struct spinlock){0})

/* Make it free; each place in the source that does so is a lock class. */
#define spin_init(lock) spin_init_class((lock), LOCKDEP_CLASS(lock))

static inline void spin_init_class(struct spinlock *lock, uint16_t class)
{
	lock->word = (uint64_t) class << SPIN_CLASS;
}

static inline uint16_t spin_class(const struct spinlock *lock)
{
	return CONFIG_LOCKDEP ? load_relaxed(&lock->word) >> SPIN_CLASS : 0;
}

static inline bool spin_word_is_held(uint64_t word)
{
	return CONFIG_LOCKDEP ? word & SPIN_HELD : word;
}

static inline bool spin_is_locked(const struct spinlock *lock)
{
	return spin_word_is_held(load_relaxed(&lock->word));
}

/* Hold it, whoever held it before; was it free? */
static inline bool spin_grab(struct spinlock *lock)
{
	return !spin_word_is_held(fetch_or_acquire(&lock->word, SPIN_HELD));
}

static inline void spin_acquire(struct spinlock *lock)
{
	while (unlikely(!spin_grab(lock))) {
		if (CONFIG_LOCKDEP)
			lockdep_spin(lock, spin_class(lock), &lock->word,
				     SPIN_HELD);
		while (spin_is_locked(lock))
			machine_relax();
	}
}

/* Take the lock; spins. The acquire pairs with the release in spin_unlock. */
static inline void spin_lock(struct spinlock *lock)
{
	lockdep_acquire(lock, spin_class(lock), LOCK_SPINS);
	spin_acquire(lock);
}

/* The same while another lock of its class is held, in the caller's order. */
static inline void spin_lock_nested(struct spinlock *lock)
{
	lockdep_acquire(lock, spin_class(lock), LOCK_SPINS | LOCK_NESTED);
	spin_acquire(lock);
}

/* Take the lock if it is free; returns whether it was taken. */
static inline bool spin_trylock(struct spinlock *lock)
{
	if (!spin_grab(lock))
		return false;
	lockdep_acquire(lock, spin_class(lock), LOCK_SPINS | LOCK_TRIES);
	return true;
}

static inline void spin_unlock(struct spinlock *lock)
{
	lockdep_release(lock);
	store_release(&lock->word, (uint64_t)spin_class(lock) << SPIN_CLASS);
}
