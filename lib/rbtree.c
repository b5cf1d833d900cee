/* SPDX-License-Identifier: MIT */
/*
 * Red-black tree: balance and subtree values.
 *
 * Invariants: the root is black; a red node has no red child; all ways from a
 * node down to a missing child pass the same number of black nodes.
 *
 * Lockless descent. Each child pointer is stored with release, in an order
 * such that after every single store the child pointers form no cycle: a node
 * is first cut off from its old place, then given its new children, then hung
 * at its new place. In between a reader from above misses a subtree; a reader
 * who already stands on a moved node goes on into a part of the tree that does
 * not lead back to him. The releases keep that order for a reader on another
 * hart: whoever sees a later store sees the earlier ones.
 *
 * Both mirror images of each case are one piece of code: a side is a bool,
 * false for left, and `!side` is the other one.
 */
#include "lib/rbtree.h"

static struct rb_node *child_of(const struct rb_node *node, bool side)
{
	return side ? node->right : node->left;
}

static void set_child(struct rb_node *node, bool side, struct rb_node *child)
{
	store_release(side ? &node->right : &node->left, child);
}

static bool is_red(const struct rb_node *node)
{
	return node && !(node->parent_color & RB_BLACK);
}

static void set_red(struct rb_node *node)
{
	node->parent_color &= ~RB_BLACK;
}

static void set_black(struct rb_node *node)
{
	node->parent_color |= RB_BLACK;
}

static void set_parent(struct rb_node *node, struct rb_node *parent)
{
	node->parent_color =
	    (uintptr_t)parent | (node->parent_color & RB_BLACK);
}

/* Let the pointer that led to `old` lead to `new`; parent NULL is the root. */
static void replace_child(struct rb_root *root, struct rb_node *parent,
			  struct rb_node *old, struct rb_node *new)
{
	if (parent)
		set_child(parent, parent->right == old, new);
	else
		store_release(&root->node, new);
}

/*
 * Move `down` one level down to `side`; its child from the other side takes
 * its place. Colours stay with the nodes. The subtree holds the same nodes as
 * before, so no value above it changes.
 */
static void rotate(struct rb_root *root, struct rb_node *down, bool side,
		   const struct rb_augment *augment)
{
	struct rb_node *up = child_of(down, !side);
	struct rb_node *middle = child_of(up, side);
	struct rb_node *parent = rb_parent(down);

	set_child(down, !side, middle); /* cuts `up` off */
	set_child(up, side, down);
	replace_child(root, parent, down, up);

	if (middle)
		set_parent(middle, down);
	set_parent(up, parent);
	set_parent(down, up);
	if (augment) {
		augment->update(down, augment);
		augment->update(up, augment);
	}
}

void rb_insert_augmented(struct rb_node *node, struct rb_root *root,
			 const struct rb_augment *augment)
{
	struct rb_node *parent = rb_parent(node);

	/* Red under red is the only rule that may be broken, and only here. */
	while (is_red(parent)) {
		struct rb_node *grand = rb_parent(parent);
		bool side = parent == grand->right;
		struct rb_node *uncle = child_of(grand, !side);

		if (is_red(uncle)) {
			set_black(parent);
			set_black(uncle);
			set_red(grand);
			node = grand;
			parent = rb_parent(node);
			continue;
		}
		if (node == child_of(parent, !side)) {
			rotate(root, parent, side, augment);
			parent = node;
		}
		rotate(root, grand, !side, augment);
		set_black(parent);
		set_red(grand);
		break;
	}
	set_black(root->node);
}

/*
 * The ways through `node`, a child of `parent` and possibly NULL, are one
 * black node short. Find one to add, or shorten the sibling too and go up.
 */
static void repair_height(struct rb_root *root, struct rb_node *parent,
			  struct rb_node *node,
			  const struct rb_augment *augment)
{
	while (parent && !is_red(node)) {
		/* The sibling exists: its side has a black node more. */
		bool side = parent->left != node;
		struct rb_node *sibling = child_of(parent, !side);
		struct rb_node *far;

		if (is_red(sibling)) {
			rotate(root, parent, side, augment);
			set_black(sibling);
			set_red(parent);
			sibling = child_of(parent, !side);
		}
		far = child_of(sibling, !side);
		if (!is_red(far) && !is_red(child_of(sibling, side))) {
			set_red(sibling);
			node = parent;
			parent = rb_parent(node);
			continue;
		}
		if (!is_red(far)) {
			far = sibling;
			sibling = child_of(sibling, side);
			rotate(root, far, !side, augment);
		}
		rotate(root, parent, side, augment);
		if (is_red(parent))
			set_red(sibling);
		else
			set_black(sibling);
		set_black(parent);
		set_black(far);
		return;
	}
	if (node)
		set_black(node);
}

/*
 * Let `next`, the successor of `node`, take the place and colour of `node`,
 * which has two children. Returns the node under which a leaf is now missing.
 */
static struct rb_node *replace_by_next(struct rb_root *root,
				       struct rb_node *node,
				       struct rb_node *next)
{
	struct rb_node *parent = rb_parent(next);

	if (parent == node) {
		parent = next;
	} else {
		set_child(parent, false, next->right); /* cuts `next` off */
		if (next->right)
			set_parent(next->right, parent);
		set_child(next, true, node->right);
		set_parent(node->right, next);
	}
	set_child(next, false, node->left);
	set_parent(node->left, next);
	replace_child(root, rb_parent(node), node, next);
	next->parent_color = node->parent_color;
	return parent;
}

void rb_erase_augmented(struct rb_node *node, struct rb_root *root,
			const struct rb_augment *augment)
{
	struct rb_node *child = node->left ? node->left : node->right;
	struct rb_node *parent = rb_parent(node);
	struct rb_node *next = NULL;
	bool was_black = !is_red(node);

	if (!node->left || !node->right) {
		replace_child(root, parent, node, child);
		if (child)
			set_parent(child, parent);
	} else {
		for (next = node->right; next->left; next = next->left)
			;
		was_black = !is_red(next);
		child = next->right;
		parent = replace_by_next(root, node, next);
	}

	if (augment && next) {
		/* Below, `next` is missing; above, nothing has changed. */
		for (struct rb_node *at = parent; at != next;
		     at = rb_parent(at))
			augment->update(at, augment);
		augment->update(next, augment);
	}
	if (was_black)
		repair_height(root, parent, child, augment);
}

static struct rb_node *outermost(struct rb_node *node, bool side)
{
	while (node && child_of(node, side))
		node = child_of(node, side);
	return node;
}

static struct rb_node *neighbour(const struct rb_node *node, bool side)
{
	struct rb_node *parent;

	if (child_of(node, side))
		return outermost(child_of(node, side), !side);
	for (parent = rb_parent(node); parent && node == child_of(parent, side);
	     parent = rb_parent(node))
		node = parent;
	return parent;
}

struct rb_node *rb_first(const struct rb_root *root)
{
	return outermost(root->node, false);
}

struct rb_node *rb_last(const struct rb_root *root)
{
	return outermost(root->node, true);
}

struct rb_node *rb_next(const struct rb_node *node)
{
	return neighbour(node, true);
}

struct rb_node *rb_prev(const struct rb_node *node)
{
	return neighbour(node, false);
}

/* A tree of 2^48 nodes is not deeper; a broken one may be. */
#define MAX_DEPTH 96

/* Black nodes from here down, this one included; -1 and *broken on error. */
static int check_subtree(const struct rb_node *node, int depth,
			 const char **broken)
{
	int left, right;

	if (!node)
		return 0;
	if (depth > MAX_DEPTH)
		*broken = "too deep";
	else if ((node->left && rb_parent(node->left) != node) ||
		 (node->right && rb_parent(node->right) != node))
		*broken = "parent link";
	else if (is_red(node) && (is_red(node->left) || is_red(node->right)))
		*broken = "red under red";
	if (*broken)
		return -1;
	left = check_subtree(node->left, depth + 1, broken);
	right = *broken ? -1 : check_subtree(node->right, depth + 1, broken);
	if (!*broken && left != right)
		*broken = "black height";
	return left + !is_red(node);
}

const char *rb_verify(const struct rb_root *root,
		      bool (*in_order)(const struct rb_node *a,
				       const struct rb_node *b),
		      bool (*value_ok)(const struct rb_node *node))
{
	const char *broken = NULL;
	const struct rb_node *node, *prev = NULL;

	if (!root->node)
		return NULL;
	if (is_red(root->node) || rb_parent(root->node))
		return "root";
	check_subtree(root->node, 0, &broken);
	if (broken)
		return broken;
	for (node = rb_first(root); node; prev = node, node = rb_next(node)) {
		if (prev && in_order && !in_order(prev, node))
			return "order";
		if (value_ok && !value_ok(node))
			return "value";
	}
	return NULL;
}
