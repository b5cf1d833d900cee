/* SPDX-License-Identifier: MIT */
/*
 * munmap(2): take a range out of the address space.
 *
 * Only a hole in the middle of one area needs memory, for the area above it,
 * and can fail. At its ends an area is trimmed in place; areas that go away
 * whole leave the tree, after their readers. Then pages and tables are
 * gathered, one fence is made, and all is freed.
 */
#include "abi/errno.h"
#include "mm/internal.h"
#include "mm/mm.h"
#include "mm/pagetable.h"
#include "mm/vma.h"

static inline int may_split(struct vm_area_struct *vma, vaddr_t addr)
{
	if (addr <= vma->vm_start || addr >= vma->vm_end || !vma->vm_ops ||
	    !vma->vm_ops->may_split)
		return 0;
	return vma->vm_ops->may_split(vma, addr);
}

/* Is one of the areas between this one and `end` sealed? */
static __noinline bool has_seal_above(const struct vm_area_struct *vma,
				      vaddr_t end)
{
	while ((vma = vma_next(vma)) && vma->vm_start < end) {
		if (vma_has(vma, VM_SEALED))
			return true;
	}
	return false;
}

/*
 * All that can fail: afterwards no area of the range is sealed, none reaches
 * beyond both of its ends, and those that reach beyond one agree to be cut.
 * *vmap: the first area.
 */
static int munmap_prepare(struct mm_struct *mm, vaddr_t start, vaddr_t end,
			  struct vm_area_struct **vmap)
{
	struct vm_area_struct *last = *vmap;
	int err = may_split(*vmap, start);

	if (vma_has(last, VM_SEALED))
		return -EPERM;
	if (end > last->vm_end) {
		if (has_seal_above(last, end))
			return -EPERM;
		last = find_vma_intersection(mm, end - 1, end);
	}
	if (!err && last)
		err = may_split(last, end);
	if (err || start <= (*vmap)->vm_start || end >= (*vmap)->vm_end)
		return err;
	/* A hole: one area more than before. */
	if (mm->map_count >= sysctl_max_map_count)
		return -ENOMEM;
	return vma_split(*vmap, start, vmap);
}

static void unaccount(struct mm_struct *mm, uint64_t flags, int64_t npages)
{
	vm_stat_account(mm, flags, -npages);
	if (flags & VM_LOCKED)
		mm->locked_vm -= npages;
}

/*
 * Take [start, end) out of one area. Returns whether the area went away whole;
 * it is unlinked then, and the caller's to destroy after the fence.
 */
static bool cut_area(struct tlb_gather *gather, struct vm_area_struct *vma,
		     vaddr_t start, vaddr_t end)
{
	bool is_whole = start == vma->vm_start && end == vma->vm_end;

	/* First, so that no reverse map leads to the tables any more. */
	if (is_whole) {
		vma_unlink(vma);
	} else {
		vma_start_write(vma);
		if (start == vma->vm_start)
			vma_set_range(vma, end, vma->vm_end);
		else
			vma_set_range(vma, vma->vm_start, start);
	}
	unaccount(gather->mm, vma_flags(vma), (end - start) >> PAGE_SHIFT);
	unmap_page_range(gather, vma, start, end);
	return is_whole;
}

int munmap_locked(struct mm_struct *mm, vaddr_t start, vaddr_t end)
{
	struct vm_area_struct *vma, *next, *prev;
	struct list_head doomed;
	vaddr_t floor, ceiling = MM_USER_END;
	struct tlb_gather gather;
	int err;

	mmap_assert_write_locked(mm);
	vma = find_vma_intersection(mm, start, end);
	if (!vma)
		return 0;
	err = munmap_prepare(mm, start, end, &vma);
	if (err)
		return err;
	prev = vma_prev(vma);
	floor = vma->vm_start < start ? start : prev ? prev->vm_end : 0;
	list_init(&doomed);
	tlb_gather_init(&gather, mm, false);
	for (; vma && vma->vm_start < end; vma = next) {
		next = vma_next(vma);
		if (vma->vm_end > end)
			ceiling = end;
		else
			ceiling = next ? next->vm_start : MM_USER_END;
		if (cut_area(&gather, vma, max(start, vma->vm_start),
			     min(end, vma->vm_end)))
			list_add_tail(&vma->vm_list, &doomed);
	}
	free_pgtables(&gather, start, end, floor, ceiling);
	tlb_gather_finish(&gather);
	list_for_each_entry_safe (vma, next, &doomed, vm_list)
		vma_destroy(vma);
	return 0;
}

int do_munmap(struct mm_struct *mm, vaddr_t addr, uint64_t len)
{
	int err;

	if (addr & ~PAGE_MASK || !len || addr > MM_USER_END ||
	    len > MM_USER_END - addr)
		return -EINVAL;
	if (mmap_write_lock_killable(mm))
		return -EINTR;
	err = munmap_locked(mm, addr, addr + PAGE_ALIGN(len));
	mmap_write_unlock(mm);
	return err;
}
