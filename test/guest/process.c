/* SPDX-License-Identifier: MIT */
/* fork, vfork, execve, exit, wait4, waitid, process groups and sessions. */
#include "test/guest/guest.h"

#define SELF "/proc/self/exe"

/* What this program does when it was started again by one of its tests. */
static int child_main(int argc, char **argv)
{
	if (strcmp(argv[1], "exit") == 0)
		return (int)strtoul(argv[2], NULL);
	if (strcmp(argv[1], "count") == 0)
		return argc;
	if (strcmp(argv[1], "env") == 0)
		return getenv("COLOUR") && !strcmp(getenv("COLOUR"), "blue");
	if (strcmp(argv[1], "fd") == 0)
		return (int)write((int)strtoul(argv[2], NULL), "x", 1) & 0xff;
	if (strcmp(argv[1], "signals") == 0) {
		struct sigaction act;
		uint64_t mask = 0;

		sigaction(SIGUSR1, NULL, &act);
		if (act.sa_handler != SIG_IGN)
			return 1;
		sigaction(SIGUSR2, NULL, &act);
		if (act.sa_handler != SIG_DFL)
			return 2;
		sigprocmask(SIG_SETMASK, NULL, &mask);
		return mask == SIGMASK(SIGHUP) ? 0 : 3;
	}
	if (strcmp(argv[1], "sum") == 0) {
		unsigned sum = 0;

		for (int i = 2; i < argc; i++)
			sum += (unsigned)strlen(argv[i]);
		return (int)(sum / 1000);
	}
	return 99;
}

/* Start this program again with the arguments; its exit status. */
static int again(char *const *argv, char *const *envp)
{
	int status = 0, pid = fork();

	if (pid == 0)
		exit(100 - execve(SELF, argv, envp));
	EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFEXITED(status));
	return WEXITSTATUS(status);
}

TEST(fork_copies_memory)
{
	static int global = 1;
	int local = 1, pid = fork();

	if (pid == 0) {
		global = local = 2;
		exit(0);
	}
	joined(pid, 0);
	EQ(global, 1);
	EQ(local, 1);
}

TEST(the_exit_code_is_eight_bits)
{
	int pid = fork();

	if (pid == 0)
		exit(0x1234);
	joined(pid, 0x34);
}

TEST(a_signal_shows_in_the_status)
{
	int status, pid = fork();

	if (pid == 0) {
		raise(SIGKILL);
		exit(0);
	}
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status & 0x7f, SIGKILL);
}

TEST(identities)
{
	int parent = getpid(), pid = fork();

	if (pid == 0) {
		CHECK(getpid() != parent);
		EQ(sys(SYS_getppid), parent);
		EQ(gettid(), getpid());
		exit(0);
	}
	joined(pid, 0);
	CHECK(pid != parent);
	EQ(sys(SYS_getuid), sys(SYS_geteuid));
	EQ(sys(SYS_getgid), sys(SYS_getegid));
}

TEST(waiting_for_no_one)
{
	int status;

	EQ(waitpid(-1, &status, 0), -ECHILD);
	EQ(waitpid(getpid(), &status, 0), -ECHILD);
	EQ(waitpid(-1, &status, WNOHANG), -ECHILD);
}

TEST(waiting_without_hanging)
{
	int fds[2], status;

	EQ(pipe(fds), 0);
	int pid = fork();
	if (pid == 0) {
		char c;

		read(fds[0], &c, 1);
		exit(3);
	}
	EQ(waitpid(pid, &status, WNOHANG), 0);
	EQ(write(fds[1], "x", 1), 1);
	joined(pid, 3);
	EQ(waitpid(pid, &status, 0), -ECHILD);
}

TEST(waiting_for_any)
{
	int seen = 0, status;

	for (int i = 0; i < 5; i++)
		if (fork() == 0)
			exit(i);
	for (int i = 0; i < 5; i++) {
		CHECK(waitpid(-1, &status, 0) > 0);
		seen |= 1 << WEXITSTATUS(status);
	}
	EQ(seen, 31);
}

TEST(waitid_tells_how)
{
	struct siginfo info = {0};
	int pid = fork();

	if (pid == 0)
		exit(7);
	EQ(sys(SYS_waitid, P_PID, pid, &info, WEXITED | WNOWAIT, NULL), 0);
	EQ(info.si_signo, SIGCHLD);
	EQ(info.si_code, CLD_EXITED);
	EQ(info.si_pid, pid);
	EQ(info.si_status, 7);
	EQ(sys(SYS_waitid, P_ALL, 0, &info, WEXITED, NULL), 0);
	EQ(sys(SYS_waitid, P_ALL, 0, &info, WEXITED, NULL), -ECHILD);
	EQ(sys(SYS_waitid, P_ALL, 0, &info, 0, NULL), -EINVAL);
}

TEST(a_killed_child_in_waitid)
{
	struct siginfo info = {0};
	int pid = fork();

	if (pid == 0)
		for (;;)
			sleep_ms(1000);
	EQ(kill(pid, SIGTERM), 0);
	EQ(sys(SYS_waitid, P_PID, pid, &info, WEXITED, NULL), 0);
	EQ(info.si_code, CLD_KILLED);
	EQ(info.si_status, SIGTERM);
}

TEST(a_bad_status_pointer_is_efault)
{
	int pid = fork();

	if (pid == 0)
		exit(0);
	EQ(waitpid(pid, (int *)8, 0), -EFAULT);
}

TEST(wait_reports_the_resources)
{
	struct rusage use = {0};
	int status, pid = fork();

	if (pid == 0) {
		char *p = anon(50, RW);

		memset(p, 1, 50 * PAGE);
		exit(0);
	}
	EQ(wait4(pid, &status, 0, &use), pid);
	CHECK(use.ru_minflt >= 50);
}

TEST(orphans_get_another_parent)
{
	int fds[2], parent = 0;

	EQ(pipe(fds), 0);
	int pid = fork();
	if (pid == 0) {
		int self = getpid();

		if (fork() == 0) {
			while (sys(SYS_getppid) == self)
				sched_yield();
			parent = (int)sys(SYS_getppid);
			write(fds[1], &parent, sizeof(parent));
		}
		exit(0);
	}
	joined(pid, 0);
	EQ(read(fds[0], &parent, sizeof(parent)), sizeof(parent));
	CHECK(parent > 0 && parent != pid);
}

TEST(exec_passes_arguments)
{
	char *exits[] = {"process", "exit", "42", NULL};
	char *count[] = {"process", "count", "", "b c", NULL};

	EQ(again(exits, environ()), 42);
	EQ(again(count, environ()), 4);
}

TEST(exec_passes_the_environment)
{
	char *argv[] = {"process", "env", NULL};
	char *blue[] = {"X=1", "COLOUR=blue", NULL};
	char *none[] = {NULL};

	EQ(again(argv, blue), 1);
	EQ(again(argv, none), 0);
}

TEST(exec_takes_long_arguments)
{
	enum { LEN = 100000 };
	char *text = anon(LEN / PAGE + 1, RW);
	char *argv[] = {"process", "sum", text, text, NULL};

	memset(text, 'x', LEN);
	EQ(again(argv, environ()), 200);
}

TEST(exec_keeps_and_closes_descriptors)
{
	int fds[2];
	char number[8];
	char *argv[] = {"process", "fd", number, NULL};

	EQ(pipe(fds), 0);
	snprintf(number, sizeof(number), "%d", fds[1]);
	EQ(again(argv, environ()), 1);
	EQ(sys(SYS_fcntl, fds[1], F_SETFD, FD_CLOEXEC), 0);
	EQ(again(argv, environ()), -EBADF & 0xff);
}

TEST(exec_resets_handlers_and_keeps_the_mask)
{
	char *argv[] = {"process", "signals", NULL};
	struct sigaction act = {.sa_handler = SIG_IGN};
	uint64_t mask = SIGMASK(SIGHUP);

	EQ(sigaction(SIGUSR1, &act, NULL), 0);
	act.sa_handler = (uintptr_t)child_main;
	EQ(sigaction(SIGUSR2, &act, NULL), 0);
	EQ(sigprocmask(SIG_SETMASK, &mask, NULL), 0);
	EQ(again(argv, environ()), 0);
}

TEST(exec_errors)
{
	char *argv[] = {"x", NULL};
	int fd = open("/tmp/process_text", O_WRONLY | O_CREAT, 0755);

	EQ(write(fd, "no program", 10), 10);
	EQ(close(fd), 0);
	EQ(execve("/tmp/nothing_there", argv, environ()), -ENOENT);
	EQ(execve("/tmp/process_text/x", argv, environ()), -ENOTDIR);
	EQ(execve("/tmp/process_text", argv, environ()), -ENOEXEC);
	EQ(execve("/tmp", argv, environ()), -EACCES);
	EQ(execve((char *)8, argv, environ()), -EFAULT);
	EQ(execve(SELF, (char **)8, environ()), -EFAULT);
	unlink("/tmp/process_text");
}

TEST(a_file_without_x_cannot_be_run)
{
	char *argv[] = {"x", NULL};
	int fd = open("/tmp/process_nox", O_WRONLY | O_CREAT, 0644);

	EQ(close(fd), 0);
	EQ(execve("/tmp/process_nox", argv, environ()), -EACCES);
	unlink("/tmp/process_nox");
}

TEST(vfork_shares_memory_and_waits)
{
	static volatile int shared;
	int pid = (int)sys(SYS_clone, SIGCHLD | CLONE_VM | CLONE_VFORK, 0);

	if (pid == 0) {
		shared = 42;
		sys(SYS_exit, 0);
	}
	EQ(shared, 42);
	joined(pid, 0);
}

TEST(process_groups)
{
	int pid = fork();

	if (pid == 0) {
		EQ(sys(SYS_setpgid, 0, 0), 0);
		EQ(sys(SYS_getpgid, 0), getpid());
		exit(0);
	}
	joined(pid, 0);
	CHECK(sys(SYS_getpgid, 0) != pid);
	EQ(sys(SYS_getpgid, 99999), -ESRCH);
}

TEST(a_session_of_its_own)
{
	int pid = fork();

	if (pid == 0) {
		EQ(sys(SYS_setsid), getpid());
		EQ(sys(SYS_getsid, 0), getpid());
		EQ(sys(SYS_getpgid, 0), getpid());
		EQ(sys(SYS_setsid), -EPERM);
		exit(0);
	}
	joined(pid, 0);
}

TEST(a_signal_to_a_group_reaches_all)
{
	int pids[3], status;

	for (int i = 0; i < 3; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			for (;;)
				sleep_ms(1000);
		EQ(sys(SYS_setpgid, pids[i], pids[0]), 0);
	}
	EQ(kill(-pids[0], SIGTERM), 0);
	for (int i = 0; i < 3; i++) {
		EQ(waitpid(-pids[0], &status, 0) > 0, 1);
		EQ(status, SIGTERM);
	}
}

TEST(many_children_one_after_the_other)
{
	for (int i = 0; i < 200; i++) {
		int pid = fork();

		if (pid == 0)
			exit(i & 0x7f);
		joined(pid, i & 0x7f);
	}
}

TEST(a_deep_line_of_descendants)
{
	int depth = 0, status = 0, pid;

	while (depth < 20 && (pid = fork()) == 0)
		depth++;
	if (depth < 20) {
		EQ(waitpid(pid, &status, 0), pid);
		EQ(status, 0);
	}
	if (depth)
		exit(0);
}

TEST(descriptors_are_shared_with_their_position)
{
	int fd = file_of(2);
	char c = 0;
	int pid = fork();

	if (pid == 0) {
		EQ(lseek(fd, PAGE, SEEK_SET), PAGE);
		exit(0);
	}
	joined(pid, 0);
	EQ(read(fd, &c, 1), 1);
	EQ(c, 'B');
}

static void ids_are(long real, long effective, long saved)
{
	uint32_t ids[3];

	EQ(sys(SYS_getresuid, &ids[0], &ids[1], &ids[2]), 0);
	EQ(ids[0], real);
	EQ(ids[1], effective);
	EQ(ids[2], saved);
	EQ(sys(SYS_getuid), real);
	EQ(sys(SYS_geteuid), effective);
}

TEST(root_gives_up_its_privileges_for_good)
{
	EQ(sys(SYS_setuid, 1000), 0);
	ids_are(1000, 1000, 1000);
	EQ(sys(SYS_setuid, 0), -EPERM);
	EQ(sys(SYS_setresuid, -1, 0, -1), -EPERM);
	EQ(sys(SYS_setgid, 5), -EPERM);
	EQ(sys(SYS_setgroups, 0, NULL), -EPERM);
	EQ(sys(SYS_setuid, 1000), 0);
	EQ(sys(SYS_setuid, -1), -EINVAL);
}

TEST(root_becomes_somebody_else_for_a_while)
{
	EQ(sys(SYS_setresuid, -1, 1000, -1), 0);
	ids_are(0, 1000, 0);
	EQ(sys(SYS_setuid, 1001), -EPERM);
	EQ(sys(SYS_setuid, 0), 0);
	ids_are(0, 0, 0);
	EQ(sys(SYS_setreuid, 7, 8), 0);
	ids_are(7, 8, 8);
	EQ(sys(SYS_setreuid, 8, 7), 0);
	ids_are(8, 7, 7);
}

TEST(users_are_inherited_and_shown)
{
	static char text[2048];

	EQ(sys(SYS_setresgid, 4, 5, 6), 0);
	EQ(sys(SYS_setresuid, 1, 2, 3), 0);
	int pid = fork();
	if (pid == 0) {
		ids_are(1, 2, 3);
		CHECK(read_file("/proc/self/status", text, sizeof(text)) > 0);
		CHECK(strstr(text, "\nUid:\t1\t2\t3\t2\n") != NULL);
		CHECK(strstr(text, "\nGid:\t4\t5\t6\t5\n") != NULL);
		exit(0);
	}
	joined(pid, 0);
}

int main(int argc, char **argv)
{
	static const char *const roles[] = {"exit", "count",   "env",
					    "fd",   "signals", "sum"};

	for (unsigned i = 0; argc > 1 && i < ARRAY_SIZE(roles); i++)
		if (strcmp(argv[1], roles[i]) == 0)
			return child_main(argc, argv);
	return tap_main(argc, argv);
}
