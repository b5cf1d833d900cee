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
	struct page_index_node *root;
	unsigned height; /* levels; 0: empty */
};

/* The page at pgoff or NULL. */
struct page *page_index_find(const struct page_index *index, uint64_t pgoff);

/*
 * The slots of the lowest node that holds pgoff, or NULL when that node does
 * not exist: slot[pgoff % PAGE_INDEX_SLOTS] and its neighbours, for batches.
 */
void **page_index_slots(const struct page_index *index, uint64_t pgoff);

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
