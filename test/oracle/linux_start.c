/* SPDX-License-Identifier: MIT */
/*
 * The test's end of the Linux side: starting the process, giving it sequences.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test/oracle/oracle.h"

#define PATIENCE 90 /* seconds; more than the Linux side has */

static bool is_gone(struct linux_side *side)
{
	return waitpid(side->pid, NULL, WNOHANG) != 0;
}

const char *linux_start(struct linux_side *side, const char *program)
{
	static char why[160];
	int fd = (int)syscall(SYS_memfd_create, "oracle", 0);
	char number[12];
	pid_t pid;

	if (fd < 0 || ftruncate(fd, sizeof(struct shared)))
		return "no memory to share";
	side->shared = mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE,
			    MAP_SHARED, fd, 0);
	if (side->shared == MAP_FAILED)
		return "no memory to share";
	side->shared->turn = TURN_PARENT;
	snprintf(number, sizeof(number), "%d", fd);
	pid = fork();
	if (!pid) {
		execl(program, program, number, (char *)NULL);
		_exit(127);
	}
	if (pid < 0)
		return "no process to be had";
	side->pid = pid; /* *side is shared: the child must not write it */
	close(fd);
	for (unsigned i = 0; !turn_wait(side->shared, TURN_TEST, 1); i++) {
		if (i > PATIENCE || is_gone(side))
			return "the Linux side does not start";
	}
	if (!side->shared->refusal[0])
		return NULL;
	waitpid(side->pid, NULL, 0);
	snprintf(why, sizeof(why), "%s", side->shared->refusal);
	return why;
}

void linux_stop(struct linux_side *side)
{
	kill(side->pid, SIGKILL);
	waitpid(side->pid, NULL, 0);
	munmap(side->shared, sizeof(struct shared));
	side->shared = NULL;
}

bool linux_run(struct linux_side *side, const struct sequence *seq)
{
	struct shared *shared = side->shared;

	shared->sequence = *seq;
	memset(shared->seen, 0, seq->nr * sizeof(shared->seen[0]));
	turn_give(shared, TURN_PARENT);
	for (unsigned i = 0; !turn_wait(shared, TURN_TEST, 1); i++)
		if (i > PATIENCE)
			return false;
	return !shared->has_failed;
}
