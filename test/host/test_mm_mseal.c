/* SPDX-License-Identifier: MIT */
/* mseal: sealed areas refuse changes, and areas split and merge with seals. */
#include "test/host/mm_env.h"

#include "mm/vma.h"

#define BASE  0x10000000UL
#define AT(n) (BASE + (n)*PG)

#define CHECK_MAP(mm, text) CHECK_AREAS(mm, BASE, BASE + (1UL << 30), text)

static struct mm_struct *four_pages(void)
{
	struct mm_struct *mm = env_mm();

	env_mmap(mm, AT(0), 4, RW);
	for (unsigned i = 0; i < 4; i++)
		STORE(AT(i), 10 + i);
	return mm;
}

MM_TEST(a_seal_refuses_changes)
{
	struct mm_struct *mm = four_pages();

	env_mmap(mm, AT(8), 1, RW);
	TRY_OK(do_mseal(mm, AT(1), 2 * PG, 0));
	CHECK_MAP(mm, "0-1 rw-p; 1-3 rw-p; 3-4 rw-p; 8-9 rw-p");
	CHECK_EQ(TRY(do_munmap(mm, AT(0), 4 * PG)), -EPERM);
	CHECK_EQ(TRY(do_munmap(mm, AT(2), PG)), -EPERM);
	CHECK_EQ(TRY(do_mprotect(mm, AT(1), PG, PROT_READ)), -EPERM);
	CHECK_EQ(TRY(do_mmap(mm, NULL, AT(2), PG, RW, ANON | MAP_FIXED, 0)),
		 -EPERM);
	CHECK_EQ(TRY(do_mremap(mm, AT(1), PG, PG, 0, 0)), -EPERM);
	CHECK_EQ(TRY(do_mremap(mm, AT(8), PG, PG, MREMAP_MAYMOVE | MREMAP_FIXED,
			       AT(2))),
		 -EPERM);
	CHECK_EQ(TRY(do_madvise(mm, AT(1), PG, MADV_DONTNEED)), 0);
	CHECK_EQ(LOAD(AT(0)), 10);
	CHECK_EQ(LOAD(AT(1)), 0);
	CHECK_EQ(LOAD(AT(2)), 12);
	TRY_OK(do_munmap(mm, AT(3), 6 * PG));
	CHECK_MAP(mm, "0-1 rw-p; 1-3 rw-p");
}

MM_TEST(sealed_neighbours_are_one_area)
{
	struct mm_struct *mm = four_pages();

	TRY_OK(do_mseal(mm, AT(0), PG, 0));
	TRY_OK(do_mseal(mm, AT(2), PG, 0));
	CHECK_EQ(mm->map_count, 4);
	TRY_OK(do_mseal(mm, AT(0), 4 * PG, 0));
	CHECK_MAP(mm, "0-4 rw-p");
	CHECK_EQ(LOAD(AT(3)), 13);
}

MM_TEST(a_hole_leaves_everything_unsealed)
{
	struct mm_struct *mm = four_pages();

	CHECK_EQ(do_mseal(mm, AT(2), 3 * PG, 0), -ENOMEM);
	CHECK_EQ(do_mseal(mm, AT(0) + 1, PG, 0), -EINVAL);
	CHECK_EQ(do_mseal(mm, AT(0), ~0UL, 0), -EINVAL);
	CHECK_EQ(do_mseal(mm, AT(0), PG, 1), -EINVAL);
	TRY_OK(do_munmap(mm, AT(0), 4 * PG));
}

MM_TEST(read_only_memory_keeps_its_contents)
{
	struct mm_struct *mm = four_pages();

	TRY_OK(do_mprotect(mm, AT(0), 4 * PG, PROT_READ));
	TRY_OK(do_mseal(mm, AT(0), 4 * PG, 0));
	CHECK_EQ(TRY(do_madvise(mm, AT(0), PG, MADV_DONTNEED)), -EPERM);
	CHECK_EQ(TRY(do_madvise(mm, AT(0), PG, MADV_FREE)), -EPERM);
	CHECK_EQ(TRY(do_madvise(mm, AT(0), PG, MADV_DONTFORK)), -EPERM);
	TRY_OK(do_madvise(mm, AT(0), PG, MADV_RANDOM));
	CHECK_EQ(LOAD(AT(0)), 10);
}

static const struct tap_test tests[] = {
    ENTRY(a_seal_refuses_changes),
    ENTRY(sealed_neighbours_are_one_area),
    ENTRY(a_hole_leaves_everything_unsealed),
    ENTRY(read_only_memory_keeps_its_contents),
};

TAP_MAIN(tests)
