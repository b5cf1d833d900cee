/* SPDX-License-Identifier: MIT */
/*
 * mmap(2) of files: descriptors and modes that are refused, offsets, the end
 * of the file, and what is shared with whom. ftruncate(2) against mappings.
 */
#include "test/conform/conform.h"

static char byte_of(int fd, int64_t at)
{
	char c = 0;

	EQ(pread(fd, &c, 1, at), 1);
	return c;
}

TEST(mmap_refuses_a_closed_descriptor)
{
	int fd = file_of(1);

	EQ(close(fd), 0);
	EQ(map_file(fd, PAGE, RW, MAP_SHARED, 0), -EBADF);
}

TEST(mmap_refuses_descriptor_minus_one)
{
	EQ(map_file(-1, PAGE, RW, MAP_PRIVATE, 0), -EBADF);
}

TEST(mmap_refuses_a_descriptor_for_the_path_only)
{
	int fd = open("/tmp", O_PATH, 0);

	CHECK(fd >= 0);
	EQ(map_file(fd, PAGE, PROT_READ, MAP_PRIVATE, 0), -EBADF);
}

TEST(mmap_refuses_a_file_not_open_for_reading)
{
	int fd = open("/tmp/write_only", O_WRONLY | O_CREAT, 0600);

	CHECK(fd >= 0);
	EQ(map_file(fd, PAGE, PROT_READ, MAP_PRIVATE, 0), -EACCES);
	EQ(map_file(fd, PAGE, PROT_WRITE, MAP_SHARED, 0), -EACCES);
	EQ(map_file(fd, PAGE, PROT_NONE, MAP_SHARED, 0), -EACCES);
	unlink("/tmp/write_only");
}

/* /tmp/read_only, open for reading, one page long. */
static int read_only_file(void)
{
	int fd = open("/tmp/read_only", O_RDWR | O_CREAT, 0600), readable;

	EQ(ftruncate(fd, PAGE), 0);
	readable = open("/tmp/read_only", O_RDONLY, 0);
	CHECK(readable >= 0);
	unlink("/tmp/read_only");
	close(fd);
	return readable;
}

TEST(mmap_shared_and_writable_needs_a_writable_descriptor)
{
	EQ(map_file(read_only_file(), PAGE, RW, MAP_SHARED, 0), -EACCES);
}

TEST(mmap_private_and_writable_takes_a_read_only_descriptor)
{
	int fd = read_only_file();
	char *p = map_fd(fd, 1, RW, MAP_PRIVATE);

	put(p, 'x');
	EQ(byte_of(fd, 0), 0);
}

TEST(mmap_append_only_descriptor_may_be_shared)
{
	int fd = open("/tmp/append", O_RDWR | O_CREAT | O_APPEND, 0600);

	EQ(ftruncate(fd, PAGE), 0);
	CHECK(map_file(fd, PAGE, RW, MAP_SHARED, 0) > 0);
	unlink("/tmp/append");
}

TEST(mmap_refuses_an_unaligned_offset)
{
	int fd = file_of(2);

	EQ(map_file(fd, PAGE, RW, MAP_SHARED, 1), -EINVAL);
	EQ(map_file(fd, PAGE, RW, MAP_PRIVATE, PAGE - 1), -EINVAL);
}

TEST(mmap_refuses_an_offset_that_overflows)
{
	int fd = file_of(1);

	EQ(map_file(fd, 2 * PAGE, RW, MAP_SHARED, 0x7ffffffffffff000UL),
	   -EOVERFLOW);
	EQ(map_file(fd, PAGE, RW, MAP_SHARED, -PAGE), -EOVERFLOW);
}

TEST(mmap_refuses_a_pipe)
{
	int fds[2];

	EQ(pipe(fds), 0);
	EQ(map_file(fds[0], PAGE, PROT_READ, MAP_PRIVATE, 0), -ENODEV);
}

TEST(mmap_refuses_a_directory)
{
	int fd = open("/tmp", O_RDONLY, 0);

	EQ(map_file(fd, PAGE, PROT_READ, MAP_PRIVATE, 0), -ENODEV);
}

TEST(mmap_refuses_the_null_device)
{
	int fd = open("/dev/null", O_RDWR, 0);

	EQ(map_file(fd, PAGE, RW, MAP_PRIVATE, 0), -ENODEV);
}

TEST(mmap_of_the_zero_device_is_anonymous_memory)
{
	int fd = open("/dev/zero", O_RDWR, 0);
	char *p = map_fd(fd, 2, RW, MAP_PRIVATE);

	EQ(get(p), 0);
	put(p + PAGE, 'x');
	EQ(get(p + PAGE), 'x');
}

TEST(mmap_of_the_zero_device_is_shared_with_children)
{
	char *p = map_fd(open("/dev/zero", O_RDWR, 0), 1, RW, MAP_SHARED);
	int pid = fork();

	if (pid == 0) {
		put(p, 'x');
		exit(0);
	}
	joined(pid, 0);
	EQ(get(p), 'x');
}

TEST(mmap_two_mappings_of_the_zero_device_are_not_one)
{
	int fd = open("/dev/zero", O_RDWR, 0);
	char *p = map_fd(fd, 1, RW, MAP_SHARED);
	char *q = map_fd(fd, 1, RW, MAP_SHARED);

	put(p, 'x');
	EQ(get(q), 0);
}

TEST(mmap_of_a_file_reads_its_contents)
{
	char *p = map_fd(file_of(3), 3, PROT_READ, MAP_PRIVATE);

	EQ(get(p), 'A');
	EQ(get(p + 2 * PAGE), 'C');
}

TEST(mmap_starts_at_the_offset)
{
	char *p = (char *)map_file(file_of(3), PAGE, RW, MAP_SHARED, 2 * PAGE);

	EQ(get(p), 'C');
}

TEST(mmap_outlives_its_descriptor)
{
	int fd = file_of(1);
	char *p = map_fd(fd, 1, RW, MAP_SHARED);

	EQ(close(fd), 0);
	EQ(get(p), 'A');
	put(p, 'x');
	EQ(get(p), 'x');
}

TEST(mmap_outlives_the_name_of_the_file)
{
	int fd = named_file("/tmp/nameless", PAGE);
	char *p = map_fd(fd, 1, RW, MAP_SHARED);

	put(p, 'x');
	EQ(close(fd), 0);
	EQ(get(p), 'x');
}

TEST(mmap_does_not_move_the_file_position)
{
	int fd = file_of(1);

	EQ(lseek(fd, 17, SEEK_SET), 17);
	map_fd(fd, 1, RW, MAP_SHARED);
	EQ(lseek(fd, 0, SEEK_CUR), 17);
}

TEST(mmap_shared_stores_reach_read)
{
	int fd = file_of(1);
	char *p = map_fd(fd, 1, RW, MAP_SHARED);

	put(p + 5, 'x');
	EQ(byte_of(fd, 5), 'x');
}

TEST(mmap_shared_sees_write)
{
	int fd = file_of(1);
	char *p = map_fd(fd, 1, RW, MAP_SHARED);

	EQ(get(p), 'A');
	EQ(pwrite(fd, "x", 1, 0), 1);
	EQ(get(p), 'x');
}

TEST(mmap_shared_stores_reach_other_mappings)
{
	int fd = file_of(1);
	char *p = map_fd(fd, 1, RW, MAP_SHARED);
	char *q = map_fd(fd, 1, PROT_READ, MAP_SHARED);
	char *r = map_fd(fd, 1, PROT_READ, MAP_PRIVATE);

	put(p, 'x');
	EQ(get(q), 'x');
	EQ(get(r), 'x');
}

TEST(mmap_shared_stores_reach_other_openings)
{
	int fd = open("/tmp/twice", O_RDWR | O_CREAT, 0600);
	int other = open("/tmp/twice", O_RDWR, 0);

	EQ(ftruncate(fd, PAGE), 0);
	char *p = map_fd(fd, 1, RW, MAP_SHARED);
	char *q = map_fd(other, 1, RW, MAP_SHARED);
	put(p, 'x');
	EQ(get(q), 'x');
	unlink("/tmp/twice");
}

TEST(mmap_shared_stores_reach_unrelated_processes)
{
	int fd = open("/dev/shm/conform", O_RDWR | O_CREAT, 0600), pid;

	EQ(ftruncate(fd, PAGE), 0);
	pid = fork();
	if (pid == 0) {
		int own = open("/dev/shm/conform", O_RDWR, 0);
		put(map_fd(own, 1, RW, MAP_SHARED), 'x');
		exit(0);
	}
	joined(pid, 0);
	EQ(get(map_fd(fd, 1, RW, MAP_SHARED)), 'x');
	unlink("/dev/shm/conform");
}

TEST(mmap_private_stores_do_not_reach_the_file)
{
	int fd = file_of(1);
	char *p = map_fd(fd, 1, RW, MAP_PRIVATE);

	put(p, 'x');
	EQ(byte_of(fd, 0), 'A');
	EQ(get(map_fd(fd, 1, RW, MAP_SHARED)), 'A');
}

TEST(mmap_private_copies_do_not_follow_the_file)
{
	int fd = file_of(1);
	char *p = map_fd(fd, 1, RW, MAP_PRIVATE);

	put(p, 'x');
	EQ(pwrite(fd, "yy", 2, 0), 2);
	EQ(get(p), 'x');
	EQ(get(p + 1), 'A');
}

TEST(mmap_read_by_a_system_call_into_a_mapping)
{
	int fd = file_of(1);
	char *p = map_fd(file_of(1), 1, RW, MAP_SHARED), *q = anon(1, RW);

	EQ(pwrite(fd, "xyz", 3, 0), 3);
	EQ(pread(fd, p, 3, 0), 3);
	EQ(pread(fd, q, 3, 0), 3);
	EQ(get(p + 2), 'z');
	EQ(get(q + 2), 'z');
}

TEST(mmap_zero_fills_the_last_page)
{
	int fd = memfd_create("tail", 0);

	EQ(write(fd, "abc", 3), 3);
	char *p = map_fd(fd, 1, PROT_READ, MAP_PRIVATE);
	EQ(get(p + 2), 'c');
	for (unsigned i = 3; i < PAGE; i++)
		EQ(p[i], 0);
}

TEST(mmap_stores_behind_the_end_do_not_change_the_file)
{
	struct stat st;
	int fd = memfd_create("tail", 0);
	char text[8];

	EQ(write(fd, "abc", 3), 3);
	char *p = map_fd(fd, 1, RW, MAP_SHARED);
	put(p + 3, 'x');
	EQ(msync(p, PAGE, MS_SYNC), 0);
	EQ(fstat(fd, &st), 0);
	EQ(st.st_size, 3);
	EQ(pread(fd, text, 8, 0), 3);
}

TEST(mmap_load_of_a_page_behind_the_end_is_sigbus)
{
	char *p = map_fd(file_of(1), 2, RW, MAP_SHARED);

	FAULTS(probe_load(p + PAGE), SIGBUS, BUS_ADRERR, p + PAGE);
}

TEST(mmap_store_to_a_page_behind_the_end_is_sigbus)
{
	char *p = map_fd(file_of(1), 2, RW, MAP_SHARED);

	FAULTS(probe_store(p + PAGE + 9, 1), SIGBUS, BUS_ADRERR, p + PAGE + 9);
}

TEST(mmap_private_store_behind_the_end_is_sigbus)
{
	char *p = map_fd(file_of(1), 2, RW, MAP_PRIVATE);

	FAULTS(probe_store(p + PAGE, 1), SIGBUS, BUS_ADRERR, p + PAGE);
}

TEST(mmap_of_an_empty_file_is_sigbus)
{
	char *p = map_fd(memfd_create("empty", 0), 1, RW, MAP_SHARED);

	FAULTS(probe_load(p), SIGBUS, BUS_ADRERR, p);
}

TEST(mmap_offset_behind_the_end_is_allowed)
{
	long p = map_file(file_of(1), PAGE, RW, MAP_SHARED, 16 * PAGE);

	CHECK(p > 0);
	FAULTS(probe_load((char *)p), SIGBUS, BUS_ADRERR, p);
}

TEST(mmap_system_calls_behind_the_end_get_efault)
{
	char *p = map_fd(file_of(1), 2, RW, MAP_SHARED);

	EQ(write(memfd_create("to", 0), p + PAGE, 1), -EFAULT);
}

TEST(mmap_populate_behind_the_end_succeeds)
{
	char *p = map_fd(file_of(1), 2, RW, MAP_SHARED | MAP_POPULATE);

	EQ(get(p), 'A');
	FAULTS(probe_load(p + PAGE), SIGBUS, BUS_ADRERR, p + PAGE);
}

TEST(mmap_populate_brings_in_file_pages)
{
	char *p = map_fd(file_of(4), 4, PROT_READ, MAP_SHARED | MAP_POPULATE);

	EQ(smaps_kib(p, "Rss:"), 16);
}

TEST(mmap_populate_makes_private_copies)
{
	char *p = map_fd(file_of(4), 4, RW, MAP_PRIVATE | MAP_POPULATE);

	EQ(smaps_kib(p, "Rss:"), 16);
	EQ(smaps_kib(p, "Anonymous:"), 16);
}

TEST(ftruncate_longer_gives_access)
{
	int fd = file_of(1);
	char *p = map_fd(fd, 2, RW, MAP_SHARED);

	REFUSED(probe_load(p + PAGE), SIGBUS, BUS_ADRERR);
	EQ(ftruncate(fd, 2 * PAGE), 0);
	EQ(get(p + PAGE), 0);
	put(p + PAGE, 'x');
	EQ(byte_of(fd, PAGE), 'x');
}

TEST(ftruncate_shorter_takes_access_away)
{
	int fd = file_of(2);
	char *p = map_fd(fd, 2, RW, MAP_SHARED);

	EQ(get(p + PAGE), 'B');
	EQ(ftruncate(fd, PAGE), 0);
	FAULTS(probe_load(p + PAGE), SIGBUS, BUS_ADRERR, p + PAGE);
	EQ(get(p), 'A');
}

TEST(ftruncate_takes_private_copies_away)
{
	int fd = file_of(2);
	char *p = map_fd(fd, 2, RW, MAP_PRIVATE);

	put(p + PAGE, 'x');
	EQ(ftruncate(fd, PAGE), 0);
	FAULTS(probe_load(p + PAGE), SIGBUS, BUS_ADRERR, p + PAGE);
}

TEST(ftruncate_keeps_private_copies_of_the_last_page)
{
	int fd = file_of(1);
	char *p = map_fd(fd, 1, RW, MAP_PRIVATE);

	put(p + 100, 'x');
	EQ(ftruncate(fd, 50), 0);
	EQ(get(p + 100), 'x');
}

TEST(ftruncate_zeroes_what_it_cut_from_a_page)
{
	int fd = file_of(1);
	char *p = map_fd(fd, 1, RW, MAP_SHARED);

	EQ(ftruncate(fd, 10), 0);
	EQ(get(p + 9), 'A');
	EQ(get(p + 10), 0);
	EQ(ftruncate(fd, PAGE), 0);
	EQ(byte_of(fd, 10), 0);
}

TEST(ftruncate_and_back_gives_zeros)
{
	int fd = file_of(2);
	char *p = map_fd(fd, 2, RW, MAP_SHARED);

	EQ(get(p + PAGE), 'B');
	EQ(ftruncate(fd, PAGE), 0);
	EQ(ftruncate(fd, 2 * PAGE), 0);
	EQ(get(p + PAGE), 0);
}

TEST(ftruncate_reaches_mappings_of_other_processes)
{
	int fd = file_of(1), fds[2], pid;
	char *p = map_fd(fd, 1, RW, MAP_SHARED), c;

	EQ(pipe(fds), 0);
	EQ(get(p), 'A');
	pid = fork();
	if (pid == 0) {
		EQ(read(fds[0], &c, 1), 1);
		FAULTS(probe_load(p), SIGBUS, BUS_ADRERR, p);
		exit(0);
	}
	EQ(ftruncate(fd, 0), 0);
	EQ(write(fds[1], "x", 1), 1);
	joined(pid, 0);
}

TEST(fallocate_punches_holes_into_mappings)
{
	int fd = file_of(3);
	char *p = map_fd(fd, 3, RW, MAP_SHARED);

	EQ(get(p + PAGE), 'B');
	/* FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE */
	EQ(sys(SYS_fallocate, fd, 3, PAGE, PAGE), 0);
	EQ(get(p), 'A');
	EQ(get(p + PAGE), 0);
	EQ(get(p + 2 * PAGE), 'C');
}

TEST(mmap_holes_of_a_file_read_as_zeros)
{
	int fd = memfd_create("holes", 0);

	EQ(pwrite(fd, "x", 1, 4 * PAGE), 1);
	char *p = map_fd(fd, 5, PROT_READ, MAP_PRIVATE);
	EQ(get(p), 0);
	EQ(get(p + 3 * PAGE), 0);
	EQ(get(p + 4 * PAGE), 'x');
}

TEST(mmap_of_a_hole_can_be_written)
{
	int fd = memfd_create("holes", 0);

	EQ(ftruncate(fd, 4 * PAGE), 0);
	put(map_fd(fd, 4, RW, MAP_SHARED) + 2 * PAGE, 'x');
	EQ(byte_of(fd, 2 * PAGE), 'x');
	EQ(byte_of(fd, 3 * PAGE), 0);
}

TEST(mmap_shows_offset_and_inode_in_maps)
{
	struct stat st;
	int fd = file_of(4);
	long p = map_file(fd, 2 * PAGE, PROT_READ, MAP_PRIVATE, 2 * PAGE);
	struct area area = area_at((char *)p);

	EQ(fstat(fd, &st), 0);
	EQ(area.offset, 2 * PAGE);
	EQ(area.inode, st.st_ino);
}

TEST(mmap_of_a_deleted_file_says_so_in_maps)
{
	int fd = named_file("/tmp/gone", PAGE);
	struct area area = area_at(map_fd(fd, 1, PROT_READ, MAP_PRIVATE));

	EQ(strcmp(area.name, "/tmp/gone (deleted)"), 0);
}

TEST(memfd_seal_write_refuses_shared_writable_mappings)
{
	int fd = memfd_create("sealed", MFD_ALLOW_SEALING);

	EQ(ftruncate(fd, PAGE), 0);
	EQ(sys(SYS_fcntl, fd, F_ADD_SEALS, F_SEAL_WRITE), 0);
	EQ(map_file(fd, PAGE, RW, MAP_SHARED, 0), -EPERM);
}

TEST(memfd_seal_write_allows_private_mappings)
{
	int fd = memfd_create("sealed", MFD_ALLOW_SEALING);

	EQ(ftruncate(fd, PAGE), 0);
	EQ(sys(SYS_fcntl, fd, F_ADD_SEALS, F_SEAL_WRITE), 0);
	put(map_fd(fd, 1, RW, MAP_PRIVATE), 'x');
}

TEST(memfd_seal_write_waits_for_writable_mappings)
{
	int fd = memfd_create("sealed", MFD_ALLOW_SEALING);

	EQ(ftruncate(fd, PAGE), 0);
	char *p = map_fd(fd, 1, RW, MAP_SHARED);
	EQ(sys(SYS_fcntl, fd, F_ADD_SEALS, F_SEAL_WRITE), -EBUSY);
	EQ(munmap(p, PAGE), 0);
	EQ(sys(SYS_fcntl, fd, F_ADD_SEALS, F_SEAL_WRITE), 0);
}

TEST(fallocate_punching_holes_frees_blocks)
{
	struct stat st;
	int fd = file_of(4);
	char *p = map_fd(fd, 4, RW, MAP_SHARED);

	EQ(get(p + 2 * PAGE), 'C');
	EQ(sys(SYS_fallocate, fd, 3, PAGE / 2, 3 * PAGE), 0);
	EQ(fstat(fd, &st), 0);
	EQ(st.st_blocks, 16);
	EQ(st.st_size, 4 * PAGE);
	EQ(get(p), 'A');
	EQ(get(p + PAGE / 2), 0);
	EQ(get(p + PAGE), 0);
	EQ(get(p + 3 * PAGE + PAGE / 2), 'D');
}

TEST(mmap_refuses_files_that_are_made_up)
{
	int maps = open("/proc/self/maps", O_RDONLY, 0);
	int full = open("/dev/full", O_RDWR, 0);
	int event = (int)sys(SYS_eventfd2, 0, 0);

	EQ(map_file(maps, PAGE, PROT_READ, MAP_PRIVATE, 0), -ENODEV);
	EQ(map_file(full, PAGE, PROT_READ, MAP_PRIVATE, 0), -ENODEV);
	EQ(map_file(event, PAGE, PROT_READ, MAP_PRIVATE, 0), -ENODEV);
}

TEST(mmap_of_offsets_beyond_32_bits)
{
	int fd = memfd_create("large", 0);

	EQ(ftruncate(fd, 1L << 41), 0);
	char *p = (char *)map_file(fd, PAGE, RW, MAP_SHARED, 1UL << 40);
	put(p + 3, 'x');
	EQ(byte_of(fd, (1L << 40) + 3), 'x');
	EQ(area_at(p).offset, 1UL << 40);
}

TEST(mmap_write_system_call_from_a_mapping_of_the_same_file)
{
	int fd = file_of(2);
	char *p = map_fd(fd, 2, RW, MAP_SHARED);

	EQ(pwrite(fd, p, PAGE, (int64_t)PAGE), PAGE);
	EQ(get(p + PAGE), 'A');
	EQ(pread(fd, p + PAGE, PAGE, 0), PAGE);
	EQ(get(p + PAGE), 'A');
}

TEST(mmap_of_a_file_that_grows_by_write)
{
	int fd = file_of(1);
	char *p = map_fd(fd, 2, RW, MAP_SHARED);

	EQ(pwrite(fd, "xyz", 3, (int64_t)PAGE), 3);
	EQ(get(p + PAGE + 2), 'z');
	EQ(get(p + PAGE + 3), 0);
}

TEST(mmap_of_a_file_opened_with_truncation)
{
	int fd = open("/tmp/trunc", O_RDWR | O_CREAT, 0600);

	EQ(write(fd, "abc", 3), 3);
	char *p = map_fd(fd, 1, RW, MAP_SHARED);
	EQ(get(p), 'a');
	CHECK(open("/tmp/trunc", O_RDWR | O_TRUNC, 0) >= 0);
	FAULTS(probe_load(p), SIGBUS, BUS_ADRERR, p);
	unlink("/tmp/trunc");
}

TAP_MAIN
