/* SPDX-License-Identifier: MIT */
/*
 * TLB gather and fences.
 *
 * Which harts: ctx.hart_mask has the bit of each hart that has run this mm
 * since its translations were last known to be gone. mm_activate() sets the
 * bit before the hart uses the page table; we read the mask after the entries
 * were changed. Both do so by an acquire-release operation on the mask: if ours
 * comes first, that hart sees the changed entries, else we see its bit.
 *
 * A fence of more than MAX_PAGES pages is one of the whole address space:
 * SFENCE.VMA takes one page at a time.
 */
#include "mm/tlb.h"

#include "mm/pagetable.h"
#include "mm/vmstat.h"

#define MAX_PAGES 64

void flush_tlb_range(struct mm_struct *mm, vaddr_t start, vaddr_t end)
{
	uint64_t harts = fetch_or_acq_rel(&mm->ctx.hart_mask, 0);

	if (!harts)
		return;
	if (end - start > MAX_PAGES * PAGE_SIZE) {
		start = 0;
		end = ~0UL;
	}
	count_vm_event(harts == 1UL << machine_hart() ? TLB_FENCE_LOCAL
						      : TLB_FENCE_REMOTE);
	machine_tlb_fence(harts, load_relaxed(&mm->ctx.asid) & 0xffff, start,
			  end);
}

void flush_tlb_page(struct mm_struct *mm, vaddr_t va)
{
	flush_tlb_range(mm, va, va + PAGE_SIZE);
}

void flush_tlb_mm(struct mm_struct *mm)
{
	flush_tlb_range(mm, 0, ~0UL);
}

void flush_tlb_here(struct mm_struct *mm, vaddr_t va)
{
	machine_tlb_fence(1UL << machine_hart(),
			  load_relaxed(&mm->ctx.asid) & 0xffff, va,
			  va + PAGE_SIZE);
}

static void gather_reset(struct tlb_gather *gather)
{
	gather->start = ~0UL;
	gather->end = 0;
	gather->freed_tables = false;
	gather->next = gather->local;
	gather->top = gather->local + TLB_GATHER_LOCAL;
	gather->batches = NULL;
	list_init(&gather->tables);
}

void tlb_gather_init(struct tlb_gather *gather, struct mm_struct *mm,
		     bool whole_mm)
{
	gather->mm = mm;
	gather->whole_mm = whole_mm;
	gather_reset(gather);
	if (!whole_mm)
		fetch_add_relaxed(&mm->tlb_flush_pending, 1);
}

__noinline bool tlb_gather_more(struct tlb_gather *gather)
{
	struct tlb_batch *batch = page_alloc_virt(GFP_KERNEL);

	if (!batch)
		return false;
	batch->older = gather->batches;
	gather->batches = batch;
	gather->next = batch->page;
	gather->top = batch->page + ARRAY_SIZE(batch->page);
	return true;
}

/* Drop the mappings of all pages; only the newest array is not full. */
static void put_pages(struct tlb_gather *gather)
{
	struct page **end = gather->next;

	while (gather->batches) {
		struct tlb_batch *batch = gather->batches;

		page_put_many(batch->page, end - batch->page, PAGE_MAPPING);
		gather->batches = batch->older;
		page_free_virt(batch);
		end = gather->batches
			  ? gather->batches->page + ARRAY_SIZE(batch->page)
			  : gather->local + TLB_GATHER_LOCAL;
	}
	page_put_many(gather->local, end - gather->local, PAGE_MAPPING);
}

void tlb_gather_table(struct tlb_gather *gather, struct page *table)
{
	gather->freed_tables = true;
	list_add(&table->lru, &gather->tables);
}

void tlb_gather_flush(struct tlb_gather *gather)
{
	struct page *table, *next;

	if (!gather->whole_mm) {
		if (gather->freed_tables)
			flush_tlb_mm(gather->mm);
		else if (gather->start < gather->end)
			flush_tlb_range(gather->mm, gather->start, gather->end);
	}
	put_pages(gather);
	list_for_each_entry_safe (table, next, &gather->tables, lru)
		table_free(table);
	gather_reset(gather);
}

/*
 * Another gather of this mm may have emptied entries of our range and not have
 * fenced yet: we found nothing there, and our caller relies on nothing being
 * reachable. We see its count, since we took the table lock after it did.
 */
void tlb_gather_finish(struct tlb_gather *gather)
{
	struct mm_struct *mm = gather->mm;

	if (gather->whole_mm) {
		tlb_gather_flush(gather);
		return;
	}
	if (unlikely(load_relaxed(&mm->tlb_flush_pending) > 1))
		tlb_gather_range(gather, 0, ~0UL);
	tlb_gather_flush(gather);
	fetch_sub_release(&mm->tlb_flush_pending, 1);
}
