/* SPDX-License-Identifier: MIT */
/* The radix tree of a file's pages, against a flat array. */
#include "abi/errno.h"
#include "mm/page.h"
#include "mm/page_index.h"
#include "mm/slab.h"
#include "test/host/host.h"
#include "test/host/tap.h"

static struct page_index idx;
static uint64_t nr_free;

/* Pages are only addresses here. */
static struct page *fake(uint64_t n)
{
	return mem_map + n;
}

static uint64_t count_free(void)
{
	kmem_shrink();
	page_drain_all();
	return page_nr_free();
}

static void boot(void)
{
	struct memory_range ram = {HOST_RAM_BASE, HOST_RAM_BASE + (8UL << 20),
				   0};

	host_machine_init(8UL << 20);
	CHECK_EQ(page_init(&ram, 1, &ram, 1), 0);
	kmem_init();
	idx = (struct page_index){0};
	nr_free = count_free();
}

static void put(uint64_t at, uint64_t n)
{
	CHECK_EQ(page_index_prepare(&idx, at), 0);
	page_index_store(&idx, at, fake(n));
}

static const uint64_t spots[] = {
    0,	       1,	 63,	 64,	    4095,
    4096,      262143,	 262144, 1UL << 30, (1UL << 52) - 1,
    1UL << 60, ~0UL - 1, ~0UL,
};

static void stored_pages_are_found(void)
{
	boot();
	for (unsigned i = 0; i < ARRAY_SIZE(spots); i++) {
		CHECK(!page_index_find(&idx, spots[i]));
		put(spots[i], i + 1);
		for (unsigned k = 0; k <= i; k++)
			CHECK(page_index_find(&idx, spots[k]) == fake(k + 1));
	}
	CHECK(!page_index_find(&idx, 2));
	CHECK(!page_index_find(&idx, 1UL << 50));
	for (unsigned i = 0; i < ARRAY_SIZE(spots); i++) {
		CHECK(page_index_remove(&idx, spots[i]) == fake(i + 1));
		CHECK(!page_index_remove(&idx, spots[i]));
	}
	CHECK(!idx.root);
	CHECK_EQ(count_free(), nr_free);
}

static void next_walks_in_order(void)
{
	uint64_t at = 0;

	boot();
	CHECK(!page_index_next(&idx, 0, &at));
	for (unsigned i = ARRAY_SIZE(spots); i--;)
		put(spots[i], i + 1);
	for (unsigned i = 0; i < ARRAY_SIZE(spots); i++) {
		uint64_t from = i ? spots[i - 1] + 1 : 0;

		CHECK(page_index_next(&idx, from, &at) == fake(i + 1));
		CHECK_EQ(at, spots[i]);
		CHECK(page_index_next(&idx, spots[i], &at) == fake(i + 1));
	}
	page_index_remove(&idx, ~0UL);
	CHECK(!page_index_next(&idx, ~0UL, &at));
	page_index_destroy(&idx);
	CHECK_EQ(count_free(), nr_free);
}

static void slots_give_the_neighbours(void)
{
	void **slots;

	boot();
	CHECK(!page_index_leaf_slot(&idx, 70));
	put(70, 1);
	put(64, 2);
	put(5000, 3);
	slots = page_index_leaf_slot(&idx, 64);
	CHECK(slots && slots[6] == fake(1) && slots[0] == fake(2));
	CHECK(!slots[1] && slots + 36 == page_index_leaf_slot(&idx, 100));
	CHECK(!page_index_leaf_slot(&idx, 300));
	page_index_destroy(&idx);
	CHECK_EQ(count_free(), nr_free);
}

static void an_unused_path_is_harmless(void)
{
	uint64_t at;

	boot();
	CHECK_EQ(page_index_prepare(&idx, 100000), 0);
	CHECK_EQ(page_index_prepare(&idx, 3), 0);
	CHECK(!page_index_find(&idx, 100000));
	CHECK(!page_index_next(&idx, 0, &at));
	put(3, 1);
	CHECK(page_index_next(&idx, 0, &at) == fake(1));
	CHECK(page_index_remove(&idx, 3) == fake(1));
	CHECK(!page_index_find(&idx, 3));
	put(100000, 2);
	CHECK(page_index_next(&idx, 0, &at) == fake(2));
	CHECK(page_index_remove(&idx, 100000) == fake(2));
	page_index_destroy(&idx);
	CHECK_EQ(count_free(), nr_free);
}

static void no_memory_leaves_the_index_as_it_was(void)
{
	for (unsigned n = 1;; n++) {
		boot();
		put(1, 1);
		host_fail_nth(n);
		if (!page_index_prepare(&idx, 1UL << 40))
			break;
		CHECK(page_index_find(&idx, 1) == fake(1));
		CHECK(!page_index_find(&idx, 1UL << 40));
		host_fail_nth(0);
		put(1UL << 40, 2);
		CHECK(page_index_remove(&idx, 1UL << 40) == fake(2));
		CHECK(page_index_find(&idx, 1) == fake(1));
		page_index_destroy(&idx);
		CHECK_EQ(count_free(), nr_free);
	}
	CHECK(!host_fail_fired());
	page_index_destroy(&idx);
}

static void storing_twice_or_without_a_path_is_a_bug(void)
{
	boot();
	CHECK(EXPECT_BUG(page_index_store(&idx, 0, fake(1))));
	put(0, 1);
	CHECK(EXPECT_BUG(page_index_store(&idx, 0, fake(2))));
	CHECK(EXPECT_BUG(page_index_store(&idx, 64, fake(2))));
}

static void random_use_agrees_with_an_array(void)
{
	static uint32_t model[20000];
	struct rng rng;
	uint64_t at;

	boot();
	rng_init(&rng, tap_seed());
	for (unsigned step = 0; step < 30000; step++) {
		uint64_t i = rng_below(&rng, 20000) >> rng_below(&rng, 14), k;
		struct page *page;

		switch (rng_below(&rng, 3)) {
		case 0:
			if (!model[i]) {
				model[i] = 1 + rng_below(&rng, 1000);
				put(i, model[i]);
			}
			break;
		case 1:
			page = page_index_remove(&idx, i);
			CHECK(page == (model[i] ? fake(model[i]) : NULL));
			model[i] = 0;
			break;
		default:
			for (k = i; k < i + 200 && k < 20000 && !model[k];)
				k++;
			page = page_index_next(&idx, i, &at);
			if (k < 20000 && model[k])
				CHECK(page == fake(model[k]) && at == k);
			else
				CHECK(!page || at >= k);
		}
	}
	page_index_destroy(&idx);
	CHECK_EQ(count_free(), nr_free);
}

static const struct tap_test tests[] = {
    TEST(stored_pages_are_found),
    TEST(next_walks_in_order),
    TEST(slots_give_the_neighbours),
    TEST(an_unused_path_is_harmless),
    TEST(no_memory_leaves_the_index_as_it_was),
    TEST(storing_twice_or_without_a_path_is_a_bug),
    TEST(random_use_agrees_with_an_array),
};

TAP_MAIN(tests)
