/* SPDX-License-Identifier: MIT */
/*
 * Areas and the tree that holds them.
 *
 * The tree is keyed by vm_start. Each area stores the free space below it
 * (rb_gap: from the end of the area before it, or from 0, to vm_start), and the
 * largest such gap of its subtree, so finding room is one descent.
 * Whoever changes a border updates the gap of that area and of the next one.
 *
 * Split and merge are in vma_merge.c.
 */
#include "mm/vma.h"

#include <string.h>

#include "abi/errno.h"
#include "config.h"
#include "mm/file.h"
#include "mm/pagetable.h"
#include "mm/rmap.h"
#include "mm/slab.h"

static struct kmem_cache vma_cache;

/* Once for each object: a stale reader must find it detached. */
static void vma_ctor(void *object)
{
	struct vm_area_struct *vma = object;

	memset(vma, 0, sizeof(*vma));
}

void vma_caches_init(void)
{
	kmem_cache_init(&vma_cache, "vm_area_struct",
			sizeof(struct vm_area_struct), SLAB_TYPE_STABLE,
			vma_ctor);
}

struct vm_area_struct *vm_area_alloc(struct mm_struct *mm)
{
	struct vm_area_struct *vma = kmem_cache_alloc(&vma_cache, GFP_KERNEL);

	if (!vma)
		return NULL;
	vma_assert_detached(vma);
	store_relaxed(&vma->vm_mm, mm);
	store_relaxed(&vma->vm_lock_seq, mm->mm_lock_seq - 1);
	list_init(&vma->anon_vma_chain);
	vma->anon_vma = NULL;
	vma->vm_ops = NULL;
	vma->vm_file = NULL;
	vma->vm_private_data = NULL;
	vma->vm_pgoff = 0;
	return vma;
}

struct vm_area_struct *vm_area_dup(struct vm_area_struct *vma,
				   struct mm_struct *mm)
{
	struct vm_area_struct *copy = vm_area_alloc(mm);

	if (!copy)
		return NULL;
	store_relaxed(&copy->vm_start, vma->vm_start);
	store_relaxed(&copy->vm_end, vma->vm_end);
	copy->vm_flags = vma->vm_flags;
	copy->vm_page_prot = vma->vm_page_prot;
	copy->vm_ops = vma->vm_ops;
	copy->vm_pgoff = vma->vm_pgoff;
	copy->vm_private_data = vma->vm_private_data;
	if (vma->vm_file)
		copy->vm_file = file_get(vma->vm_file);
	return copy;
}

void vm_area_free(struct vm_area_struct *vma)
{
	vma_assert_detached(vma);
	kmem_cache_free(&vma_cache, vma);
}

void vma_destroy(struct vm_area_struct *vma)
{
	if (vma->vm_ops && vma->vm_ops->close)
		vma->vm_ops->close(vma);
	file_put(vma->vm_file);
	vm_area_free(vma);
}

void vm_flags_init(struct vm_area_struct *vma, uint64_t flags)
{
	vma_assert_detached(vma);
	vma->vm_flags = (vm_flags_t){flags};
	vma->vm_page_prot = vm_get_page_prot(flags);
}

void vm_flags_reset(struct vm_area_struct *vma, uint64_t flags)
{
	vma_assert_write_locked(vma);
	store_relaxed(&vma->vm_flags.bits, flags);
	vma->vm_page_prot = vm_get_page_prot(flags);
}

void vm_flags_set(struct vm_area_struct *vma, uint64_t flags)
{
	vm_flags_reset(vma, vma_flags(vma) | flags);
}

void vm_flags_clear(struct vm_area_struct *vma, uint64_t flags)
{
	vm_flags_reset(vma, vma_flags(vma) & ~flags);
}

void vm_flags_mod(struct vm_area_struct *vma, uint64_t set, uint64_t clear)
{
	vm_flags_reset(vma, (vma_flags(vma) | set) & ~clear);
}

static struct vm_area_struct *vma_of(const struct rb_node *node)
{
	return node ? rb_entry(node, struct vm_area_struct, vm_rb) : NULL;
}

struct vm_area_struct *find_vma(const struct mm_struct *mm, vaddr_t addr)
{
	struct rb_node *node = mm->mm_rb.node;
	struct vm_area_struct *found = NULL;

	while (node) {
		struct vm_area_struct *vma = vma_of(node);

		if (addr < vma->vm_end) {
			found = vma;
			if (addr >= vma->vm_start)
				break;
			node = node->left;
		} else {
			node = node->right;
		}
	}
	return found;
}

struct vm_area_struct *vma_lookup(const struct mm_struct *mm, vaddr_t addr)
{
	struct vm_area_struct *vma = find_vma(mm, addr);

	return vma && vma->vm_start <= addr ? vma : NULL;
}

struct vm_area_struct *find_vma_intersection(const struct mm_struct *mm,
					     vaddr_t start, vaddr_t end)
{
	struct vm_area_struct *vma = find_vma(mm, start);

	return vma && vma->vm_start < end ? vma : NULL;
}

struct vm_area_struct *vma_next(const struct vm_area_struct *vma)
{
	return vma_of(rb_next(&vma->vm_rb));
}

struct vm_area_struct *vma_prev(const struct vm_area_struct *vma)
{
	return vma_of(rb_prev(&vma->vm_rb));
}

struct vm_area_struct *vma_first(const struct mm_struct *mm)
{
	return vma_of(rb_first(&mm->mm_rb));
}

static uint64_t subtree_gap(const struct rb_node *node)
{
	return node ? vma_of(node)->rb_subtree_gap : 0;
}

static bool gap_update(struct rb_node *node, const struct rb_augment *self)
{
	struct vm_area_struct *vma = vma_of(node);
	uint64_t below = max(subtree_gap(node->left), subtree_gap(node->right));
	uint64_t gap = max(vma->rb_gap, below);

	(void)self;
	if (gap == vma->rb_subtree_gap)
		return false;
	vma->rb_subtree_gap = gap;
	return true;
}

static const struct rb_augment gap_augment = {gap_update};

/* What rb_gap must be, given the area before this one. */
static uint64_t gap_below(const struct vm_area_struct *vma,
			  const struct vm_area_struct *prev)
{
	return vma->vm_start - (prev ? prev->vm_end : 0);
}

static void gap_refresh(struct vm_area_struct *vma,
			const struct vm_area_struct *prev)
{
	uint64_t gap;

	if (!vma)
		return;
	gap = gap_below(vma, prev);
	if (gap == vma->rb_gap)
		return;
	vma->rb_gap = gap;
	rb_propagate(&vma->vm_rb, &gap_augment);
}

static void tree_insert(struct mm_struct *mm, struct vm_area_struct *vma)
{
	struct rb_node **link = &mm->mm_rb.node, *parent = NULL;
	struct vm_area_struct *prev = NULL, *next = NULL;

	while (*link) {
		struct vm_area_struct *other = vma_of(*link);

		parent = *link;
		if (vma->vm_start < other->vm_start) {
			next = other;
			link = &parent->left;
		} else {
			prev = other;
			link = &parent->right;
		}
	}
	BUG_ON((prev && prev->vm_end > vma->vm_start) ||
	       (next && next->vm_start < vma->vm_end));
	vma->rb_gap = gap_below(vma, prev);
	vma->rb_subtree_gap = vma->rb_gap;
	rb_link_node(&vma->vm_rb, parent, link);
	rb_insert_augmented(&vma->vm_rb, &mm->mm_rb, &gap_augment);
	gap_refresh(next, vma);
}

static void tree_remove(struct mm_struct *mm, struct vm_area_struct *vma)
{
	struct vm_area_struct *prev = vma_prev(vma), *next = vma_next(vma);

	rb_erase_augmented(&vma->vm_rb, &mm->mm_rb, &gap_augment);
	gap_refresh(next, prev);
}

void vma_link_locked(struct mm_struct *mm, struct vm_area_struct *vma)
{
	mmap_assert_write_locked(mm);
	BUG_ON(vma->vm_start >= vma->vm_end);
	vma_start_write(vma);
	vma_mark_attached(vma);
	tree_insert(mm, vma);
	i_mmap_insert(vma);
	mm->map_count++;
}

/*
 * The highest node has no child to its right, so there is nothing to search
 * for; nobody looks for gaps before vma_append_done() has summed them up.
 */
void vma_append(struct mm_struct *mm, struct vm_area_struct *vma,
		struct vm_area_struct *prev)
{
	struct rb_node *parent = prev ? &prev->vm_rb : NULL;

	mmap_assert_write_locked(mm);
	BUG_ON(prev && (prev->vm_end > vma->vm_start || parent->right));
	vma_start_write(vma);
	vma_mark_attached(vma);
	vma->rb_gap = gap_below(vma, prev);
	rb_link_node(&vma->vm_rb, parent,
		     parent ? &parent->right : &mm->mm_rb.node);
	rb_insert(&vma->vm_rb, &mm->mm_rb);
	i_mmap_lock(vma);
	i_mmap_insert(vma);
	i_mmap_unlock(vma);
	mm->map_count++;
}

/* As deep as the tree: at most 34 for all areas that there can be. */
static uint64_t sum_gaps(struct rb_node *node)
{
	struct vm_area_struct *vma = vma_of(node);
	uint64_t gap = vma->rb_gap;

	if (node->left)
		gap = max(gap, sum_gaps(node->left));
	if (node->right)
		gap = max(gap, sum_gaps(node->right));
	vma->rb_subtree_gap = gap;
	return vma->rb_subtree_gap;
}

void vma_append_done(struct mm_struct *mm)
{
	if (mm->mm_rb.node)
		sum_gaps(mm->mm_rb.node);
}

void vma_link(struct mm_struct *mm, struct vm_area_struct *vma)
{
	i_mmap_lock(vma);
	vma_link_locked(mm, vma);
	i_mmap_unlock(vma);
}

/* Readers are waited for before the file's lock is taken: they may wait too. */
void vma_unlink_rmap(struct vm_area_struct *vma)
{
	vma_start_write(vma);
	vma_mark_detached(vma);
	i_mmap_lock(vma);
	i_mmap_remove(vma);
	i_mmap_unlock(vma);
	unlink_anon_vmas(vma);
}

void vma_unlink(struct vm_area_struct *vma)
{
	struct mm_struct *mm = vma->vm_mm;

	vma_unlink_rmap(vma);
	tree_remove(mm, vma);
	mm->map_count--;
}

/* The trees of the reverse maps are keyed by range and vm_pgoff. */
/* The range is the key in the reverse maps: leave and enter them again. */
static void set_bounds(struct vm_area_struct *vma, vaddr_t start, vaddr_t end)
{
	vma_assert_write_locked(vma);
	BUG_ON(start >= end);
	i_mmap_remove(vma);
	if (vma->anon_vma)
		anon_vma_tree_remove(vma);
	/* Two's complement: an area may also grow downwards. */
	vma->vm_pgoff += (int64_t)(start - vma->vm_start) >> PAGE_SHIFT;
	store_relaxed(&vma->vm_start, start);
	store_relaxed(&vma->vm_end, end);
	if (vma->anon_vma)
		anon_vma_tree_insert(vma);
	i_mmap_insert(vma);
}

void vma_set_border_locked(struct vm_area_struct *vma, vaddr_t end)
{
	set_bounds(vma, vma->vm_start, end);
}

static void set_range_locked(struct vm_area_struct *vma, vaddr_t start,
			     vaddr_t end)
{
	bool has_new_start = start != vma->vm_start;
	bool has_new_end = end != vma->vm_end;

	set_bounds(vma, start, end);
	if (has_new_start)
		gap_refresh(vma, vma_prev(vma));
	if (has_new_end)
		gap_refresh(vma_next(vma), vma);
}

void vma_set_range(struct vm_area_struct *vma, vaddr_t start, vaddr_t end)
{
	i_mmap_lock(vma);
	set_range_locked(vma, start, end);
	i_mmap_unlock(vma);
}

/*
 * Highest fitting gap in this subtree. A subtree is entered only when it has a
 * large enough gap, and left without success only when that gap lies across
 * one of the two limits: so at most two paths are walked.
 */
static vaddr_t gap_in(const struct rb_node *node, uint64_t len, vaddr_t low,
		      vaddr_t high)
{
	while (node && subtree_gap(node) >= len) {
		const struct vm_area_struct *vma = vma_of(node);
		vaddr_t end = min(vma->vm_start, high), start, found;

		if (vma->vm_end + len <= high) {
			found = gap_in(node->right, len, low, high);
			if (found)
				return found;
		}
		start = max(vma->vm_start - vma->rb_gap, low);
		if (vma->rb_gap >= len && end >= start && end - start >= len)
			return end - len;
		if (vma->vm_start <= low)
			break;
		node = node->left;
	}
	return 0;
}

/* The highest free range, whatever is above it. */
static vaddr_t highest_gap(const struct mm_struct *mm, uint64_t len,
			   vaddr_t low, vaddr_t high)
{
	const struct vm_area_struct *last = vma_of(rb_last(&mm->mm_rb));
	vaddr_t start = last ? max(last->vm_end, low) : low;

	if (high < low || high - low < len)
		return 0;
	if (start <= high && high - start >= len)
		return high - len;
	return gap_in(mm->mm_rb.node, len, low, high);
}

/*
 * A range too near to an area that grows down will not do: then the search
 * goes on below its guard gap. So nothing is placed between a stack and the
 * end of its gap even where another area lies between the two, as on Linux.
 */
vaddr_t vma_find_gap(const struct mm_struct *mm, uint64_t len, vaddr_t low,
		     vaddr_t high)
{
	const struct vm_area_struct *next;
	vaddr_t found;

	while ((found = highest_gap(mm, len, low, high))) {
		next = find_vma(mm, found);
		if (!next || vm_start_gap(next) >= found + len)
			break;
		high = vm_start_gap(next);
	}
	return found;
}

void vm_stat_account(struct mm_struct *mm, uint64_t flags, int64_t pages)
{
	mm->total_vm += pages;
	mm->hiwater_vm = max(mm->hiwater_vm, mm->total_vm);
	if ((flags & (VM_EXEC | VM_WRITE | VM_GROWSDOWN)) == VM_EXEC)
		mm->exec_vm += pages;
	else if (flags & VM_GROWSDOWN)
		mm->stack_vm += pages;
	else if ((flags & (VM_WRITE | VM_SHARED)) == VM_WRITE)
		mm->data_vm += pages;
}

bool may_expand_vm(const struct mm_struct *mm, uint64_t flags, uint64_t npages)
{
	if (mm->total_vm + npages > mm->limits.as >> PAGE_SHIFT)
		return false;
	if ((flags & (VM_WRITE | VM_SHARED | VM_GROWSDOWN)) == VM_WRITE)
		return mm->data_vm + npages <= mm->limits.data >> PAGE_SHIFT;
	return true;
}
