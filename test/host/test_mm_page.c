/* SPDX-License-Identifier: MIT */
/*
 * The page allocator: buddy blocks, harts' stacks, nodes, reserve, exhaustion
 * and reference counts. Each test makes a machine of its own.
 */
#include <string.h>

#include "abi/errno.h"
#include "lib/lockdep.h"
#include "mm/file.h"
#include "mm/page.h"
#include "mm/page_node.h"
#include "test/host/host.h"
#include "test/host/tap.h"

#define MIB	  (1UL << 20)
#define MAX_PAGES 4096

static struct page *held[MAX_PAGES];
static unsigned nr_held;

static void boot(uint64_t size)
{
	struct memory_range ram = {HOST_RAM_BASE, HOST_RAM_BASE + size, 0};

	host_machine_init(size);
	machine_held_locks()->nr = 0; /* of a test that ended in a BUG */
	host_this.hart = 0;
	nr_held = 0;
	CHECK_EQ(page_init(&ram, 1, &ram, 1), 0);
	page_verify();
}

/* Two nodes of equal size. */
static void boot_nodes(uint64_t size)
{
	paddr_t middle = HOST_RAM_BASE + size / 2;
	struct memory_range ram[2] = {
	    {HOST_RAM_BASE, middle, 0},
	    {middle, HOST_RAM_BASE + size, 1},
	};

	host_machine_init(size);
	host_this.hart = 0;
	nr_held = 0;
	CHECK_EQ(page_init(ram, 2, ram, 2), 0);
	page_verify();
}

/* Take blocks until there are none; returns how many. */
static unsigned take_all(unsigned order, unsigned gfp)
{
	unsigned nr = 0;
	struct page *page;

	while ((page = page_alloc(order, gfp))) {
		CHECK(nr_held < MAX_PAGES);
		held[nr_held++] = page;
		nr++;
	}
	return nr;
}

static void free_held(unsigned order)
{
	while (nr_held)
		page_free(held[--nr_held], order);
	page_drain_all();
	page_verify();
}

static void all_memory_but_the_frame_array_is_free_at_first(void)
{
	boot(8 * MIB);
	CHECK_EQ(page_nr_total(),
		 8 * MIB / PAGE_SIZE - 8 * MIB / PAGE_SIZE * 64 / PAGE_SIZE);
	CHECK_EQ(page_nr_free(), page_nr_total());
}

static void no_room_for_the_frame_array_is_enomem(void)
{
	struct memory_range all = {HOST_RAM_BASE, HOST_RAM_BASE + 8 * MIB, 0};
	struct memory_range usable = {HOST_RAM_BASE, HOST_RAM_BASE + PAGE_SIZE,
				      0};

	host_machine_init(8 * MIB);
	CHECK_EQ(page_init(&all, 1, &usable, 1), -ENOMEM);
	CHECK_EQ(page_init(&all, 1, NULL, 0), -ENOMEM);
}

static void blocks_are_aligned_to_their_size(void)
{
	boot(8 * MIB);
	for (unsigned order = 0; order <= MAX_ORDER; order++) {
		struct page *page = page_alloc(order, GFP_KERNEL);

		CHECK(page);
		CHECK(IS_ALIGNED(page_to_pfn(page), 1UL << order));
		CHECK_EQ(page_refcount(page), 1);
		CHECK_EQ(page_mapcount(page), 0);
		page_verify();
		page_free(page, order);
		page_verify();
	}
	CHECK_EQ(page_nr_free(), page_nr_total());
}

static void freed_halves_join_again(void)
{
	unsigned before;

	boot(8 * MIB);
	before = take_all(MAX_ORDER, GFP_KERNEL);
	CHECK_EQ(before, 3);
	free_held(MAX_ORDER);
	take_all(0, GFP_KERNEL);
	CHECK_EQ(page_nr_free(), 0);
	free_held(0);
	CHECK_EQ(take_all(MAX_ORDER, GFP_KERNEL), before);
	free_held(MAX_ORDER);
}

static void exhaustion_gives_null_until_something_is_freed(void)
{
	struct page *page;

	boot(8 * MIB);
	take_all(0, GFP_KERNEL);
	CHECK(!page_alloc(0, GFP_KERNEL));
	CHECK(!page_alloc(3, GFP_KERNEL));
	page_free(held[--nr_held], 0);
	page = page_alloc(0, GFP_KERNEL);
	CHECK(page);
	CHECK(!page_alloc(0, GFP_KERNEL));
	page_free(page, 0);
	free_held(0);
	CHECK_EQ(page_nr_free(), page_nr_total());
}

static void users_leave_a_reserve_for_the_kernel(void)
{
	struct page *page;

	boot(8 * MIB);
	take_all(0, GFP_USER);
	CHECK(!page_alloc(1, GFP_USER));
	page = page_alloc(0, GFP_KERNEL);
	CHECK(page);
	page_free(page, 0);
	free_held(0);
}

static void zeroed_blocks_are_zero(void)
{
	static const char zero[PAGE_SIZE];
	struct page *page;

	boot(8 * MIB);
	take_all(0, GFP_KERNEL);
	for (unsigned i = 0; i < nr_held; i++)
		memset(page_address(held[i]), 0xa5, PAGE_SIZE);
	free_held(0);
	for (unsigned order = 0; order <= 4; order += 2) {
		page = page_alloc(order, GFP_KERNEL | GFP_ZERO);
		for (unsigned i = 0; i < 1u << order; i++)
			CHECK(!memcmp(page_address(page + i), zero, PAGE_SIZE));
		page_free(page, order);
	}
}

static void the_hart_gets_its_last_freed_page_first(void)
{
	struct page *page, *other;

	boot(8 * MIB);
	page = page_alloc(0, GFP_KERNEL);
	page_free(page, 0);
	host_this.hart = 1;
	other = page_alloc(0, GFP_KERNEL);
	CHECK(other != page);
	page_free(other, 0);
	host_this.hart = 0;
	CHECK(page_alloc(0, GFP_KERNEL) == page);
	page_free(page, 0);
}

static void a_full_stack_spills_into_the_buddy_lists(void)
{
	boot(8 * MIB);
	for (unsigned i = 0; i < 600; i++)
		held[nr_held++] = page_alloc(0, GFP_KERNEL);
	while (nr_held)
		page_free(held[--nr_held], 0);
	page_verify();
	host_this.hart = 1;
	CHECK(take_all(MAX_ORDER, GFP_KERNEL) == 3);
	free_held(MAX_ORDER);
}

static void memory_in_another_harts_stack_is_found(void)
{
	unsigned nr;

	boot(8 * MIB);
	nr = take_all(0, GFP_KERNEL);
	host_this.hart = 3;
	for (unsigned i = 0; i < 20; i++)
		page_free(held[--nr_held], 0);
	host_this.hart = 0;
	CHECK_EQ(take_all(0, GFP_KERNEL), 20);
	CHECK_EQ(nr_held, nr);
	free_held(0);
}

static void pages_come_from_the_harts_own_node(void)
{
	struct page *page;

	boot_nodes(16 * MIB);
	page_set_hart_node(2, 1);
	page_set_hart_node(3, 99);
	page = page_alloc(0, GFP_KERNEL);
	CHECK_EQ(page->node, 0);
	page_free(page, 0);
	host_this.hart = 2;
	for (unsigned order = 0; order < 5; order++) {
		page = page_alloc(order, GFP_KERNEL);
		CHECK_EQ(page->node, 1);
		page_free(page, order);
	}
	host_this.hart = 3;
	page = page_alloc(0, GFP_KERNEL);
	CHECK_EQ(page->node, 0);
	page_free(page, 0);
	page_set_hart_node(2, 0);
	page_set_hart_node(3, 0);
}

static void an_empty_node_is_helped_out_by_the_other(void)
{
	unsigned from[2] = {0, 0};

	boot_nodes(16 * MIB);
	take_all(0, GFP_KERNEL);
	CHECK_EQ(nr_held, page_nr_total());
	for (unsigned i = 0; i < nr_held; i++)
		from[held[i]->node]++;
	CHECK(from[0] && from[1]);
	free_held(0);
	CHECK_EQ(take_all(MAX_ORDER, GFP_KERNEL), 7);
	free_held(MAX_ORDER);
}

static void blocks_of_two_nodes_do_not_join(void)
{
	paddr_t middle = HOST_RAM_BASE + 3 * MIB; /* inside a 2 MiB block */
	struct memory_range ram[2] = {
	    {HOST_RAM_BASE, middle, 0},
	    {middle, HOST_RAM_BASE + 8 * MIB, 1},
	};

	host_machine_init(8 * MIB);
	nr_held = 0;
	CHECK_EQ(page_init(ram, 2, ram, 2), 0);
	page_verify();
	take_all(0, GFP_KERNEL);
	free_held(0);
	CHECK_EQ(take_all(MAX_ORDER, GFP_KERNEL), 2);
	free_held(MAX_ORDER);
}

static void reserved_frames_are_never_given_out(void)
{
	paddr_t hole = HOST_RAM_BASE + 2 * MIB;
	struct memory_range all = {HOST_RAM_BASE, HOST_RAM_BASE + 8 * MIB, 0};
	struct memory_range usable[2] = {
	    {HOST_RAM_BASE + 5 * PAGE_SIZE, hole, 0},
	    {hole + 3 * PAGE_SIZE, all.end - PAGE_SIZE, 0},
	};
	uint64_t total;

	host_machine_init(8 * MIB);
	nr_held = 0;
	CHECK_EQ(page_init(&all, 1, usable, 2), 0);
	page_verify();
	take_all(0, GFP_KERNEL);
	for (unsigned i = 0; i < nr_held; i++) {
		paddr_t pa = page_to_phys(held[i]);

		CHECK(pa < hole || pa >= hole + 3 * PAGE_SIZE);
		CHECK(pa >= usable[0].start && pa < usable[1].end);
	}
	CHECK_EQ(phys_to_page(hole)->type, PAGE_RESERVED);
	free_held(0);

	total = page_nr_total();
	page_free_reserved(hole, hole + 3 * PAGE_SIZE);
	page_verify();
	CHECK_EQ(page_nr_total(), total + 3);
	CHECK_EQ(page_nr_free(), total + 3);
}

static void references_keep_a_page(void)
{
	struct page *page;
	uint64_t before;

	boot(8 * MIB);
	before = page_nr_free();
	page = page_alloc(0, GFP_KERNEL);
	page_get(page);
	fetch_add_relaxed(&page->count, PAGE_MAPPING);
	CHECK_EQ(page_refcount(page), 3);
	CHECK_EQ(page_mapcount(page), 1);
	page_put(page);
	page_put_count(page, PAGE_MAPPING);
	CHECK_EQ(page_nr_free(), before - 1);
	CHECK_EQ(page_mapcount(page), 0);
	page_put(page);
	CHECK_EQ(page_nr_free(), before);
}

static void frame_numbers_and_addresses_convert(void)
{
	struct page *page;
	void *va;

	boot(8 * MIB);
	va = page_alloc_virt(GFP_KERNEL);
	page = virt_to_page(va);
	CHECK(page_address(page) == va);
	CHECK(pfn_to_page(page_to_pfn(page)) == page);
	CHECK(phys_to_page(page_to_phys(page) + 17) == page);
	CHECK(pfn_valid(page_to_pfn(page)));
	CHECK(!pfn_valid((HOST_RAM_BASE >> PAGE_SHIFT) - 1));
	CHECK(!pfn_valid((HOST_RAM_BASE + 8 * MIB) >> PAGE_SHIFT));
	page_free_virt(va);
	CHECK_EQ(page_nr_free(), page_nr_total());
}

static void injected_failures_spare_those_who_ask_for_it(void)
{
	struct page *page;

	boot(8 * MIB);
	host_fail_nth(1);
	CHECK(!page_alloc(0, GFP_KERNEL));
	CHECK(host_fail_fired());
	host_fail_nth(1);
	page = page_alloc(0, GFP_KERNEL | GFP_NOFAIL_INJECT);
	CHECK(page);
	page_free(page, 0);
	host_fail_nth(2);
	page = page_alloc(0, GFP_KERNEL);
	CHECK(page && !page_alloc_virt(GFP_KERNEL));
	page_free(page, 0);
}

static struct page *cached;

static uint64_t shrink_cached(void)
{
	if (!cached)
		return 0;
	page_free(cached, 0);
	cached = NULL;
	return 1;
}

static void shrinkers_are_asked_before_giving_up(void)
{
	boot(8 * MIB);
	page_add_shrinker(shrink_cached);
	cached = page_alloc(0, GFP_KERNEL);
	CHECK_EQ(page_shrink(), 1);
	CHECK_EQ(page_shrink(), 0);
	cached = page_alloc(0, GFP_KERNEL);
	take_all(0, GFP_KERNEL);
	CHECK(!cached);
	CHECK_EQ(nr_held, page_nr_total());
	free_held(0);
}

static void the_lock_bit_excludes(void)
{
	struct page *page;

	boot(8 * MIB);
	page = page_alloc(0, GFP_KERNEL);
	CHECK(page_trylock(page));
	CHECK(!page_trylock(page));
	CHECK(page_test_flag(page, PG_LOCKED));
	page_unlock(page);
	CHECK(!page_test_flag(page, PG_LOCKED));
	page_lock(page);
	CHECK(!page_trylock(page));
	page_unlock(page);
	page_free(page, 0);
}

static struct page *contended;
static uint64_t turns;

static void take_turns(void *unused)
{
	(void)unused;
	for (unsigned i = 0; i < 2000; i++) {
		page_lock(contended);
		turns++; /* not atomic: the lock makes it right */
		if (i % 64 == 0)
			machine_yield();
		page_unlock(contended);
	}
}

static void waiters_for_the_lock_bit_are_woken(void)
{
	struct thread *t[3], *waiter;

	boot(8 * MIB);
	filemap_init();
	contended = page_alloc(0, GFP_KERNEL);
	turns = 0;
	page_lock(contended);
	waiter = host_thread_start(take_turns, NULL);
	while (!host_thread_is_parked(waiter))
		machine_yield();
	CHECK(page_test_flag(contended, PG_WAITERS));
	page_unlock(contended);
	for (unsigned i = 0; i < 3; i++)
		t[i] = host_thread_start(take_turns, NULL);
	for (unsigned i = 0; i < 3; i++)
		host_thread_join(t[i]);
	host_thread_join(waiter);
	CHECK_EQ(turns, 8000);
	CHECK(!page_test_flag(contended, PG_LOCKED | PG_WAITERS));
	page_free(contended, 0);
}

static void freeing_twice_is_a_bug(void)
{
	struct page *page;

	boot(8 * MIB);
	page = page_alloc(0, GFP_KERNEL);
	page_free(page, 0);
	CHECK(EXPECT_BUG(page_free(page, 0)));
	boot(8 * MIB);
	page = page_alloc(0, GFP_KERNEL);
	page_get(page);
	CHECK(EXPECT_BUG(page_free(page, 0)));
}

static void verify_finds_a_reference_to_a_free_page(void)
{
	struct page *page;

	boot(8 * MIB);
	page = page_alloc(3, GFP_KERNEL);
	page_free(page, 3);
	page_get(page);
	CHECK(EXPECT_BUG(page_verify()));
	boot(8 * MIB);
	page = page_alloc(0, GFP_KERNEL);
	page_free(page, 0);
	page_get(page);
	CHECK(EXPECT_BUG(page_verify()));
}

/* Blocks of all sizes; each page says who owns it, so overlaps show. */
static void random_blocks_never_overlap(void)
{
	static struct {
		struct page *page;
		unsigned order;
	} block[256];
	struct rng rng;

	boot(16 * MIB);
	rng_init(&rng, tap_seed());
	memset(block, 0, sizeof(block));
	for (unsigned step = 0; step < 20000; step++) {
		unsigned i = rng_below(&rng, 256), order;

		host_this.hart = rng_below(&rng, 4);
		if (block[i].page) {
			order = block[i].order;
			for (unsigned k = 0; k < 1u << order; k++)
				CHECK_EQ(*(uint32_t *)page_address(
					     block[i].page + k),
					 i);
			page_free(block[i].page, order);
			block[i].page = NULL;
		} else {
			order = rng_below(&rng, 4) ? 0 : rng_below(&rng, 8);
			block[i].order = order;
			block[i].page = page_alloc(order, GFP_KERNEL);
			for (unsigned k = 0; block[i].page && k < 1u << order;
			     k++)
				*(uint32_t *)page_address(block[i].page + k) =
				    i;
		}
		if (step % 512 == 0)
			page_verify();
	}
	for (unsigned i = 0; i < 256; i++)
		if (block[i].page)
			page_free(block[i].page, block[i].order);
	page_drain_all();
	page_verify();
	CHECK_EQ(page_nr_free(), page_nr_total());
	host_this.hart = 0;
}

static const struct tap_test tests[] = {
    TEST(all_memory_but_the_frame_array_is_free_at_first),
    TEST(no_room_for_the_frame_array_is_enomem),
    TEST(blocks_are_aligned_to_their_size),
    TEST(freed_halves_join_again),
    TEST(exhaustion_gives_null_until_something_is_freed),
    TEST(users_leave_a_reserve_for_the_kernel),
    TEST(zeroed_blocks_are_zero),
    TEST(the_hart_gets_its_last_freed_page_first),
    TEST(a_full_stack_spills_into_the_buddy_lists),
    TEST(memory_in_another_harts_stack_is_found),
    TEST(pages_come_from_the_harts_own_node),
    TEST(an_empty_node_is_helped_out_by_the_other),
    TEST(blocks_of_two_nodes_do_not_join),
    TEST(reserved_frames_are_never_given_out),
    TEST(references_keep_a_page),
    TEST(frame_numbers_and_addresses_convert),
    TEST(injected_failures_spare_those_who_ask_for_it),
    TEST(shrinkers_are_asked_before_giving_up),
    TEST(the_lock_bit_excludes),
    TEST(waiters_for_the_lock_bit_are_woken),
    TEST(freeing_twice_is_a_bug),
    TEST(verify_finds_a_reference_to_a_free_page),
    TEST(random_blocks_never_overlap),
};

TAP_MAIN(tests)
