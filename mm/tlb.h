/* SPDX-License-Identifier: MIT */
/*
 * TLB gather: take entries out of the tables, fence once, then free.
 *
 * A page that was mapped may be freed or used for something else only when no
 * hart can reach it any more through a stale translation. So the pages (and
 * tables) that an operation unmaps keep their references in a gather until
 * tlb_gather_finish() has fenced the harts that ran this address space.
 *
 * A gather lives on the stack of one operation. It may flush early when it
 * finds no memory to remember more pages.
 */
#pragma once

#include "mm/mm_types.h"
#include "mm/page.h"

#define TLB_GATHER_LOCAL 24

/* Further pages, in a page of their own. */
struct tlb_batch {
	struct tlb_batch *older;
	struct page *page[PAGE_SIZE / sizeof(struct page *) - 1];
};

struct tlb_gather {
	struct mm_struct *mm;
	vaddr_t start, end;	   /* what needs a fence; start >= end: none */
	bool whole_mm;		   /* the mm has no user left: no fence */
	bool freed_tables;	   /* upper entries changed: fence everything */
	struct page **next, **top; /* room in local[] or the newest batch */
	struct tlb_batch *batches; /* newest first; the older ones are full */
	struct list_head tables;
	struct page *local[TLB_GATHER_LOCAL];
};

/* whole_mm: nobody runs in this address space nor will again. */
void tlb_gather_init(struct tlb_gather *gather, struct mm_struct *mm,
		     bool whole_mm);

/* The entry of [va, va + PAGE_SIZE) was removed or lost permissions. */
static inline void tlb_gather_range(struct tlb_gather *gather, vaddr_t start,
				    vaddr_t end)
{
	gather->start = min(gather->start, start);
	gather->end = max(gather->end, end);
}

/* Find room for more pages; false: no memory, the gather must be flushed. */
bool tlb_gather_more(struct tlb_gather *gather);

/*
 * Keep a page whose mapping was removed; its PAGE_MAPPING count is dropped
 * after the fence. Returns true when the gather is full: the caller then lets
 * go of the table lock, calls tlb_gather_flush and goes on.
 */
static inline bool tlb_gather_page(struct tlb_gather *gather, struct page *page)
{
	*gather->next++ = page;
	return unlikely(gather->next == gather->top) &&
	       !tlb_gather_more(gather);
}

void tlb_gather_table(struct tlb_gather *gather, struct page *table);
void tlb_gather_flush(struct tlb_gather *gather);
void tlb_gather_finish(struct tlb_gather *gather);

/*
 * This hart is about to use mm's tables, or uses others from now on. Returns
 * whether it must forget mm's translations first. The order is argued in tlb.c.
 */
static inline bool mm_hart_enter(struct mm_struct *mm)
{
	uint64_t self = 1UL << machine_hart();

	fetch_or_acq_rel(&mm->ctx.hart_mask, self);
	if (likely(!(load_relaxed(&mm->ctx.tlb_stale_mask) & self)))
		return false;
	fetch_and_acq_rel(&mm->ctx.tlb_stale_mask, ~self);
	return true;
}

static inline void mm_hart_leave(struct mm_struct *mm)
{
	fetch_and_acq_rel(&mm->ctx.hart_mask, ~(1UL << machine_hart()));
}

/*
 * When it returns no hart uses translations of [start, end) that it had before:
 * those that run mm were fenced, the others will forget theirs.
 */
void flush_tlb_range(struct mm_struct *mm, vaddr_t start, vaddr_t end);
void flush_tlb_page(struct mm_struct *mm, vaddr_t va);
void flush_tlb_mm(struct mm_struct *mm);

/* Fence one page on this hart alone: it refused what the entry allows. */
void flush_tlb_here(struct mm_struct *mm, vaddr_t va);
