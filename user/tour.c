/* SPDX-License-Identifier: MIT */
/*
 * tour [NAME...]: run the fault programs, all or those named, one after the
 * other, and say of each whether what it saw was right:
 *
 *   ~tour NAME pass|fail STATUS
 *
 * The host's tools/tour.py joins these lines with the kernel's fault trace.
 * Meson names the programs, in their order, in TOUR_STOPS.
 */
#include "user/lib/exec.h"

#define TIME_OUT 100 /* seconds for one program */

static char *const stops[] = {TOUR_STOPS};

static bool visit(char *name)
{
	struct itimerval limit = {.it_value = {TIME_OUT, 0}};
	char *argv[] = {name, NULL};
	int status = -1;
	int pid = fork();

	if (pid == 0) {
		sys(SYS_setitimer, ITIMER_REAL, &limit, NULL);
		long error = exec_program(argv);
		printf("%s: %s\n", name, error_name(error));
		exit(127);
	}
	if (pid > 0)
		waitpid(pid, &status, 0);
	if (status > 0 && WIFSIGNALED(status))
		printf("%s: ended by %s\n", name,
		       signal_name(WTERMSIG(status)));
	printf("~tour %s %s %d\n", name, status == 0 ? "pass" : "fail",
	       exit_code(status));
	return status == 0;
}

int main(int argc, char **argv)
{
	char *const *names = argc > 1 ? argv + 1 : stops;
	int count = argc > 1 ? argc - 1 : (int)ARRAY_SIZE(stops);
	int passed = 0;

	for (int i = 0; i < count; i++)
		passed += visit(names[i]);
	printf("%d of %d as expected\n", passed, count);
	return passed != count;
}
