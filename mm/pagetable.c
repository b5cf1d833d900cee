/* SPDX-License-Identifier: MIT */
/*
 * Sv39 page tables: making, visiting and freeing them. See pagetable.h for
 * the rule that lets walkers go without a lock.
 *
 * User tables hold 4 KiB leaves only, at level 0.
 */
#include "mm/pagetable.h"

#include <string.h>

#include "abi/errno.h"
#include "config.h"
#include "mm/tlb.h"

#define MAX_KERNEL_ENTRIES 64
#define POOL_SIZE	   32

/*
 * A table is all zeros again when it is freed. Each hart keeps some of them as
 * they are, which saves the 523 instructions of clearing a page for each.
 */
static struct table_pool {
	struct spinlock lock; /* contended by drain_pools alone */
	unsigned nr;	      /* a; lock to write */
	struct page *page[POOL_SIZE];
} pools[MAX_HARTS];

/* Root entries that every address space shares. */
static struct {
	unsigned index;
	pte_t entry;
} kernel_entries[MAX_KERNEL_ENTRIES];
static unsigned nr_kernel_entries;

void pt_set_kernel_root(const pte_t *root)
{
	nr_kernel_entries = 0;
	for (unsigned i = PTRS_PER_PT / 2; i < PTRS_PER_PT; i++) {
		if (!pte_is_present(root[i]))
			continue;
		BUG_ON(nr_kernel_entries == MAX_KERNEL_ENTRIES);
		kernel_entries[nr_kernel_entries].index = i;
		kernel_entries[nr_kernel_entries++].entry = root[i];
	}
}

static __always_inline struct page *pool_pop(struct table_pool *pool)
{
	store_hint(&pool->nr, pool->nr - 1);
	return pool->page[pool->nr];
}

/* Give all pooled tables back: memory is short. */
static uint64_t drain_pools(void)
{
	uint64_t freed = 0;

	for (unsigned hart = 0; hart < MAX_HARTS; hart++) {
		struct table_pool *pool = &pools[hart];

		if (!load_relaxed(&pool->nr) || !spin_trylock(&pool->lock))
			continue;
		freed += pool->nr;
		while (pool->nr)
			page_put(pool_pop(pool));
		spin_unlock(&pool->lock);
	}
	return freed;
}

void pt_init(void)
{
	memset(pools, 0, sizeof(pools));
	page_add_shrinker(drain_pools);
}

static struct page *pool_take(void)
{
	struct table_pool *pool = &pools[machine_hart()];
	struct page *page = NULL;

	if (unlikely(machine_fail_alloc()))
		return NULL;
	spin_lock(&pool->lock);
	if (pool->nr)
		page = pool_pop(pool);
	spin_unlock(&pool->lock);
	return page;
}

static bool is_zero(const pte_t *table)
{
	for (unsigned i = 0; i < PTRS_PER_PT; i++) {
		if (!pte_is_none(pte_load(&table[i])))
			return false;
	}
	return true;
}

void table_free(struct page *page)
{
	struct table_pool *pool = &pools[machine_hart()];
	bool is_kept;

	if (CONFIG_DEBUG)
		BUG_ON(!is_zero(page_address(page)));
	spin_lock(&pool->lock);
	is_kept = pool->nr < POOL_SIZE;
	if (is_kept) {
		pool->page[pool->nr] = page;
		store_hint(&pool->nr, pool->nr + 1);
	}
	spin_unlock(&pool->lock);
	if (!is_kept)
		page_put(page);
}

/* A zeroed table page. */
static struct page *table_alloc(struct mm_struct *mm)
{
	struct page *page = pool_take();

	if (!page) {
		page = page_alloc(0, GFP_USER | GFP_ZERO);
		if (!page)
			return NULL;
		page_set_type(page, PAGE_TABLE);
		spin_init(&page->ptl);
	}
	page->pt_mm = mm;
	fetch_add_relaxed(&mm->pgtables_bytes, PAGE_SIZE);
	return page;
}

__called_once pte_t *pgd_alloc(struct mm_struct *mm)
{
	struct page *page = table_alloc(mm);
	pte_t *root;

	if (!page)
		return NULL;
	root = page_address(page);
	for (unsigned i = 0; i < nr_kernel_entries; i++)
		root[kernel_entries[i].index] = kernel_entries[i].entry;
	return root;
}

__called_once void pgd_free(struct mm_struct *mm)
{
	mm->pgtables_bytes -= PAGE_SIZE;
	BUG_ON(mm->pgtables_bytes);
	for (unsigned i = 0; i < nr_kernel_entries; i++)
		mm->pgd[kernel_entries[i].index] = pte_none();
	table_free(virt_to_page(mm->pgd));
}

/*
 * The table below *entry, made when missing. Two threads may get here at once:
 * the second one finds the first one's table under the lock.
 */
static pte_t *table_get(struct mm_struct *mm, pte_t *entry)
{
	struct page *page;

	if (likely(pte_is_present(pte_load(entry))))
		return pte_table(pte_load(entry));
	page = table_alloc(mm);
	if (!page)
		return NULL;
	spin_lock(&mm->page_table_lock);
	if (likely(!pte_is_present(pte_load(entry)))) {
		pte_store(entry,
			  pte_make(page_to_pfn(page), (pgprot_t){PTE_V}));
		page = NULL;
	}
	spin_unlock(&mm->page_table_lock);
	if (page) {
		fetch_sub_release(&mm->pgtables_bytes, PAGE_SIZE);
		table_free(page);
	}
	return pte_table(pte_load(entry));
}

pte_t *pt_walk_alloc(struct mm_struct *mm, vaddr_t va)
{
	pte_t *table = table_get(mm, &mm->pgd[pt_index(va, 2)]);

	if (table)
		table = table_get(mm, &table[pt_index(va, 1)]);
	return table ? &table[pt_index(va, 0)] : NULL;
}

pte_t *pt_next_run(const struct mm_struct *mm, vaddr_t *va, vaddr_t end,
		   vaddr_t *stop)
{
	vaddr_t at = *va;

	while (at < end) {
		pte_t entry = pte_load(&mm->pgd[pt_index(at, 2)]);
		unsigned level = 2;

		if (pte_is_present(entry)) {
			entry = pte_load(&pte_table(entry)[pt_index(at, 1)]);
			level = 1;
		}
		*stop = min(ALIGN_DOWN(at, pt_level_size(level)) +
				pt_level_size(level),
			    end);
		if (pte_is_present(entry)) {
			*va = at;
			return &pte_table(entry)[pt_index(at, 0)];
		}
		at = *stop;
	}
	return NULL;
}

/* Unhook one table if all that it covers lies inside [floor, ceiling). */
static void table_put(struct tlb_gather *gather, pte_t *entry, vaddr_t base,
		      uint64_t size, vaddr_t floor, vaddr_t ceiling)
{
	struct mm_struct *mm = gather->mm;
	struct page *page;

	if (base < floor || base + size > ceiling)
		return;
	page = virt_to_page(pte_table(*entry));
	spin_lock(&mm->page_table_lock);
	pte_store(entry, pte_none());
	spin_unlock(&mm->page_table_lock);
	fetch_sub_release(&mm->pgtables_bytes, PAGE_SIZE);
	tlb_gather_table(gather, page);
}

void free_pgtables(struct tlb_gather *gather, vaddr_t start, vaddr_t end,
		   vaddr_t floor, vaddr_t ceiling)
{
	uint64_t giga = pt_level_size(2), mega = pt_level_size(1);

	/* Only what tables cover that may go: often nothing. */
	start = max(ALIGN_DOWN(start, mega), ALIGN_UP(floor, mega));
	end = min(ALIGN_UP(end, mega), ALIGN_DOWN(ceiling, mega));
	if (start >= end)
		return;
	for (vaddr_t g = ALIGN_DOWN(start, giga); g < end; g += giga) {
		pte_t *upper = &gather->mm->pgd[pt_index(g, 2)];
		pte_t *middle;

		if (!pte_is_present(*upper))
			continue;
		middle = pte_table(*upper);
		for (vaddr_t m = max(g, start); m < min(end, g + giga);
		     m += mega) {
			pte_t *entry = &middle[pt_index(m, 1)];

			if (pte_is_present(*entry))
				table_put(gather, entry, m, mega, floor,
					  ceiling);
		}
		table_put(gather, upper, g, giga, floor, ceiling);
	}
}

/*
 * Sv39 has no write-only leaf (Priv. 1.12, 4.3.1: W without R is reserved), so
 * PROT_WRITE implies readable; PROT_EXEC alone is execute-only, as on Linux.
 * A private area's pages are made writable one by one, after the copy.
 */
pgprot_t vm_get_page_prot(uint64_t vm_flags)
{
	uint64_t prot = PTE_V | PTE_U | PTE_A;

	if (!(vm_flags & VM_ACCESS_FLAGS))
		return (pgprot_t){0}; /* PROT_NONE: no valid leaf at all */
	if (vm_flags & (VM_READ | VM_WRITE))
		prot |= PTE_R;
	if (vm_flags & VM_EXEC)
		prot |= PTE_X;
	return (pgprot_t){prot};
}
