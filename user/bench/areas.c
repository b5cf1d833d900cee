/* SPDX-License-Identifier: MIT */
/*
 * Calls that change areas, with few of them and with many.
 */
#include "user/bench/bench.h"

#define RW    (PROT_READ | PROT_WRITE)
#define TIMES 64UL
#define MANY  60000UL

/* mmap and munmap of one page, never touched. */
static uint64_t map_unmap(unsigned long times)
{
	uint64_t start = counter();

	for (unsigned long i = 0; i < times; i++) {
		char *p =
		    mmap(NULL, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		munmap(p, PAGE);
	}
	return since(start);
}

/* Change every fourth page. */
static uint64_t protect_each(char *p, int prot)
{
	uint64_t start = counter();

	for (unsigned long i = 0; i < TIMES; i++)
		mprotect(p + (4 * i + 1) * PAGE, PAGE, prot);
	return since(start);
}

void bench_areas(void)
{
	char *p = anon(4 * TIMES, RW);

	record("mmap_munmap", map_unmap(TIMES), TIMES);
	record("mprotect_split", protect_each(p, PROT_READ), TIMES);
	record("mprotect_merge", protect_each(p, RW), TIMES);
	release(p, 4 * TIMES);
}

/* Memory made of n areas: every other page cannot be accessed. */
static char *many_areas(unsigned long n)
{
	char *p = anon(n, PROT_NONE);

	for (unsigned long i = 0; i < n; i += 2) {
		int e = mprotect(p + i * PAGE, PAGE, RW);

		if (e)
			die("mprotect", e);
	}
	return p;
}

static uint64_t fault_cost(void)
{
	char *p = anon(NPAGES, RW);
	uint64_t first = touch_write(p, NPAGES), again = touch_write(p, NPAGES);

	release(p, NPAGES);
	return less(first, again);
}

/* Costs with n more areas around; returns what it takes to unmap these. */
static uint64_t with_areas(unsigned long n, uint64_t *fault, uint64_t *map)
{
	char *p = many_areas(n);
	uint64_t start;

	*fault = fault_cost();
	*map = map_unmap(TIMES);
	start = counter();
	munmap(p, n * PAGE);
	start = since(start);
	release(p, n);
	return start;
}

void bench_many_areas(void)
{
	uint64_t fault, map;

	with_areas(MANY, &fault, &map);
	record("anon_fault_60000_areas", fault, NPAGES);
	record("mmap_60000_areas", map, TIMES);
}

static void growth_of_fork(unsigned long npages)
{
	char *p = anon(npages + 1, RW);
	struct fork_cost cost;

	if (npages)
		touch_write(p, npages);
	measure_fork();
	cost = measure_fork();
	printf("growth fork_pages %lu clone %lu wait %lu\n", npages, cost.clone,
	       cost.wait);
	release(p, npages + 1);
}

void bench_growth(void)
{
	static const unsigned long areas[] = {1, 1000, 10000, 60000};
	static const unsigned long pages[] = {0, 1, 16, 256, 4096, 16384};

	for (unsigned i = 0; i < ARRAY_SIZE(areas); i++) {
		uint64_t fault, map, all = with_areas(areas[i], &fault, &map);

		printf("growth areas %lu fault %lu map %lu unmap_all %lu\n",
		       areas[i], fault / NPAGES, map / TIMES, all / areas[i]);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(pages); i++)
		growth_of_fork(pages[i]);
}
