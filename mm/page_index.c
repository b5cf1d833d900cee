/* SPDX-License-Identifier: MIT */
/*
 * Radix tree from page offset to page. A node at shift 0 holds pages, one at
 * shift n > 0 nodes at shift n - PAGE_INDEX_BITS. Nodes come from kmalloc.
 */
#include "mm/page_index.h"

#include "abi/errno.h"
#include "mm/slab.h"

/* First page at or above pgoff below `node`, whose first offset is `base`. */
static struct page *next_in(const struct page_index_node *node, unsigned shift,
			    uint64_t base, uint64_t pgoff, uint64_t *at)
{
	unsigned i = pgoff > base ? (pgoff - base) >> shift : 0;

	for (; i < PAGE_INDEX_SLOTS; i++) {
		uint64_t first = base + ((uint64_t)i << shift);
		struct page *page = node->slot[i];

		if (page && shift)
			page = next_in(node->slot[i], shift - PAGE_INDEX_BITS,
				       first, pgoff, at);
		else
			*at = first;
		if (page)
			return page;
	}
	return NULL;
}

struct page *page_index_next(const struct page_index *index, uint64_t pgoff,
			     uint64_t *at)
{
	if (!page_index_covers(index, pgoff))
		return NULL;
	return next_in(index->root, index->shift, 0, pgoff, at);
}

static struct page_index_node *node_new(void)
{
	return kzalloc(sizeof(struct page_index_node), GFP_KERNEL);
}

/* Put new levels on top until the tree covers pgoff. */
static int index_grow(struct page_index *index, uint64_t pgoff)
{
	while (!page_index_covers(index, pgoff)) {
		struct page_index_node *node = node_new();

		if (!node)
			return -ENOMEM;
		if (index->root) {
			node->slot[0] = index->root;
			node->nr_used = 1;
			index->shift += PAGE_INDEX_BITS;
		}
		index->root = node;
	}
	return 0;
}

int page_index_prepare(struct page_index *index, uint64_t pgoff)
{
	struct page_index_node *node;

	if (index_grow(index, pgoff))
		return -ENOMEM;
	node = index->root;
	for (unsigned at = index->shift; at; at -= PAGE_INDEX_BITS) {
		void **slot = page_index_slot(node, pgoff, at);

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
	void **slot = page_index_leaf_slot(index, pgoff);
	struct page_index_node *node;

	BUG_ON(!slot || *slot);
	*slot = page;
	node = container_of(slot - pgoff % PAGE_INDEX_SLOTS,
			    struct page_index_node, slot[0]);
	node->nr_used++;
}

/* Remove pgoff below *nodep; a node that becomes empty goes as well. */
static struct page *remove_in(void **nodep, unsigned shift, uint64_t pgoff)
{
	struct page_index_node *node = *nodep;
	void **slot = page_index_slot(node, pgoff, shift);
	struct page *page = *slot;

	if (page && shift)
		page = remove_in(slot, shift - PAGE_INDEX_BITS, pgoff);
	else
		*slot = NULL;
	if (page && !*slot && !--node->nr_used) {
		kfree(node);
		*nodep = NULL;
	}
	return page;
}

struct page *page_index_remove(struct page_index *index, uint64_t pgoff)
{
	void *root = index->root;
	struct page *page;

	if (!page_index_covers(index, pgoff))
		return NULL;
	page = remove_in(&root, index->shift, pgoff);
	index->root = root;
	if (!root)
		index->shift = 0;
	return page;
}

static __cold void node_destroy(struct page_index_node *node, unsigned shift)
{
	for (unsigned i = 0; shift && i < PAGE_INDEX_SLOTS; i++) {
		if (node->slot[i])
			node_destroy(node->slot[i], shift - PAGE_INDEX_BITS);
	}
	kfree(node);
}

__cold void page_index_destroy(struct page_index *index)
{
	if (index->root)
		node_destroy(index->root, index->shift);
	*index = (struct page_index){NULL, 0};
}
