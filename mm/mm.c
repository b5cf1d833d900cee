/* SPDX-License-Identifier: MIT */
/*
 * The life of an address space: made, shared, torn down.
 */
#include "mm/mm.h"

#include <string.h>

#include "abi/errno.h"
#include "config.h"
#include "mm/fault.h"
#include "mm/internal.h"
#include "mm/pagetable.h"
#include "mm/rmap.h"
#include "mm/slab.h"
#include "mm/tlb.h"
#include "mm/vma.h"

/* Room kept free below the top of user space for the stack to grow. */
#define STACK_ROOM_MIN (128UL << 20)

_Static_assert(offsetof(struct mm_struct, mmap_lock) % CACHE_LINE == 0,
	       "mmap_lock brings its own cache lines");

static struct kmem_cache mm_cache;
struct page *zero_page;

void mm_init(void)
{
	kmem_cache_init(&mm_cache, "mm_struct", sizeof(struct mm_struct),
			SLAB_TYPE_STABLE | SLAB_CACHE_ALIGNED, NULL);
	pt_init();
	vma_caches_init();
	rmap_init();
	filemap_init();
	lazyfree_init();
	zero_page = page_alloc(0, GFP_ZERO | GFP_NOFAIL_INJECT);
	BUG_ON(!zero_page);
}

static void limits_init(struct mm_struct *mm)
{
	mm->limits.as = ~0UL;
	mm->limits.data = ~0UL;
	mm->limits.stack = 8UL << 20;
	mm->limits.memlock = 8UL << 20;
}

/* Mappings begin below the room of the stack and its guard gap. */
static vaddr_t mmap_base(void)
{
	return MM_USER_END - STACK_ROOM_MIN - STACK_GUARD_GAP;
}

struct mm_struct *mm_alloc(void)
{
	struct mm_struct *mm = kmem_cache_alloc(&mm_cache, GFP_KERNEL);

	if (!mm)
		return NULL;
	memset(mm, 0, sizeof(*mm));
	list_init(&mm->areas);
	rwsem_init(&mm->mmap_lock);
	spin_init(&mm->page_table_lock);
	mm->mm_lock_seq = 1;
	mm->mm_users = 1;
	mm->mm_count = 1;
	mm->mmap_base = mmap_base();
	limits_init(mm);
	mm->pgd = pgd_alloc(mm);
	if (!mm->pgd) {
		kmem_cache_free(&mm_cache, mm);
		return NULL;
	}
	return mm;
}

bool mmget_not_zero(struct mm_struct *mm)
{
	uint32_t users = load_relaxed(&mm->mm_users);

	do {
		if (!users)
			return false;
	} while (!cas_acquire(&mm->mm_users, &users, users + 1));
	return true;
}

void mmgrab(struct mm_struct *mm)
{
	fetch_add_relaxed(&mm->mm_count, 1);
}

void mmdrop(struct mm_struct *mm)
{
	if (fetch_sub_acq_rel(&mm->mm_count, 1) != 1)
		return;
	pgd_free(mm);
	kmem_cache_free(&mm_cache, mm);
}

/*
 * Areas nearer to each other than the reach of a table share one look at their
 * tables, which saves some 80 instructions for each of them.
 */
static void free_all_pgtables(struct tlb_gather *gather, struct mm_struct *mm)
{
	const struct vm_area_struct *vma = vma_first(mm);

	while (vma) {
		vaddr_t start = vma->vm_start, end;

		do {
			end = vma->vm_end;
			vma = vma_next(vma);
		} while (vma && vma->vm_start - end < pt_level_size(1));
		free_pgtables(gather, start, end, 0,
			      vma ? vma->vm_start : MM_USER_END);
	}
}

/*
 * Unmap everything. Nobody runs in this address space any more and its
 * translations are never looked up again, so nothing is fenced; and nobody
 * searches the tree, so it is not rebalanced but left behind as a whole.
 */
static void exit_mmap(struct mm_struct *mm)
{
	struct vm_area_struct *vma, *next;
	struct tlb_gather gather;

	BUG_ON(load_relaxed(&mm->ctx.hart_mask));
	if (load_relaxed(&mm->was_lazy))
		lazyfree_leave(mm);
	mmap_write_lock(mm);
	tlb_gather_init(&gather, mm, true);
	for_each_vma (mm, vma) {
		vma_unlink_rmap(vma);
		unmap_page_range(&gather, vma, vma->vm_start, vma->vm_end);
	}
	free_all_pgtables(&gather, mm);
	tlb_gather_finish(&gather);
	for (vma = vma_first(mm); vma; vma = next) {
		next = vma_next(vma);
		vma_destroy(vma);
	}
	mm->mm_rb = RB_ROOT_INIT;
	list_init(&mm->areas);
	mm->map_count = 0;
	mmap_write_unlock(mm);
	for (unsigned i = 0; CONFIG_DEBUG && i < NR_RSS; i++)
		BUG_ON(get_mm_counter(mm, i));
}

void mmput(struct mm_struct *mm)
{
	if (fetch_sub_acq_rel(&mm->mm_users, 1) != 1)
		return;
	exit_mmap(mm);
	file_put(mm->exe_file);
	mm->exe_file = NULL;
	mmdrop(mm);
}

uint64_t get_mm_counter(const struct mm_struct *mm, enum rss_kind kind)
{
	int64_t sum = 0;

	for (unsigned i = 0; i < NR_MM_COUNTERS; i++)
		sum += load_relaxed(&mm->counters[i].rss[kind]);
	/* Beside one who counts, the sum may be short. */
	return max(sum, 0L);
}

uint64_t mm_rss(const struct mm_struct *mm)
{
	uint64_t nr = 0;

	for (unsigned i = 0; i < NR_RSS; i++)
		nr += get_mm_counter(mm, i);
	return nr;
}

uint64_t mm_hiwater_rss(const struct mm_struct *mm)
{
	return max(load_relaxed(&mm->hiwater_rss), mm_rss(mm));
}
