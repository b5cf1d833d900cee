/* SPDX-License-Identifier: MIT */
/* madvise, mincore, msync, mlock: hints, and hints with consequences. */
#include "test/guest/guest.h"

/* How many of the pages are resident. */
static int resident(char *p, unsigned long npages)
{
	uint8_t map[256];
	int count = 0;

	EQ(mincore(p, npages * PAGE, map), 0);
	for (unsigned long i = 0; i < npages; i++)
		count += map[i] & 1;
	return count;
}

TEST(dontneed_makes_anonymous_memory_zero)
{
	char *p = anon(4, RW);

	memset(p, 'x', 4 * PAGE);
	EQ(madvise(p + PAGE, 2 * PAGE, MADV_DONTNEED), 0);
	EQ(get(p), 'x');
	EQ(get(p + PAGE), 0);
	EQ(get(p + 3 * PAGE - 1), 0);
	EQ(get(p + 3 * PAGE), 'x');
}

TEST(dontneed_brings_a_private_file_page_back)
{
	char *p = map_fd(file_of(1), 1, RW, MAP_PRIVATE);

	put(p, 'x');
	EQ(madvise(p, PAGE, MADV_DONTNEED), 0);
	EQ(get(p), 'A');
}

TEST(dontneed_keeps_what_shared_memory_holds)
{
	char *p = map_fd(file_of(1), 1, RW, MAP_SHARED);

	put(p, 'x');
	EQ(madvise(p, PAGE, MADV_DONTNEED), 0);
	EQ(get(p), 'x');
}

TEST(free_gives_zeros_or_the_old_contents)
{
	char *p = anon(1, RW);

	put(p, 'x');
	EQ(madvise(p, PAGE, MADV_FREE), 0);
	uint8_t c = get(p);
	CHECK(c == 0 || c == 'x');
	put(p, 'y');
	EQ(get(p), 'y');
}

TEST(free_is_for_private_anonymous_memory)
{
	EQ(madvise(map_fd(file_of(1), 1, RW, MAP_SHARED), PAGE, MADV_FREE),
	   -EINVAL);
}

TEST(plain_hints_are_accepted)
{
	static const int hints[] = {MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL,
				    MADV_WILLNEED};
	char *p = anon(1, RW), *f = map_fd(file_of(1), 1, RW, MAP_SHARED);

	put(p, 'x');
	for (unsigned i = 0; i < ARRAY_SIZE(hints); i++) {
		EQ(madvise(p, PAGE, hints[i]), 0);
		EQ(madvise(f, PAGE, hints[i]), 0);
	}
	EQ(get(p), 'x');
	EQ(get(f), 'A');
}

TEST(madvise_errors)
{
	char *p = anon(3, RW);

	EQ(madvise(p + 1, PAGE, MADV_DONTNEED), -EINVAL);
	EQ(madvise(p, PAGE, 9999), -EINVAL);
	EQ(madvise(p, 0, MADV_DONTNEED), 0);
	EQ(madvise(p, -PAGE, MADV_DONTNEED), -EINVAL);
	EQ(munmap(p + PAGE, PAGE), 0);
	EQ(madvise(p + PAGE, PAGE, MADV_DONTNEED), -ENOMEM);
}

TEST(a_hole_is_reported_after_the_rest_is_done)
{
	char *p = anon(3, RW);

	memset(p, 'x', 3 * PAGE);
	EQ(munmap(p + PAGE, PAGE), 0);
	EQ(madvise(p, 3 * PAGE, MADV_DONTNEED), -ENOMEM);
	EQ(get(p), 0);
	EQ(get(p + 2 * PAGE), 0);
}

TEST(populate_write_leaves_no_faults)
{
	char *p = anon(4, RW);

	EQ(madvise(p, 4 * PAGE, MADV_POPULATE_WRITE), 0);
	EQ(resident(p, 4), 4);
	for (int i = 0; i < 4; i++)
		EQ(probe_store(p + i * PAGE, 1).minor, 0);
}

TEST(populate_read_leaves_no_read_faults)
{
	char *p = anon(4, RW);

	EQ(madvise(p, 4 * PAGE, MADV_POPULATE_READ), 0);
	for (int i = 0; i < 4; i++) {
		EQ(probe_load(p + i * PAGE).minor, 0);
		EQ(probe_store(p + i * PAGE, 1).minor, 1);
	}
}

TEST(populate_obeys_the_protection)
{
	char *p = anon(1, PROT_READ);

	EQ(madvise(p, PAGE, MADV_POPULATE_WRITE), -EINVAL);
	EQ(madvise(p, PAGE, MADV_POPULATE_READ), 0);
	EQ(mprotect(p, PAGE, PROT_NONE), 0);
	EQ(madvise(p, PAGE, MADV_POPULATE_READ), -EINVAL);
	EQ(munmap(p, PAGE), 0);
	EQ(madvise(p, PAGE, MADV_POPULATE_READ), -ENOMEM);
}

TEST(populate_beyond_the_end_of_a_file)
{
	char *p = map_fd(file_of(1), 2, RW, MAP_SHARED);

	EQ(madvise(p, 2 * PAGE, MADV_POPULATE_READ), -EFAULT);
}

TEST(dontfork_leaves_a_hole_in_the_child)
{
	char *p = island(3, RW);

	memset(p, 'x', 3 * PAGE);
	EQ(madvise(p + PAGE, PAGE, MADV_DONTFORK), 0);
	int pid = fork();
	if (pid == 0) {
		EQ(get(p), 'x');
		REFUSED(probe_load(p + PAGE), SIGSEGV, SEGV_MAPERR);
		EQ(get(p + 2 * PAGE), 'x');
		exit(0);
	}
	joined(pid, 0);
	EQ(get(p + PAGE), 'x');
	EQ(madvise(p + PAGE, PAGE, MADV_DOFORK), 0);
	EQ(areas_in(p, 3 * PAGE), 1);
	pid = fork();
	if (pid == 0)
		exit(get(p + PAGE) == 'x' ? 0 : 1);
	joined(pid, 0);
}

TEST(wipeonfork_gives_the_child_zeros)
{
	char *p = island(2, RW);

	memset(p, 'x', 2 * PAGE);
	EQ(madvise(p, PAGE, MADV_WIPEONFORK), 0);
	int pid = fork();
	if (pid == 0)
		exit(get(p) == 0 && get(p + PAGE) == 'x' ? 0 : 1);
	joined(pid, 0);
	EQ(get(p), 'x');
	EQ(madvise(p, PAGE, MADV_KEEPONFORK), 0);
	pid = fork();
	if (pid == 0)
		exit(get(p) == 'x' ? 0 : 1);
	joined(pid, 0);
}

TEST(wipeonfork_is_for_private_anonymous_memory)
{
	char *p = map_fd(file_of(1), 1, RW, MAP_PRIVATE);

	EQ(madvise(p, PAGE, MADV_WIPEONFORK), -EINVAL);
}

TEST(mincore_tells_which_pages_are_there)
{
	char *p = anon(8, RW);

	EQ(resident(p, 8), 0);
	put(p, 1);
	put(p + 5 * PAGE, 1);
	EQ(resident(p, 8), 2);
	EQ(resident(p + PAGE, 4), 0);
	EQ(madvise(p, PAGE, MADV_DONTNEED), 0);
	EQ(resident(p, 8), 1);
}

TEST(mincore_of_a_file_asks_the_cache)
{
	char *p = map_fd(file_of(2), 2, PROT_READ, MAP_SHARED);

	EQ(resident(p, 2), 2);
}

TEST(mincore_errors)
{
	char *p = anon(2, RW);
	uint8_t map[2];

	EQ(mincore(p + 1, PAGE, map), -EINVAL);
	EQ(mincore(p, 0, map), 0);
	EQ(mincore(p, PAGE, (uint8_t *)8), -EFAULT);
	EQ(munmap(p + PAGE, PAGE), 0);
	EQ(mincore(p, 2 * PAGE, map), -ENOMEM);
}

TEST(msync_checks_its_arguments)
{
	char *p = anon(2, RW), *f = map_fd(file_of(1), 1, RW, MAP_SHARED);

	EQ(msync(f, PAGE, MS_SYNC), 0);
	EQ(msync(f, PAGE, MS_ASYNC), 0);
	EQ(msync(f, PAGE, MS_SYNC | MS_INVALIDATE), 0);
	EQ(msync(p, PAGE, MS_SYNC), 0);
	EQ(msync(f, PAGE, MS_SYNC | MS_ASYNC), -EINVAL);
	EQ(msync(f, PAGE, 64), -EINVAL);
	EQ(msync(f + 1, PAGE, MS_SYNC), -EINVAL);
	EQ(munmap(p + PAGE, PAGE), 0);
	EQ(msync(p, 2 * PAGE, MS_SYNC), -ENOMEM);
}

TEST(mlock_brings_pages_in)
{
	char *p = anon(4, RW);

	EQ(sys(SYS_mlock, p + 10, 3 * PAGE), 0);
	EQ(resident(p, 4), 4);
	EQ(sys(SYS_munlock, p, 4 * PAGE), 0);
	EQ(resident(p, 4), 4);
}

TEST(mlock_of_a_hole_fails)
{
	char *p = anon(2, RW);

	EQ(munmap(p + PAGE, PAGE), 0);
	EQ(sys(SYS_mlock, p, 2 * PAGE), -ENOMEM);
	EQ(sys(SYS_munlock, p + PAGE, PAGE), -ENOMEM);
}

TEST(locked_pages_refuse_dontneed)
{
	char *p = anon(1, RW);

	put(p, 'x');
	EQ(sys(SYS_mlock, p, PAGE), 0);
	EQ(madvise(p, PAGE, MADV_DONTNEED), -EINVAL);
	EQ(get(p), 'x');
	EQ(sys(SYS_munlock, p, PAGE), 0);
	EQ(madvise(p, PAGE, MADV_DONTNEED), 0);
}

TEST(mlockall_future_populates)
{
	EQ(sys(SYS_mlockall, MCL_FUTURE), 0);
	char *p = anon(3, RW);
	EQ(resident(p, 3), 3);
	EQ(sys(SYS_munlockall), 0);
	EQ(resident(anon(3, RW), 3), 0);
	EQ(sys(SYS_mlockall, 0), -EINVAL);
	EQ(sys(SYS_mlockall, 64), -EINVAL);
}

TEST(map_locked_populates)
{
	char *p = mmap(NULL, 3 * PAGE, RW,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0);

	EQ(err(p), 0);
	EQ(resident(p, 3), 3);
}

TAP_MAIN
