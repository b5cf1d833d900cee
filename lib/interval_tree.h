/* SPDX-License-Identifier: MIT */
/*
 * Interval tree: which of many closed ranges [start, last] of page offsets
 * meet a given range? An augmented red-black tree sorted by start, in which
 * each node also knows the largest `last` of its subtree.
 *
 * The node does not hold its range, which the object around it has anyway:
 * two callbacks ask for it. Its start must not change while the node is in the
 * tree, and its end only with interval_changed_with(). Equal ranges may be
 * present many times. Those with one start keep the order of insertion:
 * truncation meets a parent before its child (docs/races.md).
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
 * The same for a caller who knows the ops of the tree: as constants they are
 * inlined, which saves some 40 instructions an operation.
 */
static inline struct interval_node *to_interval(const struct rb_node *rb)
{
	return rb_entry(rb, struct interval_node, rb);
}

/* The largest `last` of a subtree whose root ends at `last`. */
static inline uint64_t interval_last_below(const struct rb_node *rb,
					   uint64_t last)
{
	if (rb->left)
		last = max(last, to_interval(rb->left)->subtree_last);
	if (rb->right)
		last = max(last, to_interval(rb->right)->subtree_last);
	return last;
}

static inline bool interval_update_with(struct rb_node *rb,
					const struct interval_ops *ops)
{
	struct interval_node *node = to_interval(rb);
	uint64_t before = node->subtree_last;

	node->subtree_last = interval_last_below(rb, ops->last(node));
	return node->subtree_last != before;
}

static inline void interval_insert_with(struct interval_root *root,
					struct interval_node *node,
					const struct interval_ops *ops)
{
	struct rb_node **link = &root->rb.node, *parent = NULL;
	uint64_t start = ops->start(node), last = ops->last(node);

	node->subtree_last = last;
	while (*link) {
		struct interval_node *at = to_interval(*link);

		parent = *link;
		if (at->subtree_last < last)
			at->subtree_last = last;
		link = start < ops->start(at) ? &parent->left : &parent->right;
	}
	rb_link_node(&node->rb, parent, link);
	rb_insert_augmented(&node->rb, &root->rb, &ops->augment);
}

static inline void interval_remove_with(struct interval_root *root,
					struct interval_node *node,
					const struct interval_ops *ops)
{
	struct rb_node *at = &node->rb;

	/* As if the node ended before all others, which nobody sees. */
	node->subtree_last = interval_last_below(at, 0);
	do
		at = rb_parent(at);
	while (at && interval_update_with(at, ops));
	rb_erase_augmented(&node->rb, &root->rb, &ops->augment);
}

/* The node's `last` has changed. */
static inline void interval_changed_with(struct interval_node *node,
					 const struct interval_ops *ops)
{
	struct rb_node *at = &node->rb;

	while (at && interval_update_with(at, ops))
		at = rb_parent(at);
}

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
