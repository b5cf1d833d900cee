/* SPDX-License-Identifier: MIT */
/*
 * Areas and the tree that holds them.
 *
 * The tree is keyed by vm_start. Each area stores the free space below it
 * (rb_gap: from the end of the area before it, or from 0, to vm_start), and the
 * largest such gap of its subtree, so finding room is one descent. What a gap
 * has above mmap_base, where only stacks grow, does not count when it begins
 * below: every search would be led to it and have to come back.
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
			sizeof(struct vm_area_struct),
			SLAB_TYPE_STABLE | SLAB_CACHE_ALIGNED, vma_ctor);
}

/* What both kinds of new areas have in common; they fill in the rest. */
static inline struct vm_area_struct *new_area(struct mm_struct *mm)
{
	struct vm_area_struct *vma = kmem_cache_alloc(&vma_cache, GFP_KERNEL);

	if (unlikely(!vma))
		return NULL;
	vma_assert_detached(vma);
	store_relaxed(&vma->vm_mm, mm);
	list_init(&vma->anon_vma_chain);
	vma->anon_vma = NULL;
	return vma;
}

inline struct vm_area_struct *vm_area_alloc(struct mm_struct *mm)
{
	struct vm_area_struct *vma = new_area(mm);

	if (!vma)
		return NULL;
	vma->vm_ops = NULL;
	vma->vm_file = NULL;
	vma->vm_private_data = NULL;
	vma->vm_pgoff = 0;
	return vma;
}

struct vm_area_struct *vm_area_dup(struct vm_area_struct *vma,
				   struct mm_struct *mm)
{
	struct vm_area_struct *copy = new_area(mm);

	if (!copy)
		return NULL;
	store_relaxed(&copy->vm_start, vma->vm_start);
	store_relaxed(&copy->vm_end, vma->vm_end);
	copy->vm_flags = vma->vm_flags;
	copy->vm_page_prot = vma->vm_page_prot;
	copy->vm_ops = vma->vm_ops;
	copy->vm_pgoff = vma->vm_pgoff;
	copy->vm_private_data = vma->vm_private_data;
	copy->vm_file = vma->vm_file ? file_get(vma->vm_file) : NULL;
	return copy;
}

void vm_area_free(struct vm_area_struct *vma)
{
	vma_assert_detached(vma);
	kmem_cache_free(&vma_cache, vma);
}

inline void vma_destroy(struct vm_area_struct *vma)
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

static uint64_t subtree_gap(const struct rb_node *node)
{
	return node ? vma_of(node)->rb_subtree_gap : 0;
}

/* What rb_subtree_gap must be, given the children's. */
static uint64_t largest_gap(const struct rb_node *node)
{
	uint64_t below = max(subtree_gap(node->left), subtree_gap(node->right));

	return max(vma_of(node)->rb_gap, below);
}

static bool gap_update(struct rb_node *node, const struct rb_augment *self)
{
	struct vm_area_struct *vma = vma_of(node);
	uint64_t gap = largest_gap(node);

	(void)self;
	if (gap == vma->rb_subtree_gap)
		return false;
	vma->rb_subtree_gap = gap;
	return true;
}

static const struct rb_augment gap_augment = {gap_update};

uint64_t vma_gap_below(const struct vm_area_struct *vma,
		       const struct vm_area_struct *prev)
{
	vaddr_t start = prev ? prev->vm_end : 0;
	vaddr_t base = vma->vm_mm->mmap_base;

	return (start <= base ? min(vma->vm_start, base) : vma->vm_start) -
	       start;
}

/*
 * The gap below an area has become larger, and so may the largest of each
 * subtree around it. 6 instructions a level, where gap_update takes 17.
 */
static void gap_raise(struct vm_area_struct *vma, uint64_t gap)
{
	struct rb_node *node = &vma->vm_rb;

	vma->rb_gap = gap;
	while (node && vma_of(node)->rb_subtree_gap < gap) {
		vma_of(node)->rb_subtree_gap = gap;
		node = rb_parent(node);
	}
}

static inline void gap_set(struct vm_area_struct *vma, uint64_t gap)
{
	if (gap >= vma->rb_gap) {
		gap_raise(vma, gap);
		return;
	}
	vma->rb_gap = gap;
	rb_propagate(&vma->vm_rb, &gap_augment);
}

static void gap_refresh(struct vm_area_struct *vma,
			const struct vm_area_struct *prev)
{
	if (vma)
		gap_set(vma, vma_gap_below(vma, prev));
}

/*
 * Between two neighbours there is one free place: the lower one has no right
 * child, or the upper one no left child. The upper one is an ancestor of that
 * place, so what the new area changes up there is summed up on one way.
 */
static void tree_insert(struct mm_struct *mm, struct vm_area_struct *vma,
			struct vm_area_struct *next)
{
	struct vm_area_struct *prev = vma_before(mm, next);
	struct rb_node *parent = NULL, **link = &mm->mm_rb.node;

	BUG_ON((prev && prev->vm_end > vma->vm_start) ||
	       (next && next->vm_start < vma->vm_end));
	if (next && !next->vm_rb.left) {
		parent = &next->vm_rb;
		link = &parent->left;
	} else if (prev) {
		parent = &prev->vm_rb;
		link = &parent->right;
	}
	list_add_tail(&vma->vm_list, next ? &next->vm_list : &mm->areas);
	vma->rb_subtree_gap = 0;
	rb_link_node(&vma->vm_rb, parent, link);
	gap_raise(vma, vma_gap_below(vma, prev));
	gap_refresh(next, vma);
	rb_insert_augmented(&vma->vm_rb, &mm->mm_rb, &gap_augment);
}

/* First the gap moves to the next area, then the node goes without one. */
static void tree_remove(struct mm_struct *mm, struct vm_area_struct *vma)
{
	struct vm_area_struct *prev = vma_prev(vma), *next = vma_next(vma);

	gap_refresh(next, prev);
	gap_set(vma, 0);
	rb_erase_augmented(&vma->vm_rb, &mm->mm_rb, &gap_augment);
	list_del(&vma->vm_list);
}

void vma_link_locked(struct mm_struct *mm, struct vm_area_struct *vma,
		     struct vm_area_struct *next)
{
	mmap_assert_write_locked(mm);
	BUG_ON(vma->vm_start >= vma->vm_end);
	vma_mark_attached(vma);
	tree_insert(mm, vma, next);
	i_mmap_insert(vma);
	mm->map_count++;
}

void vma_link(struct mm_struct *mm, struct vm_area_struct *vma,
	      struct vm_area_struct *next)
{
	i_mmap_lock(vma);
	vma_link_locked(mm, vma, next);
	i_mmap_unlock(vma);
}

__called_once void vma_append(struct mm_struct *mm, struct vm_area_struct *vma)
{
	const struct vm_area_struct *prev = vma_last(mm);

	mmap_assert_write_locked(mm);
	BUG_ON(prev && prev->vm_end > vma->vm_start);
	vma_mark_attached(vma);
	vma->rb_gap = vma_gap_below(vma, prev);
	list_add_tail(&vma->vm_list, &mm->areas);
	if (vma->vm_file) {
		i_mmap_lock(vma);
		i_mmap_insert(vma);
		i_mmap_unlock(vma);
	}
	mm->map_count++;
}

/*
 * A tree of the n > 0 areas from *at on, which goes on behind them: halves,
 * each built the same way, so no two ways down differ by more than one. Nodes
 * at depth `red`, the last and incomplete level, are red. Some 40 instructions
 * an area; the recursion is 17 deep for all areas that there can be.
 */
static struct rb_node *build(struct list_head **at, uint32_t n, int red)
{
	struct vm_area_struct *vma;
	struct rb_node *left, *right;

	if (n == 1) {
		vma = list_entry(*at, struct vm_area_struct, vm_list);
		*at = (*at)->next;
		rb_set_node(&vma->vm_rb, NULL, NULL, !red);
		vma->rb_subtree_gap = vma->rb_gap;
		return &vma->vm_rb;
	}
	left = build(at, n / 2, red - 1);
	vma = list_entry(*at, struct vm_area_struct, vm_list);
	*at = (*at)->next;
	right = n > 2 ? build(at, n - n / 2 - 1, red - 1) : NULL;
	rb_set_node(&vma->vm_rb, left, right, !red);
	vma->rb_subtree_gap = largest_gap(&vma->vm_rb);
	return &vma->vm_rb;
}

void vma_build_tree(struct mm_struct *mm)
{
	struct list_head *at = mm->areas.next;
	int levels = 0; /* complete ones */

	for (uint32_t n = mm->map_count + 1; n > 1; n /= 2)
		levels++;
	if (mm->map_count)
		rb_set_root(&mm->mm_rb, build(&at, mm->map_count, levels));
}

/* Readers are waited for before the file's lock is taken: they may wait too. */
void vma_unlink_rmap(struct vm_area_struct *vma)
{
	vma_mark_detached(vma);
	if (vma->vm_file) {
		i_mmap_lock(vma);
		i_mmap_remove(vma);
		i_mmap_unlock(vma);
	}
	if (vma->anon_vma)
		unlink_anon_vmas(vma);
}

void vma_unlink(struct vm_area_struct *vma)
{
	struct mm_struct *mm = vma->vm_mm;

	vma_unlink_rmap(vma);
	tree_remove(mm, vma);
	mm->map_count--;
}

/* The start is the key in the reverse maps: leave and enter them again. */
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
	vma_assert_write_locked(vma);
	BUG_ON(end <= vma->vm_start);
	rmap_set_end(vma, end);
}

void vma_move_border(struct vm_area_struct *low, struct vm_area_struct *high,
		     vaddr_t border)
{
	bool low_grows = border > low->vm_end;

	BUG_ON(low->vm_end != high->vm_start);
	i_mmap_lock(low);
	/* What grows does so first, so that rmap always finds the pages. */
	if (low_grows)
		vma_set_border_locked(low, border);
	set_bounds(high, border, high->vm_end);
	if (!low_grows)
		vma_set_border_locked(low, border);
	i_mmap_unlock(low);
}

static void set_range_locked(struct vm_area_struct *vma, vaddr_t start,
			     vaddr_t end)
{
	bool has_new_start = start != vma->vm_start;
	bool has_new_end = end != vma->vm_end;

	if (has_new_start)
		set_bounds(vma, start, end);
	else
		vma_set_border_locked(vma, end);
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

/* Does this subtree have a gap that could hold len bytes? */
static bool has_room(const struct rb_node *node, uint64_t len)
{
	return node && subtree_gap(node) >= len;
}

/* Is there room for len bytes in the gap below vma, between the limits? */
static bool gap_fits(const struct vm_area_struct *vma, uint64_t len,
		     vaddr_t low, vaddr_t high)
{
	const struct vm_area_struct *prev = vma_prev(vma);
	vaddr_t start = prev ? max(prev->vm_end, low) : low;
	vaddr_t end = min(vma->vm_start, high);

	return end >= start && end - start >= len;
}

/*
 * The highest area with room for len bytes below it. A subtree is entered only
 * when it has a large enough gap, and left without success only when that gap
 * lies across one of the two limits: so at most two paths are walked.
 */
static struct vm_area_struct *
highest_gap(const struct mm_struct *mm, uint64_t len, vaddr_t low, vaddr_t high)
{
	struct rb_node *node = mm->mm_rb.node, *child;
	struct vm_area_struct *vma;

	if (!has_room(node, len))
		return NULL;
	for (;;) {
		while (has_room(node->right, len) &&
		       vma_of(node)->vm_end + len <= high)
			node = node->right;
		for (;;) {
			vma = vma_of(node);
			if (vma->rb_gap >= len && gap_fits(vma, len, low, high))
				return vma;
			if (vma->vm_start <= low)
				return NULL; /* so is all that is left */
			if (has_room(node->left, len))
				break;
			/* Back to where this was the right subtree. */
			do {
				child = node;
				node = rb_parent(node);
			} while (node && child == node->left);
			if (!node)
				return NULL;
		}
		node = node->left;
	}
}

/*
 * The highest free range in [low, high). A range too near to an area that grows
 * down will not do: then the search goes on below its guard gap. So nothing is
 * placed between a stack and the end of its gap even where another area lies
 * between the two, as on Linux.
 */
static vaddr_t find_gap(const struct mm_struct *mm, uint64_t len, vaddr_t low,
			vaddr_t high, struct vm_area_struct **next)
{
	const struct vm_area_struct *last = vma_last(mm);

	*next = NULL;
	if (high - low >= len && (!last || high - len >= last->vm_end))
		return high - len;
	while (high >= low && high - low >= len) {
		struct vm_area_struct *vma = highest_gap(mm, len, low, high);
		vaddr_t end;

		if (!vma)
			break;
		end = min(vma->vm_start, high);
		if (vm_start_gap(vma) >= end) {
			*next = vma;
			return end - len;
		}
		high = vm_start_gap(vma);
	}
	return 0;
}

__called_once vaddr_t vma_find_gap(const struct mm_struct *mm, uint64_t len,
				   struct vm_area_struct **next)
{
	vaddr_t base = mm->mmap_base, start, end, found;
	const struct vm_area_struct *prev;

	found = find_gap(mm, len, MM_USER_START, base, next);
	if (!found)
		found = find_gap(mm, len, base, MM_USER_END, next);
	if (found)
		return found;
	/* The gap across mmap_base, whole. */
	*next = find_vma(mm, base);
	prev = vma_before(mm, *next);
	start = prev ? prev->vm_end : MM_USER_START;
	end = *next ? vm_start_gap(*next) : MM_USER_END;
	return end >= start && end - start >= len ? end - len : 0;
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
