/* SPDX-License-Identifier: MIT */
/*
 * memfd_create(2), and the seals of fcntl(2) that such files can have.
 */
#include "test/conform/conform.h"

static long add_seals(int fd, int seals)
{
	return sys(SYS_fcntl, fd, F_ADD_SEALS, seals);
}

static long get_seals(int fd)
{
	return sys(SYS_fcntl, fd, F_GET_SEALS);
}

/* A file of two pages with these seals. */
static int sealed(int seals)
{
	int fd = memfd_create("sealed", MFD_ALLOW_SEALING);

	EQ(ftruncate(fd, 2 * PAGE), 0);
	EQ(add_seals(fd, seals), 0);
	return fd;
}

TEST(memfd_is_empty_at_first)
{
	struct stat st;
	int fd = memfd_create("new", 0);

	CHECK(fd >= 0);
	EQ(fstat(fd, &st), 0);
	EQ(st.st_size, 0);
}

TEST(memfd_is_open_for_both)
{
	int fd = memfd_create("both", 0);
	char c = 0;

	EQ(write(fd, "x", 1), 1);
	EQ(pread(fd, &c, 1, 0), 1);
	EQ(c, 'x');
	EQ(sys(SYS_fcntl, fd, F_GETFL) & O_ACCMODE, O_RDWR);
}

TEST(memfd_cloexec_is_asked_for)
{
	EQ(sys(SYS_fcntl, memfd_create("a", 0), F_GETFD), 0);
	EQ(sys(SYS_fcntl, memfd_create("a", MFD_CLOEXEC), F_GETFD), FD_CLOEXEC);
}

TEST(memfd_refuses_unknown_flags)
{
	EQ(memfd_create("a", 0x1000), -EINVAL);
}

TEST(memfd_refuses_to_be_executable_and_not)
{
	EQ(memfd_create("a", MFD_NOEXEC_SEAL | MFD_EXEC), -EINVAL);
}

TEST(memfd_refuses_a_bad_name)
{
	EQ(memfd_create(hole(1), 0), -EFAULT);
}

TEST(memfd_names_have_at_most_249_bytes)
{
	char name[252];

	memset(name, 'n', sizeof(name));
	name[249] = '\0';
	CHECK(memfd_create(name, 0) >= 0);
	name[249] = 'n';
	name[250] = '\0';
	EQ(memfd_create(name, 0), -EINVAL);
}

TEST(memfd_names_need_not_differ)
{
	int a = memfd_create("same", 0), b = memfd_create("same", 0);
	char c;

	EQ(write(a, "x", 1), 1);
	EQ(read(b, &c, 1), 0);
}

TEST(memfd_is_named_in_proc)
{
	char path[32], link[64] = {0};
	int fd = memfd_create("shown", 0);

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	CHECK(sys(SYS_readlinkat, AT_FDCWD, path, link, 63) > 0);
	EQ(strcmp(link, "/memfd:shown (deleted)"), 0);
}

TEST(memfd_lives_in_its_mappings)
{
	int fd = memfd_create("kept", 0);

	EQ(ftruncate(fd, PAGE), 0);
	char *p = map_fd(fd, 1, RW, MAP_SHARED);
	put(p, 'x');
	EQ(close(fd), 0);
	EQ(get(p), 'x');
}

TEST(memfd_is_inherited_by_fork)
{
	int fd = memfd_create("child", 0), pid = fork();
	char c = 0;

	if (pid == 0)
		exit(write(fd, "x", 1) == 1 ? 0 : 1);
	joined(pid, 0);
	EQ(pread(fd, &c, 1, 0), 1);
	EQ(c, 'x');
}

TEST(seals_are_none_when_allowed)
{
	EQ(get_seals(memfd_create("a", MFD_ALLOW_SEALING)), 0);
}

TEST(seals_are_sealed_when_not_allowed)
{
	int fd = memfd_create("a", 0);

	EQ(get_seals(fd), F_SEAL_SEAL);
	EQ(add_seals(fd, F_SEAL_WRITE), -EPERM);
}

TEST(seals_add_up)
{
	int fd = memfd_create("a", MFD_ALLOW_SEALING);

	EQ(add_seals(fd, F_SEAL_SHRINK), 0);
	EQ(add_seals(fd, F_SEAL_GROW), 0);
	EQ(get_seals(fd), F_SEAL_SHRINK | F_SEAL_GROW);
}

TEST(seals_end_with_seal_seal)
{
	int fd = sealed(F_SEAL_SEAL);

	EQ(add_seals(fd, F_SEAL_WRITE), -EPERM);
	EQ(get_seals(fd), F_SEAL_SEAL);
}

TEST(seals_that_are_unknown_are_refused)
{
	EQ(add_seals(memfd_create("a", MFD_ALLOW_SEALING), 0x1000), -EINVAL);
}

TEST(seals_need_a_writable_descriptor)
{
	char path[32];
	int fd = memfd_create("a", MFD_ALLOW_SEALING);

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	int readable = open(path, O_RDONLY, 0);
	CHECK(readable >= 0);
	EQ(add_seals(readable, F_SEAL_WRITE), -EPERM);
}

TEST(seal_exec_of_an_executable_waits_for_writers)
{
	int fd = memfd_create("a", MFD_EXEC | MFD_ALLOW_SEALING);

	EQ(ftruncate(fd, PAGE), 0);
	map_fd(fd, 1, RW, MAP_SHARED);
	EQ(add_seals(fd, F_SEAL_EXEC), -EBUSY);
	EQ(sys(SYS_fchmod, fd, 0600), 0);
	EQ(add_seals(fd, F_SEAL_EXEC), 0);
	EQ(get_seals(fd), F_SEAL_EXEC);
}

TEST(seals_belong_to_the_file)
{
	int fd = memfd_create("a", MFD_ALLOW_SEALING);
	int other = (int)sys(SYS_dup, fd);

	EQ(add_seals(fd, F_SEAL_GROW), 0);
	EQ(get_seals(other), F_SEAL_GROW);
}

TEST(seals_of_a_pipe_are_refused)
{
	int fds[2];

	EQ(pipe(fds), 0);
	EQ(get_seals(fds[0]), -EINVAL);
	EQ(add_seals(fds[1], F_SEAL_GROW), -EINVAL);
}

TEST(seal_shrink_refuses_to_shrink)
{
	int fd = sealed(F_SEAL_SHRINK);

	EQ(ftruncate(fd, PAGE), -EPERM);
	EQ(ftruncate(fd, 4 * PAGE), 0);
	EQ(pwrite(fd, "x", 1, 0), 1);
}

TEST(seal_grow_refuses_to_grow)
{
	int fd = sealed(F_SEAL_GROW);

	EQ(ftruncate(fd, 4 * PAGE), -EPERM);
	EQ(pwrite(fd, "x", 1, 2 * PAGE), -EPERM);
	EQ(sys(SYS_fallocate, fd, 0, 0, 4 * PAGE), -EPERM);
	EQ(pwrite(fd, "x", 1, 0), 1);
	EQ(ftruncate(fd, PAGE), 0);
}

TEST(seal_write_refuses_to_write)
{
	int fd = sealed(F_SEAL_WRITE);
	char c;

	EQ(pwrite(fd, "x", 1, 0), -EPERM);
	EQ(pread(fd, &c, 1, 0), 1);
}

TEST(seal_write_refuses_to_punch_holes)
{
	/* FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE */
	EQ(sys(SYS_fallocate, sealed(F_SEAL_WRITE), 3, 0, PAGE), -EPERM);
}

TEST(seal_write_allows_to_resize)
{
	int fd = sealed(F_SEAL_WRITE);

	EQ(ftruncate(fd, PAGE), 0);
	EQ(ftruncate(fd, 4 * PAGE), 0);
}

TEST(seal_write_allows_shared_reading)
{
	char *p = map_fd(sealed(F_SEAL_WRITE), 1, PROT_READ, MAP_SHARED);

	EQ(get(p), 0);
	EQ(mprotect(p, PAGE, RW), -EACCES);
}

TEST(seal_write_waits_for_children_with_mappings)
{
	int fd = memfd_create("a", MFD_ALLOW_SEALING), fds[2], pid;
	char *p, c;

	EQ(ftruncate(fd, PAGE), 0);
	p = map_fd(fd, 1, RW, MAP_SHARED);
	EQ(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		EQ(read(fds[0], &c, 1), 1);
		exit(0);
	}
	EQ(munmap(p, PAGE), 0);
	EQ(add_seals(fd, F_SEAL_WRITE), -EBUSY);
	EQ(write(fds[1], "x", 1), 1);
	joined(pid, 0);
	EQ(add_seals(fd, F_SEAL_WRITE), 0);
}

TEST(seal_write_ignores_private_mappings)
{
	int fd = memfd_create("a", MFD_ALLOW_SEALING);

	EQ(ftruncate(fd, PAGE), 0);
	put(map_fd(fd, 1, RW, MAP_PRIVATE), 'x');
	EQ(add_seals(fd, F_SEAL_WRITE), 0);
}

TEST(seal_write_ignores_shared_mappings_that_only_read)
{
	int fd = memfd_create("a", MFD_ALLOW_SEALING);
	char path[32];

	EQ(ftruncate(fd, PAGE), 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	map_fd(open(path, O_RDONLY, 0), 1, PROT_READ, MAP_SHARED);
	EQ(add_seals(fd, F_SEAL_WRITE), 0);
}

TEST(seal_future_write_keeps_present_mappings)
{
	int fd = memfd_create("a", MFD_ALLOW_SEALING);

	EQ(ftruncate(fd, PAGE), 0);
	char *p = map_fd(fd, 1, RW, MAP_SHARED);
	EQ(add_seals(fd, F_SEAL_FUTURE_WRITE), 0);
	put(p, 'x');
	EQ(pwrite(fd, "x", 1, 0), -EPERM);
	EQ(map_file(fd, PAGE, RW, MAP_SHARED, 0), -EPERM);
	EQ(get(map_fd(fd, 1, PROT_READ, MAP_SHARED)), 'x');
}

TEST(seal_future_write_keeps_read_only_mappings_so)
{
	char *p = map_fd(sealed(F_SEAL_FUTURE_WRITE), 1, PROT_READ, MAP_SHARED);

	EQ(mprotect(p, PAGE, RW), -EACCES);
}

TEST(seal_exec_keeps_the_execute_bits)
{
	int fd = memfd_create("a", MFD_NOEXEC_SEAL);

	EQ(get_seals(fd), F_SEAL_EXEC);
	EQ(sys(SYS_fchmod, fd, 0777), -EPERM);
	EQ(sys(SYS_fchmod, fd, 0600), 0);
	EQ(add_seals(fd, F_SEAL_GROW), 0);
	EQ(get_seals(fd), F_SEAL_EXEC | F_SEAL_GROW);
}

TEST(seal_exec_of_what_is_executable_seals_contents)
{
	int fd = sealed(F_SEAL_EXEC);

	EQ(get_seals(fd), F_SEAL_EXEC | F_SEAL_SHRINK | F_SEAL_GROW |
			      F_SEAL_WRITE | F_SEAL_FUTURE_WRITE);
	EQ(sys(SYS_fchmod, fd, 0666), -EPERM);
	EQ(write(fd, "x", 1), -EPERM);
}

TAP_MAIN
