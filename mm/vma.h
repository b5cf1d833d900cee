/* SPDX-License-Identifier: MIT */
/*
 * Areas: their memory, flags, place in the tree, and the rules by which they
 * are split and merged. All functions that change anything need mmap_lock for
 * writing; those that only look need it for reading.
 */
#pragma once

#include "abi/mman.h"
#include "mm/mm_types.h"
#include "mm/vma_lock.h"

void vma_caches_init(void);

/* A detached, empty area of mm; NULL: no memory. */
struct vm_area_struct *vm_area_alloc(struct mm_struct *mm);

/*
 * A detached copy: same range, flags and backing, with its own references on
 * the file; anon_vma is left empty (anon_vma_clone or anon_vma_fork fills it).
 * vm_ops->open is not called. NULL: no memory.
 */
struct vm_area_struct *vm_area_dup(struct vm_area_struct *vma,
				   struct mm_struct *mm);

/* Free a detached area's memory alone. */
void vm_area_free(struct vm_area_struct *vma);

/* Close an unlinked area: vm_ops->close, its file, then its memory. */
void vma_destroy(struct vm_area_struct *vma);

static inline uint64_t vma_flags(const struct vm_area_struct *vma)
{
	return vma->vm_flags.bits;
}

static inline bool vma_has(const struct vm_area_struct *vma, uint64_t flags)
{
	return vma->vm_flags.bits & flags;
}

static inline uint64_t vma_pages(const struct vm_area_struct *vma)
{
	return (vma->vm_end - vma->vm_start) >> PAGE_SHIFT;
}

static inline bool vma_is_anonymous(const struct vm_area_struct *vma)
{
	return !vma->vm_ops;
}

/* Must the owner hear of the first write to each page? */
static inline bool vma_wants_writenotify(const struct vm_area_struct *vma)
{
	return vma->vm_ops && vma->vm_ops->page_mkwrite;
}

/*
 * Permissions of an entry for a page of the area's file: writable at once when
 * the mapping is shared and nobody wants to hear of the first write.
 */
static inline pgprot_t vma_file_prot(const struct vm_area_struct *vma)
{
	pgprot_t prot = vma->vm_page_prot;

	if ((vma->vm_flags.bits & (VM_SHARED | VM_WRITE)) ==
		(VM_SHARED | VM_WRITE) &&
	    !vma_wants_writenotify(vma))
		prot.val |= PTE_W;
	return prot;
}

/*
 * May the hardware change entries of the area? It sets D, which an entry with W
 * has, except in a shared mapping: there D tells that the page was written.
 * mm_verify checks that. It also sets A, which only mm_clear_refs() takes away;
 * to lose that is no harm.
 */
static inline bool vma_hw_sets_dirty(const struct vm_area_struct *vma)
{
	/* Truncation asks without a lock; of this bit it gets the truth. */
	return load_relaxed(&vma->vm_flags.bits) & VM_SHARED;
}

/*
 * May memory not be had with these flags, if it had the `old` ones before? The
 * program has asked for code that cannot be written (PR_SET_MDWE).
 */
static inline bool map_deny_write_exec(const struct mm_struct *mm, uint64_t old,
				       uint64_t flags)
{
	return flags & VM_EXEC && (flags & VM_WRITE || !(old & VM_EXEC)) &&
	       load_relaxed(&mm->deny_write_exec);
}

/* Copy-on-write: private and possibly writable. */
static inline bool is_cow_mapping(uint64_t flags)
{
	return (flags & (VM_SHARED | VM_MAYWRITE)) == VM_MAYWRITE;
}

/* Offset in the file (or linear anonymous index) of the page at va. */
static inline pgoff_t linear_page_index(const struct vm_area_struct *vma,
					vaddr_t va)
{
	return vma->vm_pgoff + ((va - vma->vm_start) >> PAGE_SHIFT);
}

/*
 * The only ways to change vm_flags. init is for areas that are not in the tree
 * yet; the others assert the area's write lock. mod sets, then clears.
 */
void vm_flags_init(struct vm_area_struct *vma, uint64_t flags);
void vm_flags_reset(struct vm_area_struct *vma, uint64_t flags);
void vm_flags_set(struct vm_area_struct *vma, uint64_t flags);
void vm_flags_clear(struct vm_area_struct *vma, uint64_t flags);
void vm_flags_mod(struct vm_area_struct *vma, uint64_t set, uint64_t clear);

/* The first area with vm_end > addr (it may begin above addr), or NULL. */
struct vm_area_struct *find_vma(const struct mm_struct *mm, vaddr_t addr);

/* The area that contains addr, or NULL. */
struct vm_area_struct *vma_lookup(const struct mm_struct *mm, vaddr_t addr);

/* The first area that meets [start, end), or NULL. */
struct vm_area_struct *find_vma_intersection(const struct mm_struct *mm,
					     vaddr_t start, vaddr_t end);

/* The neighbours of an area in the tree, the lowest area, the highest; NULL. */
static inline struct vm_area_struct *vma_at(const struct mm_struct *mm,
					    const struct list_head *node)
{
	return node != &mm->areas
		   ? list_entry(node, struct vm_area_struct, vm_list)
		   : NULL;
}

static inline struct vm_area_struct *vma_next(const struct vm_area_struct *vma)
{
	return vma_at(vma->vm_mm, vma->vm_list.next);
}

static inline struct vm_area_struct *vma_prev(const struct vm_area_struct *vma)
{
	return vma_at(vma->vm_mm, vma->vm_list.prev);
}

static inline struct vm_area_struct *vma_first(const struct mm_struct *mm)
{
	return vma_at(mm, mm->areas.next);
}

static inline struct vm_area_struct *vma_last(const struct mm_struct *mm)
{
	return vma_at(mm, mm->areas.prev);
}

/* The area before `next`; NULL stands for what is above all areas. */
static inline struct vm_area_struct *
vma_before(const struct mm_struct *mm, const struct vm_area_struct *next)
{
	return next ? vma_prev(next) : vma_last(mm);
}

#define for_each_vma(mm, vma)                                                  \
	for (vma = vma_first(mm); vma; vma = vma_next(vma))

/* Areas that meet [start, end), which must not be unlinked meanwhile. */
#define for_each_vma_range(mm, vma, start, end)                                \
	for (vma = find_vma_intersection(mm, start, end);                      \
	     vma && vma->vm_start < (end); vma = vma_next(vma))

/* Where an area that may grow down will not let others come nearer than. */
static inline vaddr_t vm_start_gap(const struct vm_area_struct *vma)
{
	if (likely(!vma_has(vma, VM_GROWSDOWN)))
		return vma->vm_start;
	return vma->vm_start > STACK_GUARD_GAP ? vma->vm_start - STACK_GUARD_GAP
					       : 0;
}

/*
 * Put a detached area into the tree and its file's i_mmap, and count it (it is
 * in the trees of its anon_vmas already). `next` is the area above its place,
 * NULL: none. Cannot fail. vma_unlink takes it out of all of them and marks it
 * detached: from then on neither a fault nor a reverse map leads to its page
 * tables.
 */
void vma_link(struct mm_struct *mm, struct vm_area_struct *vma,
	      struct vm_area_struct *next);
void vma_unlink(struct vm_area_struct *vma);

/*
 * The same in two steps, for fork: vma_append puts the area last on the list of
 * areas, vma_build_tree makes the tree of them, so that none is searched for or
 * balanced.
 */
void vma_append(struct mm_struct *mm, struct vm_area_struct *vma);
void vma_build_tree(struct mm_struct *mm);

/* For exit: all of vma_unlink but tree and list, which are left as they are. */
void vma_unlink_rmap(struct vm_area_struct *vma);

/*
 * Change the bounds of an area in place; its pages keep their addresses, so
 * vm_pgoff follows vm_start. Neighbours must leave room.
 */
void vma_set_range(struct vm_area_struct *vma, vaddr_t start, vaddr_t end);

/*
 * For split and merge, with i_mmap_lock held over both steps: link an area, and
 * move the border between an area and the one above it. The range stays
 * covered, so no gap changes and none is looked at, which saves some 200
 * instructions of a split or merge.
 */
void vma_link_locked(struct mm_struct *mm, struct vm_area_struct *vma,
		     struct vm_area_struct *next);
void vma_set_border_locked(struct vm_area_struct *vma, vaddr_t end);

/* Move the border between two neighbours that adjoin, both locked for writing.
 * Here, too, no gap changes. */
void vma_move_border(struct vm_area_struct *low, struct vm_area_struct *high,
		     vaddr_t border);

/*
 * The highest free range of len bytes below mmap_base that keeps off the guard
 * gaps of areas that grow down; when there is none, the highest above; or 0.
 * *next: the area above it, or NULL. O(log n) and as much again for each area
 * that grows down on the way.
 */
vaddr_t vma_find_gap(const struct mm_struct *mm, uint64_t len,
		     struct vm_area_struct **next);

/* What rb_gap must be, given the area before this one. */
uint64_t vma_gap_below(const struct vm_area_struct *vma,
		       const struct vm_area_struct *prev);

/* Account `pages` more (or fewer) pages of an area with these flags. */
void vm_stat_account(struct mm_struct *mm, uint64_t flags, int64_t pages);

/* May the mm have npages more, by RLIMIT_AS and RLIMIT_DATA? */
bool may_expand_vm(const struct mm_struct *mm, uint64_t flags, uint64_t npages);

/*
 * Split the area at addr, strictly inside it. On success `vma` keeps
 * [vm_start, addr) and *above, if not NULL, gets the new upper part. 0,
 * -ENOMEM, or what vm_ops->may_split says. The caller watches the number of
 * areas.
 */
int vma_split(struct vm_area_struct *vma, vaddr_t addr,
	      struct vm_area_struct **above);

/*
 * Make [start, end) of vma an area of its own and return it in *vmap: 0 or as
 * vma_split, and -ENOMEM when there would be too many areas. On
 * error the areas may have been split, which nobody can see but in
 * /proc/self/maps, and not even there once merged again.
 */
int vma_isolate(struct vm_area_struct **vmap, vaddr_t start, vaddr_t end);

/*
 * For [start, end), one end of vma, which is to have `flags`: when the
 * neighbour there has these flags and fits otherwise, move the border and
 * return the neighbour, else NULL. Allocates nothing and makes no area.
 */
struct vm_area_struct *vma_give(struct vm_area_struct *vma, vaddr_t start,
				vaddr_t end, uint64_t flags);

/*
 * Join the area with its neighbours where all that distinguishes them is the
 * border. Returns the area that now covers it. Cannot fail: what needs memory
 * that is not there stays as it is.
 */
struct vm_area_struct *vma_merge(struct vm_area_struct *vma);

/*
 * The same with the area above alone: for an area that has grown up to it. In
 * both calls the area is locked for writing.
 */
void vma_merge_next(struct vm_area_struct *vma);

/*
 * A new mapping [start, end) with these properties, below `next` (NULL: above
 * all areas): extend a neighbour instead of making an area? Returns whether.
 */
bool vma_merge_new(struct mm_struct *mm, vaddr_t start, vaddr_t end,
		   uint64_t flags, struct file *file, pgoff_t pgoff,
		   struct vm_area_struct *next);
