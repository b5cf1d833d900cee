/* SPDX-License-Identifier: MIT */
/*
 * Locks of an address space and of its areas.
 *
 * mmap_lock protects the set of areas and their fields. Readers of one area,
 * mostly faults, may hold that area's own lock instead. A writer holds
 * mmap_lock for writing and then locks each area it changes by
 * vma_start_write(): it waits for the area's readers and sets vm_lock_seq to
 * the mm's mm_lock_seq, which keeps new readers out. Releasing or downgrading
 * mmap_lock advances mm_lock_seq and so unlocks all areas at once.
 *
 * vm_refcnt: 0 detached; 1 attached; each reader adds 1; a writer that waits
 * adds VMA_LOCK_OFFSET, and the reader that leaves last wakes it.
 *
 * Overflow of mm_lock_seq can make an area look locked that is not: that costs
 * the slow path, never correctness.
 *
 * struct vma_guard says which of the locks a fault holds. A result with
 * VM_FAULT_RETRY or VM_FAULT_COMPLETED means that the guard is consumed.
 */
#pragma once

#include "config.h"
#include "lib/atomic.h"
#include "mm/mm_types.h"

void mmap_read_lock(struct mm_struct *mm);
int mmap_read_lock_killable(struct mm_struct *mm); /* 0 or -EINTR */
bool mmap_read_trylock(struct mm_struct *mm);
void mmap_read_unlock(struct mm_struct *mm);
void mmap_write_lock(struct mm_struct *mm);
int mmap_write_lock_killable(struct mm_struct *mm); /* 0 or -EINTR */
void mmap_write_unlock(struct mm_struct *mm);

/* For fork: the child's, which nobody else knows yet, inside the parent's. */
void mmap_write_lock_nested(struct mm_struct *mm);

/* Keep the lock for reading; all areas become unlocked for writing. */
void mmap_write_downgrade(struct mm_struct *mm);

/* BUG unless the lock is held (for reading or writing / for writing). */
static inline void mmap_assert_locked(struct mm_struct *mm)
{
	if (CONFIG_DEBUG)
		BUG_ON(!rwsem_is_locked(&mm->mmap_lock));
}

static inline void mmap_assert_write_locked(struct mm_struct *mm)
{
	if (CONFIG_DEBUG)
		BUG_ON(!rwsem_is_mine(&mm->mmap_lock));
}

/*
 * Lock an area for reading without mmap_lock. false: detached, being written,
 * or of another mm by now; take mmap_lock instead. The caller found the area
 * under RCU or holds mmap_lock.
 */
bool vma_start_read(struct mm_struct *mm, struct vm_area_struct *vma);

/* The last reader of an area for which a writer waits: wake it. */
void vma_wake_writer(struct mm_struct *mm);

/*
 * Drop a reader's reference; does a writer wait? Then vma_wake_writer() is due.
 *
 * Release: pairs with the writer's look in wait_for_readers. Acquire: our look
 * at vma_writer_wait must not come before the decrement, or the writer sleeps
 * for ever.
 */
static inline bool vma_refcount_drop(struct vm_area_struct *vma)
{
	lockdep_release(vma);
	return fetch_sub_acq_rel(&vma->vm_refcnt, 1) & VMA_LOCK_OFFSET;
}

/*
 * The same, and wake it. `mm` outlives the call: the caller runs in it or holds
 * it.
 */
static inline void vma_refcount_put(struct mm_struct *mm,
				    struct vm_area_struct *vma)
{
	if (unlikely(vma_refcount_drop(vma)))
		vma_wake_writer(mm);
}

static inline void vma_end_read(struct vm_area_struct *vma)
{
	vma_refcount_put(vma->vm_mm, vma);
}

/* Lock an area for writing until mmap_lock is released. Sleeps. */
void vma_start_write(struct vm_area_struct *vma);

static inline bool vma_is_write_locked(const struct vm_area_struct *vma)
{
	return load_relaxed(&vma->vm_lock_seq) ==
	       load_relaxed(&vma->vm_mm->mm_lock_seq);
}

/* As the two above; attached: in the tree, detached: not, and no reader. */
static inline void vma_assert_write_locked(const struct vm_area_struct *vma)
{
	mmap_assert_write_locked(vma->vm_mm);
	if (CONFIG_DEBUG)
		BUG_ON(!vma_is_write_locked(vma));
}

static inline void vma_assert_locked(const struct vm_area_struct *vma)
{
	if (CONFIG_DEBUG && load_relaxed(&vma->vm_refcnt) <= 1)
		mmap_assert_locked(vma->vm_mm);
}

static inline void vma_assert_attached(const struct vm_area_struct *vma)
{
	if (CONFIG_DEBUG)
		BUG_ON(!load_relaxed(&vma->vm_refcnt));
}

static inline void vma_assert_detached(const struct vm_area_struct *vma)
{
	if (CONFIG_DEBUG)
		BUG_ON(load_relaxed(&vma->vm_refcnt));
}

/*
 * The area enters the tree, locked for writing, or leaves it: then its readers
 * are waited for.
 */
static inline void vma_mark_attached(struct vm_area_struct *vma)
{
	vma_assert_detached(vma);
	mmap_assert_write_locked(vma->vm_mm);
	store_relaxed(&vma->vm_lock_seq, vma->vm_mm->mm_lock_seq);
	store_release(&vma->vm_refcnt, 1);
}

void vma_mark_detached(struct vm_area_struct *vma);

/*
 * The area of mm that contains addr, locked for reading; NULL when there is
 * none or it could not be had without waiting: a miss is not an answer.
 */
struct vm_area_struct *lock_vma_under_rcu(struct mm_struct *mm, vaddr_t addr);

/*
 * The same for a caller that has no stack frame on its common path: what there
 * is to do when it fails is left to vma_missed(), which must follow at once.
 * The RCU section lasts until then.
 */
struct vma_miss {
	struct vm_area_struct *vain; /* its reference is to be dropped */
	unsigned event;		     /* to be counted */
};

struct vm_area_struct *lock_vma_or_miss(struct mm_struct *mm, vaddr_t addr,
					struct vma_miss *miss);
void vma_missed(const struct vma_miss *miss);

enum vma_guard_kind {
	GUARD_CONSUMED, /* nothing is held; vma must not be touched */
	GUARD_VMA,	/* the area's lock, for reading */
	GUARD_MMAP_READ,
	GUARD_MMAP_WRITE,
};

struct vma_guard {
	struct mm_struct *mm;
	struct vm_area_struct *vma;
	enum vma_guard_kind kind;
};

void vma_guard_release_mmap(struct vma_guard *guard);

/* What the guard held was given back on another way. */
static inline void vma_guard_consume(struct vma_guard *guard)
{
	guard->kind = GUARD_CONSUMED;
	if (CONFIG_DEBUG)
		guard->vma = NULL;
}

/* Release what the guard holds; it is consumed then. */
static inline void vma_guard_release(struct vma_guard *guard)
{
	if (likely(guard->kind == GUARD_VMA)) {
		vma_refcount_put(guard->mm, guard->vma);
		vma_guard_consume(guard);
	} else {
		vma_guard_release_mmap(guard);
	}
}
