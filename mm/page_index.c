/* SPDX-License-Identifier: MIT */
/*
 * Radix tree from page offset to page. A node at level 0 holds pages, a node
 * at level n > 0 nodes of level n - 1; `height` levels cover offsets below
 * 64^height. Nodes come from kmalloc.
 */
#include "mm/page_index.h"

#include "abi/errno.h"
#include "mm/slab.h"

#define SLOT_MASK  (PAGE_INDEX_SLOTS - 1)
#define MAX_HEIGHT ((64 + PAGE_INDEX_BITS - 1) / PAGE_INDEX_BITS)

static bool index_covers(const struct page_index *index, uint64_t pgoff)
{
	unsigned bits = index->height * PAGE_INDEX_BITS;

	return index->height && (bits >= 64 || pgoff >> bits == 0);
}

static unsigned slot_at(uint64_t pgoff, unsigned level)
{
	return (pgoff >> (level * PAGE_INDEX_BITS)) & SLOT_MASK;
}

void **page_index_slots(const struct page_index *index, uint64_t pgoff)
{
	struct page_index_node *node = index->root;

	if (!index_covers(index, pgoff))
		return NULL;
	for (unsigned level = index->height - 1; node && level > 0; level--)
		node = node->slot[slot_at(pgoff, level)];
	return node ? node->slot : NULL;
}

struct page *page_index_find(const struct page_index *index, uint64_t pgoff)
{
	void **slots = page_index_slots(index, pgoff);

	return slots ? slots[pgoff & SLOT_MASK] : NULL;
}

/* First page at or above pgoff below `node`, whose first offset is `base`. */
static struct page *next_in(const struct page_index_node *node, unsigned level,
			    uint64_t base, uint64_t pgoff, uint64_t *at)
{
	uint64_t step = 1UL << (level * PAGE_INDEX_BITS);
	unsigned i = pgoff > base ? (pgoff - base) / step : 0;

	for (; i < PAGE_INDEX_SLOTS; i++) {
		struct page *page = node->slot[i];

		if (page && level)
			page = next_in(node->slot[i], level - 1,
				       base + i * step, pgoff, at);
		else
			*at = base + i;
		if (page)
			return page;
	}
	return NULL;
}

struct page *page_index_next(const struct page_index *index, uint64_t pgoff,
			     uint64_t *at)
{
	if (!index_covers(index, pgoff))
		return NULL;
	return next_in(index->root, index->height - 1, 0, pgoff, at);
}

static struct page_index_node *node_new(void)
{
	return kzalloc(sizeof(struct page_index_node), GFP_KERNEL);
}

/* Put new levels on top until the tree covers pgoff. */
static int index_grow(struct page_index *index, uint64_t pgoff)
{
	while (!index_covers(index, pgoff)) {
		struct page_index_node *node = node_new();

		if (!node)
			return -ENOMEM;
		if (index->root) {
			node->slot[0] = index->root;
			node->nr_used = 1;
		}
		index->root = node;
		index->height++;
	}
	return 0;
}

int page_index_prepare(struct page_index *index, uint64_t pgoff)
{
	struct page_index_node *node;

	if (index_grow(index, pgoff))
		return -ENOMEM;
	node = index->root;
	for (unsigned level = index->height - 1; level > 0; level--) {
		void **slot = &node->slot[slot_at(pgoff, level)];

		if (!*slot) {
			*slot = node_new();
			if (!*slot)
				return -ENOMEM;
			node->nr_used++;
		}
		node = *slot;
	}
	return 0;
}

void page_index_store(struct page_index *index, uint64_t pgoff,
		      struct page *page)
{
	void **slots = page_index_slots(index, pgoff);
	struct page_index_node *node;

	BUG_ON(!slots || slots[pgoff & SLOT_MASK]);
	node = container_of(slots, struct page_index_node, slot);
	slots[pgoff & SLOT_MASK] = page;
	node->nr_used++;
}

struct page *page_index_remove(struct page_index *index, uint64_t pgoff)
{
	struct page_index_node *path[MAX_HEIGHT];
	struct page_index_node *node = index->root;
	struct page *page;

	if (!index_covers(index, pgoff))
		return NULL;
	for (unsigned level = index->height - 1; level > 0; level--) {
		path[level] = node;
		node = node->slot[slot_at(pgoff, level)];
		if (!node)
			return NULL;
	}
	path[0] = node;
	page = node->slot[pgoff & SLOT_MASK];
	if (!page)
		return NULL;
	for (unsigned level = 0; level < index->height; level++) {
		path[level]->slot[slot_at(pgoff, level)] = NULL;
		if (--path[level]->nr_used)
			return page;
		kfree(path[level]);
	}
	index->root = NULL;
	index->height = 0;
	return page;
}

static void node_destroy(struct page_index_node *node, unsigned level)
{
	for (unsigned i = 0; level && i < PAGE_INDEX_SLOTS; i++) {
		if (node->slot[i])
			node_destroy(node->slot[i], level - 1);
	}
	kfree(node);
}

void page_index_destroy(struct page_index *index)
{
	if (index->root)
		node_destroy(index->root, index->height - 1);
	index->root = NULL;
	index->height = 0;
}
