/* SPDX-License-Identifier: MIT */
/*
 * A software MMU: the second Sv39 walker, against which mm/ is tested.
 *
 * Written from the privileged specification (Priv. 1.12, chapters 4.2.1, 4.3
 * and 4.4) with constants of its own; it shares no code with mm/. It reads the
 * page tables that mm/ made, through physical memory, as hardware would.
 *
 * Each simulated hart has a TLB that forgets only when it is fenced. So a
 * missing fence is seen: an access goes to the page that used to be there, and
 * mmu_find_stale() reports entries that allow what the tables no longer do.
 * Options make it as unkind as the specification allows: no hardware update
 * of the A and D bits, invalid entries remembered, pointers to tables
 * remembered (which a fence of single addresses does not forget).
 *
 * A hart's TLB and its accesses are under the hart's mutex, so a fence from
 * another thread waits for the access in flight, as a real one does.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MMU_HARTS 8

enum mmu_access {
	MMU_LOAD,
	MMU_STORE,
	MMU_AMO, /* swap: buf gives the new value and gets the old one */
	MMU_FETCH,
};

/* scause of what stopped an access; Priv. 1.12, table 4.2. */
enum mmu_cause {
	MMU_DONE = -1,
	MMU_FETCH_ACCESS = 1,
	MMU_LOAD_ACCESS = 5,
	MMU_STORE_MISALIGNED = 6,
	MMU_STORE_ACCESS = 7,
	MMU_FETCH_PAGE = 12,
	MMU_LOAD_PAGE = 13,
	MMU_STORE_PAGE = 15,
};

struct mmu_config {
	bool hardware_ad;   /* the walker sets A and D; else it faults */
	bool cache_invalid; /* entries that are not valid are remembered */
	bool cache_tables;  /* pointers to tables are remembered */
	uint64_t ram_start, ram_end; /* accesses elsewhere are access faults */
};

/* Forget everything and start anew. */
void mmu_reset(const struct mmu_config *config);

/* Write satp of a hart: `root` is the physical address of the root table. */
void mmu_set_satp(unsigned hart, unsigned asid, uint64_t root);

/*
 * Access len (1 to 8) bytes of user memory. `supervisor`: made by the kernel
 * with SUM set, so that no fetch is possible. A misaligned access across a
 * page boundary happens entirely or not at all. When the result is not
 * MMU_DONE, *stval is the address that failed.
 */
enum mmu_cause mmu_access(unsigned hart, uint64_t va, void *buf, size_t len,
			  enum mmu_access access, bool supervisor,
			  uint64_t *stval);

/*
 * SFENCE.VMA on each hart of the set, for [start, end) of address space asid;
 * asid 0 means all of them. Only a range that has all user addresses makes a
 * hart forget pointers to tables.
 */
void mmu_fence(uint64_t harts, unsigned asid, uint64_t start, uint64_t end);

/* SFENCE.VMA va, asid on one hart. */
void mmu_fence_local(unsigned hart, unsigned asid, uint64_t va);

/*
 * Let a hart fetch translations of [start, end) nobody asked for, as it may at
 * any time.
 */
void mmu_speculate(unsigned hart, uint64_t start, uint64_t end);

/*
 * Compare what these harts remember of address space `asid` with the tables at
 * `root`. Returns the number of entries that give a page, a right or a table
 * that the tables do not give; *va is the address of one of them.
 */
unsigned mmu_find_stale(uint64_t set, unsigned asid, uint64_t root,
			uint64_t *va);

/* Number of entries a hart remembers of `asid`. */
unsigned mmu_count(unsigned hart, unsigned asid);
