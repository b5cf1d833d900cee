/* SPDX-License-Identifier: MIT */
/* mlock, munlock, mlockall, munlockall. */
#include "test/host/mm_env.h"

#define BASE  0x10000000UL
#define AT(n) (BASE + (n)*PG)

#define CHECK_MAP(mm, text) CHECK_AREAS(mm, BASE, BASE + (1UL << 30), text)

MM_TEST(locking_faults_the_pages_in)
{
	struct mm_struct *mm = env_mm();

	env_mmap(mm, AT(0), 6, RW);
	TRY_OK(do_mlock(mm, AT(1) + 5, 2 * PG, false));
	CHECK_MAP(mm, "0-1 rw-p; 1-4 rw-pL; 4-6 rw-p");
	CHECK_EQ(env_resident(mm, AT(0), AT(6)), 3);
	CHECK_EQ(mm->locked_vm, 3);
	env_stats_clear();
	STORE(AT(2), 1);
	for (unsigned kind = 0; kind < NR_FAULT_KINDS; kind++)
		CHECK_EQ(env_stats.kind[kind], 0);
	TRY_OK(do_munlock(mm, AT(0), 6 * PG));
	CHECK_MAP(mm, "0-6 rw-p");
	CHECK_EQ(mm->locked_vm, 0);
	CHECK_EQ(LOAD(AT(2)), 1);
}

MM_TEST(onfault_locks_without_touching)
{
	struct mm_struct *mm = env_mm();

	env_mmap(mm, AT(0), 4, RW);
	TRY_OK(do_mlock(mm, AT(0), 4 * PG, true));
	CHECK_EQ(env_resident(mm, AT(0), AT(4)), 0);
	CHECK_EQ(mm->locked_vm, 4);
	TRY_OK(do_mlock(mm, AT(0), 2 * PG, false));
	CHECK_EQ(env_resident(mm, AT(0), AT(4)), 2);
	CHECK_EQ(mm->map_count, 2);
	CHECK_EQ(mm->locked_vm, 4);
}

MM_TEST(pages_count_once_against_the_limit)
{
	struct mm_struct *mm = env_mm();

	env_mmap(mm, AT(0), 6, RW);
	mm->limits.memlock = 4 * PG;
	TRY_OK(do_mlock(mm, AT(0), 3 * PG, false));
	CHECK_EQ(do_mlock(mm, AT(3), 2 * PG, false), -ENOMEM);
	TRY_OK(do_mlock(mm, AT(0), 4 * PG, false));
	TRY_OK(do_mlock(mm, AT(0), 4 * PG, false));
	CHECK_EQ(mm->locked_vm, 4);
	mm->limits.memlock = 0;
	CHECK_EQ(TRY(do_mlock(mm, AT(0), PG, false)), -EPERM);
	CHECK_EQ(TRY(do_mlockall(mm, MCL_CURRENT)), -EPERM);
	TRY_OK(do_munlock(mm, AT(0), PG));
}

MM_TEST(holes_and_bad_ranges_are_refused)
{
	struct mm_struct *mm = env_mm();

	env_mmap(mm, AT(0), 2, RW);
	env_mmap(mm, AT(3), 1, PROT_NONE);
	CHECK_EQ(do_mlock(mm, AT(0), 3 * PG, false), -ENOMEM);
	CHECK_EQ(do_mlock(mm, AT(8), PG, false), -ENOMEM);
	CHECK_EQ(do_munlock(mm, AT(8), PG), -ENOMEM);
	CHECK_EQ(do_mlock(mm, AT(3), PG, false), -ENOMEM);
	env_step(__FILE__, __LINE__);
	CHECK_EQ(TRY(do_mlock(mm, AT(0), ~0UL - PG, false)), -EINVAL);
	CHECK_EQ(TRY(do_munlock(mm, AT(0), ~0UL - PG)), -EINVAL);
	CHECK_EQ(TRY(do_mlock(mm, AT(0), 0, false)), 0);
	CHECK_EQ(TRY(do_munlock(mm, AT(0), 0)), 0);
}

MM_TEST(mlockall_locks_what_is_and_what_comes)
{
	struct mm_struct *mm = env_mm();

	env_mmap(mm, AT(0), 2, RW);
	TRY_OK(do_mlockall(mm, MCL_CURRENT));
	CHECK_EXACT(env_resident(mm, AT(0), AT(2)), 2);
	CHECK_EQ(mm->locked_vm, 2);
	env_mmap(mm, AT(4), 2, RW);
	CHECK_EQ(env_resident(mm, AT(4), AT(6)), 0);

	TRY_OK(do_mlockall(mm, MCL_FUTURE));
	env_mmap(mm, AT(8), 2, RW);
	CHECK_EXACT(env_resident(mm, AT(8), AT(10)), 2);
	CHECK_MAP(mm, "0-2 rw-pL; 4-6 rw-p; 8-10 rw-pL");

	TRY_OK(do_munlockall(mm));
	CHECK_EQ(mm->locked_vm, 0);
	env_mmap(mm, AT(12), 2, RW);
	CHECK_MAP(mm, "0-2 rw-p; 4-6 rw-p; 8-10 rw-p; 12-14 rw-p");

	TRY_OK(do_mlockall(mm, MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT));
	env_mmap(mm, AT(16), 2, RW);
	CHECK_EQ(env_resident(mm, AT(16), AT(18)), 0);
	CHECK_EQ(mm->locked_vm, 10);
}

MM_TEST(mlockall_checks_its_arguments_and_limit)
{
	struct mm_struct *mm = env_mm();

	env_mmap(mm, AT(0), 4, RW);
	CHECK_EQ(TRY(do_mlockall(mm, 0)), -EINVAL);
	CHECK_EQ(TRY(do_mlockall(mm, MCL_ONFAULT)), -EINVAL);
	CHECK_EQ(TRY(do_mlockall(mm, 8)), -EINVAL);
	mm->limits.memlock = 3 * PG;
	CHECK_EQ(do_mlockall(mm, MCL_CURRENT), -ENOMEM);
	CHECK_EQ(mm->locked_vm, 0);
	TRY_OK(do_mlockall(mm, MCL_FUTURE));
	CHECK_EQ(TRY(do_mmap(mm, NULL, 0, 4 * PG, RW, ANON, 0)), -EAGAIN);
}

MM_TEST(locked_stacks_are_limited_when_they_grow)
{
	struct mm_struct *mm = env_mm();
	vaddr_t top = MM_USER_END - PG;

	TRY_OK(mm_setup_stack(mm, top, 2 * PG, false));
	mm->limits.memlock = 4 * PG;
	TRY_OK(do_mlock(mm, top - 2 * PG, 2 * PG, false));
	STORE(top - 3 * PG, 1);
	CHECK_EQ(mm->locked_vm, 3);
	CHECK_FAULT(top - 9 * PG, MMU_STORE, SIGSEGV, SEGV_MAPERR,
		    FAULT_STACK_LIMIT);
}

static const struct tap_test tests[] = {
    ENTRY(locking_faults_the_pages_in),
    ENTRY(onfault_locks_without_touching),
    ENTRY(pages_count_once_against_the_limit),
    ENTRY(holes_and_bad_ranges_are_refused),
    ENTRY(mlockall_locks_what_is_and_what_comes),
    ENTRY(mlockall_checks_its_arguments_and_limit),
    ENTRY(locked_stacks_are_limited_when_they_grow),
};

TAP_MAIN(tests)
