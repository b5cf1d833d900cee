/* SPDX-License-Identifier: MIT */
/*
 * Futexes: the operations of futex(2) and the list of robust locks that the
 * kernel walks when a thread dies (set_robust_list).
 */
#pragma once

#include <stdint.h>

#define FUTEX_WAIT	  0
#define FUTEX_WAKE	  1
#define FUTEX_REQUEUE	  3
#define FUTEX_CMP_REQUEUE 4
#define FUTEX_WAKE_OP	  5
#define FUTEX_LOCK_PI	  6
#define FUTEX_UNLOCK_PI	  7
#define FUTEX_WAIT_BITSET 9
#define FUTEX_WAKE_BITSET 10

#define FUTEX_PRIVATE_FLAG   128
#define FUTEX_CLOCK_REALTIME 256
#define FUTEX_CMD_MASK	     (~(FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME))

#define FUTEX_BITSET_MATCH_ANY 0xffffffffU

/* Bits of a robust futex word. */
#define FUTEX_WAITERS	 0x80000000U
#define FUTEX_OWNER_DIED 0x40000000U
#define FUTEX_TID_MASK	 0x3fffffffU

/* The third argument of FUTEX_WAKE_OP: op << 28 | cmp << 24 | arg << 12 | arg
 */
#define FUTEX_OP_SET	     0
#define FUTEX_OP_ADD	     1
#define FUTEX_OP_OR	     2
#define FUTEX_OP_ANDN	     3
#define FUTEX_OP_XOR	     4
#define FUTEX_OP_OPARG_SHIFT 8 /* with the op: argument is 1 << arg */
#define FUTEX_OP_CMP_EQ	     0
#define FUTEX_OP_CMP_NE	     1
#define FUTEX_OP_CMP_LT	     2
#define FUTEX_OP_CMP_LE	     3
#define FUTEX_OP_CMP_GT	     4
#define FUTEX_OP_CMP_GE	     5

/* Circular list through user memory; ends where it began, at the head. */
struct robust_list {
	uint64_t next;
};

struct robust_list_head {
	struct robust_list list;
	int64_t futex_offset;	  /* from an entry to its futex word */
	uint64_t list_op_pending; /* entry being locked or unlocked, or 0 */
};

#define ROBUST_LIST_LIMIT 2048

_Static_assert(sizeof(struct robust_list_head) == 24, "robust_list_head");
