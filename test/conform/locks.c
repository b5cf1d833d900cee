/* SPDX-License-Identifier: MIT */
/*
 * The locks of fcntl(2) (F_SETLK and its relatives, F_OFD_*) and of flock(2).
 */
#include "test/conform/conform.h"

static struct flock lock_of(int type, int64_t start, int64_t len)
{
	return (struct flock){.l_type = (int16_t)type,
			      .l_whence = SEEK_SET,
			      .l_start = start,
			      .l_len = len};
}

static long set(int fd, int cmd, int type, int64_t start, int64_t len)
{
	struct flock fl = lock_of(type, start, len);

	return sys(SYS_fcntl, fd, cmd, &fl);
}

/* Who is in the way of a lock for writing? */
static struct flock who(int fd, int cmd, int64_t start, int64_t len)
{
	struct flock fl = lock_of(F_WRLCK, start, len);

	EQ(sys(SYS_fcntl, fd, cmd, &fl), 0);
	return fl;
}

static const char path[] = "/tmp/locks";

static int open_it(void)
{
	int fd = open(path, O_RDWR | O_CREAT, 0600);

	CHECK(fd >= 0);
	return fd;
}

/* What another process gets when it asks for a lock. */
static long other_gets(int type, int64_t start, int64_t len)
{
	int status, pid = fork();

	if (pid == 0)
		exit(-(int)set(open_it(), F_SETLK, type, start, len));
	EQ(waitpid(pid, &status, 0), pid);
	return -(status >> 8);
}

TEST(fcntl_setlk_keeps_others_out)
{
	int fd = open_it();

	EQ(set(fd, F_SETLK, F_WRLCK, 10, 10), 0);
	EQ(other_gets(F_WRLCK, 19, 1), -EAGAIN);
	EQ(other_gets(F_RDLCK, 0, 11), -EAGAIN);
	EQ(other_gets(F_WRLCK, 20, 0), 0);
	EQ(other_gets(F_WRLCK, 0, 10), 0);
	EQ(set(fd, F_SETLK, F_UNLCK, 0, 0), 0);
	EQ(other_gets(F_WRLCK, 0, 0), 0);
}

TEST(fcntl_read_locks_are_shared)
{
	int fd = open_it();

	EQ(set(fd, F_SETLK, F_RDLCK, 0, 100), 0);
	EQ(other_gets(F_RDLCK, 0, 100), 0);
	EQ(other_gets(F_WRLCK, 99, 1), -EAGAIN);
}

TEST(fcntl_locks_of_one_process_replace_each_other)
{
	int fd = open_it();

	EQ(set(fd, F_SETLK, F_WRLCK, 0, 100), 0);
	EQ(set(fd, F_SETLK, F_RDLCK, 40, 20), 0);
	EQ(set(open_it(), F_SETLK, F_WRLCK, 90, 20), 0);
	EQ(other_gets(F_RDLCK, 40, 20), 0);
	EQ(other_gets(F_RDLCK, 39, 1), -EAGAIN);
	EQ(other_gets(F_RDLCK, 60, 1), -EAGAIN);
	EQ(other_gets(F_RDLCK, 109, 1), -EAGAIN);
	EQ(other_gets(F_RDLCK, 110, 1), 0);
	EQ(set(fd, F_SETLK, F_UNLCK, 10, 10), 0);
	EQ(other_gets(F_WRLCK, 10, 10), 0);
	EQ(other_gets(F_WRLCK, 9, 1), -EAGAIN);
	EQ(other_gets(F_WRLCK, 20, 1), -EAGAIN);
}

TEST(fcntl_getlk_tells_who_and_what)
{
	int fd = open_it(), ready[2], go[2], pid, status;
	struct flock fl;
	char c;

	EQ(pipe(ready), 0);
	EQ(pipe(go), 0);
	pid = fork();
	if (pid == 0) {
		set(fd, F_SETLK, F_RDLCK, 5, 5);
		set(fd, F_SETLK, F_RDLCK, 10, 10);
		write(ready[1], "r", 1);
		read(go[0], &c, 1);
		exit(0);
	}
	EQ(read(ready[0], &c, 1), 1);
	fl = who(fd, F_GETLK, 0, 0);
	EQ(fl.l_type, F_RDLCK);
	EQ(fl.l_whence, SEEK_SET);
	EQ(fl.l_start, 5);
	EQ(fl.l_len, 15);
	EQ(fl.l_pid, pid);
	EQ(who(fd, F_GETLK, 20, 0).l_type, F_UNLCK);
	fl = who(fd, F_OFD_GETLK, 0, 0);
	EQ(fl.l_pid, pid);
	write(go[1], "g", 1);
	EQ(waitpid(pid, &status, 0), pid);
	EQ(who(fd, F_GETLK, 0, 0).l_type, F_UNLCK);
}

TEST(fcntl_locks_go_with_any_descriptor_of_the_file)
{
	int fd = open_it();

	EQ(set(fd, F_SETLK, F_WRLCK, 0, 0), 0);
	EQ(other_gets(F_WRLCK, 0, 1), -EAGAIN);
	close(open(path, O_PATH, 0));
	EQ(other_gets(F_WRLCK, 0, 1), -EAGAIN);
	close(open_it());
	EQ(other_gets(F_WRLCK, 0, 1), 0);
}

TEST(fcntl_locks_are_not_inherited)
{
	int fd = open_it(), status, pid;

	EQ(set(fd, F_SETLK, F_WRLCK, 0, 0), 0);
	pid = fork();
	if (pid == 0)
		exit(set(fd, F_SETLK, F_WRLCK, 0, 1) != -EAGAIN);
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, 0);
	/* Nor did the child's end take ours away. */
	EQ(other_gets(F_WRLCK, 0, 1), -EAGAIN);
}

TEST(fcntl_ranges)
{
	struct flock fl = lock_of(F_WRLCK, 0, 0);
	int fd = open_it();

	EQ(ftruncate(fd, 100), 0);
	EQ(lseek(fd, 50, SEEK_SET), 50);
	fl.l_whence = SEEK_CUR;
	fl.l_len = -10;
	EQ(sys(SYS_fcntl, fd, F_SETLK, &fl), 0);
	EQ(other_gets(F_WRLCK, 49, 1), -EAGAIN);
	EQ(other_gets(F_WRLCK, 50, 1), 0);
	EQ(other_gets(F_WRLCK, 40, 1), -EAGAIN);
	EQ(other_gets(F_WRLCK, 39, 1), 0);
	fl.l_whence = SEEK_END;
	fl.l_len = 1;
	EQ(sys(SYS_fcntl, fd, F_SETLK, &fl), 0);
	EQ(other_gets(F_WRLCK, 100, 1), -EAGAIN);
	EQ(other_gets(F_WRLCK, 101, 1), 0);
	EQ(set(fd, F_SETLK, F_WRLCK, -1, 1), -EINVAL);
	EQ(set(fd, F_SETLK, F_WRLCK, 5, -6), -EINVAL);
	EQ(set(fd, F_SETLK, F_WRLCK, INT64_MAX, 2), -EOVERFLOW);
	EQ(set(fd, F_SETLK, 3, 0, 1), -EINVAL);
	EQ(set(fd, F_SETLK, -1, 0, 1), -EINVAL);
	fl.l_whence = 3;
	EQ(sys(SYS_fcntl, fd, F_SETLK, &fl), -EINVAL);
	EQ(sys(SYS_fcntl, fd, F_SETLK, NULL), -EFAULT);
	close(fd);
	unlink(path);
}

TEST(fcntl_locks_need_the_right_to_do_it)
{
	close(open_it());
	EQ(set(open(path, O_RDONLY, 0), F_SETLK, F_WRLCK, 0, 1), -EBADF);
	EQ(set(open(path, O_WRONLY, 0), F_SETLK, F_RDLCK, 0, 1), -EBADF);
	EQ(set(open(path, O_PATH, 0), F_SETLK, F_RDLCK, 0, 1), -EBADF);
}

TEST(fcntl_setlkw_waits)
{
	int fd = open_it(), held[2], status, pid;
	char c;

	EQ(pipe(held), 0);
	pid = fork();
	if (pid == 0) {
		set(fd, F_SETLK, F_WRLCK, 0, 10);
		write(held[1], "h", 1);
		sleep_ms(100);
		exit(0);
	}
	EQ(read(held[0], &c, 1), 1);
	EQ(set(fd, F_SETLK, F_WRLCK, 5, 1), -EAGAIN);
	EQ(set(fd, F_SETLKW, F_WRLCK, 5, 1), 0);
	EQ(waitpid(pid, &status, 0), pid);
}

/*
 * A child that holds byte 1 and waits for byte 0, which is ours; its status is
 * 0 if it gets that. It ends a while later.
 */
static int child_that_waits(int fd)
{
	int held[2], pid;
	long err;
	char c;

	EQ(pipe(held), 0);
	EQ(set(fd, F_SETLK, F_WRLCK, 0, 1), 0);
	pid = fork();
	if (pid == 0) {
		set(fd, F_SETLK, F_WRLCK, 1, 1);
		write(held[1], "h", 1);
		err = set(fd, F_SETLKW, F_WRLCK, 0, 1);
		sleep_ms(100);
		exit(err != 0);
	}
	EQ(read(held[0], &c, 1), 1);
	sleep_ms(300);
	return pid;
}

TEST(fcntl_setlkw_finds_a_deadlock)
{
	int fd = open_it(), pid = child_that_waits(fd), status;

	EQ(set(fd, F_SETLKW, F_WRLCK, 1, 1), -EDEADLK);
	EQ(set(fd, F_SETLK, F_UNLCK, 0, 0), 0);
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, 0);
}

TEST(fcntl_setlkw_sees_no_deadlock_that_is_over)
{
	int fd = open_it(), pid = child_that_waits(fd), status;

	EQ(set(fd, F_SETLK, F_UNLCK, 0, 1), 0);
	EQ(set(fd, F_SETLKW, F_WRLCK, 1, 1), 0);
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, 0);
}

TEST(fcntl_ofd_locks_belong_to_the_open_file)
{
	int fd = open_it(), other = open_it(), twin = (int)sys(SYS_dup, fd);

	EQ(set(fd, F_OFD_SETLK, F_WRLCK, 0, 10), 0);
	EQ(set(twin, F_OFD_SETLK, F_WRLCK, 0, 10), 0);
	EQ(set(other, F_OFD_SETLK, F_WRLCK, 0, 1), -EAGAIN);
	EQ(set(other, F_SETLK, F_WRLCK, 0, 1), -EAGAIN);
	EQ(who(other, F_OFD_GETLK, 0, 0).l_pid, -1);
	close(open_it());
	close(fd);
	EQ(set(other, F_OFD_SETLK, F_WRLCK, 0, 1), -EAGAIN);
	close(twin);
	EQ(set(other, F_OFD_SETLK, F_WRLCK, 0, 1), 0);
}

TEST(flock_is_for_the_whole_file)
{
	int fd = open_it(), other = open_it(), twin = (int)sys(SYS_dup, fd);

	EQ(sys(SYS_flock, fd, LOCK_SH), 0);
	EQ(sys(SYS_flock, other, LOCK_SH | LOCK_NB), 0);
	EQ(sys(SYS_flock, other, LOCK_EX | LOCK_NB), -EAGAIN);
	/* Whoever wants another kind of lock first gives up what it has. */
	EQ(sys(SYS_flock, fd, LOCK_EX | LOCK_NB), 0);
	EQ(sys(SYS_flock, other, LOCK_SH | LOCK_NB), -EAGAIN);
	EQ(sys(SYS_flock, other, LOCK_UN), 0);
	EQ(sys(SYS_flock, twin, LOCK_EX | LOCK_NB), 0);
	EQ(sys(SYS_flock, other, LOCK_SH | LOCK_NB), -EAGAIN);
	/* They do not see record locks, nor the other way round. */
	EQ(set(other, F_OFD_SETLK, F_WRLCK, 0, 0), 0);
	close(fd);
	EQ(sys(SYS_flock, other, LOCK_EX | LOCK_NB), -EAGAIN);
	close(twin);
	EQ(sys(SYS_flock, other, LOCK_EX | LOCK_NB), 0);
	EQ(sys(SYS_flock, other, 16), -EINVAL);
	EQ(sys(SYS_flock, 999, LOCK_UN), -EBADF);
}

TAP_MAIN
