/* SPDX-License-Identifier: MIT */
/*
 * What operations of the kernel cost, in instructions.
 *
 *     bench [--anyway] [growth]
 *
 * One line for each operation: name, median, minimum, maximum, unit. The
 * figures are exact where a hart executes one instruction in each nanosecond
 * (QEMU with -icount shift=0,sleep=off). That is checked first; elsewhere the
 * program says so and stops, unless told to run anyway.
 *
 * A program like any other: it runs on Linux too.
 */
#include "user/bench/bench.h"

#include "user/lib/instret.h"
#include "user/lib/probe.h"

#define ROUNDS	     5
#define MAX_NAMES    64
#define CHECK_LOOPS  1000000UL
#define CHECK_WITHIN 100 /* a hundredth */

static struct series {
	const char *name;
	unsigned count;
	uint64_t sample[ROUNDS];
} table[MAX_NAMES];
static unsigned nr_series;
static bool has_instret;
uint64_t counter_cost;

uint64_t counter(void)
{
	return has_instret ? read_instret() : now_ns();
}

_Noreturn void die(const char *what, long error)
{
	dprintf(2, "bench: %s: %s\n", what, error_name(error));
	exit(1);
}

void record(const char *name, uint64_t total, uint64_t count)
{
	struct series *s = table;

	while (s < table + nr_series && strcmp(s->name, name) != 0)
		s++;
	if (s == table + MAX_NAMES)
		return;
	if (s == table + nr_series) {
		s->name = name;
		nr_series++;
	}
	if (s->count < ROUNDS)
		s->sample[s->count++] = (total * 10 + count / 2) / count;
}

static void sort(uint64_t *v, unsigned n)
{
	for (unsigned i = 1; i < n; i++) {
		for (unsigned j = i; j && v[j] < v[j - 1]; j--) {
			uint64_t swap = v[j];

			v[j] = v[j - 1];
			v[j - 1] = swap;
		}
	}
}

static void report(void)
{
	for (struct series *s = table; s < table + nr_series; s++) {
		uint64_t *v = s->sample;
		uint64_t middle = v[0], last = v[0];

		sort(v, s->count);
		middle = v[s->count / 2];
		last = v[s->count - 1];
		printf("%-24s %7lu.%lu %7lu.%lu %7lu.%lu instructions\n",
		       s->name, middle / 10, middle % 10, v[0] / 10, v[0] % 10,
		       last / 10, last % 10);
	}
}

static void find_counter(void)
{
	has_instret = probe_call((const void *)read_instret).signal == 0;
	counter_cost = ~0UL;
	for (int i = 0; i < 100; i++) {
		uint64_t start = counter(), end = counter();

		if (end - start < counter_cost)
			counter_cost = end - start;
	}
}

static bool is_near(uint64_t value, uint64_t wanted)
{
	uint64_t off = value > wanted ? value - wanted : wanted - value;

	return off < wanted / CHECK_WITHIN;
}

/* Is one instruction one nanosecond, and one of the counter? */
static bool is_exact(void)
{
	uint64_t ns = now_ns(), start = counter();

	empty_loop(CHECK_LOOPS);
	start = counter() - start;
	ns = now_ns() - ns;
	if (is_near(ns, 2 * CHECK_LOOPS) && is_near(start, 2 * CHECK_LOOPS))
		return true;
	dprintf(2,
		"bench: %lu instructions took %lu ns and count as %lu: figures "
		"mean nothing here\n",
		2 * CHECK_LOOPS, ns, start);
	return false;
}

int main(int argc, char **argv)
{
	static void (*const groups[])(void) = {
	    bench_calls, bench_anon,	   bench_cow,	  bench_fork,
	    bench_file,	 bench_areas,	   bench_protect, bench_signals,
	    bench_pipe,	 bench_many_areas,
	};
	bool anyway = argc > 1 && strcmp(argv[1], "--anyway") == 0;

	find_counter();
	if (!is_exact() && !anyway)
		return 1;
	if (argc > 1 + anyway && strcmp(argv[1 + anyway], "growth") == 0) {
		bench_growth();
		return 0;
	}
	for (unsigned g = 0; g < ARRAY_SIZE(groups); g++) {
		for (int round = 0; round < ROUNDS; round++)
			groups[g]();
	}
	report();
	return 0;
}
