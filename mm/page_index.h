/* SPDX-License-Identifier: MIT */
/*
 * Page index: from page offset to struct page, for one file.
 *
 * A radix tree of 64-way nodes that is only as tall as its largest offset
 * needs. The caller locks (pages_lock). Node allocation may fail, so an
 * insertion is split: page_index_prepare makes the path, then
 * page_index_store cannot fail.
 */
#pragma once

#include "lib/types.h"

struct page;

#define PAGE_INDEX_BITS	 6
#define PAGE_INDEX_SLOTS (1u << PAGE_INDEX_BITS)

struct page_index_node {
	uint64_t nr_used;
	void *slot[PAGE_INDEX_SLOTS]; /* nodes, or pages at the lowest level */
};

struct page_index {
	struct page_index_node *root; /* NULL: empty */
	unsigned shift; /* bits of an offset below those that choose a slot of
			   the root: 0, or a multiple of PAGE_INDEX_BITS */
};

/* Is the tree tall enough for pgoff? */
static inline bool page_index_covers(const struct page_index *index,
				     uint64_t pgoff)
{
	return index->root && pgoff >> index->shift < PAGE_INDEX_SLOTS;
}

/* The slot of pgoff in a node whose slots are chosen by the bits from shift. */
static inline void **page_index_slot(struct page_index_node *node,
				     uint64_t pgoff, unsigned shift)
{
	return &node->slot[(pgoff >> shift) % PAGE_INDEX_SLOTS];
}

/*
 * The slot of pgoff in the lowest node, or NULL when that node does not exist.
 * Behind it are those of the next offsets, to the end of the node, for batches.
 */
static inline void **page_index_leaf_slot(const struct page_index *index,
					  uint64_t pgoff)
{
	struct page_index_node *node = index->root;

	if (!page_index_covers(index, pgoff))
		return NULL;
	for (unsigned at = index->shift; at && node; at -= PAGE_INDEX_BITS)
		node = *page_index_slot(node, pgoff, at);
	return node ? page_index_slot(node, pgoff, 0) : NULL;
}

/* The page at pgoff or NULL. */
static inline struct page *page_index_find(const struct page_index *index,
					   uint64_t pgoff)
{
	void **slot = page_index_leaf_slot(index, pgoff);

	return slot ? *slot : NULL;
}

/* First page at or above pgoff; *at gets its offset. NULL: none. */
struct page *page_index_next(const struct page_index *index, uint64_t pgoff,
			     uint64_t *at);

/* Make the path to pgoff. 0 or -ENOMEM; an unused path is harmless. */
int page_index_prepare(struct page_index *index, uint64_t pgoff);

/* Store a page where the path exists and the slot is empty. */
void page_index_store(struct page_index *index, uint64_t pgoff,
		      struct page *page);

/* Remove and return the page at pgoff; empty nodes are freed. */
struct page *page_index_remove(struct page_index *index, uint64_t pgoff);

/* Free all nodes; the pages must have been removed. */
void page_index_destroy(struct page_index *index);
