/* SPDX-License-Identifier: MIT */
/*
 * Sv39 page table entries as arithmetic on numbers.
 *
 * Priv. 1.12, 4.4 (Sv39): 512 entries of 8 bytes at each of three levels. Bit
 * 0 valid; R, W, X all zero means a pointer to the next level; otherwise a
 * leaf of 4 KiB, 2 MiB or 1 GiB. Bits 8 and 9 are software's.
 *
 * A and D are set by us when an entry is made, since a machine may raise a
 * fault instead of setting them (Priv. 1.12, 4.3.1); such a fault is handled
 * by setting them.
 */
#pragma once

#include "lib/atomic.h"
#include "lib/types.h"

typedef struct {
	uint64_t val;
} pte_t;

/* Permission bits of leaf entries, ready to be or-ed into one. */
typedef struct {
	uint64_t val;
} pgprot_t;

#define PTE_V	    (1UL << 0)
#define PTE_R	    (1UL << 1)
#define PTE_W	    (1UL << 2)
#define PTE_X	    (1UL << 3)
#define PTE_U	    (1UL << 4)
#define PTE_G	    (1UL << 5)
#define PTE_A	    (1UL << 6)
#define PTE_D	    (1UL << 7)
#define PTE_SPECIAL (1UL << 8) /* no struct page is counted for it */
#define PTE_SOFT    (1UL << 9) /* free for later use */

#define PTE_PFN_SHIFT 10
#define PTE_RESERVED  (0x3ffUL << 54) /* extensions' (4.5, 4.6), always zero */

#define PTRS_PER_PT 512
#define PT_LEVELS   3 /* level 0: pages, 1: megapages, 2: gigapages */

/* Bytes that one entry of a table at this level covers. */
static inline uint64_t pt_level_size(unsigned level)
{
	return PAGE_SIZE << (9 * level);
}

/* Index of va's entry in a table of this level. */
static inline unsigned pt_index(vaddr_t va, unsigned level)
{
	return (va >> (PAGE_SHIFT + 9 * level)) & (PTRS_PER_PT - 1);
}

static inline pte_t pte_make(pfn_t pfn, pgprot_t prot)
{
	return (pte_t){pfn << PTE_PFN_SHIFT | prot.val};
}

static inline pte_t pte_none(void)
{
	return (pte_t){0};
}

static inline pfn_t pte_pfn(pte_t pte)
{
	return pte.val >> PTE_PFN_SHIFT;
}

static inline bool pte_is_none(pte_t pte)
{
	return pte.val == 0;
}

static inline bool pte_is_present(pte_t pte)
{
	return pte.val & PTE_V;
}

/* A leaf maps memory; a valid entry that is not a leaf points to a table. */
static inline bool pte_is_leaf(pte_t pte)
{
	return pte.val & (PTE_R | PTE_W | PTE_X);
}

static inline bool pte_has(pte_t pte, uint64_t bits)
{
	return pte.val & bits;
}

static inline pte_t pte_set(pte_t pte, uint64_t bits)
{
	return (pte_t){pte.val | bits};
}

static inline pte_t pte_clear(pte_t pte, uint64_t bits)
{
	return (pte_t){pte.val & ~bits};
}

/*
 * Entries are shared with the hardware walker: whole, single accesses. A table
 * is reached through the entry and so seen as it was when the entry was stored.
 */
static __always_inline pte_t pte_load(const pte_t *ptep)
{
	return (pte_t){load_dependent(&ptep->val)};
}

/* The release orders the page's contents before the entry that shows them. */
static inline void pte_store(pte_t *ptep, pte_t pte)
{
	store_release(&ptep->val, pte.val);
}

/*
 * Rewrite an entry that the hardware does not change (vma_hw_sets_dirty) and
 * that shows nothing new: no exchange and no order, which saves two or three
 * instructions for each entry.
 */
static inline void pte_store_plain(pte_t *ptep, pte_t pte)
{
	store_relaxed(&ptep->val, pte.val);
}
