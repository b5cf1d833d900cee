/* SPDX-License-Identifier: MIT */
/* fork, pipe, exec of itself, wait, and a signal caught and one deadly. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t caught;

static void note(int sig)
{
	caught = sig;
}

static void child(int fd)
{
	for (int i = 1; i <= 1000; i++)
		if (write(fd, &i, sizeof(i)) != sizeof(i))
			_exit(1);
	_exit(3);
}

int main(int argc, char **argv)
{
	int fds[2], n, status;
	long sum = 0;

	if (argc > 1 && strcmp(argv[1], "again") == 0)
		return 42;
	if (pipe(fds))
		return 1;
	pid_t pid = fork();
	if (pid == 0)
		child(fds[1]);
	close(fds[1]);
	while (read(fds[0], &n, sizeof(n)) == sizeof(n))
		sum += n;
	waitpid(pid, &status, 0);
	printf("sum %ld, status %d\n", sum, WEXITSTATUS(status));

	pid = fork();
	if (pid == 0)
		execl("/proc/self/exe", argv[0], "again", NULL);
	waitpid(pid, &status, 0);
	printf("exec %d\n", WEXITSTATUS(status));

	signal(SIGUSR1, note);
	raise(SIGUSR1);
	printf("caught %d\n", caught);
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		abort();
	waitpid(pid, &status, 0);
	printf("abort %d\n", WTERMSIG(status));
	return 0;
}
