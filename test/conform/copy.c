/* SPDX-License-Identifier: MIT */
/* copy_file_range(2) and vmsplice(2). */
#include "test/conform/conform.h"

static long copy_range(int in, int64_t *in_off, int out, int64_t *out_off,
		       size_t len)
{
	return sys(SYS_copy_file_range, in, in_off, out, out_off, len, 0);
}

TEST(copy_file_range_copies_at_the_files_positions)
{
	int in = file_of(3), out = file_of(0);
	char page[PAGE];

	EQ(lseek(in, PAGE - 10, SEEK_SET), PAGE - 10);
	EQ(copy_range(in, NULL, out, NULL, 20), 20);
	EQ(lseek(in, 0, SEEK_CUR), PAGE + 10);
	EQ(lseek(out, 0, SEEK_CUR), 20);
	EQ(pread(out, page, PAGE, 0), 20);
	EQ(memcmp(page, "AAAAAAAAAABBBBBBBBBB", 20), 0);
}

TEST(copy_file_range_copies_at_given_positions)
{
	int in = file_of(3), out = file_of(1);
	int64_t from = 2 * PAGE, to = PAGE / 2;
	char c[2];

	EQ(copy_range(in, &from, out, &to, PAGE), PAGE);
	EQ(from, 3 * PAGE);
	EQ(to, PAGE + PAGE / 2);
	EQ(lseek(in, 0, SEEK_CUR), 0);
	EQ(lseek(out, 0, SEEK_CUR), 0);
	EQ(pread(out, c, 2, PAGE / 2 - 1), 2);
	EQ(c[0], 'A');
	EQ(c[1], 'C');
	EQ(lseek(out, 0, SEEK_END), PAGE + PAGE / 2);
}

TEST(copy_file_range_stops_at_the_end_of_the_file)
{
	int in = file_of(2), out = file_of(0);
	int64_t from = PAGE, to = 0;

	EQ(copy_range(in, &from, out, &to, 10 * PAGE), PAGE);
	EQ(copy_range(in, &from, out, &to, PAGE), 0);
	from = 5 * PAGE;
	EQ(copy_range(in, &from, out, &to, PAGE), 0);
	EQ(from, 5 * PAGE);
}

TEST(copy_file_range_within_a_file)
{
	int fd = file_of(2);
	int64_t from = 0, to = PAGE;
	char c;

	EQ(copy_range(fd, &from, fd, &to, PAGE), PAGE);
	EQ(pread(fd, &c, 1, PAGE), 1);
	EQ(c, 'A');
}

TEST(copy_file_range_refuses_overlap)
{
	int fd = file_of(2);
	int64_t from = 0, to = PAGE - 1;

	EQ(copy_range(fd, &from, fd, &to, PAGE), -EINVAL);
	to = 0;
	EQ(copy_range(fd, &from, fd, &to, 1), -EINVAL);
}

TEST(copy_file_range_refuses_flags)
{
	EQ(sys(SYS_copy_file_range, file_of(1), NULL, file_of(1), NULL, 1, 1),
	   -EINVAL);
}

TEST(copy_file_range_needs_the_right_descriptors)
{
	int fd = file_of(1), none = open("/tmp/x", O_WRONLY | O_CREAT, 0600);
	int append = open("/tmp/x", O_WRONLY | O_APPEND, 0);
	int reader = open("/tmp/x", O_RDONLY, 0), other;

	CHECK(none >= 0 && append >= 0 && reader >= 0);
	EQ(unlink("/tmp/x"), 0);
	other = open("/tmp/y", O_RDWR | O_CREAT, 0600);
	EQ(unlink("/tmp/y"), 0);
	EQ(copy_range(-1, NULL, fd, NULL, 1), -EBADF);
	EQ(copy_range(fd, NULL, 99, NULL, 1), -EBADF);
	EQ(copy_range(none, NULL, other, NULL, 1), -EBADF);
	EQ(copy_range(other, NULL, reader, NULL, 1), -EBADF);
	EQ(copy_range(other, NULL, append, NULL, 1), -EBADF);
}

TEST(copy_file_range_needs_regular_files)
{
	int fd = file_of(1), dir = open("/tmp", O_RDONLY, 0), fds[2];

	EQ(pipe(fds), 0);
	EQ(copy_range(dir, NULL, fd, NULL, 1), -EISDIR);
	EQ(copy_range(fds[0], NULL, fd, NULL, 1), -EINVAL);
	EQ(copy_range(fd, NULL, fds[1], NULL, 1), -EINVAL);
}

TEST(copy_file_range_between_file_systems_is_exdev)
{
	int fd = open("/dev/shm/x", O_RDWR | O_CREAT, 0600);

	CHECK(fd >= 0);
	EQ(unlink("/dev/shm/x"), 0);
	EQ(copy_range(file_of(1), NULL, fd, NULL, 1), -EXDEV);
}

TEST(copy_file_range_refuses_bad_positions)
{
	int in = file_of(1), out = file_of(1);
	int64_t from = -2, to = 0;

	EQ(copy_range(in, &from, out, &to, 1), -EINVAL);
	EQ(copy_range(in, &to, out, &from, 1), -EINVAL);
	EQ(copy_range(in, &from, out, &to, 2), -EOVERFLOW);
	EQ(copy_range(in, (void *)hole(1), out, &to, 1), -EFAULT);
	EQ(copy_range(in, &to, out, (void *)hole(1), 1), -EFAULT);
}

TEST(copy_file_range_shows_in_mappings)
{
	int in = file_of(1), out = file_of(0);
	char *p;

	EQ(ftruncate(out, PAGE), 0);
	p = map_fd(out, 1, PROT_READ, MAP_SHARED);
	EQ(get(p), 0);
	EQ(copy_range(in, NULL, out, NULL, PAGE), PAGE);
	EQ(get(p), 'A');
}

/* vmsplice */

static long splice_from(int fd, const void *p, size_t len, unsigned flags)
{
	struct iovec piece = {(uintptr_t)p, len};

	return sys(SYS_vmsplice, fd, &piece, 1, flags);
}

TEST(vmsplice_puts_memory_into_a_pipe)
{
	char *p = filled(3), *q = filled(1);
	int fds[2];

	EQ(pipe(fds), 0);
	EQ(splice_from(fds[1], p + PAGE, 2 * PAGE, 0), 2 * PAGE);
	EQ(read(fds[0], q, PAGE), PAGE);
	EQ(memcmp(q, p + PAGE, PAGE), 0);
	EQ(read(fds[0], q, PAGE), PAGE);
	EQ(memcmp(q, p + 2 * PAGE, PAGE), 0);
}

TEST(vmsplice_takes_gifts)
{
	char *p = filled(1), c = 0;
	int fds[2];

	EQ(pipe(fds), 0);
	EQ(splice_from(fds[1], p, PAGE, 8), PAGE);
	EQ(read(fds[0], &c, 1), 1);
	EQ(c, 'A');
}

TEST(vmsplice_gathers)
{
	char *p = filled(2), text[8];
	struct iovec pieces[] = {{(uintptr_t)p, 3}, {(uintptr_t)p + PAGE, 2}};
	int fds[2];

	EQ(pipe(fds), 0);
	EQ(sys(SYS_vmsplice, fds[1], pieces, 2, 0), 5);
	EQ(read(fds[0], text, 8), 5);
	EQ(memcmp(text, "AAABB", 5), 0);
}

TEST(vmsplice_takes_memory_out_of_a_pipe)
{
	char *p = filled(1);
	int fds[2];

	EQ(pipe(fds), 0);
	EQ(write(fds[1], "xyz", 3), 3);
	EQ(splice_from(fds[0], p, PAGE, 0), 3);
	EQ(memcmp(p, "xyzA", 4), 0);
}

TEST(vmsplice_survives_munmap_of_the_memory)
{
	char *p = filled(1), c = 0;
	int fds[2];

	EQ(pipe(fds), 0);
	EQ(splice_from(fds[1], p, PAGE, 0), PAGE);
	EQ(munmap(p, PAGE), 0);
	EQ(read(fds[0], &c, 1), 1);
	EQ(c, 'A');
}

TEST(vmsplice_of_the_child_does_not_see_the_parents_writes)
{
	char *p = filled(1), c = 0;
	int fds[2], go[2], said[2], pid;

	EQ(pipe(fds), 0);
	EQ(pipe(go), 0);
	EQ(pipe(said), 0);
	pid = fork();
	if (pid == 0) {
		EQ(splice_from(fds[1], p, PAGE, 0), PAGE);
		EQ(munmap(p, PAGE), 0);
		EQ(write(said[1], "x", 1), 1);
		EQ(read(go[0], &c, 1), 1);
		EQ(read(fds[0], &c, 1), 1);
		exit(c);
	}
	EQ(read(said[0], &c, 1), 1);
	put(p, 'z');
	EQ(write(go[1], "x", 1), 1);
	joined(pid, 'A');
}

TEST(vmsplice_takes_what_there_is_room_for)
{
	char *p = filled(32);
	int fds[2];
	long done;

	EQ(pipe(fds), 0);
	done = splice_from(fds[1], p, 32 * PAGE, 0);
	CHECK(done > 0 && done < 32 * (long)PAGE);
	EQ(splice_from(fds[1], p, PAGE, 2), -EAGAIN);
}

TEST(vmsplice_of_an_empty_pipe_without_blocking_is_eagain)
{
	char *p = filled(1);
	int fds[2];

	EQ(pipe(fds), 0);
	EQ(splice_from(fds[0], p, 1, 2), -EAGAIN);
	close(fds[1]);
	EQ(splice_from(fds[0], p, 1, 2), 0);
}

TEST(vmsplice_without_readers_is_epipe)
{
	struct sigaction ignore = {1, 0, 0};
	char *p = filled(1);
	int fds[2];

	EQ(sigaction(SIGPIPE, &ignore, NULL), 0);
	EQ(pipe(fds), 0);
	close(fds[0]);
	EQ(splice_from(fds[1], p, 1, 0), -EPIPE);
}

TEST(vmsplice_refuses_bad_arguments)
{
	char *p = filled(1);
	int fds[2];

	EQ(pipe(fds), 0);
	EQ(splice_from(fds[1], p, 1, 16), -EINVAL);
	EQ(splice_from(99, p, 1, 0), -EBADF);
	EQ(splice_from(file_of(1), p, 1, 0), -EBADF);
	EQ(sys(SYS_vmsplice, fds[1], p, 1025, 0), -EINVAL);
	EQ(sys(SYS_vmsplice, fds[1], hole(1), 1, 0), -EFAULT);
	EQ(splice_from(fds[1], hole(1), 1, 0), -EFAULT);
	EQ(splice_from(fds[1], p, 0, 0), 0);
}

TAP_MAIN
