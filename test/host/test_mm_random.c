/* SPDX-License-Identifier: MIT */
/*
 * Random operations against the flat model of mm_ops.h. FAULTLINE_SEED in the
 * environment chooses the sequence; each test runs a few that follow from it.
 */
#include "test/host/mm_env.h"
#include "test/host/mm_ops.h"

#define NR_RUNS 16
#define NR_OPS	400

static void run(bool kind_machine, unsigned stream, unsigned mask)
{
	for (unsigned i = 0; i < NR_RUNS; i++) {
		struct rng rng;
		struct ops_source source = {.rng = &rng, .mask = mask};

		rng_init(&rng, tap_seed() * 1000 + stream * NR_RUNS + i);
		env_begin(kind_machine);
		mm_ops_run(&source, NR_OPS);
		env_end();
	}
}

static void on_a_machine_that_sets_accessed_and_dirty(void)
{
	run(true, 0, 0xff);
}

static void on_a_machine_that_remembers_all_it_may(void)
{
	run(false, 1, 0xff);
}

static void with_memory_for_everything(void)
{
	run(false, 2, 0x1f);
}

static const struct tap_test tests[] = {
    TEST(on_a_machine_that_sets_accessed_and_dirty),
    TEST(on_a_machine_that_remembers_all_it_may),
    TEST(with_memory_for_everything),
};

TAP_MAIN(tests)
