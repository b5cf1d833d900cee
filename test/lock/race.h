/* SPDX-License-Identifier: MIT */
/*
 * One address space that several host threads, each a hart, tear at: what they
 * share. race_fault.c has the threads that touch memory through the software
 * MMU, race_write.c those that change the address space, race_mm.c the rest.
 *
 * The model. Memory is a row of windows of WINDOW_PAGES pages. Each thread has
 * a word of its own in every page; what it writes there says which window,
 * page and thread it belongs to, and counts up. Whoever reads any word must
 * find zero or a word that belongs there: another page's contents, a freed page
 * or a page table would show. Where nothing is moved or shared, a thread must
 * find in its own word what it wrote last, or zero from then on. Behind those
 * words a child process leaves a mark, which the parent must never see.
 */
#pragma once

#include "test/host/mm_env.h"

#define WINDOW_PAGES 16
#define MAX_FAULTERS 4
#define MAX_WRITERS  3

enum window_kind {
	W_ANON,	   /* private memory */
	W_TWIN,	   /* the same, in another table */
	W_FROM,	   /* pages move between this one ... */
	W_TO,	   /* ... and this one */
	W_SHARED,  /* a file, shared */
	W_PRIVATE, /* the same file, private */
	W_FROZEN,  /* anonymous; the first writer freezes it */
	W_BRK,	   /* the heap */
	W_STACK,   /* grows down */
	NR_WINDOWS,
};

struct window {
	vaddr_t start;
	uint8_t key;	/* windows between which contents wander share it */
	bool is_exact;	/* own words are the last ones written, or zero */
	bool is_remade; /* may writers unmap and map it at will? */
};

struct race {
	struct mm_struct *mm;
	struct file *file;
	unsigned nr_faulters;
	uint64_t ops; /* for each thread and round */
	uint64_t seed;
	uint32_t nr_faulting; /* atomic; writers go on while it is not 0 */
	uint64_t nr_done;     /* atomic; operations of all threads */
};

extern const struct window windows[NR_WINDOWS];
extern struct race race;

#define CHILD_MARK (1ULL << 63) /* in the word behind the threads' */

/* The word of thread `who` in a page; count is below 2^32. */
static inline uint64_t race_word(enum window_kind w, unsigned page,
				 unsigned who, uint64_t count)
{
	return (uint64_t)windows[w].key << 56 | (uint64_t)(who + 1) << 48 |
	       (uint64_t)page << 40 | count;
}

/* Does a word that was found belong there? Zero always does. */
static inline bool race_belongs(uint64_t word, enum window_kind w,
				unsigned page, unsigned who)
{
	return !word || (word ^ race_word(w, page, who, 0)) >> 40 == 0;
}

static inline vaddr_t window_page(enum window_kind w, unsigned page)
{
	return windows[w].start + page * PG;
}

/* The bodies of threads; arg is the number of the thread of its sort. */
void race_fault_thread(void *arg);
void race_write_thread(void *arg);

/* Nobody has written anything yet. */
void race_forget(void);

/* Map what a window should hold, all of it. */
void race_make_window(enum window_kind w);
