/* SPDX-License-Identifier: MIT */
/*
 * Taking pages out of an address space, one table at a time: the lock is taken
 * once for a run of up to 512 entries and the counters are added up once.
 */
#include "abi/errno.h"
#include "mm/internal.h"
#include "mm/pagetable.h"
#include "mm/vma.h"

struct zap {
	struct tlb_gather *gather;
	struct vm_area_struct *vma;
	bool file_pages_only;
	bool has_removed;	  /* something of the run at hand */
	bool is_full;		  /* the gather wants to be emptied */
	int64_t nr_anon, nr_file; /* removed so far */
};

/* Remove one entry. Returns true when the gather is full. */
static bool zap_pte(struct zap *zap, pte_t *ptep, pte_t pte)
{
	struct page *page;

	if (pte_has(pte, PTE_SPECIAL)) {
		if (!zap->file_pages_only) {
			pte_get_and_clear(ptep);
			zap->has_removed = true;
		}
		return false;
	}
	page = pfn_to_page(pte_pfn(pte));
	if (page->type == PAGE_ANON) {
		if (zap->file_pages_only)
			return false;
		pte_get_and_clear(ptep);
		zap->nr_anon++;
	} else {
		/* The hardware may have set D since we looked. */
		if (pte_has(pte_get_and_clear(ptep), PTE_D))
			page_set_flag(page, PG_DIRTY);
		zap->nr_file++;
	}
	zap->has_removed = true;
	return tlb_gather_page(zap->gather, page);
}

/* One run of entries of one table; returns where it stopped. */
static vaddr_t zap_run(struct zap *zap, pte_t *ptep, vaddr_t va, vaddr_t end)
{
	struct spinlock *ptl = pte_lockptr(ptep);

	spin_lock(ptl);
	for (; va < end && !zap->is_full; va += PAGE_SIZE, ptep++) {
		pte_t pte = pte_load(ptep);

		if (!pte_is_none(pte))
			zap->is_full = zap_pte(zap, ptep, pte);
	}
	spin_unlock(ptl);
	return va;
}

static void zap_range(struct zap *zap, vaddr_t start, vaddr_t end)
{
	struct mm_struct *mm = zap->vma->vm_mm;
	vaddr_t va, stop;
	pte_t *ptep;

	for (va = start; (ptep = pt_next_run(mm, &va, end, &stop)); va = stop) {
		zap->has_removed = false;
		stop = zap_run(zap, ptep, va, stop);
		if (zap->has_removed)
			tlb_gather_range(zap->gather, va, stop);
		if (unlikely(zap->is_full)) {
			tlb_gather_flush(zap->gather);
			zap->is_full = false;
		}
	}
	if (zap->nr_anon)
		rss_add(mm, MM_ANONPAGES, -zap->nr_anon);
	if (zap->nr_file)
		rss_add(mm, file_rss_kind(zap->vma), -zap->nr_file);
}

void unmap_page_range(struct tlb_gather *gather, struct vm_area_struct *vma,
		      vaddr_t start, vaddr_t end)
{
	struct zap zap = {.gather = gather, .vma = vma};

	zap_range(&zap, start, end);
}

void zap_page_range(struct vm_area_struct *vma, vaddr_t start, vaddr_t end)
{
	struct tlb_gather gather;

	tlb_gather_init(&gather, vma->vm_mm, false);
	unmap_page_range(&gather, vma, start, end);
	tlb_gather_finish(&gather);
}

void zap_file_pages(struct tlb_gather *gather, struct vm_area_struct *vma,
		    vaddr_t start, vaddr_t end, bool even_cows)
{
	struct zap zap = {
	    .gather = gather, .vma = vma, .file_pages_only = !even_cows};

	zap_range(&zap, start, end);
}
