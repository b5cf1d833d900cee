/* SPDX-License-Identifier: MIT */
/*
 * The first program, process 1: the kernel starts it with the words behind
 * "--" on its command line as argv[1] and up.
 *
 * It runs that command, or a shell, as its one child, in a session of its own
 * with the console as terminal; it reaps every process that loses its parent;
 * and when its child has ended it ends with the same status (128 + n for
 * signal n). The kernel then powers the machine off and hands the status on.
 */
#include "abi/ioctl.h"
#include "user/lib/exec.h"

/* As a shell says it. */
#define NOT_FOUND   127
#define NOT_STARTED 126

/* Make 0, 1 and 2 the console, unless the kernel has done so. */
static void open_console(void)
{
	struct stat st;

	for (int fd = 0; fd <= 2; fd++)
		if (fstat(fd, &st) < 0)
			open("/dev/console", O_RDWR, 0);
}

static _Noreturn void become(char *const *argv)
{
	sys(SYS_setsid);
	sys(SYS_ioctl, 0, TIOCSCTTY, 0);
	long error = exec_program(argv);

	dprintf(2, "init: %s: %s\n", argv[0], error_name(error));
	exit(error == -ENOENT ? NOT_FOUND : NOT_STARTED);
}

int main(int argc, char **argv)
{
	static char *const shell[] = {"sh", NULL};
	int status = 0, pid;

	open_console();
	int child = fork();
	if (child == 0)
		become(argc > 1 ? argv + 1 : shell);
	if (child < 0) {
		dprintf(2, "init: fork: %s\n", error_name(child));
		return NOT_STARTED;
	}
	do
		pid = waitpid(-1, &status, 0);
	while (pid != child && pid != -ECHILD);
	return exit_code(status);
}
