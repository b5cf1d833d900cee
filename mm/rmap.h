/* SPDX-License-Identifier: MIT */
/*
 * Reverse maps: from a page to the areas that may map it.
 *
 * File pages: the mapping's i_mmap tree of areas, by file offset. Anonymous
 * pages: page->mapping is the anon_vma of the area that first mapped it, and
 * the anon_vma's tree holds every area that may have inherited the page by
 * fork, split or mremap. An area is in as many anon_vmas as it has ancestors;
 * an anon_vma_chain ties one area to one anon_vma.
 *
 *   vma ---anon_vma_chain---> anon_vma (own)
 *       ---anon_vma_chain---> anon_vma (of the parent process)
 *
 * New pages go to the area's own anon_vma, so a child's pages are looked for
 * in the child alone.
 *
 * Locks: all trees of one family are protected by the root's lock, which is
 * taken inside mmap_lock and outside page table locks. i_mmap has a sleeping
 * lock that is taken outside all of these but mmap_lock.
 */
#pragma once

#include "mm/mm_types.h"
#include "mm/page.h"

struct anon_vma {
	struct anon_vma *root;	      /* c */
	struct spinlock lock;	      /* the root's protects the family */
	uint32_t refcount;	      /* a; chains, and of a root its family */
	uint32_t num_children;	      /* A; anon_vmas whose parent this is */
	uint32_t num_active_vmas;     /* A; areas whose anon_vma this is */
	struct anon_vma *parent;      /* c */
	struct interval_root rb_root; /* A; chains by page offset */
};

struct anon_vma_chain {
	struct vm_area_struct *vma; /* c */
	struct anon_vma *anon_vma;  /* c */
	struct list_head same_vma;  /* M; in vma->anon_vma_chain */
	struct interval_node rb;    /* A; in anon_vma->rb_root */
};

void rmap_init(void);

/*
 * Make sure that the area has an anon_vma, a neighbour's if the two could be
 * merged one day. mmap_lock is held at least for reading. 0 or -ENOMEM.
 */
int anon_vma_prepare(struct vm_area_struct *vma);

/* Put dst into all anon_vmas of src, and make src's own its own. 0, -ENOMEM. */
int anon_vma_clone(struct vm_area_struct *dst, struct vm_area_struct *src);

/* The same for fork: the child's area gets an anon_vma of its own. */
int anon_vma_fork(struct vm_area_struct *dst, struct vm_area_struct *src);

/* Leave all anon_vmas. */
void unlink_anon_vmas(struct vm_area_struct *vma);

/*
 * Set the area's end, i_mmap_lock held. No key of the trees changes, so it
 * stays where it is in them: saves some 230 instructions against the next two.
 */
void rmap_set_end(struct vm_area_struct *vma, vaddr_t end);

/* Around a change of the area's start: its key in the trees changes. */
void anon_vma_tree_remove(struct vm_area_struct *vma);
void anon_vma_tree_insert(struct vm_area_struct *vma);

extern const struct interval_ops i_mmap_ops;

/*
 * The tree of areas that map the area's file, if it has one. Truncation must
 * find an area at every moment: its place changes under one hold of the lock.
 */
void i_mmap_lock(const struct vm_area_struct *vma);
void i_mmap_unlock(const struct vm_area_struct *vma);
void i_mmap_insert(struct vm_area_struct *vma);
void i_mmap_remove(struct vm_area_struct *vma);

/*
 * Call fn for each area that may map the page, with the address where it
 * would be, until fn returns true; returns whether it did. The reverse map's
 * lock is held around the calls.
 */
bool rmap_walk(struct page *page,
	       bool (*fn)(void *ctx, struct vm_area_struct *vma, vaddr_t va),
	       void *ctx);
