/* SPDX-License-Identifier: MIT */
/*
 * Intrusive red-black tree, with values kept over subtrees ("augmented").
 *
 * The caller writes the search: he descends from root->node himself, comparing
 * his own keys, and hands the place he found to rb_link_node(). The tree keeps
 * the balance and, through one callback, a value in each node that sums up its
 * subtree (the largest gap, the largest end, ...).
 *
 * Locking: the owner of the tree serialises writers, and readers that use
 * rb_next(), rb_parent() and the like. A reader without the lock may only
 * descend with rb_left_lockless() and rb_right_lockless() from
 * rb_root_lockless(). Beside a writer he may miss a node that is there; he
 * meets only nodes that are or lately were in the tree, and at every moment
 * his way down is finite. Keeping removed nodes readable while he may stand on
 * them is the owner's business (RCU).
 */
#pragma once

#include "lib/atomic.h"

struct rb_node {
	uintptr_t parent_color; /* parent | RB_BLACK; writers only */
	struct rb_node *left, *right;
};

struct rb_root {
	struct rb_node *node;
};

_Static_assert(sizeof(struct rb_node) == 24, "nodes sit in small objects");

#define RB_RED	 0UL
#define RB_BLACK 1UL /* lowest bit of parent_color: nodes are aligned */

#define RB_ROOT_INIT ((struct rb_root){NULL})

#define rb_entry(ptr, type, member) container_of(ptr, type, member)

/*
 * How to sum up a subtree. update() computes the value of `node` anew from the
 * node itself and from the values of its two children, stores it, and returns
 * whether it differs from what was stored before. `self` is the pointer that
 * was passed to the tree call: a larger struct may be wrapped around it.
 */
struct rb_augment {
	bool (*update)(struct rb_node *node, const struct rb_augment *self);
};

static inline struct rb_node *rb_parent(const struct rb_node *node)
{
	return (struct rb_node *)(node->parent_color & ~RB_BLACK);
}

static inline bool rb_is_empty(const struct rb_root *root)
{
	return !load_relaxed(&root->node);
}

/* The three loads pair with the releases in set_child() of rbtree.c. */
static inline struct rb_node *rb_root_lockless(const struct rb_root *root)
{
	return load_dependent(&root->node);
}

static inline struct rb_node *rb_left_lockless(const struct rb_node *node)
{
	return load_dependent(&node->left);
}

static inline struct rb_node *rb_right_lockless(const struct rb_node *node)
{
	return load_dependent(&node->right);
}

/*
 * Hang `node` as a red leaf under `parent` (NULL for an empty tree) at `link`,
 * the null child pointer of parent, or &root->node. Lockless readers see the
 * node from here on, complete. rb_insert*() must follow.
 */
static inline void rb_link_node(struct rb_node *node, struct rb_node *parent,
				struct rb_node **link)
{
	node->parent_color = (uintptr_t)parent | RB_RED;
	store_relaxed(&node->left, NULL);
	store_relaxed(&node->right, NULL);
	store_release(link, node);
}

/*
 * For building a tree bottom-up, out of sight of readers: hang two subtrees
 * under a node, or a tree under a root. Heights and values are the caller's.
 */
static inline void rb_set_node(struct rb_node *node, struct rb_node *left,
			       struct rb_node *right, bool is_red)
{
	node->parent_color = is_red ? RB_RED : RB_BLACK;
	store_relaxed(&node->left, left);
	store_relaxed(&node->right, right);
	if (left)
		left->parent_color |= (uintptr_t)node;
	if (right)
		right->parent_color |= (uintptr_t)node;
}

static inline void rb_set_root(struct rb_root *root, struct rb_node *node)
{
	store_release(&root->node, node);
}

/*
 * What `node` contributes to its subtree has changed: bring it and its
 * ancestors up to date. Stops at the first ancestor whose value stays. Inline,
 * so that a constant `augment` costs no calls.
 */
static inline void rb_propagate(struct rb_node *node,
				const struct rb_augment *augment)
{
	while (node && augment->update(node, augment))
		node = rb_parent(node);
}

/*
 * Restore the balance after rb_link_node(). `augment` may be NULL. The caller
 * has brought the values of the node and of its ancestors up to date: how is
 * his to choose, and often he can do it on the way down.
 */
void rb_insert_augmented(struct rb_node *node, struct rb_root *root,
			 const struct rb_augment *augment);

/*
 * Take `node` out. Its own pointers stay, for readers who stand on it. The
 * caller has brought the values of its ancestors to what they are without it.
 */
void rb_erase_augmented(struct rb_node *node, struct rb_root *root,
			const struct rb_augment *augment);

static inline void rb_insert(struct rb_node *node, struct rb_root *root)
{
	rb_insert_augmented(node, root, NULL);
}

static inline void rb_erase(struct rb_node *node, struct rb_root *root)
{
	rb_erase_augmented(node, root, NULL);
}

/* In order; NULL at the end or in an empty tree. */
struct rb_node *rb_first(const struct rb_root *root);
struct rb_node *rb_last(const struct rb_root *root);
struct rb_node *rb_next(const struct rb_node *node);
struct rb_node *rb_prev(const struct rb_node *node);

/*
 * Check everything that can be checked: parent links, no red node under a red
 * one, equal black height, order and values. Each callback may be NULL;
 * `in_order(a, b)` says whether b may follow a directly, `value_ok(node)`
 * whether its value is right given those of its children. Returns NULL, or
 * the name of the broken rule. For tests and mm_verify().
 */
const char *rb_verify(const struct rb_root *root,
		      bool (*in_order)(const struct rb_node *a,
				       const struct rb_node *b),
		      bool (*value_ok)(const struct rb_node *node));
