/* SPDX-License-Identifier: MIT */
/*
 * mlock(2) and its kin. Memory here is never paged out, so a locked area is
 * one whose pages are faulted in at once and that MADV_DONTNEED refuses.
 */
#include "abi/errno.h"
#include "mm/internal.h"
#include "mm/mm.h"
#include "mm/vma.h"

#define LOCK_FLAGS (VM_LOCKED | VM_LOCKONFAULT)

/* Give the part of an area in [start, end) exactly these lock flags. */
static int mlock_fixup(struct vm_area_struct **vmap, vaddr_t start, vaddr_t end,
		       uint64_t lock_flags)
{
	struct vm_area_struct *vma = *vmap;
	uint64_t old = vma_flags(vma), fresh = (old & ~LOCK_FLAGS) | lock_flags;
	int64_t npages = (end - start) >> PAGE_SHIFT;
	int err;

	if (fresh == old || (old & (VM_SPECIAL | VM_DROPPABLE)))
		return 0;
	err = vma_isolate(&vma, start, end);
	if (err)
		return err;
	if ((old ^ fresh) & VM_LOCKED)
		vma->vm_mm->locked_vm += fresh & VM_LOCKED ? npages : -npages;
	vma_start_write(vma);
	vm_flags_reset(vma, fresh);
	*vmap = vma_merge(vma);
	return 0;
}

static int apply_lock(struct mm_struct *mm, vaddr_t start, vaddr_t end,
		      uint64_t lock_flags)
{
	struct vm_area_struct *vma = vma_lookup(mm, start);
	int err;

	if (!vma)
		return -ENOMEM;
	while (start < end) {
		vaddr_t stop;

		if (!vma || vma->vm_start > start)
			return -ENOMEM;
		stop = min(vma->vm_end, end);
		err = mlock_fixup(&vma, start, stop, lock_flags);
		if (err)
			return err;
		start = stop;
		if (vma->vm_end <= start)
			vma = vma_next(vma);
	}
	return 0;
}

/* Pages of [start, end) that are locked already: they do not count twice. */
static uint64_t locked_pages(const struct mm_struct *mm, vaddr_t start,
			     vaddr_t end)
{
	const struct vm_area_struct *vma;
	uint64_t nr = 0;

	for_each_vma_range (mm, vma, start, end) {
		if (vma_has(vma, VM_LOCKED))
			nr += (min(vma->vm_end, end) -
			       max(vma->vm_start, start)) >>
			      PAGE_SHIFT;
	}
	return nr;
}

/* Round to pages. false: the range wraps. *end == *start: nothing to do. */
static bool round_range(vaddr_t addr, uint64_t len, vaddr_t *start,
			vaddr_t *end)
{
	*start = PAGE_ALIGN_DOWN(addr);
	*end = *start + PAGE_ALIGN(len + (addr - *start));
	return *end >= *start;
}

int do_mlock(struct mm_struct *mm, vaddr_t addr, uint64_t len, bool onfault)
{
	vaddr_t start, end;
	uint64_t more;
	int err;

	if (!mm->limits.memlock)
		return -EPERM;
	if (!round_range(addr, len, &start, &end))
		return -EINVAL;
	if (start == end)
		return 0;
	if (mmap_write_lock_killable(mm))
		return -EINTR;
	more = ((end - start) >> PAGE_SHIFT) - locked_pages(mm, start, end);
	err = may_lock(mm, more)
		  ? apply_lock(mm, start, end, onfault ? LOCK_FLAGS : VM_LOCKED)
		  : -ENOMEM;
	mmap_write_unlock(mm);
	if (err || onfault)
		return err;
	err = mm_populate_locked(mm, start, end);
	/* mlock(2): ENOMEM for what is not there, EAGAIN for lack of memory. */
	return err == -EFAULT ? -ENOMEM : err == -ENOMEM ? -EAGAIN : err;
}

int do_munlock(struct mm_struct *mm, vaddr_t addr, uint64_t len)
{
	vaddr_t start, end;
	int err;

	if (!round_range(addr, len, &start, &end))
		return -EINVAL;
	if (start == end)
		return 0;
	if (mmap_write_lock_killable(mm))
		return -EINTR;
	err = apply_lock(mm, start, end, 0);
	mmap_write_unlock(mm);
	return err;
}

/* Every area gets these flags; what cannot be split never needs to be. */
static void apply_lock_all(struct mm_struct *mm, uint64_t lock_flags)
{
	struct vm_area_struct *vma = vma_first(mm);

	while (vma) {
		mlock_fixup(&vma, vma->vm_start, vma->vm_end, lock_flags);
		vma = vma_next(vma);
	}
}

int do_mlockall(struct mm_struct *mm, int flags)
{
	uint64_t bits = flags & MCL_ONFAULT ? LOCK_FLAGS : VM_LOCKED;

	if (!flags || flags == MCL_ONFAULT ||
	    flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT))
		return -EINVAL;
	if (!mm->limits.memlock)
		return -EPERM;
	if (mmap_write_lock_killable(mm))
		return -EINTR;
	if ((flags & MCL_CURRENT) &&
	    mm->total_vm > mm->limits.memlock >> PAGE_SHIFT) {
		mmap_write_unlock(mm);
		return -ENOMEM;
	}
	mm->def_flags = flags & MCL_FUTURE ? bits : 0;
	if (flags & MCL_CURRENT)
		apply_lock_all(mm, bits);
	mmap_write_unlock(mm);
	if ((flags & MCL_CURRENT) && !(flags & MCL_ONFAULT))
		mm_populate(mm, MM_USER_START, MM_USER_END);
	return 0;
}

int do_munlockall(struct mm_struct *mm)
{
	if (mmap_write_lock_killable(mm))
		return -EINTR;
	mm->def_flags = 0;
	apply_lock_all(mm, 0);
	mmap_write_unlock(mm);
	return 0;
}
