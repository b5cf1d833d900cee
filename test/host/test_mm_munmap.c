/* SPDX-License-Identifier: MIT */
/* munmap: what goes, what stays, and what comes back. */
#include "test/host/mm_env.h"

#include "mm/page.h"

#define BASE  0x10000000UL
#define AT(n) (BASE + (n)*PG)
#define MEGA  (2UL << 20)
#define GIGA  (1UL << 30)

#define CHECK_MAP(mm, text) CHECK_AREAS(mm, BASE, BASE + GIGA, text)

static struct mm_struct *six_pages(void)
{
	struct mm_struct *mm = env_mm();

	env_mmap(mm, AT(0), 6, RW);
	for (unsigned i = 0; i < 6; i++)
		STORE(AT(i), 10 + i);
	return mm;
}

MM_TEST(a_whole_area_goes)
{
	struct mm_struct *mm = six_pages();

	TRY_OK(do_munmap(mm, AT(0), 6 * PG));
	CHECK_EQ(mm->map_count, 0);
	CHECK_EQ(mm->total_vm, 0);
	CHECK_EQ(mm_rss(mm), 0);
	CHECK_FAULT(AT(3), MMU_LOAD, SIGSEGV, SEGV_MAPERR, FAULT_UNMAPPED);
}

MM_TEST(a_hole_splits_the_area)
{
	struct mm_struct *mm = six_pages();

	TRY_OK(do_munmap(mm, AT(2), 2 * PG));
	CHECK_MAP(mm, "0-2 rw-p; 4-6 rw-p");
	CHECK_EQ(LOAD(AT(1)), 11);
	CHECK_EQ(LOAD(AT(4)), 14);
	CHECK_ACCESS(AT(2), MMU_LOAD, SIGSEGV, SEGV_MAPERR);
	CHECK_ACCESS(AT(3), MMU_STORE, SIGSEGV, SEGV_MAPERR);
	CHECK_EQ(get_mm_counter(mm, MM_ANONPAGES), 4);
}

MM_TEST(the_most_pages_there_were_are_remembered)
{
	struct mm_struct *mm = six_pages();

	CHECK_EQ(mm_hiwater_rss(mm), 6);
	TRY_OK(do_munmap(mm, AT(2), 2 * PG));
	CHECK_EQ(mm_rss(mm), 4);
	CHECK_EQ(mm_hiwater_rss(mm), 6);
	STORE(AT(0), 1);
	TRY_OK(do_munmap(mm, AT(0), PG));
	CHECK_EQ(mm_hiwater_rss(mm), 6);
}

MM_TEST(head_and_tail_can_be_cut_off)
{
	struct mm_struct *mm = six_pages();

	TRY_OK(do_munmap(mm, AT(0), 2 * PG));
	CHECK_MAP(mm, "2-6 rw-p");
	TRY_OK(do_munmap(mm, AT(5), 3 * PG));
	CHECK_MAP(mm, "2-5 rw-p");
	CHECK_EQ(LOAD(AT(4)), 14);
}

MM_TEST(several_areas_and_holes_go_at_once)
{
	struct mm_struct *mm = six_pages();

	env_mmap(mm, AT(8), 2, PROT_READ);
	env_mmap(mm, AT(12), 2, RWX);
	TRY_OK(do_munmap(mm, AT(5), 8 * PG));
	CHECK_MAP(mm, "0-5 rw-p; 13-14 rwxp");
	TRY_OK(do_munmap(mm, AT(5), 8 * PG));
}

MM_TEST(nothing_there_is_no_error)
{
	struct mm_struct *mm = env_mm();

	TRY_OK(do_munmap(mm, AT(0), PG));
	TRY_OK(do_munmap(mm, 0, PG));
	TRY_OK(do_munmap(mm, 0, MM_USER_END));
}

MM_TEST(bad_ranges_are_refused)
{
	struct mm_struct *mm = six_pages();

	CHECK_EQ(TRY(do_munmap(mm, AT(0) + 1, PG)), -EINVAL);
	CHECK_EQ(TRY(do_munmap(mm, AT(0), 0)), -EINVAL);
	CHECK_EQ(TRY(do_munmap(mm, AT(0), ~0UL)), -EINVAL);
	CHECK_EQ(TRY(do_munmap(mm, MM_USER_END, PG)), -EINVAL);
	CHECK_EQ(TRY(do_munmap(mm, ~0UL & PAGE_MASK, PG)), -EINVAL);
	CHECK_MAP(mm, "0-6 rw-p");
	TRY_OK(do_munmap(mm, AT(4), PG + 1)); /* rounded up */
	CHECK_MAP(mm, "0-4 rw-p");
}

MM_TEST(file_offsets_follow_the_split)
{
	struct mm_struct *mm = env_mm();
	struct file *file = env_file(9 * PG, 0);

	CHECK_EQ(TRY(do_mmap(mm, file, AT(0), 8 * PG, PROT_READ,
			     MAP_SHARED | MAP_FIXED, 1)),
		 AT(0));
	LOAD(AT(3));
	TRY_OK(do_munmap(mm, AT(2), 3 * PG));
	CHECK_MAP(mm, "0-2 r--s 1; 5-8 r--s 6");
	CHECK_EQ(LOAD(AT(7)), FILE_WORD(8 * PG));
	CHECK_EQ(file->f_count, 3);
	TRY_OK(do_munmap(mm, AT(0), 8 * PG));
	CHECK_EQ(file->f_count, 1);
	CHECK_EQ(get_mm_counter(mm, MM_FILEPAGES), 0);
}

MM_TEST(page_tables_go_when_nothing_else_needs_them)
{
	struct mm_struct *mm = env_mm();
	uint64_t root = mm->pgtables_bytes;

	CHECK_EQ(root, PG);
	env_mmap(mm, BASE, 4, RW);
	env_mmap(mm, BASE + MEGA - PG, 2, RW);
	env_mmap(mm, BASE + GIGA, 1, RW);
	STORE(BASE, 1);
	CHECK_EQ(mm->pgtables_bytes, root + 2 * PG);
	STORE(BASE + MEGA - PG, 2);
	CHECK_EQ(mm->pgtables_bytes, root + 2 * PG);
	STORE(BASE + MEGA, 3);
	CHECK_EQ(mm->pgtables_bytes, root + 3 * PG);
	STORE(BASE + GIGA, 4);
	CHECK_EQ(mm->pgtables_bytes, root + 5 * PG);

	TRY_OK(do_munmap(mm, BASE + MEGA - PG, 2 * PG));
	CHECK_EQ(mm->pgtables_bytes, root + 4 * PG);
	CHECK_EQ(LOAD(BASE), 1);
	TRY_OK(do_munmap(mm, BASE, 4 * PG));
	CHECK_EQ(mm->pgtables_bytes, root + 2 * PG);
	CHECK_EQ(LOAD(BASE + GIGA), 4);
	TRY_OK(do_munmap(mm, BASE + GIGA, PG));
	CHECK_EQ(mm->pgtables_bytes, root);
}

/* The table of the old mapping is gone: a hart must not walk it again. */
MM_TEST(an_address_can_be_used_anew)
{
	struct mm_struct *mm = six_pages();

	for (unsigned round = 0; round < 3; round++) {
		TRY_OK(do_munmap(mm, AT(0), 6 * PG));
		env_mmap(mm, AT(0), 6, RW);
		CHECK_EQ(LOAD(AT(round)), 0);
		STORE(AT(round), round);
		CHECK_EQ(LOAD(AT(round)), round);
	}
}

static struct page *hoard; /* linked through ->private */

static void take_all_memory(void)
{
	struct page *page;

	while ((page = page_alloc(0, GFP_KERNEL))) {
		page->private = (uintptr_t)hoard;
		hoard = page;
	}
}

static void give_memory_back(void)
{
	while (hoard) {
		struct page *page = hoard;

		hoard = (struct page *)page->private;
		page_free(page, 0);
	}
}

/*
 * The gather then has only its own few slots: it must be emptied in time,
 * wherever in a run of entries or at the end of an area it fills up.
 */
MM_TEST_ONCE(unmapping_needs_no_memory)
{
	for (unsigned first = 1; first <= 50; first++) {
		struct mm_struct *mm = env_mm();
		vaddr_t base = BASE + MEGA - first * PG;

		env_mmap(mm, base, first, RW);
		env_mmap(mm, base + first * PG, 60, RWX);
		for (unsigned i = 0; i < first + 60; i++)
			STORE(base + i * PG, i);
		take_all_memory();
		TRY_OK(do_munmap(mm, base, (first + 60) * PG));
		give_memory_back();
		CHECK_EQ(get_mm_counter(mm, MM_ANONPAGES), 0);
		env_exit(mm);
	}
}

MM_TEST_ONCE(exit_needs_no_memory)
{
	struct mm_struct *mm = env_mm();

	env_mmap(mm, BASE, 600, RW);
	for (unsigned i = 0; i < 600; i++)
		STORE(AT(i), i);
	take_all_memory();
	env_exit(mm);
	give_memory_back();
}

static const struct tap_test tests[] = {
    ENTRY(a_whole_area_goes),
    ENTRY(a_hole_splits_the_area),
    ENTRY(the_most_pages_there_were_are_remembered),
    ENTRY(head_and_tail_can_be_cut_off),
    ENTRY(several_areas_and_holes_go_at_once),
    ENTRY(nothing_there_is_no_error),
    ENTRY(bad_ranges_are_refused),
    ENTRY(file_offsets_follow_the_split),
    ENTRY(page_tables_go_when_nothing_else_needs_them),
    ENTRY(an_address_can_be_used_anew),
    ENTRY(unmapping_needs_no_memory),
    ENTRY(exit_needs_no_memory),
};

TAP_MAIN(tests)
