/* SPDX-License-Identifier: MIT */
/* Mapped files: one cache for mappings, read and write, whoever looks. */
#include "test/guest/guest.h"

TEST(a_write_to_the_file_shows_in_every_mapping)
{
	int fd = file_of(2);
	char *shared = map_fd(fd, 2, RW, MAP_SHARED);
	char *private = map_fd(fd, 2, RW, MAP_PRIVATE);

	EQ(get(shared), 'A');
	EQ(get(private), 'A');
	EQ(pwrite(fd, "xyz", 3, PAGE - 1), 3);
	EQ(get(shared + PAGE - 1), 'x');
	EQ(get(shared + PAGE + 1), 'z');
	EQ(get(private + PAGE), 'y');
}

TEST(a_write_to_shared_memory_shows_in_the_file)
{
	int fd = file_of(2);
	char *p = map_fd(fd, 2, RW, MAP_SHARED);
	char buf[4];

	memcpy(p + PAGE - 2, "wxyz", 4);
	EQ(pread(fd, buf, 4, PAGE - 2), 4);
	EQ(memcmp(buf, "wxyz", 4), 0);
}

TEST(a_private_copy_does_not_follow_the_file)
{
	int fd = file_of(1);
	char *p = map_fd(fd, 1, RW, MAP_PRIVATE);

	put(p, 'm');
	EQ(pwrite(fd, "ff", 2, 0), 2);
	EQ(get(p), 'm');
	EQ(get(p + 1), 'A');
}

TEST(two_mappings_of_one_page_are_one_page)
{
	int fd = file_of(1);
	char *p = map_fd(fd, 1, RW, MAP_SHARED);
	char *q = map_fd(fd, 1, RW, MAP_SHARED);

	for (int i = 0; i < 100; i++) {
		p[i] = (char)i;
		EQ(q[i], i);
	}
}

TEST(processes_share_and_count_together)
{
	enum { WORKERS = 4, ROUNDS = 5000 };
	int fd = file_of(1), pids[WORKERS];
	uint64_t *count = (uint64_t *)map_fd(fd, 1, RW, MAP_SHARED);

	*count = 0;
	for (int i = 0; i < WORKERS; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			for (int n = 0; n < ROUNDS; n++)
				__atomic_fetch_add(count, 1, __ATOMIC_RELAXED);
			exit(0);
		}
	}
	for (int i = 0; i < WORKERS; i++)
		joined(pids[i], 0);
	EQ(*count, WORKERS * ROUNDS);
}

TEST(the_tail_of_the_last_page_is_zero_and_not_written)
{
	int fd = file_of(1);
	struct stat st;
	char *p;
	char c = 'q';

	EQ(ftruncate(fd, 100), 0);
	p = map_fd(fd, 1, RW, MAP_SHARED);
	EQ(get(p + 99), 'A');
	EQ(get(p + 100), 0);
	put(p + 200, 'x');
	EQ(fstat(fd, &st), 0);
	EQ(st.st_size, 100);
	EQ(pread(fd, &c, 1, 200), 0);
}

TEST(growing_a_file_gives_access)
{
	int fd = file_of(1);
	char *p = map_fd(fd, 3, RW, MAP_SHARED);

	REFUSED(probe_store(p + 2 * PAGE, 1), SIGBUS, BUS_ADRERR);
	EQ(ftruncate(fd, 3 * PAGE), 0);
	EQ(get(p + 2 * PAGE), 0);
	put(p + 2 * PAGE, 'x');
	EQ(get(p), 'A');
}

TEST(truncation_zeroes_the_rest_of_the_page)
{
	int fd = file_of(2);
	char *p = map_fd(fd, 2, RW, MAP_SHARED);

	EQ(get(p + PAGE), 'B');
	EQ(ftruncate(fd, 10), 0);
	EQ(get(p + 9), 'A');
	EQ(get(p + 10), 0);
	REFUSED(probe_load(p + PAGE), SIGBUS, BUS_ADRERR);
	EQ(ftruncate(fd, 2 * PAGE), 0);
	EQ(get(p + 10), 0);
	EQ(get(p + PAGE), 0);
}

TEST(truncation_takes_private_copies_too)
{
	int fd = file_of(2);
	char *p = map_fd(fd, 2, RW, MAP_PRIVATE);

	put(p + PAGE, 'x');
	put(p, 'y');
	EQ(ftruncate(fd, 0), 0);
	REFUSED(probe_load(p + PAGE), SIGBUS, BUS_ADRERR);
	REFUSED(probe_load(p), SIGBUS, BUS_ADRERR);
}

TEST(truncation_reaches_other_processes)
{
	int fd = file_of(2), up[2], down[2];
	char *p = map_fd(fd, 2, RW, MAP_SHARED);
	char c;

	EQ(pipe(up), 0);
	EQ(pipe(down), 0);
	int pid = fork();
	if (pid == 0) {
		EQ(get(p + PAGE), 'B');
		EQ(write(up[1], "r", 1), 1);
		EQ(read(down[0], &c, 1), 1);
		REFUSED(probe_load(p + PAGE), SIGBUS, BUS_ADRERR);
		exit(0);
	}
	EQ(read(up[0], &c, 1), 1);
	EQ(ftruncate(fd, PAGE), 0);
	EQ(write(down[1], "g", 1), 1);
	joined(pid, 0);
}

TEST(system_calls_beyond_the_end_get_efault)
{
	int fd = file_of(1), fds[2];
	char *p = map_fd(fd, 2, RW, MAP_SHARED);

	EQ(pipe(fds), 0);
	EQ(write(fds[1], p + PAGE, 10), -EFAULT);
	EQ(write(fds[1], p, 10), 10);
}

TEST(read_from_a_file_into_its_own_mapping)
{
	int fd = file_of(2);
	char *p = map_fd(fd, 2, RW, MAP_SHARED);

	EQ(pread(fd, p, PAGE, PAGE), PAGE);
	EQ(get(p), 'B');
	EQ(get(p + PAGE - 1), 'B');
}

TEST(holes_read_as_zero)
{
	int fd = memfd_create("hole", 0);

	EQ(ftruncate(fd, 64 * PAGE), 0);
	char *p = map_fd(fd, 64, RW, MAP_SHARED);
	for (int i = 0; i < 64; i += 7)
		EQ(get(p + i * PAGE), 0);
	put(p + 10 * PAGE, 'x');
	EQ(get(p + 11 * PAGE), 0);
}

TEST(an_offset_maps_from_there)
{
	char *p =
	    mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, file_of(4), 2 * PAGE);

	EQ(err(p), 0);
	EQ(get(p), 'C');
}

TEST(contents_live_as_long_as_a_mapping)
{
	int fd = open("/tmp/filemap_gone", O_RDWR | O_CREAT, 0600);

	EQ(ftruncate(fd, PAGE), 0);
	char *p = map_fd(fd, 1, RW, MAP_SHARED);
	put(p, 'x');
	EQ(close(fd), 0);
	EQ(unlink("/tmp/filemap_gone"), 0);
	int pid = fork();
	if (pid == 0)
		exit(get(p) == 'x' ? 0 : 1);
	joined(pid, 0);
	EQ(get(p), 'x');
}

TEST(two_openings_of_one_file_share_its_pages)
{
	int fd = open("/tmp/filemap_two", O_RDWR | O_CREAT, 0600);

	EQ(ftruncate(fd, PAGE), 0);
	char *p = map_fd(fd, 1, RW, MAP_SHARED);
	put(p, 'x');
	int again = open("/tmp/filemap_two", O_RDONLY, 0);
	EQ(get(map_fd(again, 1, PROT_READ, MAP_SHARED)), 'x');
	unlink("/tmp/filemap_two");
}

TEST(private_copies_are_inherited_and_diverge)
{
	char *p = map_fd(file_of(1), 1, RW, MAP_PRIVATE);

	put(p, 'P');
	int pid = fork();
	if (pid == 0) {
		EQ(get(p), 'P');
		put(p, 'C');
		exit(0);
	}
	joined(pid, 0);
	EQ(get(p), 'P');
	EQ(get(p + 1), 'A');
}

TEST(large_files_map_in_one_piece)
{
	enum { COUNT = 600 };
	int fd = memfd_create("large", 0);

	for (int i = 0; i < COUNT; i++)
		EQ(pwrite(fd, &i, sizeof(i), i * (int64_t)PAGE), sizeof(i));
	EQ(ftruncate(fd, COUNT * (int64_t)PAGE), 0);
	char *p = map_fd(fd, COUNT, PROT_READ, MAP_SHARED);
	for (int i = 0; i < COUNT; i++)
		EQ(*(int *)(p + i * PAGE), i);
}

TAP_MAIN
