/* SPDX-License-Identifier: MIT */
/*
 * Lock-order and sleep-in-atomic checker, for builds with CONFIG_LOCKDEP.
 *
 * Locks that are initialised at the same place of the source are one class.
 * Whenever a thread takes a lock while it holds others, the checker remembers
 * "held class, then taken class"; an order that closes a circle is reported at
 * once, whether or not the deadlock happens this time. A sleeping lock, or
 * machine_park(), while a spinlock is held is reported as well.
 *
 * What waits all the same is seen by two watchdogs, one for harts that spin and
 * one for threads that sleep until they have a lock.
 *
 * Locks that were never initialised by their init call (zeroed statics) have
 * class 0: they count for sleeping, not for the order. A trylock cannot
 * deadlock and adds no order. Two locks of one class need lock_nested(), which
 * says that the caller has an order of its own.
 *
 * Without CONFIG_LOCKDEP all of this compiles to nothing.
 */
#pragma once

#include "config.h"
#include "lib/list.h"

#define LOCKDEP_CLASSES 128
#define LOCKDEP_HELD	24 /* locks that one thread holds at most */

/* How a lock is taken. */
#define LOCK_SPINS  0u
#define LOCK_SLEEPS (1u << 0)
#define LOCK_TRIES  (1u << 1)
#define LOCK_NESTED (1u << 2) /* another of the same class is held */
#define LOCK_WAITS  (1u << 3) /* not held yet: the thread sleeps for it */

struct lock_class {
	const char *name;
	uint16_t id; /* given at the first use; atomic */
};

/* What the running thread holds; part of it (machine_held_locks). */
struct held_locks {
	uint32_t nr;
	struct held_lock {
		const void *lock;
		uint16_t class;
		uint16_t how; /* LOCK_* */
	} lock[CONFIG_LOCKDEP ? LOCKDEP_HELD : 0];
};

/* A thread that is parked; on its stack. */
struct lock_sleeper {
	struct list_head node; /* if it has locks or waits for one */
	struct held_locks *held;
	uint64_t since;
	int id; /* how messages call it */
};

/* The running thread's; from the machine. */
struct held_locks *machine_held_locks(void);

uint16_t lockdep_class(struct lock_class *class);
void lockdep_note_acquire(const void *lock, uint16_t class, unsigned how);
void lockdep_note_release(const void *lock);
void lockdep_note_sleep(void);
void lockdep_note_wait(bool begins);
void lockdep_note_park(struct lock_sleeper *sleeper, int id);
void lockdep_note_unpark(struct lock_sleeper *sleeper);

/*
 * If a thread has slept for a lock longer than `patience` nanoseconds, print
 * which threads sleep with or for which locks, and what those hold that ran
 * last on each hart, and panic.
 */
void lockdep_check_sleepers(uint64_t patience);

/* The kernel's patience with them, in seconds. */
extern long sysctl_hung_task_timeout_secs;

/*
 * The watchdog: wait until *word has no bit of `held`, but not for ever. After
 * LOCKDEP_PATIENCE print who holds what and panic.
 */
#define LOCKDEP_PATIENCE 30000000000UL /* ns; an emulated hart may be slow */
void lockdep_spin(const void *lock, uint16_t class, const uint64_t *word,
		  uint64_t held);

/* Print the locks that a thread holds, for panics and watchdogs. */
void lockdep_print(const struct held_locks *held);

/* Class number of the place where this macro stands; 0 without the checker. */
#define LOCKDEP_CLASS(lock)                                                    \
	({                                                                     \
		static struct lock_class lock_class_ = {.name = #lock};        \
		CONFIG_LOCKDEP ? lockdep_class(&lock_class_) : 0;              \
	})

static inline void lockdep_acquire(const void *lock, uint16_t class,
				   unsigned how)
{
	if (CONFIG_LOCKDEP)
		lockdep_note_acquire(lock, class, how);
}

static inline void lockdep_release(const void *lock)
{
	if (CONFIG_LOCKDEP)
		lockdep_note_release(lock);
}

/* The running thread is about to give up its hart. */
static inline void lockdep_may_sleep(void)
{
	if (CONFIG_LOCKDEP)
		lockdep_note_sleep();
}

/* It will sleep until it has the lock that it noted last; it has it now. */
static inline void lockdep_wait_begin(void)
{
	if (CONFIG_LOCKDEP)
		lockdep_note_wait(true);
}

static inline void lockdep_wait_end(void)
{
	if (CONFIG_LOCKDEP)
		lockdep_note_wait(false);
}

/* First and last in machine_park(). */
static inline void lockdep_park(struct lock_sleeper *sleeper, int id)
{
	if (CONFIG_LOCKDEP)
		lockdep_note_park(sleeper, id);
}

static inline void lockdep_unpark(struct lock_sleeper *sleeper)
{
	if (CONFIG_LOCKDEP)
		lockdep_note_unpark(sleeper);
}
