/* SPDX-License-Identifier: MIT */
/*
 * The parts of the test: who runs a sequence on which side, who compares, who
 * invents sequences and makes them short.
 */
#pragma once

#include "test/host/tap.h"
#include "test/oracle/shared.h"

/* The process that runs sequences on Linux. */
struct linux_side {
	struct shared *shared;
	int pid;
};

/* Start it. NULL, or why the test cannot run here. */
const char *linux_start(struct linux_side *side, const char *program);
void linux_stop(struct linux_side *side);

/*
 * Run a sequence there; the observations are in side->shared->seen. False: the
 * Linux side itself failed.
 */
bool linux_run(struct linux_side *side, const struct sequence *seq);

/* Run a sequence on mm/: before the first step, for each step, at the end. */
void mm_begin(uint64_t seed);
void mm_run_step(const struct step *step, bool skip, struct observation *seen);
void mm_end(void);

/*
 * The difference between two observations of a step as text, or "" if there is
 * none.
 */
void compare(const struct step *step, const struct observation *on_linux,
	     const struct observation *on_mm, char *why, size_t len);

/*
 * Make one of areas that meet and are of the same kind, and forget what this
 * changes: for a Linux that joins less than mm/ does.
 */
void join_areas(struct observation *seen);

/* A random sequence, the same for the same seed everywhere. */
void generate(struct sequence *seq, uint64_t seed);

/*
 * Make a failing sequence short: no step of the result can be left out. fails()
 * is asked very often.
 */
void shrink(struct sequence *seq,
	    bool (*fails)(void *ctx, const struct sequence *seq), void *ctx);

/*
 * Write a C program that does the same steps and prints what the system says.
 * False: the file cannot be written.
 */
bool reproducer_write(const char *path, const struct sequence *seq,
		      const char *why);
