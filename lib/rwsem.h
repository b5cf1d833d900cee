/* SPDX-License-Identifier: MIT */
/*
 * Fair sleeping reader-writer lock.
 *
 * One word holds the state: bit 0 a writer has the lock, bit 1 somebody is
 * queued, the rest the number of readers. Without contention each call is one
 * atomic operation on that word. With contention threads queue in order of
 * arrival, and whoever lets the lock go hands it to the head of the queue: to
 * one writer, or to all the readers up to the next writer. While anybody is
 * queued nobody overtakes, so neither side starves the other.
 *
 * All calls that take the lock may sleep, except the trylocks; no spinlock may
 * be held. A thread must not take a lock it already holds, not even twice for
 * reading: a writer may have queued in between.
 *
 * The lock must stay in memory until each up_*() has returned; the caller
 * keeps a reference to the object around it for that long.
 */
#pragma once

#include "abi/errno.h"
#include "lib/list.h"
#include "lib/spinlock.h"

#define RWSEM_WRITER  1UL
#define RWSEM_WAITERS 2UL /* changed under the queue's lock only */
#define RWSEM_READER  4UL /* one reader */

/* Threads that wait for a word with the bits above; lib/mutex.h has one too. */
struct lock_queue {
	struct spinlock lock;
	uint16_t class;		  /* of the lock that this queue belongs to */
	struct list_head waiters; /* in order of arrival, guarded by lock */
};

/*
 * The word that all CPUs write and the pointer that debug checks and queued
 * threads use are on different cache lines.
 */
struct rwsem {
	uint64_t count;
	struct thread *owner __aligned(CACHE_LINE); /* of a write lock */
	struct lock_queue queue;
};

_Static_assert(offsetof(struct rwsem, count) / CACHE_LINE !=
		   offsetof(struct rwsem, owner) / CACHE_LINE,
	       "hot fields share a line");
_Static_assert(sizeof(struct rwsem) == 2 * CACHE_LINE, "two lines");

/* Make it free; each place in the source that does so is a lock class. */
#define rwsem_init(sem) rwsem_init_class((sem), LOCKDEP_CLASS(sem))
void rwsem_init_class(struct rwsem *sem, uint16_t class);

/*
 * For the inline functions here and in lib/mutex.h: queue for the lock and
 * sleep (0, or -EINTR if killable), and hand it to the head of the queue.
 */
int lock_queue_wait(uint64_t *count, struct lock_queue *queue, bool is_writer,
		    bool killable);
void lock_queue_wake(uint64_t *count, struct lock_queue *queue);

static inline bool rwsem_read_fast(struct rwsem *sem)
{
	uint64_t count = load_relaxed(&sem->count);

	/* Pairs with the releases in up_write and downgrade_write. */
	while (likely(!(count & (RWSEM_WRITER | RWSEM_WAITERS)))) {
		if (likely(
			cas_acquire(&sem->count, &count, count + RWSEM_READER)))
			return true;
	}
	return false;
}

static inline bool rwsem_write_fast(struct rwsem *sem)
{
	uint64_t count = 0;

	/* Pairs with the releases in up_read and up_write. */
	return cas_acquire(&sem->count, &count, RWSEM_WRITER);
}

static inline void rwsem_note(struct rwsem *sem, unsigned how)
{
	lockdep_acquire(sem, sem->queue.class, LOCK_SLEEPS | how);
}

/* Take for reading if that needs no waiting; returns whether it was taken. */
static inline bool down_read_trylock(struct rwsem *sem)
{
	if (unlikely(!rwsem_read_fast(sem)))
		return false;
	rwsem_note(sem, LOCK_TRIES);
	return true;
}

static inline void down_read(struct rwsem *sem)
{
	rwsem_note(sem, 0);
	if (unlikely(!rwsem_read_fast(sem)))
		lock_queue_wait(&sem->count, &sem->queue, false, false);
}

/* 0, or -EINTR without the lock when a fatal signal came first. */
static inline int __must_check down_read_killable(struct rwsem *sem)
{
	int err = 0;

	rwsem_note(sem, 0);
	if (unlikely(!rwsem_read_fast(sem)))
		err = lock_queue_wait(&sem->count, &sem->queue, false, true);
	if (unlikely(err))
		lockdep_release(sem);
	return err;
}

static inline void up_read(struct rwsem *sem)
{
	uint64_t count;

	lockdep_release(sem);
	count = fetch_sub_release(&sem->count, RWSEM_READER);
	if (unlikely(count == RWSEM_READER + RWSEM_WAITERS))
		lock_queue_wake(&sem->count, &sem->queue);
}

/* Take for writing if that needs no waiting; returns whether it was taken. */
static inline bool down_write_trylock(struct rwsem *sem)
{
	if (unlikely(!rwsem_write_fast(sem)))
		return false;
	rwsem_note(sem, LOCK_TRIES);
	store_relaxed(&sem->owner, machine_self());
	return true;
}

/* `how`: 0, or LOCK_NESTED while another lock of its class is held. */
static inline void down_write_how(struct rwsem *sem, unsigned how)
{
	rwsem_note(sem, how);
	if (unlikely(!rwsem_write_fast(sem)))
		lock_queue_wait(&sem->count, &sem->queue, true, false);
	store_relaxed(&sem->owner, machine_self());
}

static inline void down_write(struct rwsem *sem)
{
	down_write_how(sem, 0);
}

static inline void down_write_nested(struct rwsem *sem)
{
	down_write_how(sem, LOCK_NESTED);
}

/* As down_read_killable. */
static inline int __must_check down_write_killable(struct rwsem *sem)
{
	int err = 0;

	rwsem_note(sem, 0);
	if (unlikely(!rwsem_write_fast(sem)))
		err = lock_queue_wait(&sem->count, &sem->queue, true, true);
	if (unlikely(err)) {
		lockdep_release(sem);
		return err;
	}
	store_relaxed(&sem->owner, machine_self());
	return 0;
}

static inline void up_write(struct rwsem *sem)
{
	uint64_t count;

	lockdep_release(sem);
	store_relaxed(&sem->owner, NULL);
	count = fetch_sub_release(&sem->count, RWSEM_WRITER);
	if (unlikely(count & RWSEM_WAITERS))
		lock_queue_wake(&sem->count, &sem->queue);
}

/* Turn the write lock that this thread holds into a read lock; never waits. */
static inline void downgrade_write(struct rwsem *sem)
{
	uint64_t count;

	store_relaxed(&sem->owner, NULL);
	count = __atomic_fetch_add(&sem->count, RWSEM_READER - RWSEM_WRITER,
				   __ATOMIC_RELEASE);
	if (unlikely(count & RWSEM_WAITERS))
		lock_queue_wake(&sem->count, &sem->queue);
}

/* Held by anybody, for anything. */
static inline bool rwsem_is_locked(const struct rwsem *sem)
{
	return load_relaxed(&sem->count) & ~RWSEM_WAITERS;
}

static inline bool rwsem_is_write_locked(const struct rwsem *sem)
{
	return load_relaxed(&sem->count) & RWSEM_WRITER;
}

/* Does this very thread hold it for writing? */
static inline bool rwsem_is_mine(const struct rwsem *sem)
{
	return load_relaxed(&sem->owner) == machine_self();
}
