/* SPDX-License-Identifier: MIT */
/*
 * Interval tree: which of many closed ranges [start, last] of page offsets
 * meet a given range? An augmented red-black tree sorted by start, in which
 * each node also knows the largest `last` of its subtree.
 *
 * The node does not hold its range, which the object around it has anyway:
 * two callbacks ask for it. It must not change while the node is in the tree.
 * Equal ranges may be present many times; they keep the order of insertion.
 *
 * Locking is the owner's; there is no lockless search.
 */
#pragma once

#include "lib/rbtree.h"

struct interval_node {
	struct rb_node rb;
	uint64_t subtree_last;
};

_Static_assert(sizeof(struct interval_node) == 32, "sits in every mapping");

struct interval_ops {
	struct rb_augment augment;
	uint64_t (*start)(const struct interval_node *node);
	uint64_t (*last)(const struct interval_node *node);
};

struct interval_root {
	struct rb_root rb;
	const struct interval_ops *ops;
};

/* static const struct interval_ops my_ops = INTERVAL_OPS(my_start, my_last); */
#define INTERVAL_OPS(start_fn, last_fn)                                        \
	{                                                                      \
		.augment = {interval_update}, .start = (start_fn),             \
		.last = (last_fn)                                              \
	}

/* For INTERVAL_OPS only. */
bool interval_update(struct rb_node *node, const struct rb_augment *self);

static inline void interval_root_init(struct interval_root *root,
				      const struct interval_ops *ops)
{
	root->rb = RB_ROOT_INIT;
	root->ops = ops;
}

static inline bool interval_is_empty(const struct interval_root *root)
{
	return rb_is_empty(&root->rb);
}

void interval_insert(struct interval_root *root, struct interval_node *node);
void interval_remove(struct interval_root *root, struct interval_node *node);

/*
 * The node with the lowest start that meets [start, last], both included, and
 * the one after `node` that does; NULL when there is none. O(log n) each.
 */
struct interval_node *interval_first(const struct interval_root *root,
				     uint64_t start, uint64_t last);
struct interval_node *interval_next(const struct interval_root *root,
				    struct interval_node *node, uint64_t start,
				    uint64_t last);

/* The body must not change the tree. */
#define interval_for_each(node, root, start, last)                             \
	for (node = interval_first(root, start, last); node;                   \
	     node = interval_next(root, node, start, last))

/* As rb_verify(), with order and subtree_last. */
const char *interval_verify(const struct interval_root *root);
