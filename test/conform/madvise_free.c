/* SPDX-License-Identifier: MIT */
/*
 * madvise(2), MADV_FREE: memory that the program does not need any more, and
 * that the kernel takes when it is short of memory.
 */
#include "test/conform/conform.h"

TEST(madvise_free_gives_zeros_or_what_was_there)
{
	char *p = filled(1);
	uint8_t c;

	EQ(madvise(p, PAGE, MADV_FREE), 0);
	c = get(p);
	CHECK(c == 0 || c == 'A');
}

TEST(madvise_free_keeps_pages_while_memory_is_not_short)
{
	char *p = filled(2);

	EQ(madvise(p, 2 * PAGE, MADV_FREE), 0);
	EQ(get(p), 'A');
	EQ(get(p + PAGE), 'B');
	EQ(resident(p, 2), 2);
}

/* Linux marks pages some at a time. */
TEST(madvise_free_shows_in_smaps)
{
	char *p = island(256, RW);

	memset(p, 1, 256 * PAGE);
	EQ(smaps_kib(p, "LazyFree:"), 0);
	EQ(smaps_kib(p, "Private_Dirty:"), 1024);
	EQ(madvise(p, 256 * PAGE, MADV_FREE), 0);
	CHECK(smaps_kib(p, "LazyFree:") > 512);
	CHECK(smaps_kib(p, "Private_Dirty:") < 512);
	EQ(smaps_kib(p, "Rss:"), 1024);
	memset(p, 2, 256 * PAGE);
	EQ(smaps_kib(p, "LazyFree:"), 0);
	EQ(smaps_kib(p, "Private_Dirty:"), 1024);
}

TEST(madvise_free_leaves_the_child_its_pages)
{
	char *p = filled(1);
	int pid;

	EQ(madvise(p, PAGE, MADV_FREE), 0);
	pid = fork();
	if (pid == 0) {
		put(p, 'x');
		exit(get(p));
	}
	joined(pid, 'x');
	EQ(get(p), 'A');
}

/*
 * Not on a machine with much memory. What is free is more than twice as much
 * as is touched: that it fits is a promise of MADV_FREE.
 */
TEST(madvise_free_memory_goes_when_memory_is_short)
{
	static char text[4096];
	unsigned long npages, i;
	char *p, *q;

	CHECK(read_file("/proc/meminfo", text, sizeof(text)) > 0);
	npages = (unsigned long)number_after(text, "MemFree:") / 4;
	if (npages > 1UL << 18)
		return;
	npages = npages * 3 / 5;
	p = anon(npages, RW);
	for (i = 0; i < npages; i++)
		p[i * PAGE] = 'x';
	EQ(madvise(p, npages * PAGE, MADV_FREE), 0);
	p[0] = 'y';
	q = anon(npages, RW);
	for (i = 0; i < npages; i++)
		q[i * PAGE] = 'z';
	EQ(get(p), 'y');
	for (i = 1; i < npages; i++)
		CHECK(p[i * PAGE] == 0 || p[i * PAGE] == 'x');
	EQ(munmap(p, npages * PAGE), 0);
	EQ(munmap(q, npages * PAGE), 0);
}

TEST(madvise_free_keeps_what_is_written_afterwards)
{
	char *p = filled(1);

	EQ(madvise(p, PAGE, MADV_FREE), 0);
	put(p, 'x');
	EQ(get(p), 'x');
}

TEST(madvise_free_refuses_files_and_shared_memory)
{
	EQ(madvise(map_fd(file_of(1), 1, RW, MAP_PRIVATE), PAGE, MADV_FREE),
	   -EINVAL);
	EQ(madvise(map_fd(file_of(1), 1, RW, MAP_SHARED), PAGE, MADV_FREE),
	   -EINVAL);
	EQ(madvise(shared(1, RW), PAGE, MADV_FREE), -EINVAL);
}

TEST(madvise_free_refuses_locked_memory)
{
	char *p = filled(1);

	EQ(mlock(p, PAGE), 0);
	EQ(madvise(p, PAGE, MADV_FREE), -EINVAL);
	EQ(get(p), 'A');
}

TAP_MAIN
