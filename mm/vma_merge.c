/* SPDX-License-Identifier: MIT */
/*
 * Splitting and merging areas.
 *
 * An operation on part of an area isolates that part, changes it, and merges
 * the result with its neighbours. Two neighbours are merged when nothing but
 * the border tells them apart: same flags, same file at adjoining offsets, no
 * close operation that counts areas, and anon_vmas that agree.
 *
 * anon_vmas agree when they are the same, or when one area has none and the
 * other's is its own (its chain has one member): an area that inherited
 * anon_vmas by fork keeps to itself, or the chains would grow with each merge.
 */
#include "mm/vma.h"

#include "abi/errno.h"
#include "mm/file.h"
#include "mm/pagetable.h"
#include "mm/rmap.h"

int vma_split(struct vm_area_struct *vma, vaddr_t addr,
	      struct vm_area_struct **above)
{
	struct mm_struct *mm = vma->vm_mm;
	struct vm_area_struct *upper, *next = vma_next(vma);
	int err;

	mmap_assert_write_locked(mm);
	BUG_ON(addr <= vma->vm_start || addr >= vma->vm_end);
	if (vma->vm_ops && vma->vm_ops->may_split) {
		err = vma->vm_ops->may_split(vma, addr);
		if (err)
			return err;
	}
	upper = vm_area_dup(vma, mm);
	if (!upper)
		return -ENOMEM;
	vma_start_write(vma);
	upper->vm_pgoff += (addr - vma->vm_start) >> PAGE_SHIFT;
	store_relaxed(&upper->vm_start, addr);
	if (anon_vma_clone(upper, vma)) {
		file_put(upper->vm_file);
		vm_area_free(upper);
		return -ENOMEM;
	}
	if (vma->vm_ops && vma->vm_ops->open)
		vma->vm_ops->open(upper);
	i_mmap_lock(vma);
	vma_set_border_locked(vma, addr);
	vma_link_locked(mm, upper, next);
	i_mmap_unlock(vma);
	if (above)
		*above = upper;
	return 0;
}

/* A split that leaves one area more than before. */
static int split_counted(struct vm_area_struct *vma, vaddr_t addr,
			 struct vm_area_struct **above)
{
	if (vma->vm_mm->map_count >= sysctl_max_map_count)
		return -ENOMEM;
	return vma_split(vma, addr, above);
}

int vma_isolate(struct vm_area_struct **vmap, vaddr_t start, vaddr_t end)
{
	int err;

	if (start > (*vmap)->vm_start) {
		err = split_counted(*vmap, start, vmap);
		if (err)
			return err;
	}
	return end < (*vmap)->vm_end ? split_counted(*vmap, end, NULL) : 0;
}

/* Has the area inherited anon_vmas from a parent? */
static bool is_fork_child(const struct vm_area_struct *vma)
{
	return vma->anon_vma && !list_is_singular(&vma->anon_vma_chain);
}

static bool can_share_anon_vma(const struct vm_area_struct *a,
			       const struct vm_area_struct *b)
{
	if (a->anon_vma && b->anon_vma)
		return a->anon_vma == b->anon_vma;
	return !is_fork_child(a) && !is_fork_child(b);
}

static bool has_close(const struct vm_area_struct *vma)
{
	return vma->vm_ops && vma->vm_ops->close;
}

/* Could [.., addr) of `low` and [addr, ..) of `high` be one area with `flags`,
 * which one of them has? */
static bool can_merge_as(const struct vm_area_struct *low,
			 const struct vm_area_struct *high, uint64_t flags)
{
	return low->vm_end == high->vm_start && !(flags & VM_SPECIAL) &&
	       low->vm_file == high->vm_file && low->vm_ops == high->vm_ops &&
	       !has_close(low) &&
	       low->vm_private_data == high->vm_private_data &&
	       low->vm_pgoff + vma_pages(low) == high->vm_pgoff &&
	       can_share_anon_vma(low, high);
}

static bool can_merge(const struct vm_area_struct *low,
		      const struct vm_area_struct *high)
{
	return vma_flags(low) == vma_flags(high) &&
	       can_merge_as(low, high, vma_flags(low));
}

/*
 * Let `low` take over all of `high`. Returns whether it did. Nothing of `high`
 * changes before it is unlinked, which waits for its readers; `low` is locked.
 */
static bool merge_pair(struct vm_area_struct *low, struct vm_area_struct *high)
{
	vaddr_t end = high->vm_end;

	vma_assert_write_locked(low);
	if (!low->anon_vma && high->anon_vma && anon_vma_clone(low, high))
		return false;
	/* The range grows first, so that rmap always finds its pages. */
	i_mmap_lock(low);
	vma_set_border_locked(low, end);
	i_mmap_unlock(low);
	vma_unlink(high);
	vma_destroy(high);
	return true;
}

void vma_merge_next(struct vm_area_struct *vma)
{
	struct vm_area_struct *next = vma_next(vma);

	if (next && can_merge(vma, next))
		merge_pair(vma, next);
}

struct vm_area_struct *vma_merge(struct vm_area_struct *vma)
{
	struct vm_area_struct *prev = vma_prev(vma);

	if (prev && can_merge(prev, vma)) {
		vma_start_write(prev);
		if (merge_pair(prev, vma))
			vma = prev;
	}
	vma_merge_next(vma);
	return vma;
}

struct vm_area_struct *vma_give(struct vm_area_struct *vma, vaddr_t start,
				vaddr_t end, uint64_t flags)
{
	struct vm_area_struct *low = vma, *high = vma, *to;
	vaddr_t border;

	if (start == vma->vm_start) {
		to = low = vma_prev(vma);
		border = end;
	} else {
		to = high = vma_next(vma);
		border = start;
	}
	/* Pages need a chain of `to`, which would have to be allocated. */
	if (!to || vma_flags(to) != flags || !can_merge_as(low, high, flags) ||
	    (vma->anon_vma && !to->anon_vma))
		return NULL;
	if (vma->vm_ops && vma->vm_ops->may_split &&
	    vma->vm_ops->may_split(vma, border))
		return NULL;
	vma_start_write(to);
	vma_start_write(vma);
	vma_move_border(low, high, border);
	return to;
}

/* Does a mapping with these properties continue `vma`? Offsets aside. */
static bool fits(const struct vm_area_struct *vma, uint64_t flags,
		 const struct file *file)
{
	return vma_flags(vma) == flags && !(flags & VM_SPECIAL) &&
	       vma->vm_file == file && !has_close(vma) && !is_fork_child(vma);
}

__called_once bool vma_merge_new(struct mm_struct *mm, vaddr_t start,
				 vaddr_t end, uint64_t flags, struct file *file,
				 pgoff_t pgoff, struct vm_area_struct *next)
{
	struct vm_area_struct *prev = vma_before(mm, next);
	uint64_t npages = (end - start) >> PAGE_SHIFT;

	if (prev && prev->vm_end == start && fits(prev, flags, file) &&
	    prev->vm_pgoff + vma_pages(prev) == pgoff) {
		vma_start_write(prev);
		vma_set_range(prev, prev->vm_start, end);
		if (next && can_merge(prev, next))
			merge_pair(prev, next);
		return true;
	}
	if (next && next->vm_start == end && fits(next, flags, file) &&
	    pgoff + npages == next->vm_pgoff) {
		vma_start_write(next);
		vma_set_range(next, start, next->vm_end);
		return true;
	}
	return false;
}
