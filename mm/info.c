/* SPDX-License-Identifier: MIT */
/*
 * What others may see of an address space: the areas for /proc/PID/maps and
 * smaps, page map words, keys for futexes.
 */
#include "abi/errno.h"
#include "mm/internal.h"
#include "mm/mm.h"
#include "mm/pagetable.h"
#include "mm/vma.h"

static const char *area_name(struct vm_area_struct *vma)
{
	const struct mm_struct *mm = vma->vm_mm;

	if (vma->vm_ops && vma->vm_ops->name)
		return vma->vm_ops->name(vma);
	if (vma->vm_file)
		return NULL;
	if (vma->vm_start < mm->brk && vma->vm_end > mm->start_brk)
		return "[heap]";
	if (vma->vm_start < mm->start_stack && vma->vm_end >= mm->start_stack)
		return "[stack]";
	return NULL;
}

static void count_page(struct vma_info *info, const struct page *page,
		       pte_t pte)
{
	uint32_t mappings = max(page_mapcount(page), 1u);
	/* What is anonymous lacks D only while it is free to go (lazyfree.c).
	 */
	bool is_dirty = pte_has(pte, PTE_D) || page_test_flag(page, PG_DIRTY);

	info->rss += PAGE_SIZE;
	info->pss += PAGE_SIZE / mappings;
	info->pss_dirty += is_dirty ? PAGE_SIZE / mappings : 0;
	if (page->type == PAGE_ANON) {
		info->anonymous += PAGE_SIZE;
		info->lazyfree += is_dirty ? 0 : PAGE_SIZE;
	}
	if (pte_has(pte, PTE_A))
		info->referenced += PAGE_SIZE;
	if (mappings > 1)
		*(is_dirty ? &info->shared_dirty : &info->shared_clean) +=
		    PAGE_SIZE;
	else
		*(is_dirty ? &info->private_dirty : &info->private_clean) +=
		    PAGE_SIZE;
}

static void count_usage(struct vma_info *info, const struct vm_area_struct *vma)
{
	vaddr_t va, stop;
	pte_t *ptep;

	for (va = vma->vm_start;
	     (ptep = pt_next_run(vma->vm_mm, &va, vma->vm_end, &stop));
	     va = stop) {
		struct spinlock *ptl = pte_lockptr(ptep);

		spin_lock(ptl);
		for (vaddr_t at = va; at < stop; at += PAGE_SIZE, ptep++) {
			pte_t pte = pte_load(ptep);

			if (!pte_is_none(pte) && !pte_has(pte, PTE_SPECIAL))
				count_page(info, pfn_to_page(pte_pfn(pte)),
					   pte);
		}
		spin_unlock(ptl);
	}
	if (vma_has(vma, VM_LOCKED))
		info->locked = info->pss;
}

bool mm_next_area(struct mm_struct *mm, vaddr_t addr, struct vma_info *info,
		  bool usage)
{
	struct vm_area_struct *vma;

	*info = (struct vma_info){0};
	if (mmap_read_lock_killable(mm))
		return false;
	vma = find_vma(mm, addr);
	if (vma) {
		info->start = vma->vm_start;
		info->end = vma->vm_end;
		info->flags = vma_flags(vma);
		info->pgoff = vma->vm_file ? vma->vm_pgoff : 0;
		info->file = vma->vm_file ? file_get(vma->vm_file) : NULL;
		info->name = area_name(vma);
		if (usage)
			count_usage(info, vma);
	}
	mmap_read_unlock(mm);
	return vma;
}

/* Linux: Documentation/admin-guide/mm/pagemap.rst. */
#define PAGEMAP_PRESENT	  (1UL << 63)
#define PAGEMAP_FILE	  (1UL << 61) /* of a file, or shared anonymous */
#define PAGEMAP_EXCLUSIVE (1UL << 56) /* mapped once */

uint64_t mm_pagemap(struct mm_struct *mm, vaddr_t addr)
{
	uint64_t word = 0;

	if (mmap_read_lock_killable(mm))
		return 0;
	if (vma_lookup(mm, addr)) {
		const pte_t *ptep = pt_walk(mm, addr);
		pte_t pte = ptep ? pte_load(ptep) : pte_none();

		if (!pte_is_none(pte))
			word = PAGEMAP_PRESENT | pte_pfn(pte);
		if (word && !pte_has(pte, PTE_SPECIAL)) {
			const struct page *page = pfn_to_page(pte_pfn(pte));

			if (page->type == PAGE_FILE)
				word |= PAGEMAP_FILE;
			if (page_mapcount(page) == 1)
				word |= PAGEMAP_EXCLUSIVE;
		}
	}
	mmap_read_unlock(mm);
	return word;
}

void mm_clear_refs(struct mm_struct *mm, bool anon, bool file)
{
	struct vm_area_struct *vma;

	mmap_read_lock(mm);
	for_each_vma (mm, vma) {
		vaddr_t va, stop;
		pte_t *ptep;

		if (vma->vm_file ? !file : !anon)
			continue;
		for (va = vma->vm_start;
		     (ptep = pt_next_run(mm, &va, vma->vm_end, &stop));
		     va = stop) {
			pte_t *end = ptep + ((stop - va) >> PAGE_SHIFT);
			struct spinlock *ptl = pte_lockptr(ptep);

			spin_lock(ptl);
			for (; ptep < end; ptep++)
				fetch_and_relaxed(&ptep->val, ~PTE_A);
			spin_unlock(ptl);
		}
	}
	/* Or the hardware would not set A again. */
	flush_tlb_mm(mm);
	mmap_read_unlock(mm);
}

void mm_reset_hiwater(struct mm_struct *mm)
{
	store_relaxed(&mm->hiwater_rss, mm_rss(mm));
}

int mm_futex_key(struct mm_struct *mm, vaddr_t addr, bool shared,
		 uint64_t *object, uint64_t *offset)
{
	struct vm_area_struct *vma;
	int err = 0;

	*object = (uintptr_t)mm;
	*offset = addr;
	if (!shared)
		return addr < MM_USER_END ? 0 : -EFAULT;
	if (mmap_read_lock_killable(mm))
		return -EINTR;
	vma = vma_lookup(mm, addr);
	if (!vma || !vma_has(vma, VM_READ | VM_WRITE)) {
		err = -EFAULT;
	} else if (vma_has(vma, VM_MAYSHARE) && vma->vm_file) {
		*object = vma->vm_file->f_mapping->id;
		*offset = (linear_page_index(vma, addr) << PAGE_SHIFT) |
			  (addr & ~PAGE_MASK);
	}
	mmap_read_unlock(mm);
	return err;
}
