/* SPDX-License-Identifier: MIT */
/*
 * TLB gather and fences.
 *
 * Which harts: those that run the mm now (ctx.hart_mask). One that does not
 * keeps what it remembers, under the mm's ASID. A bit of ctx.tlb_stale_mask
 * tells it to forget that before it runs the mm again; it is not disturbed.
 *
 *	fence				hart (mm_hart_enter, mm_hart_leave)
 *	 1 entries were changed		 a set its bit of hart_mask
 *	 2 read hart_mask		 b told to forget? forget, clear the bit
 *	 3 mark the harts not in it	 c use the tables
 *	 4 read hart_mask again		 d use other tables
 *	 5 fence what 2 or 4 found	 e clear its bit of hart_mask
 *
 * 4, a and e are read-modify-writes of one word, so they have an order. A hart
 * that 4 finds is fenced. If a comes after 4, it acquires what 4 released: the
 * hart sees the changed entries, and in b the mark of 3. A hart that 2 finds
 * and 4 does not has no mark of ours, so it is fenced as well. A hart that runs
 * the mm may be marked, by 3 before its a and after its b: then it forgets more
 * than it needs to the next time. 3 is a read-modify-write also where the bits
 * are there already: a mark that another fence has just made is no use, since
 * the hart may have passed b before it, and after our 4 only that fence goes
 * there.
 * test/model/hart_mask.pml has all this.
 *
 * A fence of more than MAX_PAGES pages is one of the whole address space:
 * SFENCE.VMA takes one page at a time.
 */
#include "mm/tlb.h"

#include "mm/pagetable.h"
#include "mm/vmstat.h"

#define MAX_PAGES 64

/* Steps 2 to 4. */
static inline uint64_t harts_to_fence(struct mm_struct *mm)
{
	uint64_t harts = load_relaxed(&mm->ctx.hart_mask);

	/* Released by the next one. */
	fetch_or_relaxed(&mm->ctx.tlb_stale_mask, ~harts);
	/* Pairs with mm_hart_enter and mm_hart_leave. */
	return harts | fetch_or_acq_rel(&mm->ctx.hart_mask, 0);
}

static void fence(const struct mm_struct *mm, uint64_t harts, vaddr_t start,
		  vaddr_t end)
{
	if (!harts)
		return;
	count_vm_event(harts == 1UL << machine_hart() ? TLB_FENCE_LOCAL
						      : TLB_FENCE_REMOTE);
	machine_tlb_fence(harts, load_relaxed(&mm->ctx.asid) & 0xffff, start,
			  end);
}

void flush_tlb_range(struct mm_struct *mm, vaddr_t start, vaddr_t end)
{
	if (end - start > MAX_PAGES * PAGE_SIZE) {
		start = 0;
		end = ~0UL;
	}
	fence(mm, harts_to_fence(mm), start, end);
}

/* A program that runs here alone needs one instruction: saves 40. */
void flush_tlb_page(struct mm_struct *mm, vaddr_t va)
{
	uint64_t harts = harts_to_fence(mm);

	if (likely(harts == 1UL << machine_hart())) {
		count_vm_event(TLB_FENCE_LOCAL);
		flush_tlb_here(mm, va);
	} else {
		fence(mm, harts, va, va + PAGE_SIZE);
	}
}

void flush_tlb_mm(struct mm_struct *mm)
{
	flush_tlb_range(mm, 0, ~0UL);
}

void flush_tlb_here(struct mm_struct *mm, vaddr_t va)
{
	machine_tlb_fence_here(load_relaxed(&mm->ctx.asid) & 0xffff, va);
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
	struct tlb_batch *batch = page_alloc_virt(GFP_KERNEL | GFP_NOSHRINK);

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

	if (end == gather->local)
		return;
	while (gather->batches) {
		struct tlb_batch *batch = gather->batches;

		page_put_mapped(batch->page, end - batch->page);
		gather->batches = batch->older;
		page_free_virt(batch);
		end = gather->batches
			  ? gather->batches->page + ARRAY_SIZE(batch->page)
			  : gather->local + TLB_GATHER_LOCAL;
	}
	page_put_mapped(gather->local, end - gather->local);
}

void tlb_gather_table(struct tlb_gather *gather, struct page *table)
{
	gather->freed_tables = true;
	list_add(&table->lru, &gather->tables);
}

/* Fence, then let go; the gather is not usable before it is reset. */
static void fence_and_free(struct tlb_gather *gather)
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
}

void tlb_gather_flush(struct tlb_gather *gather)
{
	fence_and_free(gather);
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
		fence_and_free(gather);
		return;
	}
	if (unlikely(load_relaxed(&mm->tlb_flush_pending) > 1))
		tlb_gather_range(gather, 0, ~0UL);
	fence_and_free(gather);
	fetch_sub_release(&mm->tlb_flush_pending, 1);
}
