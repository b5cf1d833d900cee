/* SPDX-License-Identifier: MIT */
/*
 * The software MMU itself, on page tables written by hand: what the tests of
 * mm/ lean on must hold by the specification.
 */
#include <string.h>

#include "test/host/host.h"
#include "test/host/mmu_model.h"
#include "test/host/tap.h"

#define ROOT   HOST_RAM_BASE
#define MIDDLE (HOST_RAM_BASE + 0x1000)
#define LOW    (HOST_RAM_BASE + 0x2000)
#define DATA   (HOST_RAM_BASE + 0x10000)
#define MEGA   (HOST_RAM_BASE + 0x200000)

#define V   0x01
#define R   0x02
#define W   0x04
#define X   0x08
#define U   0x10
#define G   0x20
#define A   0x40
#define D   0x80
#define URW (V | R | W | U | A | D)

static uint64_t pte(uint64_t pa, uint64_t bits)
{
	return pa >> 12 << 10 | bits;
}

static uint64_t *entry(uint64_t table, unsigned i)
{
	return (uint64_t *)phys_to_virt(table) + i;
}

/* Addresses 0 to 2 MiB go through LOW; entry 0 maps DATA. */
static void boot(bool hardware_ad, bool unkind)
{
	struct mmu_config config = {
	    .hardware_ad = hardware_ad,
	    .cache_invalid = unkind,
	    .cache_tables = unkind,
	    .ram_start = HOST_RAM_BASE,
	    .ram_end = HOST_RAM_BASE + (4UL << 20),
	};

	host_machine_init(4UL << 20);
	mmu_reset(&config);
	*entry(ROOT, 0) = pte(MIDDLE, V);
	*entry(MIDDLE, 0) = pte(LOW, V);
	*entry(LOW, 0) = pte(DATA, URW);
	for (unsigned hart = 0; hart < MMU_HARTS; hart++)
		mmu_set_satp(hart, 1, ROOT);
}

static enum mmu_cause try(uint64_t va, enum mmu_access access)
{
	uint64_t word = 0x99, stval;

	return mmu_access(0, va, &word, 8, access, false, &stval);
}

static uint64_t load(unsigned hart, uint64_t va)
{
	uint64_t word = 0, stval;

	CHECK_EQ(mmu_access(hart, va, &word, 8, MMU_LOAD, false, &stval),
		 MMU_DONE);
	return word;
}

static void rights_are_checked(void)
{
	static const struct {
		uint64_t bits;
		bool may_load, may_store, may_fetch;
	} cases[] = {
	    {URW, true, true, false},
	    {V | R | U | A, true, false, false},
	    {V | X | U | A, false, false, true},
	    {V | R | X | U | A, true, false, true},
	    {URW | X, true, true, true},
	    {V | R | W | A | D, false, false, false},	  /* not user's */
	    {V | W | U | A | D, false, false, false},	  /* reserved */
	    {R | W | X | U | A | D, false, false, false}, /* invalid */
	    {URW | 1UL << 61, false, false, false},	  /* Svpbmt */
	    {V, false, false, false},			  /* pointer at 0 */
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		boot(true, false);
		*entry(LOW, 0) = pte(DATA, cases[i].bits);
		CHECK_EQ(try(0, MMU_LOAD),
			 cases[i].may_load ? MMU_DONE : MMU_LOAD_PAGE);
		CHECK_EQ(try(0, MMU_STORE),
			 cases[i].may_store ? MMU_DONE : MMU_STORE_PAGE);
		CHECK_EQ(try(0, MMU_AMO),
			 cases[i].may_store ? MMU_DONE : MMU_STORE_PAGE);
		CHECK_EQ(try(0, MMU_FETCH),
			 cases[i].may_fetch ? MMU_DONE : MMU_FETCH_PAGE);
	}
}

static void the_kernel_may_load_but_not_fetch(void)
{
	uint64_t word, stval;

	boot(true, false);
	*entry(LOW, 0) = pte(DATA, URW | X);
	CHECK_EQ(mmu_access(0, 0, &word, 8, MMU_LOAD, true, &stval), MMU_DONE);
	CHECK_EQ(mmu_access(0, 0, &word, 4, MMU_FETCH, true, &stval),
		 MMU_FETCH_PAGE);
}

static void upper_levels_map_large_pages(void)
{
	boot(true, false);
	*entry(MIDDLE, 1) = pte(MEGA, URW);
	*(uint64_t *)phys_to_virt(MEGA + 0x12348) = 7;
	CHECK_EQ(load(0, 0x200000 + 0x12348), 7);
	*entry(MIDDLE, 2) = pte(MEGA + 0x1000, URW); /* misaligned */
	CHECK_EQ(try(0x400000, MMU_LOAD), MMU_LOAD_PAGE);
	*entry(ROOT, 2) = pte(HOST_RAM_BASE & ~0x3fffffffUL, URW);
	*(uint64_t *)phys_to_virt(DATA) = 8;
	CHECK_EQ(load(0, 0x80000000 + (DATA & 0x3fffffff)), 8);
}

static void pointers_have_no_rights(void)
{
	boot(true, false);
	*entry(MIDDLE, 0) = pte(LOW, V | U);
	CHECK_EQ(try(0, MMU_LOAD), MMU_LOAD_PAGE);
	*entry(MIDDLE, 0) = pte(LOW, V | A);
	CHECK_EQ(try(0, MMU_LOAD), MMU_LOAD_PAGE);
}

static void addresses_must_be_sign_extended(void)
{
	boot(true, false);
	CHECK_EQ(try(1UL << 39, MMU_LOAD), MMU_LOAD_PAGE);
	CHECK_EQ(try(1UL << 38, MMU_LOAD), MMU_LOAD_PAGE);
	CHECK_EQ(try(1UL << 63, MMU_STORE), MMU_STORE_PAGE);
	*entry(ROOT, 511) = *entry(ROOT, 0);
	CHECK_EQ(try(0xffffffffc0000000, MMU_LOAD), MMU_DONE);
}

static void memory_outside_ram_is_an_access_fault(void)
{
	boot(true, false);
	*entry(LOW, 0) = pte(0x1000, URW | X);
	CHECK_EQ(try(0, MMU_LOAD), MMU_LOAD_ACCESS);
	CHECK_EQ(try(0, MMU_STORE), MMU_STORE_ACCESS);
	CHECK_EQ(try(0, MMU_FETCH), MMU_FETCH_ACCESS);
}

static void accessed_and_dirty_are_set_by_hardware_or_fault(void)
{
	boot(true, false);
	*entry(LOW, 0) = pte(DATA, V | R | W | U);
	CHECK_EQ(try(0, MMU_LOAD), MMU_DONE);
	CHECK_EQ(*entry(LOW, 0), pte(DATA, V | R | W | U | A));
	CHECK_EQ(try(0, MMU_STORE), MMU_DONE);
	CHECK_EQ(*entry(LOW, 0), pte(DATA, URW));

	boot(false, false);
	*entry(LOW, 0) = pte(DATA, V | R | W | U);
	CHECK_EQ(try(0, MMU_LOAD), MMU_LOAD_PAGE);
	*entry(LOW, 0) = pte(DATA, V | R | W | U | A);
	mmu_fence_local(0, 1, 0);
	CHECK_EQ(try(0, MMU_LOAD), MMU_DONE);
	CHECK_EQ(try(0, MMU_STORE), MMU_STORE_PAGE);
	CHECK_EQ(*entry(LOW, 0), pte(DATA, V | R | W | U | A));
}

static void misaligned_accesses_cross_pages_whole_or_not_at_all(void)
{
	uint64_t word = 0x1122334455667788, stval;

	boot(true, false);
	memset(phys_to_virt(DATA), 0, 0x2000);
	CHECK_EQ(mmu_access(0, 0xffd, &word, 8, MMU_STORE, false, &stval),
		 MMU_STORE_PAGE);
	CHECK_EQ(stval, 0x1000);
	CHECK_EQ(*(uint8_t *)phys_to_virt(DATA + 0xffd), 0);
	*entry(LOW, 1) = pte(DATA + 0x5000, URW);
	CHECK_EQ(mmu_access(0, 0xffd, &word, 8, MMU_STORE, false, &stval),
		 MMU_DONE);
	CHECK_EQ(*(uint8_t *)phys_to_virt(DATA + 0xfff), 0x66);
	CHECK_EQ(*(uint8_t *)phys_to_virt(DATA + 0x5000), 0x55);
	word = 0;
	CHECK_EQ(mmu_access(0, 0xffd, &word, 8, MMU_LOAD, false, &stval),
		 MMU_DONE);
	CHECK_EQ(word, 0x1122334455667788);
	*entry(LOW, 1) = pte(0, URW); /* second half: no memory */
	mmu_fence_local(0, 1, 0x1000);
	CHECK_EQ(mmu_access(0, 0xffd, &word, 8, MMU_LOAD, false, &stval),
		 MMU_LOAD_ACCESS);
}

static void atomics_swap_and_must_be_aligned(void)
{
	uint64_t word = 5, stval;

	boot(true, false);
	*(uint64_t *)phys_to_virt(DATA + 8) = 6;
	CHECK_EQ(mmu_access(0, 8, &word, 8, MMU_AMO, false, &stval), MMU_DONE);
	CHECK_EQ(word, 6);
	CHECK_EQ(load(0, 8), 5);
	CHECK_EQ(mmu_access(0, 12, &word, 8, MMU_AMO, false, &stval),
		 MMU_STORE_MISALIGNED);
}

static void translations_stay_until_fenced(void)
{
	uint64_t va;

	boot(true, false);
	*(uint64_t *)phys_to_virt(DATA) = 1;
	*(uint64_t *)phys_to_virt(DATA + 0x1000) = 2;
	CHECK_EQ(load(0, 0), 1);
	CHECK_EQ(load(1, 0), 1);
	*entry(LOW, 0) = pte(DATA + 0x1000, URW);
	CHECK_EQ(load(0, 0), 1);
	CHECK_EQ(load(2, 0), 2);
	CHECK_EQ(mmu_find_stale(~0ULL, 1, ROOT, &va), 2);
	mmu_fence(1, 1, 0x1000, 0x2000); /* another page */
	mmu_fence(1, 2, 0, 0x1000);	 /* another address space */
	CHECK_EQ(load(0, 0), 1);
	mmu_fence(1, 1, 0, 0x1000);
	CHECK_EQ(load(0, 0), 2);
	CHECK_EQ(load(1, 0), 1);
	mmu_fence(2, 0, 0, ~0UL);
	CHECK_EQ(load(1, 0), 2);
	CHECK_EQ(mmu_find_stale(~0ULL, 1, ROOT, &va), 0);
}

static void rights_taken_away_are_stale_rights_given_are_not(void)
{
	uint64_t va;

	boot(true, false);
	*entry(LOW, 0) = pte(DATA, V | R | U | A);
	load(0, 0);
	*entry(LOW, 0) = pte(DATA, URW);
	CHECK_EQ(mmu_find_stale(~0ULL, 1, ROOT, &va), 0);
	CHECK_EQ(try(0, MMU_STORE), MMU_STORE_PAGE); /* remembered */
	mmu_fence_local(0, 1, 0);
	CHECK_EQ(try(0, MMU_STORE), MMU_DONE);
	*entry(LOW, 0) = pte(DATA, V | R | U | A);
	CHECK_EQ(mmu_find_stale(~0ULL, 1, ROOT, &va), 1);
	*entry(LOW, 0) = 0;
	CHECK_EQ(mmu_find_stale(~0ULL, 1, ROOT, &va), 1);
	CHECK_EQ(va, 0);
}

static void an_unkind_machine_remembers_invalid_entries(void)
{
	boot(true, true);
	CHECK_EQ(try(0x1000, MMU_LOAD), MMU_LOAD_PAGE);
	*entry(LOW, 1) = pte(DATA, URW);
	CHECK_EQ(try(0x1000, MMU_LOAD), MMU_LOAD_PAGE);
	mmu_fence_local(0, 1, 0x1000);
	CHECK_EQ(try(0x1000, MMU_LOAD), MMU_DONE);
}

static void an_unkind_machine_remembers_tables(void)
{
	uint64_t other = LOW + 0x1000, va;

	boot(true, true);
	*(uint64_t *)phys_to_virt(DATA) = 1;
	*(uint64_t *)phys_to_virt(DATA + 0x1000) = 2;
	load(0, 0);
	*entry(other, 0) = pte(DATA + 0x1000, URW);
	*entry(MIDDLE, 0) = pte(other, V);
	mmu_fence_local(0, 1, 0); /* forgets the leaf only */
	CHECK_EQ(load(0, 0), 1);
	CHECK(mmu_find_stale(~0ULL, 1, ROOT, &va) > 0);
	mmu_fence(1, 1, 0, ~0UL);
	CHECK_EQ(load(0, 0), 2);
	CHECK_EQ(mmu_find_stale(~0ULL, 1, ROOT, &va), 0);
}

static void global_entries_are_every_address_spaces(void)
{
	boot(true, false);
	*entry(LOW, 0) = pte(DATA, URW | G);
	*(uint64_t *)phys_to_virt(DATA) = 1;
	load(0, 0);
	*entry(LOW, 0) = 0;
	mmu_set_satp(0, 9, ROOT);
	CHECK_EQ(load(0, 0), 1);
	mmu_fence(1, 9, 0, ~0UL);
	CHECK_EQ(load(0, 0), 1);
	mmu_fence(1, 0, 0, ~0UL);
	CHECK_EQ(try(0, MMU_LOAD), MMU_LOAD_PAGE);
}

static void speculation_remembers_what_nobody_asked_for(void)
{
	boot(true, false);
	mmu_speculate(3, 0, 0x4000);
	CHECK_EQ(mmu_count(3, 1), 1);
	*entry(LOW, 0) = 0;
	load(3, 0);
}

static const struct tap_test tests[] = {
    TEST(rights_are_checked),
    TEST(the_kernel_may_load_but_not_fetch),
    TEST(upper_levels_map_large_pages),
    TEST(pointers_have_no_rights),
    TEST(addresses_must_be_sign_extended),
    TEST(memory_outside_ram_is_an_access_fault),
    TEST(accessed_and_dirty_are_set_by_hardware_or_fault),
    TEST(misaligned_accesses_cross_pages_whole_or_not_at_all),
    TEST(atomics_swap_and_must_be_aligned),
    TEST(translations_stay_until_fenced),
    TEST(rights_taken_away_are_stale_rights_given_are_not),
    TEST(an_unkind_machine_remembers_invalid_entries),
    TEST(an_unkind_machine_remembers_tables),
    TEST(global_entries_are_every_address_spaces),
    TEST(speculation_remembers_what_nobody_asked_for),
};

TAP_MAIN(tests)
