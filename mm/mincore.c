/* SPDX-License-Identifier: MIT */
/*
 * mincore(2) and msync(2): questions about a range that change nothing, since
 * all files live in memory.
 */
#include "abi/errno.h"
#include "mm/internal.h"
#include "mm/mm.h"
#include "mm/pagetable.h"
#include "mm/vma.h"

#define CHUNK 512 /* result bytes at a time */

/* Is the page at va in memory: mapped, or in the cache of the area's file? */
static bool is_resident(struct vm_area_struct *vma, vaddr_t va)
{
	const pte_t *ptep = pt_walk(vma->vm_mm, va);
	struct page *page;

	if (ptep && !pte_is_none(pte_load(ptep)))
		return true;
	if (!vma->vm_file || !vma->vm_file->f_mapping)
		return false;
	page =
	    filemap_find(vma->vm_file->f_mapping, linear_page_index(vma, va));
	if (page)
		page_put(page);
	return page;
}

/* Up to n pages from va on; returns how many an area covers, or -EINTR. */
static int mincore_chunk(struct mm_struct *mm, vaddr_t va, int n, uint8_t *vec)
{
	struct vm_area_struct *vma;
	int i = 0;

	if (mmap_read_lock_killable(mm))
		return -EINTR;
	vma = vma_lookup(mm, va);
	while (vma && i < n) {
		for (; i < n && va < vma->vm_end; i++, va += PAGE_SIZE)
			vec[i] = is_resident(vma, va);
		vma = vma_next(vma);
		if (vma && vma->vm_start != va)
			vma = NULL;
	}
	mmap_read_unlock(mm);
	return i;
}

int do_mincore(struct mm_struct *mm, vaddr_t addr, uint64_t len,
	       int (*emit)(void *ctx, uint64_t first, const uint8_t *vec,
			   unsigned n),
	       void *ctx)
{
	uint64_t npages = (len >> PAGE_SHIFT) + !!(len & ~PAGE_MASK);
	uint8_t vec[CHUNK];

	if (addr & ~PAGE_MASK)
		return -EINVAL;
	if (addr > MM_USER_END || len > MM_USER_END - addr)
		return -ENOMEM;
	for (uint64_t done = 0; done < npages;) {
		int want = (int)min(npages - done, (uint64_t)CHUNK);
		int n =
		    mincore_chunk(mm, addr + (done << PAGE_SHIFT), want, vec);
		int err = n > 0 ? emit(ctx, done, vec, (unsigned)n) : n;

		if (err)
			return err;
		if (n < want)
			return -ENOMEM;
		done += (unsigned)n;
	}
	return 0;
}

int do_msync(struct mm_struct *mm, vaddr_t addr, uint64_t len, int flags)
{
	struct vm_area_struct *vma;
	bool has_hole = false;
	vaddr_t end;
	int err = 0;

	if (flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC) || addr & ~PAGE_MASK)
		return -EINVAL;
	if ((flags & MS_ASYNC) && (flags & MS_SYNC))
		return -EINVAL;
	end = addr + PAGE_ALIGN(len);
	if (end < addr)
		return -ENOMEM;
	if (end == addr)
		return 0;
	if (mmap_read_lock_killable(mm))
		return -EINTR;
	vma = find_vma(mm, addr);
	while (addr < end && !err) {
		if (!vma || vma->vm_start >= end) {
			err = -ENOMEM;
			break;
		}
		has_hole |= vma->vm_start > addr;
		if ((flags & MS_INVALIDATE) && vma_has(vma, VM_LOCKED))
			err = -EBUSY;
		addr = vma->vm_end;
		vma = vma_next(vma);
	}
	mmap_read_unlock(mm);
	return err ? err : has_hole ? -ENOMEM : 0;
}
