/* SPDX-License-Identifier: MIT */
/*
 * Fences: that they happen, how many, to which harts; and that nothing is
 * freed or shown differently to two harts before they have happened.
 *
 * A missing fence fails every test of mm/ (env_step looks for translations
 * that are stale); here is what that cannot see.
 */
#include "test/host/mm_env.h"

#include "mm/page.h"
#include "mm/pagetable.h"
#include "mm/tlb.h"
#include "mm/internal.h"
#include "mm/vma.h"
#include "mm/vmstat.h"

#define BASE  0x10000000UL
#define AT(n) (BASE + (n)*PG)
#define MEGA  (2UL << 20)

static struct mm_struct *pages(unsigned npages)
{
	struct mm_struct *mm = env_mm();

	env_mmap(mm, AT(0), npages, RW);
	for (unsigned i = 0; i < npages; i++)
		STORE(AT(i), i + 1);
	env_stats_clear();
	return mm;
}

MM_TEST(unmapping_fences_once)
{
	struct mm_struct *mm = pages(40);

	TRY_OK(do_munmap(mm, AT(0), 10 * PG));
	CHECK_EXACT(env_stats.nr_fences, 1);
	CHECK(env_stats.fence_start <= AT(0) && env_stats.fence_end >= AT(10));
	env_stats_clear();
	TRY_OK(do_munmap(mm, AT(10), 30 * PG));
	CHECK_EXACT(env_stats.nr_fences, 1);
	/* The table went too: pointers to it must be forgotten. */
	CHECK_EQ(env_stats.fence_start, 0);
}

MM_TEST(what_was_never_touched_needs_no_fence)
{
	struct mm_struct *mm = env_mm();

	env_mmap(mm, AT(0), 40, RW);
	env_stats_clear();
	TRY_OK(do_mprotect(mm, AT(3), 4 * PG, PROT_READ));
	TRY_OK(do_munmap(mm, AT(10), 3 * PG));
	TRY_OK(do_madvise(mm, AT(0), 5 * PG, MADV_DONTNEED));
	TRY_OK(do_munmap(mm, AT(0), 40 * PG));
	CHECK_EQ(env_stats.nr_fences, 0);
}

MM_TEST(many_pages_are_fenced_together)
{
	struct mm_struct *mm = env_mm();

	env_mmap(mm, BASE + MEGA - 300 * PG, 1000, RW);
	for (unsigned i = 0; i < 1000; i += 3)
		CHECK_ACCESS(BASE + MEGA - 300 * PG + i * PG, MMU_STORE, 0, 0);
	env_stats_clear();
	TRY_OK(
	    do_madvise(mm, BASE + MEGA - 300 * PG, 1000 * PG, MADV_DONTNEED));
	CHECK_EXACT(env_stats.nr_fences, 1);
	CHECK_EQ(mm_rss(mm), 0);
}

MM_TEST(only_harts_that_run_the_address_space_are_fenced)
{
	struct mm_struct *mm = pages(8);
	uint64_t local, remote;

	TRY_OK(do_munmap(mm, AT(0), PG));
	CHECK_EQ(env_stats.fence_harts, 1);
	env_switch(2, mm);
	LOAD(AT(3));
	local = vm_event_sum(TLB_FENCE_LOCAL);
	remote = vm_event_sum(TLB_FENCE_REMOTE);
	TRY_OK(do_munmap(mm, AT(1), PG));
	CHECK_EQ(env_stats.fence_harts, 5);
	CHECK_EQ(vm_event_sum(TLB_FENCE_LOCAL), local);
	CHECK_EQ(vm_event_sum(TLB_FENCE_REMOTE), remote + 1);
	env_switch(2, NULL);
	env_hart(0);
	TRY_OK(do_munmap(mm, AT(2), PG));
	CHECK_EQ(env_stats.fence_harts, 1);
	CHECK_EQ(vm_event_sum(TLB_FENCE_LOCAL), local + 1);
	CHECK_EQ(vm_event_sum(TLB_FENCE_REMOTE), remote + 1);
}

/* Hart 2 was elsewhere when the page went. */
MM_TEST(a_hart_that_comes_back_has_forgotten)
{
	struct mm_struct *mm = pages(8), *other = env_mm();

	env_switch(2, mm);
	LOAD(AT(3));
	env_switch(2, other);
	env_switch(0, mm);
	TRY_OK(do_munmap(mm, AT(3), PG));
	CHECK(mmu_count(2, (unsigned)mm->ctx.asid)); /* it was not disturbed */
	env_switch(2, mm);
	CHECK_ACCESS(AT(3), MMU_LOAD, SIGSEGV, SEGV_MAPERR);
	/* Nothing has happened since: this time it may remember. */
	LOAD(AT(4));
	env_switch(2, other);
	env_switch(2, mm);
	CHECK(mmu_count(2, (unsigned)mm->ctx.asid));
}

MM_TEST(an_address_space_that_never_ran_is_not_fenced)
{
	struct mm_struct *mm = pages(8), *child = env_fork(mm);

	env_stats_clear();
	TRY_OK(do_munmap(child, AT(0), 2 * PG));
	TRY_OK(do_mprotect(child, AT(2), 2 * PG, PROT_NONE));
	env_exit(child);
	CHECK_EQ(env_stats.nr_fences, 0);
}

MM_TEST(exit_needs_no_fence)
{
	struct mm_struct *mm = pages(30);

	env_exit(mm);
	CHECK_EQ(env_stats.nr_fences, 0);
}

MM_TEST(fork_fences_the_parent_once)
{
	struct mm_struct *mm = pages(30);

	env_switch(1, mm);
	env_mmap(mm, BASE + MEGA, 4, RWX);
	STORE(BASE + MEGA, 1);
	env_stats_clear();
	env_fork(mm);
	CHECK_EXACT(env_stats.nr_fences, 1);
	CHECK_EQ(env_stats.fence_harts, 3);
}

MM_TEST(giving_permissions_to_nothing_fences_nothing)
{
	struct mm_struct *mm = env_mm();

	env_mmap(mm, AT(0), 4, PROT_READ);
	env_stats_clear();
	TRY_OK(do_mprotect(mm, AT(0), 4 * PG, RW));
	CHECK_EQ(env_stats.nr_fences, 0);
	STORE(AT(0), 1);
}

static unsigned nr_freed_early;
static uint64_t nr_free_before;

static void nothing_is_free_yet(void)
{
	if (page_nr_free() > nr_free_before)
		nr_freed_early++;
}

/* Freed before the fence, a page could be read or written by its old users. */
MM_TEST(pages_are_freed_after_the_fence)
{
	struct mm_struct *mm = pages(40), *child = env_fork(mm);

	nr_freed_early = 0;
	nr_free_before = page_nr_free();
	env_before_fence = nothing_is_free_yet;
	TRY_OK(do_madvise(mm, AT(0), 20 * PG, MADV_DONTNEED));
	env_exit(child);
	nr_free_before = page_nr_free();
	TRY_OK(do_madvise(mm, AT(20), 10 * PG, MADV_DONTNEED));
	nr_free_before = page_nr_free();
	TRY_OK(do_munmap(mm, AT(0), 40 * PG));
	env_before_fence = NULL;
	CHECK_EQ(nr_freed_early, 0);
}

static unsigned nr_incoherent;

/*
 * Hart 0 replaces a page by a copy. Hart 1 remembers the old page. If hart 2
 * could write the new one already, hart 1 would not see what hart 2 wrote.
 */
static void write_on_hart_2_read_on_hart_1(void)
{
	uint64_t word = 4711, seen = 0, stval;

	if (mmu_access(2, AT(0), &word, 8, MMU_STORE, false, &stval) !=
	    MMU_DONE)
		return; /* faults, and waits for the table lock */
	if (mmu_access(1, AT(0), &seen, 8, MMU_LOAD, false, &stval) ==
		MMU_DONE &&
	    seen != word)
		nr_incoherent++;
}

static void check_copy(struct mm_struct *mm)
{
	env_switch(2, mm);
	env_switch(1, mm);
	LOAD(AT(0));
	env_hart(0);
	nr_incoherent = 0;
	env_before_fence = write_on_hart_2_read_on_hart_1;
	CHECK_ACCESS(AT(0), MMU_STORE, 0, 0);
	env_before_fence = NULL;
	CHECK_EQ(nr_incoherent, 0);
	env_hart(1);
	LOAD(AT(0));
}

MM_TEST(a_copy_is_shown_after_the_original_is_forgotten)
{
	struct mm_struct *mm = pages(2);

	env_fork(mm);
	check_copy(mm);
}

MM_TEST(the_zero_page_is_forgotten_before_its_successor_is_shown)
{
	struct mm_struct *mm = env_mm();

	env_mmap(mm, AT(0), 1, RW);
	LOAD(AT(0));
	check_copy(mm);
}

MM_TEST(a_files_page_is_forgotten_before_its_copy_is_shown)
{
	struct mm_struct *mm = env_mm();
	struct file *file = env_file(PG, 0);

	CHECK_EQ(
	    TRY(do_mmap(mm, file, AT(0), PG, RW, MAP_PRIVATE | MAP_FIXED, 0)),
	    AT(0));
	check_copy(mm);
}

/* The gather by itself: pages without number, with and without memory. */
MM_TEST(a_gather_keeps_every_page_it_is_given)
{
	struct mm_struct *mm = env_mm();
	uint64_t before = page_nr_free();
	struct tlb_gather gather;

	tlb_gather_init(&gather, mm, false);
	for (unsigned i = 0; i < 1500; i++) {
		struct page *page =
		    page_alloc(0, GFP_KERNEL | GFP_NOFAIL_INJECT);

		page->count = PAGE_MAPPING;
		tlb_gather_range(&gather, AT(i), AT(i + 1));
		if (tlb_gather_page(&gather, page))
			tlb_gather_flush(&gather);
	}
	env_stats_clear();
	tlb_gather_finish(&gather);
	CHECK_EQ(env_stats.nr_fences, 1);
	CHECK_EQ(page_nr_free(), before);
}

MM_TEST(page_tables_are_made_and_found)
{
	struct mm_struct *mm = mm_alloc();
	struct tlb_gather gather;
	vaddr_t va = BASE, stop;
	pte_t *ptep;

	if (!mm) {
		CHECK(env_injected());
		return;
	}
	CHECK(!pt_walk(mm, BASE));
	CHECK(!pt_next_run(mm, &va, MM_USER_END, &stop));
	ptep = pt_walk_alloc(mm, BASE + 5 * PG);
	if (ptep) {
		CHECK(pt_walk(mm, BASE + 5 * PG) == ptep);
		CHECK(pt_walk_alloc(mm, BASE + 6 * PG) == ptep + 1);
		CHECK(pte_is_none(pte_load(ptep)));
		CHECK_EQ(mm->pgtables_bytes, 3 * PG);
		va = 0;
		CHECK(pt_next_run(mm, &va, MM_USER_END, &stop) == ptep - 5);
		CHECK_EQ(va, BASE);
		CHECK_EQ(stop, BASE + MEGA);
		va = BASE + 2 * PG;
		CHECK(pt_next_run(mm, &va, BASE + 9 * PG, &stop) == ptep - 3);
		CHECK_EQ(stop, BASE + 9 * PG);
	}
	tlb_gather_init(&gather, mm, false);
	free_pgtables(&gather, BASE, BASE + PG, BASE, BASE + MEGA);
	free_pgtables(&gather, 0, MM_USER_END, 0, MM_USER_END);
	tlb_gather_finish(&gather);
	CHECK_EQ(mm->pgtables_bytes, PG);
	mmput(mm);
}

MM_TEST(the_kernels_half_is_in_every_root)
{
	struct page *kernel = env_page();
	pte_t *root = page_address(kernel);
	struct mm_struct *mm;

	root[300] = (pte_t){0x1234 << 10 | PTE_V};
	root[511] = (pte_t){0x5678 << 10 | PTE_V | PTE_G};
	root[5] = (pte_t){0x9abc << 10 | PTE_V};
	pt_set_kernel_root(root);
	mm = mm_alloc();
	if (mm) {
		CHECK_EQ(mm->pgd[300].val, 0x1234 << 10 | PTE_V);
		CHECK_EQ(mm->pgd[511].val, 0x5678 << 10 | PTE_V | PTE_G);
		CHECK_EQ(mm->pgd[5].val, 0);
		mmput(mm);
	} else {
		CHECK(env_injected());
	}
	root[300] = root[511] = pte_none();
	pt_set_kernel_root(root); /* none again */
}

MM_TEST(who_finds_entries_emptied_by_another_fences_too)
{
	struct mm_struct *mm = pages(2);
	struct tlb_gather other;

	mmap_read_lock(mm);
	tlb_gather_init(&other, mm, false);
	unmap_page_range(&other, vma_lookup(mm, AT(0)), AT(0), AT(1));
	mmap_read_unlock(mm);
	env_stats_clear();
	CHECK_EQ(do_madvise(mm, AT(0), PG, MADV_DONTNEED), 0);
	CHECK_EQ(env_stats.nr_fences, 1);
	tlb_gather_finish(&other);
	env_stats_clear();
	CHECK_EQ(do_madvise(mm, AT(0), PG, MADV_DONTNEED), 0);
	CHECK_EQ(env_stats.nr_fences, 0);
}

static const struct tap_test tests[] = {
    ENTRY(unmapping_fences_once),
    ENTRY(what_was_never_touched_needs_no_fence),
    ENTRY(many_pages_are_fenced_together),
    ENTRY(only_harts_that_run_the_address_space_are_fenced),
    ENTRY(a_hart_that_comes_back_has_forgotten),
    ENTRY(an_address_space_that_never_ran_is_not_fenced),
    ENTRY(exit_needs_no_fence),
    ENTRY(fork_fences_the_parent_once),
    ENTRY(giving_permissions_to_nothing_fences_nothing),
    ENTRY(pages_are_freed_after_the_fence),
    ENTRY(a_copy_is_shown_after_the_original_is_forgotten),
    ENTRY(the_zero_page_is_forgotten_before_its_successor_is_shown),
    ENTRY(a_files_page_is_forgotten_before_its_copy_is_shown),
    ENTRY(a_gather_keeps_every_page_it_is_given),
    ENTRY(who_finds_entries_emptied_by_another_fences_too),
    ENTRY(page_tables_are_made_and_found),
    ENTRY(the_kernels_half_is_in_every_root),
};

TAP_MAIN(tests)
