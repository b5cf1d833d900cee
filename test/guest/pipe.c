/* SPDX-License-Identifier: MIT */
/* Pipes, and waiting for descriptors. pipe(7), poll(2). */
#include "abi/poll.h"
#include "test/guest/guest.h"

static long poll(struct pollfd *fds, unsigned n, long ms)
{
	struct timespec len = {ms / 1000, ms % 1000 * 1000000};

	return sys(SYS_ppoll, fds, n, ms < 0 ? NULL : &len, NULL, 8);
}

TEST(bytes_come_out_in_order)
{
	int fds[2];
	char buf[10] = "";

	EQ(pipe(fds), 0);
	EQ(write(fds[1], "abc", 3), 3);
	EQ(write(fds[1], "def", 3), 3);
	EQ(read(fds[0], buf, 2), 2);
	EQ(read(fds[0], buf + 2, 8), 4);
	EQ(strcmp(buf, "abcdef"), 0);
}

TEST(a_reader_sees_the_end_when_writers_are_gone)
{
	int fds[2];
	char c;

	EQ(pipe(fds), 0);
	EQ(write(fds[1], "x", 1), 1);
	EQ(close(fds[1]), 0);
	EQ(read(fds[0], &c, 1), 1);
	EQ(read(fds[0], &c, 1), 0);
}

TEST(a_writer_without_readers_gets_sigpipe)
{
	struct sigaction act = {.sa_handler = SIG_IGN};
	int fds[2], status;

	EQ(pipe(fds), 0);
	EQ(close(fds[0]), 0);
	int pid = fork();
	if (pid == 0) {
		write(fds[1], "x", 1);
		exit(0);
	}
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, SIGPIPE);
	EQ(sigaction(SIGPIPE, &act, NULL), 0);
	EQ(write(fds[1], "x", 1), -EPIPE);
}

TEST(a_reader_waits_for_a_writer)
{
	int fds[2];
	char c = 0;

	EQ(pipe(fds), 0);
	int pid = fork();
	if (pid == 0) {
		sleep_ms(20);
		write(fds[1], "x", 1);
		exit(0);
	}
	EQ(read(fds[0], &c, 1), 1);
	EQ(c, 'x');
	joined(pid, 0);
}

TEST(much_data_through_a_small_pipe)
{
	enum { SIZE = 300000 };
	char *p = anon(SIZE / PAGE + 1, RW);
	int fds[2];
	long len, sum = 0;

	EQ(pipe(fds), 0);
	int pid = fork();
	if (pid == 0) {
		memset(p, 3, SIZE);
		EQ(close(fds[0]), 0);
		EQ(write(fds[1], p, SIZE), SIZE);
		exit(0);
	}
	EQ(close(fds[1]), 0);
	while ((len = read(fds[0], p, 7000)) > 0)
		for (long i = 0; i < len; i++)
			sum += p[i];
	EQ(len, 0);
	EQ(sum, 3L * SIZE);
	joined(pid, 0);
}

TEST(without_blocking)
{
	static char buf[70000];
	int fds[2];
	long total = 0, len;

	EQ(sys(SYS_pipe2, fds, O_NONBLOCK | O_CLOEXEC), 0);
	EQ(sys(SYS_fcntl, fds[0], F_GETFD), FD_CLOEXEC);
	EQ(read(fds[0], buf, 1), -EAGAIN);
	while ((len = write(fds[1], buf, 4096)) > 0)
		total += len;
	EQ(len, -EAGAIN);
	EQ(total, PIPE_SIZE);
	EQ(read(fds[0], buf, sizeof(buf)), PIPE_SIZE);
}

TEST(small_writes_are_not_torn)
{
	enum { WRITERS = 4, COUNT = 100, SIZE = 512 };
	char buf[SIZE];
	int fds[2], pids[WRITERS];

	EQ(pipe(fds), 0);
	for (int i = 0; i < WRITERS; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			memset(buf, 'a' + i, SIZE);
			for (int n = 0; n < COUNT; n++)
				EQ(write(fds[1], buf, SIZE), SIZE);
			exit(0);
		}
	}
	for (int n = 0; n < WRITERS * COUNT; n++) {
		for (int len = 0; len < SIZE;) {
			long part = read(fds[0], buf + len, SIZE - len);

			CHECK(part > 0);
			len += (int)part;
		}
		for (int i = 1; i < SIZE; i++)
			EQ(buf[i], buf[0]);
	}
	for (int i = 0; i < WRITERS; i++)
		joined(pids[i], 0);
}

TEST(pipes_do_not_seek)
{
	int fds[2];
	char c;

	EQ(pipe(fds), 0);
	EQ(lseek(fds[0], 0, SEEK_SET), -ESPIPE);
	EQ(pread(fds[0], &c, 1, 0), -ESPIPE);
	EQ(ftruncate(fds[1], 0), -EINVAL);
}

TEST(the_ends_have_directions)
{
	int fds[2];
	char c;

	EQ(pipe(fds), 0);
	EQ(write(fds[0], "x", 1), -EBADF);
	EQ(read(fds[1], &c, 1), -EBADF);
}

TEST(pipe_errors)
{
	EQ(sys(SYS_pipe2, 8, 0), -EFAULT);
	int fds[2];
	EQ(sys(SYS_pipe2, fds, 0x10000000), -EINVAL);
}

TEST(a_bad_buffer_loses_nothing)
{
	int fds[2];
	char c;

	EQ(pipe(fds), 0);
	EQ(write(fds[1], "x", 1), 1);
	EQ(read(fds[0], (void *)8, 1), -EFAULT);
	EQ(write(fds[1], (void *)8, 1), -EFAULT);
	EQ(read(fds[0], &c, 1), 1);
	EQ(c, 'x');
}

TEST(poll_tells_what_is_ready)
{
	int fds[2];
	struct pollfd set[2];

	EQ(pipe(fds), 0);
	set[0] = (struct pollfd){fds[0], POLLIN, 0};
	set[1] = (struct pollfd){fds[1], POLLOUT, 0};
	EQ(poll(set, 2, 0), 1);
	EQ(set[0].revents, 0);
	EQ(set[1].revents, POLLOUT);
	EQ(write(fds[1], "x", 1), 1);
	EQ(poll(set, 2, 0), 2);
	EQ(set[0].revents, POLLIN);
	EQ(close(fds[1]), 0);
	set[1].fd = -1;
	EQ(poll(set, 2, 0), 1);
	EQ(set[0].revents, POLLIN | POLLHUP);
	EQ(set[1].revents, 0);
	set[0].fd = 999;
	EQ(poll(set, 1, 0), 1);
	EQ(set[0].revents, POLLNVAL);
}

TEST(poll_waits_and_times_out)
{
	int fds[2];
	struct pollfd set;

	EQ(pipe(fds), 0);
	set = (struct pollfd){fds[0], POLLIN, 0};
	uint64_t start = now_ns();
	EQ(poll(&set, 1, 20), 0);
	CHECK(now_ns() - start >= 20000000);
	int pid = fork();
	if (pid == 0) {
		sleep_ms(20);
		write(fds[1], "x", 1);
		exit(0);
	}
	EQ(poll(&set, 1, 5000), 1);
	EQ(set.revents, POLLIN);
	joined(pid, 0);
}

TEST(regular_files_are_always_ready)
{
	struct pollfd set = {file_of(1), POLLIN | POLLOUT, 0};

	EQ(poll(&set, 1, -1), 1);
	EQ(set.revents, POLLIN | POLLOUT);
}

TAP_MAIN
