/* SPDX-License-Identifier: MIT */
/*
 * The seam: everything that lib/ and mm/ ask of the machine below them.
 *
 * Two implementations exist. kernel/riscv/ answers with CSRs and SBI calls;
 * test/host/ answers with POSIX threads and one big array as RAM. lib/ and mm/
 * contain no #ifdef and no assembly: the same files are compiled against
 * either. The functions that sit on a hot path are static inline and come from
 * "machine_impl.h", which the build finds in one of the two folders; they are:
 *
 *   void *phys_to_virt(paddr_t pa)        address of RAM through the linear map
 *   paddr_t virt_to_phys(const void *va)  its inverse, linear map only
 *   unsigned machine_hart(void)           index of this hart, 0..MAX_HARTS-1
 *   struct thread *machine_self(void)     the running thread
 *   void machine_relax(void)              hint inside a spin loop
 *   void rcu_read_lock(void)              begin and end of a section in which
 *   void rcu_read_unlock(void)            the thread does not sleep and type-
 *                                         stable memory keeps its type
 *   void machine_tlb_fence_here(unsigned asid, vaddr_t va)
 *                                         machine_tlb_fence() of one page, on
 *                                         this hart alone
 *   void clear_page(void *page)           zero PAGE_SIZE bytes, aligned
 *   void copy_page(void *to, const void *from)
 *
 * The kernel runs with interrupts off and is not preempted: it gives up its
 * hart only in machine_park(). So a spinlock needs no interrupt state.
 */
#pragma once

#include "lib/types.h"

#define MAX_HARTS 64 /* a set of harts is one uint64_t */

struct thread; /* opaque to lib/ and mm/ */

#include "machine_impl.h" /* the inline part, see above */

/*
 * Sleep until machine_unpark() was called for this thread. An unpark that came
 * before is remembered (one token), and spurious returns are allowed: callers
 * loop on their own condition. Sleeps; no spinlock may be held.
 */
void machine_park(void);

/* Let thread t return from its current or next machine_park(). Any context. */
void machine_unpark(struct thread *t);

/* Has a fatal signal been sent to the running thread? Killable waits ask. */
bool machine_fatal_signal(void);

/* Give the hart to another runnable thread, if there is one. Sleeps. */
void machine_yield(void);

/*
 * Forget cached translations of address-space id `asid` for user addresses
 * [start, end) on the harts in `harts` (bit n: hart n). It has happened on all
 * of them when the call returns. `asid` 0 with the full range means everything.
 * Priv. 1.12, 4.2.1 (SFENCE.VMA); SBI 1.0, RFENCE extension.
 */
void machine_tlb_fence(uint64_t harts, unsigned asid, vaddr_t start,
		       vaddr_t end);

/* Make stores to instruction memory visible to fetches on `harts`. */
void machine_fence_i(uint64_t harts);

/*
 * Wait until every section between rcu_read_lock and rcu_read_unlock that had
 * begun before the call has ended. Sleeps.
 */
void machine_rcu_synchronize(void);

/* Nanoseconds since boot; never goes backwards on one hart. */
uint64_t machine_clock(void);

/* Cheap, exact counter for cost figures: instructions retired by this hart. */
uint64_t machine_instret(void);

/* Write a log line. printf format, newline included by the caller. */
void kprintf(const char *fmt, ...) __printf(1, 2);

/* Print the message, registers and backtrace of this hart, then stop all. */
_Noreturn void panic(const char *fmt, ...) __printf(1, 2);

/*
 * Should the next allocation that may fail be made to fail? The fault injector
 * of the tests answers; the kernel's answer is a constant false unless it was
 * switched on.
 */
bool machine_fail_alloc(void);
