/* SPDX-License-Identifier: MIT */
/*
 * Interval tree over the augmented red-black tree.
 *
 * Invariants: starts do not decrease in order, and subtree_last of a node is
 * the largest `last` found in the node and below it.
 *
 * The search rests on one remark. If a left subtree has any node that ends at
 * or after `start`, the answer is in it or nowhere: should that node not meet
 * the range, it begins after `last`, and so does everything to its right.
 */
#include "lib/interval_tree.h"

/* Does the subtree have a node that ends at or after `start`? */
static bool reaches(const struct rb_node *rb, uint64_t start)
{
	return rb && to_interval(rb)->subtree_last >= start;
}

bool interval_update(struct rb_node *rb, const struct rb_augment *self)
{
	return interval_update_with(
	    rb, container_of(self, struct interval_ops, augment));
}

void interval_insert(struct interval_root *root, struct interval_node *node)
{
	interval_insert_with(root, node, root->ops);
}

void interval_remove(struct interval_root *root, struct interval_node *node)
{
	interval_remove_with(root, node, root->ops);
}

/* The first in the subtree of `rb` that meets [start, last]. */
static struct interval_node *first_in(const struct interval_root *root,
				      const struct rb_node *rb, uint64_t start,
				      uint64_t last)
{
	while (reaches(rb, start)) {
		struct interval_node *node = to_interval(rb);

		if (reaches(rb->left, start)) {
			rb = rb->left;
			continue;
		}
		if (root->ops->start(node) > last)
			return NULL;
		if (root->ops->last(node) >= start)
			return node;
		rb = rb->right;
	}
	return NULL;
}

struct interval_node *interval_first(const struct interval_root *root,
				     uint64_t start, uint64_t last)
{
	return first_in(root, root->rb.node, start, last);
}

struct interval_node *interval_next(const struct interval_root *root,
				    struct interval_node *node, uint64_t start,
				    uint64_t last)
{
	const struct rb_node *rb = &node->rb, *below;

	for (;;) {
		/* As for a left subtree: in it or nowhere. */
		if (reaches(rb->right, start))
			return first_in(root, rb->right, start, last);
		do {
			below = rb;
			rb = rb_parent(rb);
		} while (rb && below == rb->right);
		if (!rb || root->ops->start(to_interval(rb)) > last)
			return NULL;
		if (root->ops->last(to_interval(rb)) >= start)
			return to_interval(rb);
	}
}

const char *interval_verify(const struct interval_root *root)
{
	const char *broken = rb_verify(&root->rb, NULL, NULL);
	struct rb_node *rb, *prev = NULL;

	if (broken)
		return broken;
	for (rb = rb_first(&root->rb); rb; prev = rb, rb = rb_next(rb)) {
		if (prev && root->ops->start(to_interval(prev)) >
				root->ops->start(to_interval(rb)))
			return "order";
		if (to_interval(rb)->subtree_last !=
		    interval_last_below(rb, root->ops->last(to_interval(rb))))
			return "subtree_last";
	}
	return NULL;
}
