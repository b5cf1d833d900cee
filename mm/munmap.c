/* SPDX-License-Identifier: MIT */
/*
 * munmap(2): take a range out of the address space.
 *
 * First the areas at both ends are split, which is all that can fail. Then the
 * areas leave the tree (waiting for readers that hold their locks), their
 * pages and tables are gathered, one fence is made, and all is freed.
 */
#include "abi/errno.h"
#include "mm/internal.h"
#include "mm/mm.h"
#include "mm/pagetable.h"
#include "mm/vma.h"

/* Make start and end borders of areas. 0 or -Exxx. */
static int split_ends(struct mm_struct *mm, vaddr_t start, vaddr_t end)
{
	struct vm_area_struct *vma = find_vma_intersection(mm, start, end);
	int err;

	if (vma && vma->vm_start < start) {
		/* A hole in one area: two more areas than before, less one. */
		if (end < vma->vm_end && mm->map_count >= MAX_MAP_COUNT)
			return -ENOMEM;
		err = vma_split(vma, start, NULL);
		if (err)
			return err;
	}
	vma = find_vma_intersection(mm, end - 1, end);
	return vma && vma->vm_end > end ? vma_split(vma, end, NULL) : 0;
}

static void unaccount(struct mm_struct *mm, const struct vm_area_struct *vma)
{
	vm_stat_account(mm, vma_flags(vma), -(int64_t)vma_pages(vma));
	if (vma_has(vma, VM_LOCKED))
		mm->locked_vm -= vma_pages(vma);
}

int munmap_locked(struct mm_struct *mm, vaddr_t start, vaddr_t end)
{
	struct vm_area_struct *vma, *next, *prev, *doomed = NULL;
	struct tlb_gather gather;
	int err;

	mmap_assert_write_locked(mm);
	vma = find_vma_intersection(mm, start, end);
	if (!vma)
		return 0;
	err = split_ends(mm, start, end);
	if (err)
		return err;
	vma = find_vma_intersection(mm, start, end);
	prev = vma_prev(vma);
	tlb_gather_init(&gather, mm, false);
	for (; vma && vma->vm_start < end; vma = next) {
		next = vma_next(vma);
		vma_unlink(vma);
		unaccount(mm, vma);
		unmap_page_range(&gather, vma, vma->vm_start, vma->vm_end);
		vma->next_doomed = doomed;
		doomed = vma;
	}
	free_pgtables(&gather, start, end, prev ? prev->vm_end : 0,
		      vma ? vma->vm_start : MM_USER_END);
	tlb_gather_finish(&gather);
	for (vma = doomed; vma; vma = next) {
		next = vma->next_doomed;
		vma_destroy(vma);
	}
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
