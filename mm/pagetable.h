/* SPDX-License-Identifier: MIT */
/*
 * Page tables of an address space: find, make, visit and free.
 *
 * Three levels (Priv. 1.12, 4.4). A table page has type PAGE_TABLE; its struct
 * page holds the lock of the entries in it (the split lock). Entries of the
 * two upper levels change under page_table_lock.
 *
 * A table is freed only when no area is left in the range that it covers, and
 * areas go away only after their readers (vma_mark_detached), so whoever holds
 * an area may walk the tables below it without a lock and needs the split lock
 * only to look at or change leaf entries.
 */
#pragma once

#include "mm/mm_types.h"
#include "mm/page.h"

struct tlb_gather;

/*
 * Tell which root entries every address space shares (the kernel's half).
 * Once, at boot; without it new roots are empty.
 */
void pt_set_kernel_root(const pte_t *root);

/* Once, at boot, after page_init. */
void pt_init(void);

/* A new root table with the kernel's entries; NULL: no memory. */
pte_t *pgd_alloc(struct mm_struct *mm);
void pgd_free(struct mm_struct *mm);

/* A table that no hart can reach any more; all its entries are none. */
void table_free(struct page *page);

/* The table that a valid upper entry points to. */
static inline pte_t *pte_table(pte_t entry)
{
	return phys_to_virt(pte_pfn(entry) << PAGE_SHIFT);
}

/* Lock of the table that this leaf entry lies in. */
static inline struct spinlock *pte_lockptr(const pte_t *pte)
{
	return &virt_to_page(pte)->ptl;
}

/* The leaf entry for va, or NULL when its table does not exist. No lock. */
static inline pte_t *pt_walk(const struct mm_struct *mm, vaddr_t va)
{
	pte_t entry = pte_load(&mm->pgd[pt_index(va, 2)]);

	if (!pte_is_present(entry))
		return NULL;
	entry = pte_load(&pte_table(entry)[pt_index(va, 1)]);
	if (!pte_is_present(entry))
		return NULL;
	return &pte_table(entry)[pt_index(va, 0)];
}

/* The same, making missing tables; NULL: no memory. Takes page_table_lock. */
pte_t *pt_walk_alloc(struct mm_struct *mm, vaddr_t va);

/*
 * Visit existing leaf tables: the first run of entries in [*va, end) that lies
 * in one table. Sets *va to the run's first address and *stop to its end.
 * NULL: nothing is left. No lock is taken.
 *
 *	for (va = start; (pte = pt_next_run(mm, &va, end, &stop)); va = stop)
 */
pte_t *pt_next_run(const struct mm_struct *mm, vaddr_t *va, vaddr_t end,
		   vaddr_t *stop);

/*
 * Unhook the tables that lie wholly inside [floor, ceiling), looking only at
 * those that meet [start, end), and hand them to the gather. No area may be
 * left in [floor, ceiling). mmap_lock is held for writing.
 */
void free_pgtables(struct tlb_gather *gather, vaddr_t start, vaddr_t end,
		   vaddr_t floor, vaddr_t ceiling);

/* Replace an entry and return what it was; the hardware may set A and D. */
static inline pte_t pte_get_and_clear(pte_t *pte)
{
	return (pte_t){exchange_acq_rel(&pte->val, 0)};
}

/* Permissions of leaf entries for an area's flags; never writable for COW. */
pgprot_t vm_get_page_prot(uint64_t vm_flags);
