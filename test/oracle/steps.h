/* SPDX-License-Identifier: MIT */
/*
 * What a sequence is made of. Both sides read it: the program that runs it on
 * the host's Linux, and the test that runs it on mm/.
 *
 * All that matters happens in two ranges, which are at the same addresses on
 * both sides: the window, and the heap behind the program break. Everything
 * else is occupied, so that memory mapped anywhere lands there as well. The
 * real break of the Linux program is where it is; steps and observations have
 * it moved to HEAP_START.
 *
 * The window has the border of a page table (and of the table above it) near
 * its low end. Two hot spots of it are near enough to each other for the guard
 * gap of a stack to lie between them, and far enough to leave it.
 *
 * This header knows nothing of mmap's constants, for they come from the host
 * on one side and from abi/ on the other; their values are the same.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ORACLE_PAGE  4096ULL
#define WINDOW_START (0x1000000000ULL - 24 * ORACLE_PAGE)
#define WINDOW_PAGES 384
#define WINDOW_END   (WINDOW_START + WINDOW_PAGES * ORACLE_PAGE)
#define HEAP_START   0x800000000ULL
#define HEAP_PAGES   32
#define HEAP_END     (HEAP_START + HEAP_PAGES * ORACLE_PAGE)
#define HEAP_BELOW   4 /* touched pages that the heap has from the start */
#define NR_LOOKED_AT (WINDOW_PAGES + HEAP_PAGES)

/* RET_WORD comes from the build: eight bytes of "return"; 0: not known. */

/* Limits of the processes, so small that sequences reach them. */
#define LIMIT_STACK   (200 * ORACLE_PAGE)
#define LIMIT_MEMLOCK (40 * ORACLE_PAGE)

/*
 * What OP_LIMIT changes. Of address space and data the pages are those that may
 * be added to what the process has at the moment, since what it has besides the
 * window is another matter on each side.
 */
enum limit {
	OF_LOCKED,
	OF_SPACE,
	OF_DATA,
};

/* At most so many processes, the first one included. */
#define NR_ACTORS 3

/*
 * Open files: two of one inode with all its pages, the second read-only, and
 * two of one whose pages 1 and 3 are holes, the second write-only.
 */
#define NR_FILES     4
#define FILE0_SIZE   (10 * ORACLE_PAGE)
#define FILE2_SIZE   (5 * ORACLE_PAGE + 2048)
#define FILE2_HOLES  0x0aULL
#define FILE_TEXT(o) (0xf11e000000000000ULL | (o))

enum op {
	OP_LOOK, /* nothing but the observation, with the usage of areas */
	OP_LOAD,
	OP_STORE,
	OP_FETCH,	/* jump there; RET_WORD must be there, or no right to */
	OP_KERNEL_LOAD, /* as the kernel: write(2) from there */
	OP_KERNEL_STORE, /* as the kernel: read(2) to there */
	OP_FORK,	 /* arg 0: the new actor */
	OP_EXIT,
	OP_MMAP,
	OP_MUNMAP,
	OP_MPROTECT,
	OP_MREMAP,
	OP_MADVISE,
	OP_MLOCK2,
	OP_MUNLOCK,
	OP_MLOCKALL,
	OP_MUNLOCKALL,
	OP_LIMIT, /* arg 0: enum limit; arg 1: pages, or ~0 for none */
	OP_BRK,
	OP_MSYNC,
	OP_MINCORE,
	OP_FTRUNCATE,
	OP_PWRITE, /* eight bytes */
	OP_PREAD,
	OP_PUNCH_HOLE,
	NR_OPS,
};

#define MAX_ARGS 6

struct step {
	uint32_t op;
	uint32_t actor;
	uint64_t arg[MAX_ARGS];
};

#define MAX_STEPS 64

struct sequence {
	uint32_t nr;
	struct step step[MAX_STEPS];
};

/* What is known of each op: its name, and what its arguments are. */
struct op_info {
	const char *name;
	const char *args; /* a address, l length, f file, n number */
};
extern const struct op_info op_info[NR_OPS];

static inline unsigned op_nr_args(uint32_t op)
{
	unsigned n = 0;

	while (op_info[op].args[n])
		n++;
	return n;
}

/*
 * One step as a line of text, "0 mmap 0xffffe8000 0x4000 3 0x32 -1 0", and
 * back. step_parse returns false for what is not a step.
 */
void step_print(char *buf, size_t len, const struct step *step);
bool step_parse(const char *line, struct step *step);
