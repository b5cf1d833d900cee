/* SPDX-License-Identifier: MIT */
/*
 * Intrusive doubly linked list, circular, with a head that is a node itself.
 *
 * The node sits inside the object that is on the list, so that linking never
 * allocates and unlinking needs no search. An object may be on several lists
 * through several nodes. The list does no locking: whoever owns the head says
 * which lock guards it.
 *
 * An unlinked node is either fresh (list_init, list_del_init: points to itself,
 * list_empty() is true for it) or dead (list_del: null pointers, so that a
 * second unlink faults at once instead of corrupting a neighbour).
 */
#pragma once

#include "lib/types.h"

struct list_head {
	struct list_head *next, *prev;
};

#define LIST_HEAD_INIT(name)                                                   \
	{                                                                      \
		&(name), &(name)                                               \
	}
#define LIST_HEAD(name) struct list_head name = LIST_HEAD_INIT(name)

static inline void list_init(struct list_head *head)
{
	head->next = head;
	head->prev = head;
}

/* Link node between two neighbours; for this file only. */
static inline void list_link_(struct list_head *prev, struct list_head *node,
			      struct list_head *next)
{
	node->next = next;
	node->prev = prev;
	prev->next = node;
	next->prev = node;
}

/* Put node first: a stack. */
static inline void list_add(struct list_head *node, struct list_head *head)
{
	list_link_(head, node, head->next);
}

/* Put node last: a queue. Also: put node just before `head`, any node. */
static inline void list_add_tail(struct list_head *node, struct list_head *head)
{
	list_link_(head->prev, node, head);
}

/* Unlink; the node is dead until it is added or initialised again. */
static inline void list_del(struct list_head *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	node->next = NULL;
	node->prev = NULL;
}

/* Unlink; the node is fresh. Unlinking a fresh node again changes nothing. */
static inline void list_del_init(struct list_head *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	list_init(node);
}

static inline void list_move(struct list_head *node, struct list_head *head)
{
	list_del(node);
	list_add(node, head);
}

static inline void list_move_tail(struct list_head *node,
				  struct list_head *head)
{
	list_del(node);
	list_add_tail(node, head);
}

/* Nothing on the list; or, asked of a node: not on any list. */
static inline bool list_empty(const struct list_head *head)
{
	return head->next == head;
}

static inline bool list_is_singular(const struct list_head *head)
{
	return head->next != head && head->next == head->prev;
}

/* Is `node` the last one of the list `head`? */
static inline bool list_is_last(const struct list_head *node,
				const struct list_head *head)
{
	return node->next == head;
}

/* Move all of `from` to the front of `head`; `from` is empty afterwards. */
static inline void list_splice_init(struct list_head *from,
				    struct list_head *head)
{
	if (list_empty(from))
		return;
	from->prev->next = head->next;
	head->next->prev = from->prev;
	from->next->prev = head;
	head->next = from->next;
	list_init(from);
}

/* The same, to the end of `head`. */
static inline void list_splice_tail_init(struct list_head *from,
					 struct list_head *head)
{
	list_splice_init(from, head->prev);
}

#define list_entry(node, type, member) container_of(node, type, member)
#define list_first_entry(head, type, member)                                   \
	list_entry((head)->next, type, member)
#define list_last_entry(head, type, member)                                    \
	list_entry((head)->prev, type, member)
#define list_first_entry_or_null(head, type, member)                           \
	(list_empty(head) ? NULL : list_first_entry(head, type, member))
#define list_next_entry(pos, member)                                           \
	list_entry((pos)->member.next, typeof(*(pos)), member)
#define list_prev_entry(pos, member)                                           \
	list_entry((pos)->member.prev, typeof(*(pos)), member)

#define list_for_each_entry(pos, head, member)                                 \
	for (pos = list_first_entry(head, typeof(*pos), member);               \
	     &pos->member != (head); pos = list_next_entry(pos, member))
#define list_for_each_entry_reverse(pos, head, member)                         \
	for (pos = list_last_entry(head, typeof(*pos), member);                \
	     &pos->member != (head); pos = list_prev_entry(pos, member))

/* `pos` may be unlinked and freed in the body; `tmp` holds the one after. */
#define list_for_each_entry_safe(pos, tmp, head, member)                       \
	for (pos = list_first_entry(head, typeof(*pos), member),               \
	    tmp = list_next_entry(pos, member);                                \
	     &pos->member != (head);                                           \
	     pos = tmp, tmp = list_next_entry(tmp, member))
