/* SPDX-License-Identifier: MIT */
/* mprotect: permissions, splitting and merging, errors, page contents. */
#include "test/host/mm_env.h"

#define BASE  0x10000000UL
#define AT(n) (BASE + (n)*PG)

#define CHECK_MAP(mm, text) CHECK_AREAS(mm, BASE, BASE + (1UL << 30), text)

static struct mm_struct *eight_pages(unsigned prot)
{
	struct mm_struct *mm = env_mm();

	env_mmap(mm, AT(0), 8, RW);
	for (unsigned i = 0; i < 8; i++)
		STORE(AT(i), 10 + i);
	if (prot != RW)
		TRY_OK(do_mprotect(mm, AT(0), 8 * PG, prot));
	return mm;
}

static int protect(struct mm_struct *mm, unsigned first, unsigned npages,
		   unsigned prot)
{
	return TRY(do_mprotect(mm, AT(first), npages * PG, prot));
}

/* Every change from one protection to another, on a page with contents. */
MM_TEST_ONCE(each_protection_is_enforced_at_once)
{
	for (unsigned from = 0; from < 8; from++) {
		for (unsigned to = 0; to < 8; to++) {
			struct mm_struct *mm = eight_pages(from);
			bool r = to & (PROT_READ | PROT_WRITE), w = to & 2;

			CHECK_EQ(protect(mm, 0, 8, to), 0);
			CHECK_ACCESS(AT(1), MMU_LOAD, r ? 0 : SIGSEGV,
				     r ? 0 : SEGV_ACCERR);
			CHECK_ACCESS(AT(2), MMU_FETCH, to & 4 ? 0 : SIGSEGV,
				     to & 4 ? 0 : SEGV_ACCERR);
			CHECK_ACCESS(AT(3), MMU_STORE, w ? 0 : SIGSEGV,
				     w ? 0 : SEGV_ACCERR);
			CHECK_ACCESS(AT(4), MMU_AMO, w ? 0 : SIGSEGV,
				     w ? 0 : SEGV_ACCERR);
			CHECK_EQ(protect(mm, 0, 8, RW), 0);
			CHECK_EQ(LOAD(AT(5)), 15);
			env_exit(mm);
		}
	}
}

MM_TEST(the_middle_splits_the_area_in_three_and_merges_again)
{
	struct mm_struct *mm = eight_pages(RW);

	CHECK_EQ(protect(mm, 3, 2, PROT_READ), 0);
	CHECK_MAP(mm, "0-3 rw-p; 3-5 r--p; 5-8 rw-p");
	CHECK_ACCESS(AT(3), MMU_STORE, SIGSEGV, SEGV_ACCERR);
	STORE(AT(2), 1);
	STORE(AT(5), 1);
	CHECK_EQ(protect(mm, 3, 2, RW), 0);
	CHECK_MAP(mm, "0-8 rw-p");
	CHECK_EQ(LOAD(AT(4)), 14);
	STORE(AT(4), 2);
}

MM_TEST(a_border_between_two_areas_moves)
{
	struct mm_struct *mm = eight_pages(RW);

	CHECK_EQ(protect(mm, 0, 4, PROT_READ), 0);
	CHECK_MAP(mm, "0-4 r--p; 4-8 rw-p");
	CHECK_EQ(protect(mm, 4, 2, PROT_READ), 0);
	CHECK_MAP(mm, "0-6 r--p; 6-8 rw-p");
	CHECK_EQ(protect(mm, 2, 4, RW), 0);
	CHECK_MAP(mm, "0-2 r--p; 2-8 rw-p");
}

/* Neither memory nor room for another area is needed. */
MM_TEST_ONCE(a_border_moves_where_no_area_may_be_added)
{
	struct mm_struct *mm = eight_pages(RW);
	long max = sysctl_max_map_count;

	CHECK_EQ(protect(mm, 0, 4, PROT_READ), 0);
	sysctl_max_map_count = mm->map_count;
	CHECK_EQ(do_mprotect(mm, AT(4), PG, PROT_READ), 0);
	CHECK_EQ(do_mprotect(mm, AT(6), PG, PROT_READ), -ENOMEM);
	CHECK_MAP(mm, "0-5 r--p; 5-8 rw-p");
	CHECK_ACCESS(AT(4), MMU_STORE, SIGSEGV, SEGV_ACCERR);
	STORE(AT(5), 1);
	CHECK_EQ(do_mprotect(mm, AT(2), 3 * PG, RW), 0);
	CHECK_MAP(mm, "0-2 r--p; 2-8 rw-p");
	CHECK_ACCESS(AT(1), MMU_STORE, SIGSEGV, SEGV_ACCERR);
	for (unsigned i = 2; i < 8; i++)
		STORE(AT(i), i);
	CHECK_EQ(LOAD(AT(1)), 11);
	sysctl_max_map_count = max;
	/* Where the last one of an area is given away, they merge. */
	CHECK_EQ(protect(mm, 0, 2, RW), 0);
	CHECK_MAP(mm, "0-8 rw-p");
}

MM_TEST(several_areas_get_one_protection)
{
	struct mm_struct *mm = eight_pages(RW);

	CHECK_EQ(protect(mm, 1, 1, PROT_READ), 0);
	CHECK_EQ(protect(mm, 3, 2, PROT_NONE), 0);
	CHECK_EQ(protect(mm, 6, 1, RWX), 0);
	CHECK_MAP(mm, "0-1 rw-p; 1-2 r--p; 2-3 rw-p; 3-5 ---p; 5-6 rw-p; "
		      "6-7 rwxp; 7-8 rw-p");
	CHECK_EQ(protect(mm, 0, 8, PROT_READ), 0);
	CHECK_MAP(mm, "0-8 r--p");
	for (unsigned i = 0; i < 8; i++)
		CHECK_EQ(LOAD(AT(i)), 10 + i);
}

MM_TEST(the_same_protection_changes_nothing)
{
	struct mm_struct *mm = eight_pages(RW);

	env_stats_clear();
	CHECK_EQ(protect(mm, 2, 2, RW), 0);
	CHECK_EQ(protect(mm, 2, 2, RW | PROT_SEM), 0);
	CHECK_MAP(mm, "0-8 rw-p");
	CHECK_EQ(env_stats.nr_fences, 0);
}

MM_TEST(a_hole_stops_the_work_with_enomem)
{
	struct mm_struct *mm = eight_pages(RW);

	TRY_OK(do_munmap(mm, AT(4), PG));
	CHECK_EQ(do_mprotect(mm, AT(2), 6 * PG, PROT_READ), -ENOMEM);
	env_step(__FILE__, __LINE__);
	if (!env_injected())
		CHECK_MAP(mm, "0-2 rw-p; 2-4 r--p; 5-8 rw-p");
	CHECK_EQ(do_mprotect(mm, AT(4), PG, PROT_READ), -ENOMEM);
	CHECK_EQ(do_mprotect(mm, AT(100), PG, PROT_READ), -ENOMEM);
}

MM_TEST(bad_arguments_are_refused)
{
	struct mm_struct *mm = eight_pages(RW);
	unsigned down = PROT_GROWSDOWN, up = PROT_GROWSUP;

	CHECK_EQ(TRY(do_mprotect(mm, AT(0) + 1, PG, RW)), -EINVAL);
	CHECK_EQ(TRY(do_mprotect(mm, AT(0), 0, PROT_READ)), 0);
	CHECK_EQ(TRY(do_mprotect(mm, AT(0), PG, 0x10)), -EINVAL);
	CHECK_EQ(TRY(do_mprotect(mm, AT(0), PG, RW | down | up)), -EINVAL);
	CHECK_EQ(TRY(do_mprotect(mm, AT(0), PG, RW | down)), -EINVAL);
	CHECK_EQ(TRY(do_mprotect(mm, AT(0), PG, RW | up)), -EINVAL);
	CHECK_EQ(do_mprotect(mm, AT(0), ~0UL & PAGE_MASK, RW), -ENOMEM);
	CHECK_EQ(do_mprotect(mm, AT(0), ~0UL, PROT_READ), -ENOMEM);
	CHECK_MAP(mm, "0-8 rw-p");
}

MM_TEST(growsdown_reaches_to_the_start_of_the_stack)
{
	struct mm_struct *mm = env_mm();

	CHECK_EQ(TRY(do_mmap(mm, NULL, AT(600), 8 * PG, RW,
			     ANON | MAP_GROWSDOWN | MAP_FIXED, 0)),
		 AT(600));
	CHECK_EQ(protect(mm, 606, 1, RWX | PROT_GROWSDOWN), 0);
	CHECK_MAP(mm, "600-607 rwxpG; 607-608 rw-pG");
}

/* A page that was shared with a child must still be copied. */
MM_TEST(write_permission_does_not_bypass_copy_on_write)
{
	struct mm_struct *mm = eight_pages(RW), *child = env_fork(mm);

	CHECK_EQ(protect(mm, 0, 8, PROT_READ), 0);
	CHECK_EQ(protect(mm, 0, 8, RW), 0);
	STORE(AT(0), 99);
	env_switch(0, child);
	CHECK_EQ(LOAD(AT(0)), 10);
	STORE(AT(1), 98);
	env_switch(0, mm);
	CHECK_EQ(LOAD(AT(1)), 11);
}

MM_TEST(the_zero_page_is_never_made_writable)
{
	struct mm_struct *mm = env_mm();

	env_mmap(mm, AT(0), 4, PROT_READ);
	for (unsigned i = 0; i < 4; i++)
		CHECK_EQ(LOAD(AT(i)), 0);
	CHECK_EQ(protect(mm, 0, 4, RW), 0);
	STORE(AT(0), 1);
	CHECK_EQ(LOAD(AT(1)), 0);
	CHECK_EQ(LOAD(AT(0)), 1);
}

MM_TEST(private_file_pages_are_copied_when_written)
{
	struct mm_struct *mm = env_mm();
	struct file *file = env_file(4 * PG, 0);
	uint64_t word;

	CHECK_EQ(TRY(do_mmap(mm, file, AT(0), 4 * PG, PROT_READ,
			     MAP_PRIVATE | MAP_FIXED, 0)),
		 AT(0));
	LOAD(AT(0));
	CHECK_EQ(protect(mm, 0, 4, RW), 0);
	STORE(AT(0), 1);
	CHECK(env_file_word(file, 0, &word));
	CHECK_EQ(word, FILE_WORD(0));
	CHECK_EQ(protect(mm, 0, 4, PROT_READ), 0);
	CHECK_EQ(LOAD(AT(0)), 1);
	CHECK_EQ(LOAD(AT(1)), FILE_WORD(PG));
}

/* A clean shared page must go through page_mkwrite whatever the order. */
MM_TEST(shared_file_pages_ask_the_file_before_the_first_write)
{
	struct mm_struct *mm = env_mm();
	struct file *file = env_file(4 * PG, 0);

	CHECK_EQ(TRY(do_mmap(mm, file, AT(0), 4 * PG, PROT_READ,
			     MAP_SHARED | MAP_FIXED, 0)),
		 AT(0));
	LOAD(AT(0));
	CHECK_EQ(protect(mm, 0, 4, RW), 0);
	CHECK_EQ(env_inode(file)->nr_mkwrite, 0);
	STORE(AT(0), 1);
	CHECK_EQ(env_inode(file)->nr_mkwrite, 1);
	CHECK_EQ(protect(mm, 0, 4, PROT_READ), 0);
	CHECK_ACCESS(AT(0), MMU_STORE, SIGSEGV, SEGV_ACCERR);
	CHECK_EQ(protect(mm, 0, 4, RW), 0);
	STORE(AT(0), 2);
	STORE(AT(1), 3);
	CHECK(env_inode(file)->nr_mkwrite >= 2);
}

MM_TEST(pages_without_any_permission_keep_their_contents)
{
	struct mm_struct *mm = eight_pages(PROT_NONE);

	CHECK_FAULT(AT(0), MMU_LOAD, SIGSEGV, SEGV_ACCERR, FAULT_ACCESS);
	CHECK_EQ(get_mm_counter(mm, MM_ANONPAGES), 8);
	CHECK_EQ(protect(mm, 2, 2, PROT_READ), 0);
	CHECK_EQ(LOAD(AT(3)), 13);
	TRY_OK(do_munmap(mm, AT(0), 4 * PG));
	CHECK_EQ(get_mm_counter(mm, MM_ANONPAGES), 4);
	env_switch(0, env_fork(mm));
	CHECK_ACCESS(AT(5), MMU_LOAD, SIGSEGV, SEGV_ACCERR);
}

MM_TEST(accounting_follows_the_permissions)
{
	struct mm_struct *mm = eight_pages(RW);

	CHECK_EQ(mm->data_vm, 8);
	CHECK_EQ(protect(mm, 0, 2, PROT_READ | PROT_EXEC), 0);
	CHECK_EQ(mm->data_vm, 6);
	CHECK_EQ(mm->exec_vm, 2);
	CHECK_EQ(protect(mm, 0, 8, PROT_NONE), 0);
	CHECK_EQ(mm->data_vm, 0);
	CHECK_EQ(mm->exec_vm, 0);
	CHECK_EQ(mm->total_vm, 8);
}

static const struct tap_test tests[] = {
    ENTRY(each_protection_is_enforced_at_once),
    ENTRY(the_middle_splits_the_area_in_three_and_merges_again),
    ENTRY(a_border_between_two_areas_moves),
    ENTRY(a_border_moves_where_no_area_may_be_added),
    ENTRY(several_areas_get_one_protection),
    ENTRY(the_same_protection_changes_nothing),
    ENTRY(a_hole_stops_the_work_with_enomem),
    ENTRY(bad_arguments_are_refused),
    ENTRY(growsdown_reaches_to_the_start_of_the_stack),
    ENTRY(write_permission_does_not_bypass_copy_on_write),
    ENTRY(the_zero_page_is_never_made_writable),
    ENTRY(private_file_pages_are_copied_when_written),
    ENTRY(shared_file_pages_ask_the_file_before_the_first_write),
    ENTRY(pages_without_any_permission_keep_their_contents),
    ENTRY(accounting_follows_the_permissions),
};

TAP_MAIN(tests)
