/* SPDX-License-Identifier: MIT */
/*
 * mlock(2): mlock, mlock2, munlock, mlockall and munlockall. Root may lock
 * what it likes; the limit holds for everybody else.
 */
#include "test/conform/conform.h"

static long locked(void)
{
	return status_kib("VmLck:");
}

TEST(mlock_brings_pages_in)
{
	char *p = anon(4, RW);

	EQ(mlock(p, 4 * PAGE), 0);
	EQ(resident(p, 4), 4);
}

TEST(mlock_counts_in_status)
{
	char *p = island(4, RW);
	long before = locked();

	EQ(mlock(p, 3 * PAGE), 0);
	EQ(locked(), before + 12);
	EQ(munlock(p, 3 * PAGE), 0);
	EQ(locked(), before);
}

TEST(mlock_shows_in_smaps)
{
	char *p = island(2, RW);

	EQ(mlock(p, 2 * PAGE), 0);
	CHECK(has_vm_flag(p, "lo"));
	EQ(smaps_kib(p, "Locked:"), 8);
}

TEST(mlock_keeps_the_contents)
{
	char *p = filled(2);

	EQ(mlock(p, 2 * PAGE), 0);
	EQ(get(p), 'A');
	EQ(munlock(p, 2 * PAGE), 0);
	EQ(get(p + PAGE), 'B');
}

TEST(mlock_rounds_the_address_down)
{
	char *p = island(2, RW);

	EQ(mlock(p + 100, 1), 0);
	EQ(resident(p, 2), 1);
	CHECK(has_vm_flag(p, "lo"));
}

TEST(mlock_locks_every_page_it_touches)
{
	char *p = island(3, RW);

	EQ(mlock(p + PAGE - 1, 2), 0);
	EQ(resident(p, 3), 2);
}

TEST(mlock_of_length_zero_succeeds)
{
	char *p = island(1, RW);
	long before = locked();

	EQ(mlock(p, 0), 0);
	EQ(locked(), before);
	EQ(munlock(p, 0), 0);
}

TEST(mlock_of_nothing_is_enomem)
{
	EQ(mlock(hole(1), PAGE), -ENOMEM);
	EQ(munlock(hole(1), PAGE), -ENOMEM);
}

TEST(mlock_across_a_hole_is_enomem)
{
	char *p = island(3, RW);

	EQ(munmap(p + PAGE, PAGE), 0);
	EQ(mlock(p, 3 * PAGE), -ENOMEM);
}

TEST(mlock_of_prot_none_is_enomem)
{
	EQ(mlock(anon(1, PROT_NONE), PAGE), -ENOMEM);
}

TEST(mlock_of_addresses_outside_is_enomem)
{
	EQ(mlock((void *)AN_END, PAGE), -ENOMEM);
}

TEST(mlock_of_a_range_that_wraps_is_einval)
{
	char *p = island(1, RW);

	EQ(mlock(p, -PAGE), -EINVAL);
	EQ(munlock(p, -PAGE), -EINVAL);
}

TEST(mlock_of_read_only_memory)
{
	char *p = island(2, PROT_READ);

	EQ(mlock(p, 2 * PAGE), 0);
	EQ(resident(p, 2), 2);
}

TEST(mlock_of_a_shared_file)
{
	char *p = map_fd(file_of(2), 2, RW, MAP_SHARED);

	EQ(mlock(p, 2 * PAGE), 0);
	EQ(smaps_kib(p, "Rss:"), 8);
	EQ(get(p), 'A');
}

TEST(mlock_of_a_private_file_makes_copies)
{
	char *p = map_fd(file_of(2), 2, RW, MAP_PRIVATE);

	EQ(mlock(p, 2 * PAGE), 0);
	EQ(smaps_kib(p, "Anonymous:"), 8);
}

TEST(mlock_does_not_stack)
{
	char *p = island(1, RW);
	long before = locked();

	EQ(mlock(p, PAGE), 0);
	EQ(mlock(p, PAGE), 0);
	EQ(locked(), before + 4);
	EQ(munlock(p, PAGE), 0);
	EQ(locked(), before);
	CHECK(!has_vm_flag(p, "lo"));
}

TEST(mlock_of_a_part_splits)
{
	char *p = filled(3);

	EQ(mlock(p + PAGE, PAGE), 0);
	EQ(areas_in(p, 3 * PAGE), 3);
	EQ(munlock(p + PAGE, PAGE), 0);
	EQ(areas_in(p, 3 * PAGE), 1);
}

TEST(mlock_is_not_inherited_by_fork)
{
	char *p = filled(1);
	int pid;

	EQ(mlock(p, PAGE), 0);
	pid = fork();
	if (pid == 0) {
		EQ(locked(), 0);
		CHECK(!has_vm_flag(p, "lo"));
		EQ(get(p), 'A');
		exit(0);
	}
	joined(pid, 0);
	CHECK(has_vm_flag(p, "lo"));
}

TEST(mlock_over_the_limit_is_enomem)
{
	char *p = island(4, RW);

	limit(RLIMIT_MEMLOCK, 2 * PAGE);
	drop_root();
	EQ(mlock(p, 4 * PAGE), -ENOMEM);
	EQ(locked(), 0);
	EQ(mlock(p, 2 * PAGE), 0);
	EQ(mlock(p + 2 * PAGE, PAGE), -ENOMEM);
}

TEST(mlock_of_what_is_locked_does_not_count_twice)
{
	char *p = island(3, RW);

	limit(RLIMIT_MEMLOCK, 3 * PAGE);
	drop_root();
	EQ(mlock(p, 2 * PAGE), 0);
	EQ(mlock(p, 3 * PAGE), 0);
	EQ(locked(), 12);
}

TEST(mlock_with_limit_zero_is_eperm)
{
	char *p = island(1, RW);

	limit(RLIMIT_MEMLOCK, 0);
	drop_root();
	EQ(mlock(p, PAGE), -EPERM);
	EQ(mlock(p, 0), -EPERM);
	EQ(mlock2(p, PAGE, MLOCK_ONFAULT), -EPERM);
	EQ(mlockall(MCL_CURRENT), -EPERM);
	EQ(map(NULL, PAGE, RW, ANON | MAP_LOCKED), -EPERM);
}

TEST(munlock_needs_no_limit)
{
	char *p = island(1, RW);

	EQ(mlock(p, PAGE), 0);
	limit(RLIMIT_MEMLOCK, 0);
	drop_root();
	EQ(munlock(p, PAGE), 0);
	EQ(munlockall(), 0);
}

TEST(mmap_locked_over_the_limit_is_eagain)
{
	limit(RLIMIT_MEMLOCK, 2 * PAGE);
	drop_root();
	EQ(map(NULL, 4 * PAGE, RW, ANON | MAP_LOCKED), -EAGAIN);
	CHECK(map(NULL, 2 * PAGE, RW, ANON | MAP_LOCKED) > 0);
}

TEST(munlock_keeps_pages)
{
	char *p = filled(2);

	EQ(mlock(p, 2 * PAGE), 0);
	EQ(munlock(p, 2 * PAGE), 0);
	EQ(resident(p, 2), 2);
	EQ(get(p), 'A');
}

TEST(munlock_of_what_is_not_locked_succeeds)
{
	EQ(munlock(island(1, RW), PAGE), 0);
}

TEST(munlock_across_a_hole_is_enomem)
{
	char *p = island(3, RW);

	EQ(mlock(p, PAGE), 0);
	EQ(munmap(p + PAGE, PAGE), 0);
	EQ(munlock(p, 3 * PAGE), -ENOMEM);
}

TEST(munlock_allows_dontneed_again)
{
	char *p = filled(1);

	EQ(mlock(p, PAGE), 0);
	EQ(madvise(p, PAGE, MADV_DONTNEED), -EINVAL);
	EQ(munlock(p, PAGE), 0);
	EQ(madvise(p, PAGE, MADV_DONTNEED), 0);
}

TEST(mlock2_without_flags_is_mlock)
{
	char *p = island(2, RW);

	EQ(mlock2(p, 2 * PAGE, 0), 0);
	EQ(resident(p, 2), 2);
}

TEST(mlock2_onfault_brings_in_nothing)
{
	char *p = island(2, RW);

	EQ(mlock2(p, 2 * PAGE, MLOCK_ONFAULT), 0);
	EQ(resident(p, 2), 0);
	CHECK(has_vm_flag(p, "lo"));
	put(p, 1);
	EQ(resident(p, 2), 1);
}

TEST(mlock2_onfault_counts_all_pages)
{
	char *p = island(2, RW);
	long before = locked();

	EQ(mlock2(p, 2 * PAGE, MLOCK_ONFAULT), 0);
	EQ(locked(), before + 8);
}

TEST(mlock2_refuses_unknown_flags)
{
	EQ(mlock2(island(1, RW), PAGE, 2), -EINVAL);
	EQ(mlock2(island(1, RW), PAGE, -1), -EINVAL);
}

TEST(mlock2_of_nothing_is_enomem)
{
	EQ(mlock2(hole(1), PAGE, MLOCK_ONFAULT), -ENOMEM);
	EQ(mlock2(hole(1), PAGE, 0), -ENOMEM);
}

TEST(mlock2_onfault_of_prot_none_succeeds)
{
	EQ(mlock2(island(1, PROT_NONE), PAGE, MLOCK_ONFAULT), 0);
}

TEST(mlock_after_onfault_brings_pages_in)
{
	char *p = island(2, RW);

	EQ(mlock2(p, 2 * PAGE, MLOCK_ONFAULT), 0);
	EQ(mlock(p, 2 * PAGE), 0);
	EQ(resident(p, 2), 2);
}

TEST(mlockall_refuses_unknown_flags)
{
	EQ(mlockall(8), -EINVAL);
	EQ(mlockall(MCL_CURRENT | 8), -EINVAL);
	EQ(mlockall(-1), -EINVAL);
}

TEST(mlockall_refuses_no_flags)
{
	EQ(mlockall(0), -EINVAL);
}

TEST(mlockall_onfault_alone_is_einval)
{
	EQ(mlockall(MCL_ONFAULT), -EINVAL);
}

TEST(mlockall_current_brings_in_what_is_there)
{
	char *p = island(3, RW);

	EQ(mlockall(MCL_CURRENT), 0);
	EQ(resident(p, 3), 3);
	CHECK(has_vm_flag(p, "lo"));
}

TEST(mlockall_current_does_not_touch_later_mappings)
{
	EQ(mlockall(MCL_CURRENT), 0);
	char *p = (char *)map(NULL, 2 * PAGE, PROT_READ, ANON);
	EQ(resident(p, 2), 0);
	CHECK(!has_vm_flag(p, "lo"));
}

TEST(mlockall_current_tolerates_prot_none)
{
	island(2, PROT_NONE);
	EQ(mlockall(MCL_CURRENT), 0);
}

TEST(mlockall_future_locks_later_mappings)
{
	EQ(mlockall(MCL_FUTURE), 0);
	char *p = anon(3, PROT_READ);
	EQ(resident(p, 3), 3);
	CHECK(has_vm_flag(p, "lo"));
}

TEST(mlockall_future_leaves_what_is_there)
{
	char *p = island(2, RW);

	EQ(mlockall(MCL_FUTURE), 0);
	EQ(resident(p, 2), 0);
	CHECK(!has_vm_flag(p, "lo"));
}

TEST(mlockall_future_brings_in_the_heap)
{
	char *start = brk(NULL),
	     *page = (char *)(((uintptr_t)start + PAGE - 1) & -PAGE);

	EQ(mlockall(MCL_FUTURE), 0);
	EQ((long)brk(page + 3 * PAGE), (long)(page + 3 * PAGE));
	EQ(resident(page, 3), 3);
}

TEST(mlockall_future_over_the_limit_fails_mmap)
{
	limit(RLIMIT_MEMLOCK, 4 * PAGE);
	drop_root();
	EQ(mlockall(MCL_FUTURE), 0);
	EQ(map(NULL, 64 * PAGE, RW, ANON), -EAGAIN);
}

TEST(mlockall_future_over_the_limit_fails_brk)
{
	char *start = brk(NULL);

	limit(RLIMIT_MEMLOCK, 4 * PAGE);
	drop_root();
	EQ(mlockall(MCL_FUTURE), 0);
	EQ((long)brk(start + 64 * PAGE), (long)start);
}

TEST(mlockall_current_over_the_limit_is_enomem)
{
	limit(RLIMIT_MEMLOCK, 4 * PAGE);
	drop_root();
	EQ(mlockall(MCL_CURRENT), -ENOMEM);
	EQ(locked(), 0);
}

TEST(mlockall_onfault_locks_without_bringing_in)
{
	char *p = island(2, RW);

	EQ(mlockall(MCL_CURRENT | MCL_ONFAULT), 0);
	EQ(resident(p, 2), 0);
	CHECK(has_vm_flag(p, "lo"));
}

TEST(mlockall_future_onfault_does_not_bring_in)
{
	EQ(mlockall(MCL_FUTURE | MCL_ONFAULT), 0);
	char *p = anon(2, PROT_READ);
	EQ(resident(p, 2), 0);
	CHECK(has_vm_flag(p, "lo"));
}

TEST(munlockall_unlocks_everything)
{
	char *p = island(2, RW);

	EQ(mlockall(MCL_CURRENT | MCL_FUTURE), 0);
	EQ(munlockall(), 0);
	EQ(locked(), 0);
	CHECK(!has_vm_flag(p, "lo"));
}

TEST(munlockall_ends_future_locking)
{
	EQ(mlockall(MCL_FUTURE), 0);
	EQ(munlockall(), 0);
	EQ(resident(anon(2, PROT_READ), 2), 0);
}

TEST(mlockall_current_ends_future_locking)
{
	EQ(mlockall(MCL_FUTURE), 0);
	EQ(mlockall(MCL_CURRENT), 0);
	EQ(resident(anon(2, PROT_READ), 2), 0);
}

TEST(mlockall_is_not_inherited_by_fork)
{
	int pid;

	EQ(mlockall(MCL_CURRENT | MCL_FUTURE), 0);
	pid = fork();
	if (pid == 0) {
		EQ(locked(), 0);
		EQ(resident(anon(2, PROT_READ), 2), 0);
		exit(0);
	}
	joined(pid, 0);
}

TEST(mlock_refuses_to_let_remove_and_dontneed_work)
{
	char *p = map_fd(file_of(1), 1, RW, MAP_SHARED);

	EQ(mlock(p, PAGE), 0);
	EQ(madvise(p, PAGE, MADV_DONTNEED), -EINVAL);
	EQ(madvise(p, PAGE, MADV_REMOVE), -EINVAL);
}

TEST(mlock_limit_does_not_hold_for_root)
{
	char *p = island(4, RW);

	limit(RLIMIT_MEMLOCK, PAGE);
	EQ(mlock(p, 4 * PAGE), 0);
	limit(RLIMIT_MEMLOCK, 0);
	EQ(mlock(p, 4 * PAGE), 0);
	CHECK(map(NULL, PAGE, RW, ANON | MAP_LOCKED) > 0);
	EQ(mlockall(MCL_CURRENT), 0);
}

TEST(mlock_limit_holds_again_for_an_effective_user)
{
	char *p = island(4, RW);

	limit(RLIMIT_MEMLOCK, PAGE);
	EQ(sys(SYS_setresuid, -1, 1000, -1), 0);
	EQ(mlock(p, 4 * PAGE), -ENOMEM);
	EQ(sys(SYS_setresuid, -1, 0, -1), 0);
	EQ(mlock(p, 4 * PAGE), 0);
}

TEST(mlock2_onfault_keeps_present_pages)
{
	char *p = filled(3);

	EQ(madvise(p + PAGE, PAGE, MADV_DONTNEED), 0);
	EQ(mlock2(p, 3 * PAGE, MLOCK_ONFAULT), 0);
	EQ(resident(p, 3), 2);
	EQ(get(p), 'A');
}

TEST(munlock_of_the_rest_joins_again)
{
	char *p = filled(3);

	EQ(mlock(p, 3 * PAGE), 0);
	EQ(munlock(p + PAGE, PAGE), 0);
	EQ(areas_in(p, 3 * PAGE), 3);
	EQ(munlock(p, 3 * PAGE), 0);
	EQ(areas_in(p, 3 * PAGE), 1);
}

TEST(mlock_spans_mappings)
{
	char *p = island(4, RW);
	long before = locked();

	EQ(mprotect(p + PAGE, PAGE, PROT_READ), 0);
	EQ(mlock(p, 4 * PAGE), 0);
	EQ(locked(), before + 16);
	EQ(resident(p, 4), 4);
}

TEST(mlock_of_a_stack_page)
{
	char here[64] = {0};

	EQ(mlock(here, sizeof(here)), 0);
	EQ(munlock(here, sizeof(here)), 0);
	EQ(here[0], 0);
}

TEST(mlock_of_pages_behind_the_end_of_a_file_is_enomem)
{
	char *p = map_fd(file_of(1), 2, RW, MAP_SHARED);

	EQ(mlock(p, 2 * PAGE), -ENOMEM);
}

TEST(mlock_then_mprotect_to_writable_makes_own_pages)
{
	char *p = island(2, PROT_READ);

	EQ(mlock(p, 2 * PAGE), 0);
	EQ(mprotect(p, 2 * PAGE, RW), 0);
	EQ(smaps_kib(p, "Anonymous:"), 8);
}

TEST(mlock_of_the_vdso_locks_nothing)
{
	long before = locked();

	EQ(mlock(vdso(), PAGE), 0);
	EQ(locked(), before);
	CHECK(!has_vm_flag(vdso(), "lo"));
}

TEST(mmap_locked_counts_in_status)
{
	long before = locked();
	char *p = (char *)map(NULL, 4 * PAGE, RW, ANON | MAP_LOCKED);

	EQ(locked(), before + 16);
	EQ(munmap(p, 4 * PAGE), 0);
	EQ(locked(), before);
}

TEST(mlockall_future_counts_in_status)
{
	EQ(mlockall(MCL_FUTURE), 0);
	char *p = anon(4, PROT_READ);
	EQ(locked(), 16);
	EQ(munmap(p, 4 * PAGE), 0);
	EQ(locked(), 0);
}

TAP_MAIN
