/* SPDX-License-Identifier: MIT */
/* Object caches and kmalloc. */
#include <string.h>

#include "mm/slab.h"
#include "test/host/host.h"
#include "test/host/tap.h"

#define NR 1000

static struct kmem_cache cache;
static void *held[NR];
static unsigned nr_constructed;

static void construct(void *object)
{
	nr_constructed++;
	memset(object, 0xc7, 40);
}

static void boot(size_t size, unsigned flags, void (*ctor)(void *))
{
	struct memory_range ram = {HOST_RAM_BASE, HOST_RAM_BASE + (8UL << 20),
				   0};

	host_machine_init(8UL << 20);
	host_this.hart = 0;
	CHECK_EQ(page_init(&ram, 1, &ram, 1), 0);
	kmem_init();
	nr_constructed = 0;
	kmem_cache_init(&cache, "test", size, flags, ctor);
}

static void take(unsigned nr)
{
	for (unsigned i = 0; i < nr; i++) {
		held[i] = kmem_cache_alloc(&cache, GFP_KERNEL);
		CHECK(held[i]);
	}
}

static void give(unsigned nr)
{
	for (unsigned i = 0; i < nr; i++)
		kmem_cache_free(&cache, held[i]);
}

static void objects_do_not_overlap(void)
{
	static const size_t sizes[] = {1, 8, 24, 96, 192, 1000, 2048};

	for (unsigned s = 0; s < ARRAY_SIZE(sizes); s++) {
		boot(sizes[s], 0, NULL);
		take(300);
		for (unsigned i = 0; i < 300; i++)
			memset(held[i], (int)i, sizes[s]);
		for (unsigned i = 0; i < 300; i++)
			for (size_t k = 0; k < sizes[s]; k++)
				CHECK_EQ(((uint8_t *)held[i])[k], i & 0xff);
		CHECK_EQ(kmem_cache_used(&cache), 300);
		give(300);
		CHECK_EQ(kmem_cache_used(&cache), 0);
	}
}

static void empty_slabs_go_back_when_shrunk(void)
{
	uint64_t before;

	boot(96, 0, NULL);
	before = page_nr_free();
	take(NR);
	CHECK(page_nr_free() < before);
	give(NR);
	CHECK(kmem_shrink() > 0);
	page_drain_all();
	page_verify();
	CHECK_EQ(page_nr_free(), before);
}

static void slabs_with_objects_in_use_stay(void)
{
	boot(96, 0, NULL);
	take(NR);
	memset(held[NR / 2], 0x11, 96);
	for (unsigned i = 0; i < NR; i++)
		if (i != NR / 2)
			kmem_cache_free(&cache, held[i]);
	kmem_shrink();
	CHECK_EQ(kmem_cache_used(&cache), 1);
	CHECK_EQ(cache.nr_slabs, 1);
	CHECK_EQ(((uint8_t *)held[NR / 2])[95], 0x11);
	kmem_cache_free(&cache, held[NR / 2]);
	kmem_shrink();
	CHECK_EQ(cache.nr_slabs, 0);
}

static void zeroing_is_honoured(void)
{
	static const char zero[96];

	boot(96, 0, NULL);
	take(100);
	for (unsigned i = 0; i < 100; i++)
		memset(held[i], 0xff, 96);
	give(100);
	for (unsigned i = 0; i < 100; i++) {
		held[i] = kmem_cache_alloc(&cache, GFP_ZERO);
		CHECK(!memcmp(held[i], zero, 96));
	}
	give(100);
}

static void the_constructor_runs_once_for_each_object(void)
{
	boot(40, SLAB_TYPE_STABLE, construct);
	take(NR);
	CHECK(nr_constructed >= NR);
	give(NR);
	nr_constructed = 0;
	take(NR);
	CHECK_EQ(nr_constructed, 0);
	give(NR);
}

/* All but the last word. */
static void type_stable_objects_keep_their_contents_when_freed(void)
{
	boot(40, SLAB_TYPE_STABLE, construct);
	take(NR);
	for (unsigned i = 0; i < NR; i++)
		memset(held[i], 0x42, 40);
	give(NR);
	for (unsigned i = 0; i < NR; i++)
		for (unsigned k = 0; k < 40 - 8; k++)
			CHECK_EQ(((uint8_t *)held[i])[k], 0x42);
}

static void type_stable_pages_wait_for_a_grace_period(void)
{
	uint64_t before;

	boot(40, SLAB_TYPE_STABLE, construct);
	before = page_nr_free();
	take(NR);
	give(NR);
	kmem_shrink();
	CHECK(cache.nr_slabs > 0);
	kmem_shrink_stable();
	CHECK_EQ(cache.nr_slabs, 0);
	page_drain_all();
	CHECK_EQ(page_nr_free(), before);
}

static void objects_freed_on_another_hart_come_back(void)
{
	boot(128, 0, NULL);
	take(NR);
	host_this.hart = 2;
	give(NR);
	CHECK_EQ(kmem_cache_used(&cache), 0);
	host_this.hart = 0;
	kmem_shrink();
	CHECK_EQ(cache.nr_slabs, 0);
}

static void no_memory_gives_null(void)
{
	unsigned nr = 0;
	void *p, *list = NULL;

	boot(2048, 0, NULL);
	while ((p = kmem_cache_alloc(&cache, GFP_KERNEL))) {
		*(void **)p = list;
		list = p;
		nr++;
	}
	CHECK(nr > 3000);
	CHECK_EQ(kmem_cache_used(&cache), nr);
	while (list) {
		p = list;
		list = *(void **)p;
		kmem_cache_free(&cache, p);
	}
	kmem_shrink();
	page_drain_all();
	CHECK_EQ(page_nr_free(), page_nr_total());
}

static void an_injected_failure_gives_null(void)
{
	void *p;

	boot(64, 0, NULL);
	host_fail_nth(1);
	CHECK(!kmem_cache_alloc(&cache, GFP_KERNEL));
	host_fail_nth(1);
	p = kmem_cache_alloc(&cache, GFP_NOFAIL_INJECT);
	CHECK(p);
	kmem_cache_free(&cache, p);
	host_fail_nth(0);
}

static void kmalloc_serves_all_sizes(void)
{
	static const size_t sizes[] = {
	    0, 1, 16, 17, 100, 128, 1025, 2048, 2049, 4096, 65537, 2UL << 20};

	boot(64, 0, NULL);
	for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
		char *p = kmalloc(sizes[i], GFP_KERNEL), *q;

		CHECK(p && IS_ALIGNED((uintptr_t)p, 8UL));
		memset(p, 0x77, sizes[i]);
		kfree(p);
		q = kzalloc(sizes[i], GFP_KERNEL);
		CHECK(q);
		for (size_t k = 0; k < sizes[i]; k++)
			CHECK_EQ(q[k], 0);
		kfree(q);
	}
	kfree(NULL);
	kmem_shrink();
	page_drain_all();
	page_verify();
	CHECK_EQ(page_nr_free(), page_nr_total());
}

static void kmalloc_of_too_much_gives_null(void)
{
	boot(64, 0, NULL);
	CHECK(!kmalloc((2UL << 20) + 1, GFP_KERNEL));
	CHECK(!kmalloc(~0UL, GFP_KERNEL));
	CHECK(!kmalloc(1UL << 63, GFP_KERNEL));
}

static void freeing_into_the_wrong_cache_is_a_bug(void)
{
	void *p;

	boot(64, 0, NULL);
	p = kmalloc(64, GFP_KERNEL);
	CHECK(EXPECT_BUG(kmem_cache_free(&cache, p)));
}

static const struct tap_test tests[] = {
    TEST(objects_do_not_overlap),
    TEST(empty_slabs_go_back_when_shrunk),
    TEST(slabs_with_objects_in_use_stay),
    TEST(zeroing_is_honoured),
    TEST(the_constructor_runs_once_for_each_object),
    TEST(type_stable_objects_keep_their_contents_when_freed),
    TEST(type_stable_pages_wait_for_a_grace_period),
    TEST(objects_freed_on_another_hart_come_back),
    TEST(no_memory_gives_null),
    TEST(an_injected_failure_gives_null),
    TEST(kmalloc_serves_all_sizes),
    TEST(kmalloc_of_too_much_gives_null),
    TEST(freeing_into_the_wrong_cache_is_a_bug),
};

TAP_MAIN(tests)
