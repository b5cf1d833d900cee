/* SPDX-License-Identifier: MIT */
/*
 * Random operations on address spaces, checked against a flat model: an array
 * with one entry for each of the 64 pages of a small arena.
 *
 * The operations come from bytes, so that a fuzzer can find its way; a random
 * test takes the bytes from a generator. Before each operation the model says
 * what it must return and what every page must look like afterwards; then
 * areas, page tables and contents are compared. Around the arena everything is
 * taken, so that mmap must find its holes in the arena.
 */
#pragma once

#include "test/host/tap.h"

struct ops_source {
	struct rng *rng;     /* NULL: the bytes below */
	uint8_t mask;	     /* with rng: of operations; 0x1f: none fails */
	const uint8_t *data; /* zeros follow when it ends */
	size_t len, at;
};

/*
 * Perform at most nr operations, or until the bytes end. Between env_begin and
 * env_end, or in a body of env_run.
 */
void mm_ops_run(struct ops_source *source, unsigned nr);
