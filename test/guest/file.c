/* SPDX-License-Identifier: MIT */
/* Files, directories, descriptors: what Linux's manual pages promise. */
#include "test/guest/guest.h"

#define NAME "/tmp/file_test"

TEST(write_then_read)
{
	char buf[6] = "";
	int fd = open(NAME, O_RDWR | O_CREAT | O_TRUNC, 0600);

	CHECK(fd >= 0);
	EQ(write(fd, "hello", 5), 5);
	EQ(read(fd, buf, 5), 0);
	EQ(lseek(fd, 0, SEEK_SET), 0);
	EQ(read(fd, buf, 100), 5);
	EQ(memcmp(buf, "hello", 5), 0);
	EQ(unlink(NAME), 0);
}

TEST(open_errors)
{
	int fd = open(NAME, O_RDWR | O_CREAT | O_EXCL, 0600);

	CHECK(fd >= 0);
	EQ(open(NAME, O_RDWR | O_CREAT | O_EXCL, 0600), -EEXIST);
	EQ(open("/tmp/no/such", O_RDONLY, 0), -ENOENT);
	EQ(open("/tmp/no_such", O_RDONLY, 0), -ENOENT);
	EQ(open(NAME "/x", O_RDONLY, 0), -ENOTDIR);
	EQ(open("/tmp", O_WRONLY, 0), -EISDIR);
	EQ(open(NAME, O_RDONLY | O_DIRECTORY, 0), -ENOTDIR);
	EQ(open("", O_RDONLY, 0), -ENOENT);
	EQ(open((char *)8, O_RDONLY, 0), -EFAULT);
	EQ(unlink(NAME), 0);
}

TEST(a_name_that_is_too_long)
{
	char *name = anon(2, RW);

	memset(name, 'x', 2 * PAGE - 1);
	EQ(open(name, O_RDONLY, 0), -ENAMETOOLONG);
	memcpy(name, "/tmp/", 5);
	name[5 + 256] = '\0';
	EQ(open(name, O_WRONLY | O_CREAT, 0600), -ENAMETOOLONG);
	name[5 + 255] = '\0';
	CHECK(open(name, O_WRONLY | O_CREAT, 0600) >= 0);
	EQ(unlink(name), 0);
}

TEST(the_lowest_free_descriptor_is_used)
{
	int a = file_of(0), b = file_of(0);

	EQ(b, a + 1);
	EQ(close(a), 0);
	EQ(file_of(0), a);
}

TEST(bad_descriptors)
{
	char c;
	int fd = open(NAME, O_WRONLY | O_CREAT, 0600);

	EQ(read(999, &c, 1), -EBADF);
	EQ(write(-1, &c, 1), -EBADF);
	EQ(close(999), -EBADF);
	EQ(read(fd, &c, 1), -EBADF);
	EQ(lseek(fd, 0, 99), -EINVAL);
	EQ(lseek(fd, -1, SEEK_SET), -EINVAL);
	EQ(close(fd), 0);
	EQ(close(fd), -EBADF);
	fd = open(NAME, O_RDONLY, 0);
	EQ(write(fd, "x", 1), -EBADF);
	EQ(unlink(NAME), 0);
}

TEST(append_goes_to_the_end)
{
	struct stat st;
	int fd = open(NAME, O_WRONLY | O_CREAT | O_APPEND, 0600);

	EQ(write(fd, "one", 3), 3);
	EQ(lseek(fd, 0, SEEK_SET), 0);
	EQ(write(fd, "two", 3), 3);
	EQ(fstat(fd, &st), 0);
	EQ(st.st_size, 6);
	EQ(unlink(NAME), 0);
}

TEST(seeking_past_the_end_makes_a_hole)
{
	int fd = file_of(0);
	char c = 'q';
	struct stat st;

	EQ(lseek(fd, 100000, SEEK_SET), 100000);
	EQ(write(fd, "x", 1), 1);
	EQ(lseek(fd, 0, SEEK_END), 100001);
	EQ(pread(fd, &c, 1, 50000), 1);
	EQ(c, 0);
	EQ(fstat(fd, &st), 0);
	EQ(st.st_size, 100001);
	EQ(lseek(fd, -1, SEEK_CUR), 100000);
}

TEST(pread_and_pwrite_leave_the_position)
{
	int fd = file_of(1);
	char c;

	EQ(pwrite(fd, "z", 1, 10), 1);
	EQ(pread(fd, &c, 1, 10), 1);
	EQ(c, 'z');
	EQ(lseek(fd, 0, SEEK_CUR), 0);
	EQ(pread(fd, &c, 1, -1), -EINVAL);
	EQ(pread(fd, &c, 1, 2 * PAGE), 0);
}

TEST(truncation_cuts_and_extends)
{
	int fd = file_of(2);
	struct stat st;
	char c = 'q';

	EQ(ftruncate(fd, 100), 0);
	EQ(ftruncate(fd, 200), 0);
	EQ(fstat(fd, &st), 0);
	EQ(st.st_size, 200);
	EQ(pread(fd, &c, 1, 150), 1);
	EQ(c, 0);
	EQ(ftruncate(fd, -1), -EINVAL);
	EQ(ftruncate(999, 0), -EBADF);
}

TEST(readv_and_writev)
{
	char a[3] = "ab", b[4] = "cde", all[6] = "";
	struct iovec iov[2] = {{(uintptr_t)a, 2}, {(uintptr_t)b, 3}};
	int fd = file_of(0);

	EQ(sys(SYS_writev, fd, iov, 2), 5);
	EQ(pread(fd, all, 5, 0), 5);
	EQ(strcmp(all, "abcde"), 0);
	EQ(lseek(fd, 1, SEEK_SET), 1);
	EQ(sys(SYS_readv, fd, iov, 2), 4);
	EQ(memcmp(a, "bc", 2), 0);
	EQ(memcmp(b, "de", 2), 0);
	EQ(sys(SYS_writev, fd, iov, -1), -EINVAL);
	EQ(sys(SYS_writev, fd, iov, 1025), -EINVAL);
	EQ(sys(SYS_writev, fd, 8, 1), -EFAULT);
	EQ(sys(SYS_writev, fd, iov, 0), 0);
}

TEST(a_bad_buffer_is_efault)
{
	int fd = file_of(1);
	char *p = anon(2, RW);

	EQ(munmap(p + PAGE, PAGE), 0);
	EQ(read(fd, (void *)8, 10), -EFAULT);
	EQ(write(fd, p + PAGE, 10), -EFAULT);
	EQ(pread(fd, p + PAGE - 5, 10, 0), 5);
	EQ(get(p + PAGE - 1), 'A');
	EQ(pwrite(fd, p + PAGE - 5, 10, 0), 5);
	EQ(read(fd, p, 0), 0);
	EQ(read(fd, (void *)0xffffffff80200000, 10), -EFAULT);
}

TEST(dup_shares_the_position)
{
	int fd = file_of(1), copy = (int)sys(SYS_dup, fd);
	char c;

	CHECK(copy > fd);
	EQ(read(fd, &c, 1), 1);
	EQ(lseek(copy, 0, SEEK_CUR), 1);
	EQ(close(fd), 0);
	EQ(read(copy, &c, 1), 1);
}

TEST(dup3)
{
	int fd = file_of(1);

	EQ(sys(SYS_dup3, fd, 50, O_CLOEXEC), 50);
	EQ(sys(SYS_fcntl, 50, F_GETFD), FD_CLOEXEC);
	EQ(sys(SYS_dup3, fd, fd, 0), -EINVAL);
	EQ(sys(SYS_dup3, 999, 51, 0), -EBADF);
	EQ(sys(SYS_dup3, fd, 1 << 30, 0), -EBADF);
}

TEST(fcntl)
{
	int fd = open(NAME, O_RDWR | O_CREAT | O_APPEND, 0600);

	EQ(sys(SYS_fcntl, fd, F_GETFD), 0);
	EQ(sys(SYS_fcntl, fd, F_SETFD, FD_CLOEXEC), 0);
	EQ(sys(SYS_fcntl, fd, F_GETFD), FD_CLOEXEC);
	EQ(sys(SYS_fcntl, fd, F_GETFL) & (O_ACCMODE | O_APPEND),
	   O_RDWR | O_APPEND);
	EQ(sys(SYS_fcntl, fd, F_SETFL, O_NONBLOCK), 0);
	EQ(sys(SYS_fcntl, fd, F_GETFL) & (O_APPEND | O_NONBLOCK), O_NONBLOCK);
	EQ(sys(SYS_fcntl, fd, F_DUPFD, 40), 40);
	EQ(sys(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 40), 41);
	EQ(sys(SYS_fcntl, 41, F_GETFD), FD_CLOEXEC);
	EQ(sys(SYS_fcntl, fd, F_DUPFD, -1), -EINVAL);
	EQ(sys(SYS_fcntl, 999, F_GETFD), -EBADF);
	EQ(unlink(NAME), 0);
}

TEST(the_number_of_descriptors_is_limited)
{
	int fd;

	EQ(setrlimit(RLIMIT_NOFILE, 20, 4096), 0);
	while ((fd = memfd_create("x", 0)) >= 0)
		CHECK(fd < 20);
	EQ(fd, -EMFILE);
	EQ(sys(SYS_dup3, 0, 20, 0), -EBADF);
}

TEST(stat_of_a_file)
{
	struct stat st, again;
	int fd = open(NAME, O_RDWR | O_CREAT | O_TRUNC, 0640);

	EQ(write(fd, "12345", 5), 5);
	EQ(stat(NAME, &st), 0);
	EQ(st.st_size, 5);
	EQ(st.st_mode & S_IFMT, S_IFREG);
	EQ(st.st_mode & 0600, 0600);
	EQ(st.st_nlink, 1);
	EQ(fstat(fd, &again), 0);
	EQ(again.st_ino, st.st_ino);
	EQ(again.st_dev, st.st_dev);
	EQ(unlink(NAME), 0);
	EQ(fstat(fd, &again), 0);
	EQ(again.st_nlink, 0);
	EQ(stat(NAME, &st), -ENOENT);
	EQ(fstat(fd, (void *)8), -EFAULT);
}

TEST(an_unlinked_file_lives_while_open)
{
	char buf[3];
	int fd = open(NAME, O_RDWR | O_CREAT | O_TRUNC, 0600);

	EQ(unlink(NAME), 0);
	EQ(unlink(NAME), -ENOENT);
	EQ(write(fd, "abc", 3), 3);
	EQ(pread(fd, buf, 3, 0), 3);
	EQ(memcmp(buf, "abc", 3), 0);
}

TEST(directories)
{
	struct stat st;

	EQ(mkdir("/tmp/file_dir", 0755), 0);
	EQ(mkdir("/tmp/file_dir", 0755), -EEXIST);
	EQ(stat("/tmp/file_dir", &st), 0);
	CHECK(S_ISDIR(st.st_mode));
	int fd = open("/tmp/file_dir/x", O_WRONLY | O_CREAT, 0600);
	CHECK(fd >= 0);
	EQ(rmdir("/tmp/file_dir"), -ENOTEMPTY);
	EQ(unlink("/tmp/file_dir"), -EISDIR);
	EQ(rmdir("/tmp/file_dir/x"), -ENOTDIR);
	EQ(unlink("/tmp/file_dir/x"), 0);
	EQ(rmdir("/tmp/file_dir"), 0);
	EQ(mkdir("/tmp/no/such", 0755), -ENOENT);
}

/* How often the name stands in the directory. */
static int listed(int fd, const char *name)
{
	char buf[512] __attribute__((aligned(8)));
	int count = 0;
	long len;

	EQ(lseek(fd, 0, SEEK_SET), 0);
	while ((len = sys(SYS_getdents64, fd, buf, sizeof(buf))) > 0)
		for (char *p = buf; p < buf + len;) {
			struct linux_dirent64 *entry = (void *)p;

			count += strcmp(entry->d_name, name) == 0;
			p += entry->d_reclen;
		}
	EQ(len, 0);
	return count;
}

TEST(directory_entries)
{
	char name[40];

	EQ(mkdir("/tmp/file_list", 0755), 0);
	int dir = open("/tmp/file_list", O_RDONLY | O_DIRECTORY, 0);
	for (int i = 0; i < 50; i++) {
		snprintf(name, sizeof(name), "/tmp/file_list/entry%d", i);
		EQ(close(open(name, O_WRONLY | O_CREAT, 0600)), 0);
	}
	EQ(listed(dir, "."), 1);
	EQ(listed(dir, ".."), 1);
	for (int i = 0; i < 50; i++) {
		snprintf(name, sizeof(name), "entry%d", i);
		EQ(listed(dir, name), 1);
		EQ(sys(SYS_unlinkat, dir, name, 0), 0);
		EQ(listed(dir, name), 0);
	}
	EQ(lseek(dir, 0, SEEK_SET), 0);
	EQ(sys(SYS_getdents64, dir, name, 4), -EINVAL);
	EQ(rmdir("/tmp/file_list"), 0);
}

TEST(relative_paths)
{
	char cwd[64];
	struct stat st;

	EQ(mkdir("/tmp/file_cwd", 0755), 0);
	EQ(chdir("/tmp/file_cwd"), 0);
	EQ(sys(SYS_getcwd, cwd, sizeof(cwd)), (long)strlen(cwd) + 1);
	EQ(strcmp(cwd, "/tmp/file_cwd"), 0);
	EQ(sys(SYS_getcwd, cwd, 3), -ERANGE);
	EQ(close(open("here", O_WRONLY | O_CREAT, 0600)), 0);
	EQ(stat("/tmp/file_cwd/here", &st), 0);
	EQ(stat("../file_cwd/./here", &st), 0);
	EQ(stat("//tmp//file_cwd//here", &st), 0);
	int dir = open("..", O_RDONLY | O_DIRECTORY, 0);
	EQ(sys(SYS_newfstatat, dir, "file_cwd/here", &st, 0), 0);
	EQ(sys(SYS_newfstatat, dir, "", &st, 0), -ENOENT);
	EQ(sys(SYS_newfstatat, dir, "", &st, AT_EMPTY_PATH), 0);
	CHECK(S_ISDIR(st.st_mode));
	EQ(unlink("here"), 0);
	EQ(chdir("/nowhere"), -ENOENT);
	EQ(chdir("/"), 0);
	EQ(rmdir("/tmp/file_cwd"), 0);
}

TEST(memfd)
{
	struct stat st;
	int fd = memfd_create("name", MFD_CLOEXEC);

	CHECK(fd >= 0);
	EQ(sys(SYS_fcntl, fd, F_GETFD), FD_CLOEXEC);
	EQ(fstat(fd, &st), 0);
	EQ(st.st_size, 0);
	CHECK(S_ISREG(st.st_mode));
	EQ(memfd_create("x", 0x8000), -EINVAL);
	EQ(memfd_create((char *)8, 0), -EFAULT);
}

TEST(the_null_and_zero_devices)
{
	char c = 'q';
	int null = open("/dev/null", O_RDWR, 0);

	EQ(write(null, "abc", 3), 3);
	EQ(read(null, &c, 1), 0);
	int zero = open("/dev/zero", O_RDWR, 0);
	EQ(read(zero, &c, 1), 1);
	EQ(c, 0);
	char *p = map_fd(zero, 1, RW, MAP_PRIVATE);
	EQ(get(p), 0);
	put(p, 1);
}

TEST(a_large_file)
{
	enum { SIZE = 1024 * 1024 };
	char *p = anon(SIZE / PAGE, RW), *q = anon(SIZE / PAGE, RW);
	int fd = file_of(0);

	for (int i = 0; i < SIZE; i++)
		p[i] = (char)(i * 7 + i / 256);
	EQ(write(fd, p, SIZE), SIZE);
	EQ(pread(fd, q, SIZE, 0), SIZE);
	EQ(memcmp(p, q, SIZE), 0);
	EQ(pread(fd, q, 5000, 12345), 5000);
	EQ(memcmp(p + 12345, q, 5000), 0);
}

TAP_MAIN
