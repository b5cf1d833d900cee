/* SPDX-License-Identifier: MIT */
/*
 * Interval tree: every query against a walk over all ranges.
 */
#include <string.h>

#include "lib/interval_tree.h"

#include "test/host/tap.h"

#define NODES 64

struct range {
	struct interval_node node;
	uint64_t start, last;
	unsigned turn; /* of its insertion */
	bool is_in, is_found;
};

static struct range ranges[NODES];
static struct interval_root root;

static struct range *to_range(const struct interval_node *node)
{
	return container_of(node, struct range, node);
}

static uint64_t start_of(const struct interval_node *node)
{
	return to_range(node)->start;
}

static uint64_t last_of(const struct interval_node *node)
{
	return to_range(node)->last;
}

static const struct interval_ops ops = INTERVAL_OPS(start_of, last_of);

/*
 * What the tree finds is what a search of all ranges finds, sorted; those with
 * one start in the order of their insertion.
 */
static void check_query(uint64_t start, uint64_t last)
{
	struct interval_node *node;
	uint64_t before = 0;
	unsigned turn = 0;

	for (int i = 0; i < NODES; i++)
		ranges[i].is_found = false;
	interval_for_each (node, &root, start, last) {
		struct range *range = to_range(node);

		CHECK(!range->is_found);
		CHECK(range->start >= before);
		CHECK(range->start > before || range->turn >= turn);
		before = range->start;
		turn = range->turn;
		range->is_found = true;
	}
	for (int i = 0; i < NODES; i++) {
		struct range *range = &ranges[i];
		bool meets = range->is_in && range->start <= last &&
			     range->last >= start;

		CHECK_EQ(range->is_found, meets);
	}
}

static void random_steps(uint64_t space, uint64_t longest)
{
	struct rng rng;

	rng_init(&rng, tap_seed());
	memset(ranges, 0, sizeof(ranges));
	interval_root_init(&root, &ops);
	for (int step = 0; step < 4000; step++) {
		struct range *range = &ranges[rng_below(&rng, NODES)];
		uint64_t start = rng_below(&rng, space);

		if (range->is_in) {
			interval_remove(&root, &range->node);
		} else {
			range->start = rng_below(&rng, space);
			range->last = range->start + rng_below(&rng, longest);
			range->turn = (unsigned)step;
			interval_insert(&root, &range->node);
		}
		range->is_in = !range->is_in;
		CHECK_SOUND(interval_verify(&root));
		check_query(start, start + rng_below(&rng, longest));
	}
}

static void short_ranges_match_brute_force(void)
{
	random_steps(200, 4);
}

static void long_ranges_match_brute_force(void)
{
	random_steps(100, 80);
}

static void equal_ranges_match_brute_force(void)
{
	random_steps(2, 1);
}

static void ends_of_the_space_are_included(void)
{
	memset(ranges, 0, sizeof(ranges));
	interval_root_init(&root, &ops);
	CHECK(interval_is_empty(&root));
	check_query(0, UINT64_MAX);
	ranges[0] = (struct range){.start = 0, .last = 0, .is_in = true};
	ranges[1] = (struct range){
	    .start = UINT64_MAX, .last = UINT64_MAX, .is_in = true};
	ranges[2] =
	    (struct range){.start = 0, .last = UINT64_MAX, .is_in = true};
	for (int i = 0; i < 3; i++)
		interval_insert(&root, &ranges[i].node);
	check_query(0, 0);
	check_query(1, 1);
	check_query(UINT64_MAX, UINT64_MAX);
	check_query(0, UINT64_MAX);
	CHECK(!interval_is_empty(&root));
}

static const struct tap_test tests[] = {
    TEST(short_ranges_match_brute_force),
    TEST(long_ranges_match_brute_force),
    TEST(equal_ranges_match_brute_force),
    TEST(ends_of_the_space_are_included),
};

TAP_MAIN(tests)
