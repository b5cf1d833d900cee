/* SPDX-License-Identifier: MIT */
/*
 * What tests may do to the host machine: size its RAM, start threads, see
 * fences, make allocations fail, expect a BUG. The code under test knows only
 * lib/machine.h.
 */
#pragma once

#include <setjmp.h>

#include "lib/machine.h"

#define HOST_RAM_DEFAULT (64UL << 20)

/*
 * Make the machine: `size` bytes of zeroed RAM at HOST_RAM_BASE (0 for the
 * default), and the calling thread on hart 0. A second call throws the first
 * machine's RAM away; no other thread may be running.
 */
void host_machine_init(size_t size);

/* Run fn(arg) in a new thread on a free hart. At most MAX_HARTS at once. */
struct thread *host_thread_start(void (*fn)(void *arg), void *arg);

/* Wait for its end; t is gone afterwards. */
void host_thread_join(struct thread *t);

/* What kill -9 does: machine_fatal_signal() is true in t, which wakes up. */
void host_thread_kill(struct thread *t);

/* Is t inside machine_park()? By the time it is known it may have changed. */
bool host_thread_is_parked(struct thread *t);

/* Has t waited for a spinlock, at any time? */
bool host_thread_has_spun(struct thread *t);

/* Called for each fence when not NULL. Set before threads start. */
extern void (*host_tlb_fence_hook)(uint64_t harts, unsigned asid, vaddr_t start,
				   vaddr_t end);
extern void (*host_fence_i_hook)(uint64_t harts);

/*
 * Let the n-th machine_fail_alloc() from now on return true, once; 0 for never.
 * host_fail_fired() says whether that has happened since.
 */
void host_fail_nth(unsigned n);
bool host_fail_fired(void);

/* What kprintf() prints goes here when not NULL. */
extern void (*host_print_hook)(const char *text);

/* No kprintf() output while true. */
extern bool host_quiet;

/* For EXPECT_BUG. */
extern _Thread_local jmp_buf *host_bug_target;

/*
 * Run the statement, true when it ended in bug() or panic(). What it held is
 * still held: throw the objects away.
 */
#define EXPECT_BUG(statement)                                                  \
	({                                                                     \
		jmp_buf bug_env_;                                              \
		volatile bool bug_hit_ = true;                                 \
		host_bug_target = &bug_env_;                                   \
		if (!setjmp(bug_env_)) {                                       \
			statement;                                             \
			bug_hit_ = false;                                      \
		}                                                              \
		host_bug_target = NULL;                                        \
		(bool)bug_hit_;                                                \
	})
