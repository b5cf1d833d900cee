/* SPDX-License-Identifier: MIT */
/*
 * Page frames: one struct page for each frame of RAM, and the page allocator.
 *
 * The allocator is a binary buddy system per NUMA node with orders 0 to
 * MAX_ORDER (2 MiB), and in front of it a small stack of free single pages for
 * each hart, so that the common allocation takes no lock.
 *
 * Invariants (page_verify checks them):
 *  - a page is in exactly one place: free in a buddy list, free in a hart's
 *    stack, or allocated;
 *  - an allocated page has a reference count of at least 1, a free one 0;
 *  - the map count never exceeds the reference count: each mapping holds a
 *    reference.
 */
#pragma once

#include "config.h"
#include "lib/atomic.h"
#include "lib/list.h"
#include "lib/machine.h"
#include "lib/spinlock.h"
#include "mm/pte.h"

#define MAX_ORDER 9 /* the largest block: 2^9 pages, one megapage */

struct address_space;
struct anon_vma;
struct mm_struct;

/* What a page is used for; page->type. */
enum page_type {
	PAGE_RESERVED, /* not ours: firmware, kernel image, holes */
	PAGE_FREE,     /* in a buddy list, first page of its block */
	PAGE_KERNEL,   /* allocated for the kernel's own use */
	PAGE_SLAB,     /* holds objects of a kmem_cache */
	PAGE_TABLE,    /* a page table of some mm */
	PAGE_ANON,     /* anonymous memory: mapping is an anon_vma */
	PAGE_FILE,     /* page cache: mapping is an address_space */
	PAGE_PCP,      /* free, in a hart's stack */
};

/* Bits of page->flags; changed atomically (page_set_flag). */
#define PG_LOCKED   (1u << 0) /* page_lock(); protects ->mapping of PAGE_FILE */
#define PG_WAITERS  (1u << 1) /* somebody sleeps in page_lock() */
#define PG_UPTODATE (1u << 2) /* contents are valid */
#define PG_DIRTY    (1u << 3) /* written since it was read or cleaned */
#define PG_HWPOISON (1u << 4) /* must not be used again */
#define PG_SHMEM    (1u << 5) /* of memory files, not of a file on the root */

/*
 * A mapping by a PTE holds a reference, so one addition of PAGE_MAPPING counts
 * both: references in the low half of ->count, mappings in the high half.
 */
#define PAGE_REF     1ULL
#define PAGE_MAPPING ((1ULL << 32) | PAGE_REF)

struct page {
	uint32_t flags; /* PG_*, atomic */
	uint8_t type;	/* enum page_type; the owner's, atomic */
	uint8_t order;	/* of a free block or a compound allocation */
	uint8_t node;	/* NUMA node; constant after page_init */
	uint8_t unused;
	uint64_t count; /* references and mappings, atomic */
	union {
		/* PAGE_ANON and PAGE_FILE: who owns the contents. */
		struct {
			void *mapping; /* PG_LOCKED, or the page is new */
			pgoff_t index; /* as ->mapping; pages */
		};
		/* PAGE_TABLE: split lock of this table. */
		struct {
			struct spinlock ptl;
			struct mm_struct *pt_mm;
		};
		/* PAGE_SLAB */
		struct {
			struct kmem_cache *cache;
			void *freelist;
		};
	};
	struct list_head lru; /* the owner's; free lists while free */
	uint64_t private;     /* the owner's */
	uint64_t reserved;
};

_Static_assert(sizeof(struct page) == 64, "page_to_pfn shifts by 6");

/*
 * The frame array covers [mem_map_base_pfn, mem_map_end_pfn). Going from a
 * page's frame number or its address in the linear map to its struct page and
 * back is a shift and an addition; what is to be added are the biases: where
 * the struct page of frame 0, and that of address 0, would be, and the address
 * whose struct page would be at 0.
 */
extern struct page *mem_map;
extern struct page *zero_page; /* behind memory that was only read; mm.c */
extern pfn_t mem_map_base_pfn, mem_map_end_pfn;
extern uint64_t mem_map_bias, mem_map_virt_bias, mem_map_address_bias;

/* Bytes of memory for each byte of the frame array. */
#define PAGE_RATIO (PAGE_SIZE / sizeof(struct page))

static inline struct page *pfn_to_page(pfn_t pfn)
{
	return (struct page *)(mem_map_bias + pfn * sizeof(struct page));
}

static inline pfn_t page_to_pfn(const struct page *page)
{
	return ((uint64_t)page - mem_map_bias) / sizeof(struct page);
}

/* Is there RAM with a struct page at this frame number? */
static inline bool pfn_valid(pfn_t pfn)
{
	return pfn - mem_map_base_pfn < mem_map_end_pfn - mem_map_base_pfn;
}

static inline paddr_t page_to_phys(const struct page *page)
{
	return ((uint64_t)page - mem_map_bias) * PAGE_RATIO;
}

static inline struct page *phys_to_page(paddr_t pa)
{
	return pfn_to_page(pa >> PAGE_SHIFT);
}

/* A leaf entry for the page; saves an instruction over one for its number. */
static inline pte_t pte_make_page(const struct page *page, pgprot_t prot)
{
	uint64_t offset = (uint64_t)page - mem_map_bias;

	return (pte_t){offset * ((1UL << PTE_PFN_SHIFT) / sizeof(struct page)) |
		       prot.val};
}

/* Not by way of the physical address: saves three instructions each. */
static inline void *page_address(const struct page *page)
{
	void *va = (void *)((uint64_t)page * PAGE_RATIO + mem_map_address_bias);

	if (CONFIG_DEBUG)
		BUG_ON(va != phys_to_virt(page_to_phys(page)));
	return va;
}

static inline struct page *virt_to_page(const void *va)
{
	uint64_t offset = ((uint64_t)va >> PAGE_SHIFT) * sizeof(struct page);
	struct page *page = (struct page *)(mem_map_virt_bias + offset);

	if (CONFIG_DEBUG)
		BUG_ON(page != phys_to_page(virt_to_phys(va)));
	return page;
}

/* The page allocator looks at the types of neighbours without a lock. */
static inline void page_set_type(struct page *page, enum page_type type)
{
	store_relaxed(&page->type, type);
}

static inline uint32_t page_refcount(const struct page *page)
{
	return (uint32_t)load_relaxed(&page->count);
}

static inline uint32_t page_mapcount(const struct page *page)
{
	return (uint32_t)(load_relaxed(&page->count) >> 32);
}

static inline bool page_test_flag(const struct page *page, uint32_t flag)
{
	return load_relaxed(&page->flags) & flag;
}

static inline void page_set_flag(struct page *page, uint32_t flag)
{
	fetch_or_relaxed(&page->flags, flag);
}

/* Take a reference; the caller already has one, or the owner's lock. */
static inline void page_get(struct page *page)
{
	fetch_add_relaxed(&page->count, PAGE_REF);
}

void page_release(struct page *page); /* the count has reached zero */

/*
 * Drop `what` (PAGE_REF or PAGE_MAPPING); the last reference frees the page.
 * The release pairs with the acquire of the same operation by the last holder.
 */
static inline void page_put_count(struct page *page, uint64_t what)
{
	if (fetch_sub_acq_rel(&page->count, what) == what)
		page_release(page);
}

/* Drop PAGE_MAPPING of many pages at once; saves about 30 instructions a page.
 */
void page_put_mapped(struct page **page, uint64_t nr);

static inline void page_put(struct page *page)
{
	page_put_count(page, PAGE_REF);
}

/*
 * Allocation requests ("gfp" flags).
 *  GFP_KERNEL  may use the whole memory, reserve included
 *  GFP_USER    for a program: leaves the reserve alone, so that the kernel can
 *		still end the program that used everything up
 *  GFP_ZERO    the pages are zeroed
 *  GFP_NOFAIL_INJECT  the fault injector leaves it alone
 *  GFP_NOSHRINK  take what is free, and have nothing given back: needed where a
 *		table lock is held, or one that is inside it: a shrinker takes
 *it
 */
#define GFP_KERNEL	  0u
#define GFP_USER	  (1u << 0)
#define GFP_ZERO	  (1u << 1)
#define GFP_NOFAIL_INJECT (1u << 2)
#define GFP_NOSHRINK	  (1u << 3)

/* A range of RAM handed over at boot: [start, end), bytes, page aligned. */
struct memory_range {
	paddr_t start, end;
	unsigned node;
};

/*
 * Take over memory. `all` (nr_all ranges, ascending) is the RAM for which
 * frames exist; `usable` (ascending, inside `all`) is what may be allocated.
 * The frame array itself is carved from the usable ranges. Once, at boot, on
 * one hart. Returns 0 or -ENOMEM when the frame array finds no room.
 */
int page_init(const struct memory_range *all, unsigned nr_all,
	      const struct memory_range *usable, unsigned nr_usable);

/* Give a further, so far reserved range (initramfs, boot code) to the buddy. */
void page_free_reserved(paddr_t start, paddr_t end);

/*
 * Allocate 2^order contiguous pages, aligned to their size, reference count 1
 * (on the first page). NULL when there are none. Does not sleep.
 */
struct page *page_alloc(unsigned order, unsigned gfp) __must_check;

/* Free what page_alloc gave; the count must have dropped to 0 or be 1. */
void page_free(struct page *page, unsigned order);

/* Single pages for the kernel's own use, by address. NULL when none. */
void *page_alloc_virt(unsigned gfp) __must_check;
void page_free_virt(void *va);

/* Give back what the harts' stacks hold. Any hart; other harts' stacks too. */
void page_drain_all(void);

/*
 * Register a function that gives cached memory back when an allocation would
 * fail or caches are dropped. It may not sleep or allocate; returns the number
 * of pages it freed. At most 8, never unregistered.
 */
void page_add_shrinker(uint64_t (*shrink)(void));
uint64_t page_shrink(void);

uint64_t page_nr_free(void);  /* pages, stacks included */
uint64_t page_nr_total(void); /* pages the allocator manages */

/*
 * Lock bit of a page cache page. page_lock sleeps until it is free. While a
 * page is locked its owner keeps a reference to it, so whoever unlocks it needs
 * none.
 */
void page_lock(struct page *page);
void page_wake_waiters(struct page *page); /* for page_unlock */

static inline bool page_trylock(struct page *page)
{
	return !(fetch_or_acquire(&page->flags, PG_LOCKED) & PG_LOCKED);
}

static inline void page_unlock(struct page *page)
{
	uint32_t flags =
	    fetch_and_acq_rel(&page->flags, ~(PG_LOCKED | PG_WAITERS));

	if (unlikely(flags & PG_WAITERS))
		page_wake_waiters(page);
}

/* Check every free list; BUG on the first fault. Tests. */
void page_verify(void);
