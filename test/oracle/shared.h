/* SPDX-License-Identifier: MIT */
/*
 * Memory shared by the test and the program that runs sequences on Linux, and
 * the form of what both sides observe.
 *
 * `turn` says who may go on; the others sleep on it as a futex. The test
 * writes a sequence and gives the turn to the Linux side's parent process
 * (TURN_PARENT); that one forks the first actor; actors hand the turn to each
 * other, as the steps ask, and at the end it comes back to the test.
 */
#pragma once

#include "test/oracle/steps.h"

/* An area of the window or the heap, cut to it. */
struct area {
	uint64_t start, end;
	uint64_t offset; /* in the file, bytes */
	uint32_t object; /* 0: none; files are numbered as they appear */
	bool read, write, exec, shared, heap;
	/* With OP_LOOK; KiB, and AREA_* bits. */
	uint32_t flags;
	uint32_t rss, pss, anonymous, locked, mapped_once;
};

/* Two-letter names in VmFlags of /proc/PID/smaps. */
#define AREA_FLAGS(X)                                                          \
	X(rd)                                                                  \
	X(wr)                                                                  \
	X(ex)                                                                  \
	X(sh)                                                                  \
	X(mr)                                                                  \
	X(mw)                                                                  \
	X(me)                                                                  \
	X(ms) X(gd) X(lo) X(sr) X(rr) X(dc) X(ac) X(nr) X(wf) X(dd) X(hg) X(nh)
enum area_bit {
#define AREA_BIT(name) AREA_BIT_##name,
	AREA_FLAGS(AREA_BIT)
#undef AREA_BIT
	    NR_AREA_BITS
};

/* State of a page. */
#define SEEN_CORE  0x01 /* mincore says resident */
#define SEEN_ENTRY 0x02 /* there is an entry in the page table */
#define SEEN_FILE  0x04 /* which leads to a page of a file */
#define SEEN_TEXT  0x08 /* contents were read */

#define NR_WORDS  3 /* of each page are compared */
#define MAX_AREAS 160

static const unsigned word_offset[NR_WORDS] = {0, 2040, 4088};

struct observation {
	int64_t result;		   /* or -errno */
	uint64_t value;		   /* of loads */
	int signal, code;	   /* of accesses */
	uint64_t address;	   /* si_addr */
	bool was_skipped;	   /* see linux_step.c */
	uint8_t vec[WINDOW_PAGES]; /* OP_MINCORE */
	unsigned nr_areas;
	struct area area[MAX_AREAS];
	uint8_t page[NR_LOOKED_AT];
	uint64_t word[NR_LOOKED_AT][NR_WORDS];
};

enum {
	TURN_PARENT = NR_ACTORS,
	TURN_TEST,
};

struct shared {
	uint32_t turn;
	uint32_t is_ready; /* the Linux side has set itself up, or refused */
	char refusal[128]; /* why it cannot */
	bool joins_less;   /* than 6.16: areas stay apart that mm/ joins */
	bool has_failed;   /* an actor died of something else than a step */
	uint32_t next;	   /* step to run */
	uint32_t is_alive[NR_ACTORS];
	int pid[NR_ACTORS];
	uint32_t reap; /* an actor that ends, plus one */
	struct sequence sequence;
	struct observation seen[MAX_STEPS];
};

/* Give the turn away; wait for it, false: not within the time. */
void turn_give(struct shared *shared, uint32_t to);
bool turn_wait(struct shared *shared, uint32_t me, unsigned seconds);

/* Number of the page among those that are looked at, or -1. */
static inline int page_number(uint64_t va)
{
	if (va >= WINDOW_START && va < WINDOW_END)
		return (int)((va - WINDOW_START) / ORACLE_PAGE);
	if (va >= HEAP_START && va < HEAP_END)
		return WINDOW_PAGES + (int)((va - HEAP_START) / ORACLE_PAGE);
	return -1;
}

static inline uint64_t page_address_of(unsigned number)
{
	return number < WINDOW_PAGES
		   ? WINDOW_START + number * ORACLE_PAGE
		   : HEAP_START + (number - WINDOW_PAGES) * ORACLE_PAGE;
}
