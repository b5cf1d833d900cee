/* SPDX-License-Identifier: MIT */
/*
 * getrlimit(2), the limits of memory: RLIMIT_AS, RLIMIT_DATA. RLIMIT_MEMLOCK
 * is in mlock.c and mremap.c, RLIMIT_STACK in stack.c.
 */
#include "test/conform/conform.h"

TEST(rlimit_as_refuses_mmap)
{
	limit(RLIMIT_AS, areas_total() + 8 * PAGE);
	EQ(map(NULL, 16 * PAGE, PROT_NONE, ANON), -ENOMEM);
	CHECK(map(NULL, 8 * PAGE, PROT_NONE, ANON) > 0);
	EQ(map(NULL, PAGE, PROT_NONE, ANON), -ENOMEM);
}

TEST(rlimit_as_refuses_mmap_of_files)
{
	int fd = file_of(1);

	limit(RLIMIT_AS, areas_total() + 8 * PAGE);
	EQ(map_file(fd, 16 * PAGE, PROT_READ, MAP_SHARED, 0), -ENOMEM);
}

TEST(rlimit_as_does_not_count_what_fixed_replaces)
{
	char *p = filled(8);

	limit(RLIMIT_AS, areas_total() + PAGE);
	EQ(map(p, 8 * PAGE, RW, ANON | MAP_FIXED), (long)p);
}

TEST(rlimit_as_gives_back_what_is_unmapped)
{
	char *p = filled(8);

	limit(RLIMIT_AS, areas_total());
	EQ(map(NULL, PAGE, RW, ANON), -ENOMEM);
	EQ(munmap(p, 8 * PAGE), 0);
	CHECK(map(NULL, 8 * PAGE, RW, ANON) > 0);
}

TEST(rlimit_as_below_the_present_size_takes_nothing_away)
{
	char *p = filled(8);

	limit(RLIMIT_AS, PAGE);
	EQ(get(p + 7 * PAGE), 'H');
	put(p, 'x');
	EQ(map(NULL, PAGE, RW, ANON), -ENOMEM);
	EQ(munmap(p, PAGE), 0);
}

TEST(rlimit_as_allows_mremap_to_shrink)
{
	char *p = filled(8);

	limit(RLIMIT_AS, PAGE);
	EQ((long)mremap(p, 8 * PAGE, PAGE, 0, NULL), (long)p);
}

TEST(rlimit_as_does_not_count_what_mremap_replaces)
{
	char *from = filled(8), *to = filled(8);

	limit(RLIMIT_AS, areas_total() + PAGE);
	EQ((long)mremap(from, PAGE, 6 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
			to),
	   (long)to);
	EQ((long)mremap(from + PAGE, 2 * PAGE, 2 * PAGE,
			MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP,
			to + 6 * PAGE),
	   (long)to + 6 * PAGE);
	EQ(get(to + 6 * PAGE), 'B');
}

TEST(rlimit_as_is_inherited_by_fork)
{
	int pid;

	limit(RLIMIT_AS, areas_total() + 8 * PAGE);
	pid = fork();
	if (pid == 0) {
		EQ(map(NULL, 64 * PAGE, RW, ANON), -ENOMEM);
		exit(0);
	}
	joined(pid, 0);
}

TEST(rlimit_as_allows_fork)
{
	int pid;

	limit(RLIMIT_AS, PAGE);
	pid = fork();
	if (pid == 0)
		exit(0);
	joined(pid, 0);
}

TEST(rlimit_data_refuses_private_writable_memory)
{
	limit(RLIMIT_DATA, 256 * PAGE);
	EQ(map(NULL, 512 * PAGE, RW, ANON), -ENOMEM);
	CHECK(map(NULL, 16 * PAGE, RW, ANON) > 0);
}

TEST(rlimit_data_does_not_count_shared_memory)
{
	limit(RLIMIT_DATA, 256 * PAGE);
	CHECK(map(NULL, 512 * PAGE, RW, SHARED_ANON) > 0);
}

TEST(rlimit_data_does_not_count_read_only_memory)
{
	limit(RLIMIT_DATA, 256 * PAGE);
	CHECK(map(NULL, 512 * PAGE, PROT_READ, ANON) > 0);
}

TEST(rlimit_data_counts_private_writable_files)
{
	int fd = file_of(1);

	limit(RLIMIT_DATA, 256 * PAGE);
	EQ(map_file(fd, 512 * PAGE, RW, MAP_PRIVATE, 0), -ENOMEM);
}

TEST(rlimit_data_refuses_mprotect_to_writable)
{
	char *p = anon(512, PROT_READ);

	limit(RLIMIT_DATA, 256 * PAGE);
	EQ(mprotect(p, 512 * PAGE, RW), -ENOMEM);
	EQ(mprotect(p, 16 * PAGE, RW), 0);
}

TEST(rlimit_data_refuses_mremap)
{
	char *p = filled(1);

	limit(RLIMIT_DATA, 256 * PAGE);
	EQ((long)mremap(p, PAGE, 512 * PAGE, MREMAP_MAYMOVE, NULL), -ENOMEM);
	EQ(get(p), 'A');
}

TEST(rlimit_stack_does_not_limit_mmap)
{
	limit(RLIMIT_STACK, 16 * PAGE);
	CHECK(map(NULL, 512 * PAGE, RW, ANON | MAP_STACK) > 0);
}

TEST(rlimit_soft_above_hard_is_einval)
{
	EQ(setrlimit(RLIMIT_AS, 2 * PAGE, PAGE), -EINVAL);
}

TEST(rlimit_of_an_unknown_resource_is_einval)
{
	struct rlimit old;

	EQ(getrlimit(16, &old), -EINVAL);
	EQ(setrlimit(16, 1, 1), -EINVAL);
}

TEST(rlimit_reads_back)
{
	struct rlimit seen = {0, 0};

	EQ(setrlimit(RLIMIT_DATA, 1UL << 30, 1UL << 31), 0);
	EQ(getrlimit(RLIMIT_DATA, &seen), 0);
	EQ(seen.rlim_cur, 1UL << 30);
	EQ(seen.rlim_max, 1UL << 31);
}

TEST(rlimit_shows_in_proc)
{
	static char text[4096];
	char *line;

	EQ(setrlimit(RLIMIT_AS, 123456 * PAGE, 234567 * PAGE), 0);
	CHECK(read_file("/proc/self/limits", text, sizeof(text)) > 0);
	line = strstr(text, "Max address space");
	CHECK(line != NULL);
	EQ(number_after(line, "Max address space"), 123456 * PAGE);
	CHECK(strstr(line, "960786432") != NULL);
}

TEST(rlimit_hard_limits_are_raised_by_root_only)
{
	EQ(setrlimit(RLIMIT_AS, 1UL << 32, 1UL << 32), 0);
	EQ(setrlimit(RLIMIT_AS, 1UL << 33, 1UL << 33), 0);
	drop_root();
	EQ(setrlimit(RLIMIT_AS, 1UL << 34, 1UL << 34), -EPERM);
	EQ(setrlimit(RLIMIT_AS, 1UL << 32, 1UL << 32), 0);
}

/* As many areas as there may be; they alternate between two protections. */
static char *all_areas(void)
{
	enum { COUNT = 70000 };
	char *p = anon(COUNT, PROT_NONE);
	int error = 0;

	for (unsigned long i = 1; i < COUNT && !error; i += 2)
		error = mprotect(p + i * PAGE, PAGE, PROT_READ);
	EQ(error, -ENOMEM);
	return p;
}

TEST(max_map_count_refuses_what_needs_another_mapping)
{
	char *p = all_areas(), *last = p + 69990 * PAGE;
	long first = map(NULL, PAGE, RW, ANON),
	     second = map(NULL, PAGE, RW, SHARED_ANON);

	CHECK(first == -ENOMEM || second == -ENOMEM);
	EQ(munmap(last, PAGE), -ENOMEM);
	EQ(mprotect(last, PAGE, RW), -ENOMEM);
	EQ(mlock2(last, PAGE, MLOCK_ONFAULT), -ENOMEM);
	EQ(madvise(last, PAGE, MADV_DONTFORK), -EAGAIN);
	EQ((long)mremap(last, PAGE, 2 * PAGE, MREMAP_MAYMOVE, NULL), -ENOMEM);
	REFUSED(probe_load(last), SIGSEGV, SEGV_ACCERR);
}

TEST(max_map_count_allows_what_removes_mappings)
{
	char *p = all_areas();

	EQ(munmap(p + PAGE, PAGE), 0);
	EQ(mprotect(p + 3 * PAGE, PAGE, PROT_NONE), 0);
	EQ(munmap(p, 70000 * PAGE), 0);
	CHECK(map(NULL, PAGE, RW, ANON) > 0);
}

/* SIGXFSZ is ignored: the call tells. */
static void limit_files(uint64_t size)
{
	struct sigaction ignore = {1, 0, 0};

	EQ(sigaction(SIGXFSZ, &ignore, NULL), 0);
	limit(RLIMIT_FSIZE, size);
}

TEST(rlimit_fsize_makes_writes_shorter)
{
	static char page[2 * PAGE];
	int fd = file_of(0);

	limit_files(PAGE + 10);
	EQ(write(fd, page, 2 * PAGE), PAGE + 10);
	EQ(write(fd, page, 1), -EFBIG);
	EQ(pwrite(fd, page, 10, PAGE), 10);
	EQ(pwrite(fd, page, 10, PAGE + 9), 1);
	EQ(pwrite(fd, page, 1, 3 * PAGE), -EFBIG);
	EQ(lseek(fd, 0, SEEK_END), PAGE + 10);
}

TEST(rlimit_fsize_refuses_to_lengthen_files)
{
	int fd = file_of(3);

	limit_files(2 * PAGE);
	EQ(ftruncate(fd, 4 * PAGE), -EFBIG);
	EQ(ftruncate(fd, PAGE), 0);
	EQ(ftruncate(fd, 2 * PAGE), 0);
	EQ(ftruncate(fd, 2 * PAGE + 1), -EFBIG);
	EQ(sys(SYS_fallocate, fd, 0, PAGE, 2 * PAGE), -EFBIG);
	EQ(sys(SYS_fallocate, fd, 0, 0, 2 * PAGE), 0);
}

TEST(rlimit_fsize_leaves_what_is_longer_alone)
{
	int fd = file_of(3);
	char *p;

	limit_files(PAGE);
	EQ(ftruncate(fd, 2 * PAGE), 0);
	p = map_fd(fd, 2, RW, MAP_SHARED);
	put(p + PAGE, 'x');
	EQ(pwrite(fd, p, 1, PAGE), -EFBIG);
}

TEST(rlimit_fsize_sends_sigxfsz)
{
	int pid = fork(), status = 0;

	if (pid == 0) {
		int fd = file_of(0);

		limit(RLIMIT_FSIZE, 10);
		EQ(write(fd, "0123456789", 10), 10);
		write(fd, "x", 1);
		exit(0);
	}
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status & 0x7f, SIGXFSZ);
}

TEST(rlimit_fsize_is_not_for_pipes)
{
	int fds[2];

	limit_files(0);
	EQ(pipe(fds), 0);
	EQ(write(fds[1], "x", 1), 1);
}

TEST(rlimit_nproc_refuses_fork)
{
	int pid;

	drop_root();
	limit(RLIMIT_NPROC, 2);
	pid = fork();
	if (pid == 0)
		exit(fork() == -EAGAIN ? 0 : 1);
	CHECK(pid > 0);
	/* A zombie counts until it is waited for. */
	sleep_ms(200);
	EQ(fork(), -EAGAIN);
	joined(pid, 0);
	pid = fork();
	if (pid == 0)
		exit(0);
	joined(pid, 0);
}

TEST(rlimit_nproc_is_not_for_root)
{
	int pid;

	limit(RLIMIT_NPROC, 0);
	pid = fork();
	if (pid == 0)
		exit(0);
	joined(pid, 0);
}

TAP_MAIN
