/* SPDX-License-Identifier: MIT */
/*
 * MADV_FREE: pages whose contents the program does not need any more. They
 * stay, and can be read, until memory is short. And MAP_DROPPABLE: areas all of
 * whose pages are like that, also those that were written.
 *
 * An anonymous page's entry always has D; here it loses D and W. A write then
 * faults, and copy-on-write, which finds a page of one owner, gives both back:
 * the page is an ordinary one again. So no state of a page's own is needed, and
 * no other operation knows of this. The price is that fault, 280 instructions
 * for a page that is used again, against 960 for a new one.
 *
 * When an allocation finds nothing (page_shrink), all pages without D go, one
 * address space after the other until one had any. Those that may have such
 * pages are in a list; one with droppable areas stays there.
 *
 * Locks: lazy_lock for the list, held throughout the search, so that an address
 * space that is found does not end. In it mmap_lock is only tried, and table
 * locks are taken: nobody allocates with a table lock held, or with
 * GFP_NOSHRINK. Nobody may wait for the search either: lazy_lock is tried, too.
 */
#include "mm/internal.h"
#include "mm/mm.h"
#include "mm/pagetable.h"
#include "mm/vma.h"

static struct spinlock lazy_lock;
static struct list_head lazy_mms;

/* Returns whether any page of the run is free to go now. */
static bool mark_run(pte_t *ptep, const pte_t *end)
{
	struct spinlock *ptl = pte_lockptr(ptep);
	bool found = false;

	spin_lock(ptl);
	for (; ptep < end; ptep++) {
		pte_t pte = pte_load(ptep);

		if (!pte_has(pte, PTE_D))
			continue; /* nothing, the page of zeros, or marked */
		pte_store_plain(ptep, pte_clear(pte, PTE_W | PTE_D));
		found = true;
	}
	spin_unlock(ptl);
	return found;
}

void free_lazily(struct vm_area_struct *vma, vaddr_t start, vaddr_t end)
{
	struct mm_struct *mm = vma->vm_mm;
	bool found = false;
	vaddr_t va, stop;
	pte_t *ptep;

	for (va = start; (ptep = pt_next_run(mm, &va, end, &stop)); va = stop)
		found |= mark_run(ptep, ptep + ((stop - va) >> PAGE_SHIFT));
	if (!found)
		return;
	/* A write that is not seen from here on would be lost. */
	flush_tlb_range(mm, start, end);
	lazyfree_join(mm);
}

void lazyfree_join(struct mm_struct *mm)
{
	spin_lock(&lazy_lock);
	if (!mm->was_lazy || list_empty(&mm->lazy)) {
		store_relaxed(&mm->was_lazy, true);
		list_add_tail(&mm->lazy, &lazy_mms);
	}
	spin_unlock(&lazy_lock);
}

/* mmap_lock is held for reading. *stays: not all is gone for good. */
static uint64_t drop_lazy(struct mm_struct *mm, bool *stays)
{
	struct vm_area_struct *vma;
	struct tlb_gather gather;
	uint64_t nr = 0;

	tlb_gather_init(&gather, mm, false);
	for_each_vma (mm, vma) {
		bool all = vma_has(vma, VM_DROPPABLE);

		*stays |= all;
		if (vma_is_anonymous(vma) && !vma_has(vma, VM_LOCKED))
			nr += zap_pages(&gather, vma, vma->vm_start,
					vma->vm_end, all ? 0 : PTE_D);
	}
	tlb_gather_finish(&gather);
	return nr;
}

static uint64_t shrink_lazy(void)
{
	struct list_head *node, *next;
	uint64_t nr = 0;

	if (!spin_trylock(&lazy_lock))
		return 0;
	for (node = lazy_mms.next; node != &lazy_mms && !nr; node = next) {
		struct mm_struct *mm = list_entry(node, struct mm_struct, lazy);

		bool stays = false;

		next = node->next;
		if (!mmap_read_trylock(mm))
			continue;
		nr = drop_lazy(mm, &stays);
		if (!stays)
			list_del_init(&mm->lazy);
		mmap_read_unlock(mm);
	}
	spin_unlock(&lazy_lock);
	return nr;
}

void lazyfree_leave(struct mm_struct *mm)
{
	spin_lock(&lazy_lock);
	list_del_init(&mm->lazy);
	spin_unlock(&lazy_lock);
}

void lazyfree_init(void)
{
	spin_init(&lazy_lock);
	list_init(&lazy_mms);
	page_add_shrinker(shrink_lazy);
}
