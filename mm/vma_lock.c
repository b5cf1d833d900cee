/* SPDX-License-Identifier: MIT */
/*
 * mmap_lock and the areas' own locks. The protocol is described in vma_lock.h;
 * here is why it is safe.
 *
 * A reader first adds to vm_refcnt, then looks at vm_lock_seq; a writer first
 * adds VMA_LOCK_OFFSET to vm_refcnt and waits until the readers it found have
 * left, then sets vm_lock_seq. So a reader that got in before is waited for,
 * and one that comes later is refused: by VMA_REF_LIMIT while the writer
 * waits, by vm_lock_seq afterwards. (Set any earlier, a reader might take the
 * lock of this writer for one that is gone.)
 *
 * Area memory is type-stable: a reader may hold a pointer to an area that was
 * freed and used anew. vm_refcnt is 0 while it is detached; and if it has been
 * attached elsewhere meanwhile, vm_mm or the range, looked at again after the
 * reference was taken, tells.
 */
#include "mm/vma_lock.h"

#include "config.h"
#include "mm/vma.h"
#include "mm/vmstat.h"

/* More steps than the deepest tree has: a descent beside a writer ends. */
#define MAX_DESCENT 64

void mmap_read_lock(struct mm_struct *mm)
{
	down_read(&mm->mmap_lock);
	count_vm_event(MMAP_LOCK_READ);
}

int mmap_read_lock_killable(struct mm_struct *mm)
{
	count_vm_event(MMAP_LOCK_READ);
	return down_read_killable(&mm->mmap_lock);
}

bool mmap_read_trylock(struct mm_struct *mm)
{
	if (!down_read_trylock(&mm->mmap_lock))
		return false;
	count_vm_event(MMAP_LOCK_READ);
	return true;
}

void mmap_read_unlock(struct mm_struct *mm)
{
	up_read(&mm->mmap_lock);
}

void mmap_write_lock(struct mm_struct *mm)
{
	count_vm_event(MMAP_LOCK_WRITE);
	down_write(&mm->mmap_lock);
}

void mmap_write_lock_nested(struct mm_struct *mm)
{
	down_write_nested(&mm->mmap_lock);
}

inline int mmap_write_lock_killable(struct mm_struct *mm)
{
	count_vm_event(MMAP_LOCK_WRITE);
	return down_write_killable(&mm->mmap_lock);
}

/* Unlock all areas: pairs with the acquire of mm_lock_seq by readers. */
static void vma_end_write_all(struct mm_struct *mm)
{
	mmap_assert_write_locked(mm);
	store_release(&mm->mm_lock_seq, load_relaxed(&mm->mm_lock_seq) + 1);
}

void mmap_write_unlock(struct mm_struct *mm)
{
	vma_end_write_all(mm);
	up_write(&mm->mmap_lock);
}

void mmap_write_downgrade(struct mm_struct *mm)
{
	vma_end_write_all(mm);
	downgrade_write(&mm->mmap_lock);
}

void vma_wake_writer(struct mm_struct *mm)
{
	struct thread *writer = load_acquire(&mm->vma_writer_wait);

	if (writer)
		machine_unpark(writer);
}

/* The class of all areas' locks, for the checker. */
static uint16_t area_class(void)
{
	return LOCKDEP_CLASS(area);
}

/* False: not locked, and *vain is the area if a reference is to be dropped. */
static inline bool start_read(struct mm_struct *mm, struct vm_area_struct *vma,
			      struct vm_area_struct **vain)
{
	uint32_t refs = load_relaxed(&vma->vm_refcnt);

	if (load_relaxed(&vma->vm_lock_seq) == load_relaxed(&mm->mm_lock_seq))
		return false;
	/* Pairs with the release in vma_mark_attached. */
	do {
		if (unlikely(refs == 0 || refs >= VMA_REF_LIMIT))
			return false;
	} while (unlikely(!cas_acquire(&vma->vm_refcnt, &refs, refs + 1)));

	if (unlikely(load_relaxed(&vma->vm_mm) != mm)) {
		*vain = vma; /* attached elsewhere by now */
		return false;
	}
	/* Pairs with the release in vma_end_write_all. */
	if (unlikely(load_relaxed(&vma->vm_lock_seq) ==
		     load_acquire(&mm->mm_lock_seq))) {
		*vain = vma;
		return false;
	}
	lockdep_acquire(vma, area_class(), LOCK_SLEEPS | LOCK_TRIES);
	return true;
}

/* A writer may wait for us; of another mm, if the area is there by now. */
static void drop_vain(struct vm_area_struct *vain)
{
	if (vain)
		vma_refcount_put(load_relaxed(&vain->vm_mm), vain);
}

bool vma_start_read(struct mm_struct *mm, struct vm_area_struct *vma)
{
	struct vm_area_struct *vain = NULL;
	bool is_locked = start_read(mm, vma, &vain);

	drop_vain(vain);
	return is_locked;
}

/*
 * Keep new readers out and wait until `rest` is all that is left of vm_refcnt:
 * VMA_LOCK_OFFSET plus 1 for an attached area, VMA_LOCK_OFFSET for one that is
 * being detached.
 */
static __noinline void wait_for_readers(struct mm_struct *mm,
					struct vm_area_struct *vma,
					uint32_t rest)
{
	if (likely(load_acquire(&vma->vm_refcnt) == rest))
		return;
	lockdep_wait_begin();
	store_release(&mm->vma_writer_wait, machine_self());
	/* Pairs with the release in vma_refcount_put. */
	while (fetch_add_acq_rel(&vma->vm_refcnt, 0) != rest)
		machine_park();
	store_relaxed(&mm->vma_writer_wait, NULL);
	lockdep_wait_end();
}

void vma_start_write(struct vm_area_struct *vma)
{
	struct mm_struct *mm = vma->vm_mm;

	mmap_assert_write_locked(mm);
	/*
	 * Locked already, if no reader is there: when mm_lock_seq has come
	 * round, the area may look locked and still have one from before. An
	 * exchange, so that a reader who is not counted here sees mm_lock_seq.
	 */
	if (vma_is_write_locked(vma) &&
	    fetch_add_acq_rel(&vma->vm_refcnt, 0) <= 1)
		return;
	if (!load_relaxed(&vma->vm_refcnt)) {
		/* Detached: no reader can come. */
		store_relaxed(&vma->vm_lock_seq, mm->mm_lock_seq);
		return;
	}
	lockdep_acquire(vma, area_class(), LOCK_SLEEPS);
	if (unlikely(fetch_add_acquire(&vma->vm_refcnt, VMA_LOCK_OFFSET) != 1))
		wait_for_readers(mm, vma, VMA_LOCK_OFFSET + 1);
	store_relaxed(&vma->vm_lock_seq, mm->mm_lock_seq);
	/* Readers that get in from now on see vm_lock_seq. */
	fetch_sub_release(&vma->vm_refcnt, VMA_LOCK_OFFSET);
	lockdep_release(vma);
}

/*
 * Readers keep the count above zero and are waited for; those that get in
 * before VMA_LOCK_OFFSET is there are waited for as well.
 */
__called_once void vma_mark_detached(struct vm_area_struct *vma)
{
	mmap_assert_write_locked(vma->vm_mm);
	vma_assert_attached(vma);
	if (likely(fetch_sub_acq_rel(&vma->vm_refcnt, 1) == 1))
		return;
	lockdep_acquire(vma, area_class(), LOCK_SLEEPS);
	fetch_add_acquire(&vma->vm_refcnt, VMA_LOCK_OFFSET);
	wait_for_readers(vma->vm_mm, vma, VMA_LOCK_OFFSET);
	fetch_sub_release(&vma->vm_refcnt, VMA_LOCK_OFFSET);
	lockdep_release(vma);
}

/* Lockless descent; what it finds may be stale, and it may miss. */
static inline struct vm_area_struct *find_lockless(const struct mm_struct *mm,
						   vaddr_t addr)
{
	struct rb_node *node = rb_root_lockless(&mm->mm_rb);

	for (unsigned step = 0; node && step < MAX_DESCENT; step++) {
		struct vm_area_struct *vma =
		    rb_entry(node, struct vm_area_struct, vm_rb);

		if (addr < load_relaxed(&vma->vm_start))
			node = rb_left_lockless(node);
		else if (addr < load_relaxed(&vma->vm_end))
			return vma;
		else
			node = rb_right_lockless(node);
	}
	return NULL;
}

__called_once struct vm_area_struct *
lock_vma_or_miss(struct mm_struct *mm, vaddr_t addr, struct vma_miss *miss)
{
	struct vm_area_struct *vma;

	*miss = (struct vma_miss){.event = VMA_LOCK_MISS};
	rcu_read_lock();
	vma = find_lockless(mm, addr);
	if (unlikely(!vma))
		return NULL;
	if (unlikely(!start_read(mm, vma, &miss->vain))) {
		miss->event = VMA_LOCK_ABORT;
		return NULL;
	}
	/* Locked now: what we found may have changed before. */
	if (likely(addr >= vma->vm_start && addr < vma->vm_end)) {
		rcu_read_unlock();
		return vma;
	}
	miss->vain = vma;
	return NULL;
}

void vma_missed(const struct vma_miss *miss)
{
	drop_vain(miss->vain);
	rcu_read_unlock();
	count_vm_event(miss->event);
}

struct vm_area_struct *lock_vma_under_rcu(struct mm_struct *mm, vaddr_t addr)
{
	struct vma_miss miss;
	struct vm_area_struct *vma = lock_vma_or_miss(mm, addr, &miss);

	if (!vma)
		vma_missed(&miss);
	return vma;
}

void vma_guard_release_mmap(struct vma_guard *guard)
{
	BUG_ON(guard->kind == GUARD_CONSUMED);
	if (guard->kind == GUARD_MMAP_WRITE)
		mmap_write_unlock(guard->mm);
	else
		mmap_read_unlock(guard->mm);
	guard->kind = GUARD_CONSUMED;
	guard->vma = NULL;
}
