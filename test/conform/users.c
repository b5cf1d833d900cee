/* SPDX-License-Identifier: MIT */
/*
 * kill(2), chmod(2), chown(2): what one user may do to another.
 */
#include "test/conform/conform.h"

#define OTHER 2000

static void become(int uid)
{
	EQ(sys(SYS_setresgid, uid, uid, uid), 0);
	EQ(sys(SYS_setresuid, uid, uid, uid), 0);
}

/* A child of this user that waits until it is killed. */
static int sleeper(int uid)
{
	int fds[2], pid;
	char c;

	EQ(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		become(uid);
		EQ(write(fds[1], "x", 1), 1);
		for (;;)
			sys(SYS_ppoll, NULL, 0, NULL, NULL, 8);
	}
	EQ(read(fds[0], &c, 1), 1);
	return pid;
}

static void killed(int pid, int sig)
{
	int status = 0;

	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, sig);
}

/* Run code as this user, in a child. */
#define AS(uid, code)                                                          \
	do {                                                                   \
		int as_ = fork();                                              \
		if (as_ == 0) {                                                \
			become(uid);                                           \
			code;                                                  \
			exit(0);                                               \
		}                                                              \
		joined(as_, 0);                                                \
	} while (0)

static long tgkill(int pid, int sig)
{
	return sys(SYS_tgkill, pid, pid, sig);
}

static long queue(int pid, int sig)
{
	struct siginfo info = {.si_code = -1}; /* SI_QUEUE */

	return sys(SYS_rt_sigqueueinfo, pid, sig, &info);
}

TEST(kill_of_another_user_is_eperm)
{
	int pid = sleeper(OTHER);

	AS(1000, {
		EQ(kill(pid, SIGTERM), -EPERM);
		EQ(kill(pid, 0), -EPERM);
		EQ(sys(SYS_tkill, pid, SIGTERM), -EPERM);
		EQ(tgkill(pid, SIGTERM), -EPERM);
		EQ(tgkill(pid, 0), -EPERM);
		EQ(queue(pid, SIGTERM), -EPERM);
		EQ(kill(1, SIGKILL), -EPERM);
		EQ(kill(pid, 65), -EINVAL);
	});
	EQ(kill(pid, SIGTERM), 0);
	killed(pid, SIGTERM);
}

TEST(kill_of_the_same_user_is_allowed)
{
	int pid = sleeper(OTHER);

	AS(OTHER, {
		EQ(kill(pid, 0), 0);
		EQ(tgkill(pid, 0), 0);
		EQ(kill(getpid(), 0), 0);
		EQ(kill(pid, SIGTERM), 0);
	});
	killed(pid, SIGTERM);
}

TEST(kill_looks_at_real_and_saved_users)
{
	int pid = sleeper(OTHER);

	AS(0, {
		EQ(sys(SYS_setresuid, OTHER, 1000, 1000), 0);
		EQ(kill(pid, 0), 0);
	});
	AS(0, {
		EQ(sys(SYS_setresuid, 1000, 1000, OTHER), 0);
		EQ(kill(pid, 0), -EPERM);
	});
	AS(0, {
		EQ(sys(SYS_setresuid, 1000, OTHER, 1000), 0);
		EQ(kill(pid, 0), 0);
	});
	EQ(kill(pid, SIGKILL), 0);
	killed(pid, SIGKILL);
}

TEST(kill_does_not_look_at_the_effective_user_of_the_other)
{
	int fds[2], pid;
	char c;

	EQ(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		EQ(sys(SYS_setresuid, 0, OTHER, 0), 0);
		EQ(write(fds[1], "x", 1), 1);
		for (;;)
			sys(SYS_ppoll, NULL, 0, NULL, NULL, 8);
	}
	EQ(read(fds[0], &c, 1), 1);
	AS(OTHER, EQ(kill(pid, 0), -EPERM));
	EQ(kill(pid, SIGKILL), 0);
	killed(pid, SIGKILL);
}

TEST(kill_with_sigcont_reaches_the_session)
{
	int pid = sleeper(OTHER), other = fork();

	AS(1000, EQ(kill(pid, SIGCONT), 0));
	if (other == 0) {
		EQ(sys(SYS_setsid), getpid());
		become(1000);
		EQ(kill(pid, SIGCONT), -EPERM);
		exit(0);
	}
	joined(other, 0);
	EQ(kill(pid, SIGKILL), 0);
	killed(pid, SIGKILL);
}

TEST(kill_of_a_group_needs_one_of_it)
{
	int a = sleeper(OTHER), b = sleeper(OTHER + 1);

	EQ(sys(SYS_setpgid, a, a), 0);
	EQ(sys(SYS_setpgid, b, a), 0);
	AS(1000, EQ(kill(-a, SIGTERM), -EPERM));
	AS(OTHER + 1, EQ(kill(-a, SIGTERM), 0));
	killed(b, SIGTERM);
	AS(1000, EQ(kill(-a, 0), -EPERM));
	EQ(kill(-a, SIGKILL), 0);
	killed(a, SIGKILL);
	EQ(kill(-a, SIGKILL), -ESRCH);
}

static volatile int sender;

static void note_sender(int sig, struct siginfo *info, struct ucontext *uc)
{
	(void)sig;
	(void)uc;
	sender = (int)info->si_uid;
}

TEST(kill_tells_who_sent_it)
{
	EQ(handle(SIGUSR1, note_sender, 0), 0);
	become(1000);
	EQ(kill(getpid(), SIGUSR1), 0);
	EQ(sender, 1000);
	sender = 0;
	EQ(tgkill(getpid(), SIGUSR1), 0);
	EQ(sender, 1000);
}

static int file_with(unsigned uid, unsigned mode)
{
	int fd = named_file("/tmp/users", 0);

	EQ(sys(SYS_fchown, fd, uid, uid), 0);
	EQ(sys(SYS_fchmod, fd, mode), 0);
	return fd;
}

TEST(chmod_is_for_the_owner)
{
	int fd = file_with(1000, 0666);

	AS(OTHER, EQ(sys(SYS_fchmod, fd, 0777), -EPERM));
	AS(1000, EQ(sys(SYS_fchmod, fd, 0640), 0));
	EQ(sys(SYS_fchmod, fd, 0600), 0);
}

TEST(chown_is_for_root)
{
	int fd = file_with(1000, 0666);
	struct stat st;

	AS(1000, {
		EQ(sys(SYS_fchown, fd, OTHER, -1), -EPERM);
		EQ(sys(SYS_fchown, fd, -1, OTHER), -EPERM);
		EQ(sys(SYS_fchown, fd, 1000, -1), 0);
		EQ(sys(SYS_fchown, fd, -1, 1000), 0);
		EQ(sys(SYS_fchown, fd, -1, -1), 0);
	});
	AS(OTHER, {
		EQ(sys(SYS_fchown, fd, OTHER, -1), -EPERM);
		EQ(sys(SYS_fchown, fd, 1000, -1), -EPERM);
		EQ(sys(SYS_fchown, fd, -1, OTHER), -EPERM);
	});
	EQ(fstat(fd, &st), 0);
	EQ(st.st_uid, 1000);
	EQ(st.st_gid, 1000);
	EQ(sys(SYS_fchown, fd, OTHER, -1), 0);
}

TEST(chown_gives_to_the_own_group)
{
	int fd = file_with(1000, 0666);
	struct stat st;

	EQ(sys(SYS_fchown, fd, -1, 3000), 0);
	AS(1000, EQ(sys(SYS_fchown, fd, -1, 1000), 0));
	EQ(fstat(fd, &st), 0);
	EQ(st.st_gid, 1000);
}

TAP_MAIN
