/* SPDX-License-Identifier: MIT */
/*
 * Faults against every operation that changes an address space, in host
 * threads: built with ASan and UBSan, and with TSan. See race.h for the model.
 *
 * After each round, when all threads have ended, mm_verify() must be content,
 * no hart may remember a translation that the tables do not give, and after
 * the last one as many pages are free as before.
 *
 * FAULTLINE_RACE_OPS in the environment: accesses of each thread, all rounds
 * together. FAULTLINE_SEED repeats a choice of operations, though not their
 * order in time.
 */
#include "test/lock/race.h"

#include <stdlib.h>

#define DEFAULT_OPS 60000
#define ROUNDS	    8
#define MEGA2	    0x200000UL
#define STRADDLE(n) ((n)*MEGA2 - WINDOW_PAGES / 2 * PG) /* two tables */

/* Far apart, so that tables come and go. */
const struct window windows[NR_WINDOWS] = {
    [W_ANON] = {STRADDLE(0x100), 1, true, true},
    [W_TWIN] = {STRADDLE(0x102), 2, true, true},
    [W_FROM] = {STRADDLE(0x401), 3, false, false},
    [W_TO] = {STRADDLE(0x602), 3, false, false},
    [W_SHARED] = {STRADDLE(0x604), 4, false, true},
    [W_PRIVATE] = {STRADDLE(0x606), 4, false, true},
    [W_FROZEN] = {STRADDLE(0x608), 5, true, false},
    [W_BRK] = {STRADDLE(0x801), 6, true, false},
    [W_STACK] = {STRADDLE(0xa01), 7, true, false},
};
struct race race;

static uint64_t ops_of_round(void)
{
	const char *text = getenv("FAULTLINE_RACE_OPS");
	uint64_t ops = text ? strtoull(text, NULL, 0) : DEFAULT_OPS;

	return ops / ROUNDS + 1;
}

static void set_up(unsigned nr_faulters, bool is_told)
{
	env_begin(false);
	host_tlb_fence_hook = mmu_fence; /* the one that counts is not atomic */
	race.mm = env_mm();
	race.file = env_file(0, 0);
	if (!is_told) /* of writes; then no page is locked for them */
		env_inode(race.file)->mapping.page_mkwrite = NULL;
	truncate_setsize(race.file->f_mapping, WINDOW_PAGES * PG);
	race.mm->start_brk = race.mm->brk = windows[W_BRK].start;
	for (unsigned w = 0; w < NR_WINDOWS; w++)
		race_make_window((enum window_kind)w);
	race.nr_faulters = nr_faulters;
	race.ops = ops_of_round();
	race.nr_done = 0;
	race_forget();
}

static void run_round(unsigned nr_writers, uint64_t seed)
{
	struct thread *threads[MAX_FAULTERS + MAX_WRITERS];
	unsigned nr = 0;
	uint64_t va;

	race.seed = seed;
	store_release(&race.nr_faulting, race.nr_faulters);
	for (uintptr_t i = 0; i < race.nr_faulters; i++)
		threads[nr++] = host_thread_start(race_fault_thread, (void *)i);
	for (uintptr_t i = 0; i < nr_writers; i++)
		threads[nr++] = host_thread_start(race_write_thread, (void *)i);
	while (nr)
		host_thread_join(threads[--nr]);
	mm_verify(race.mm);
	CHECK_EQ(mmu_find_stale(~race.mm->ctx.tlb_stale_mask,
				race.mm->ctx.asid & 0xffff,
				virt_to_phys(race.mm->pgd), &va),
		 0);
}

static void run(unsigned nr_faulters, unsigned nr_writers, bool is_told)
{
	set_up(nr_faulters, is_told);
	for (unsigned i = 0; i < ROUNDS; i++)
		run_round(nr_writers, tap_seed() + i * 1000);
	tap_note("%llu operations", (unsigned long long)race.nr_done);
	env_end();
}

static void one_program_and_one_writer(void)
{
	run(1, 1, true);
}

static void faults_in_one_address_space(void)
{
	run(MAX_FAULTERS, 0, true);
}

static void faults_and_all_writers(void)
{
	run(MAX_FAULTERS, MAX_WRITERS, true);
}

static void faults_and_writers_with_a_file_that_is_not_told(void)
{
	run(MAX_FAULTERS, MAX_WRITERS, false);
}

static const struct tap_test tests[] = {
    TEST(one_program_and_one_writer),
    TEST(faults_in_one_address_space),
    TEST(faults_and_all_writers),
    TEST(faults_and_writers_with_a_file_that_is_not_told),
};

TAP_MAIN(tests)
