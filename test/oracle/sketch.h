/* SPDX-License-Identifier: MIT */
/*
 * What the generator believes to be mapped in each process: good enough to aim
 * at memory that is there, and nothing depends on its being right.
 */
#pragma once

#include "test/oracle/steps.h"

struct sketch {
	bool is_alive;
	bool is_mapped[NR_LOOKED_AT];
	uint8_t prot[NR_LOOKED_AT];
	uint64_t brk;
};

/* Suppose that the step does what it asks for. */
void sketch_step(struct sketch actors[NR_ACTORS], const struct step *step);

/* Number of mapped pages, with all rights of prot, in [first, first + n). */
unsigned sketch_count(const struct sketch *sketch, unsigned first, unsigned n,
		      unsigned prot);

/* The nth of them; page number among those looked at. */
unsigned sketch_find(const struct sketch *sketch, unsigned first, unsigned n,
		     unsigned prot, unsigned nth);

/* Pages mapped from this one on without a hole. */
unsigned sketch_run(const struct sketch *sketch, unsigned first);
