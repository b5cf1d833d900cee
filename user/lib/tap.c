/* SPDX-License-Identifier: MIT */
/* See tap.h. */
#include "user/lib/tap.h"

#define TIME_OUT 60 /* seconds */

extern const struct tap_test __start_tap_tests[], __stop_tap_tests[];

_Noreturn void tap_fail(const char *file, int line, const char *what)
{
	printf("# %s:%d: does not hold: %s\n", file, line, what);
	exit(1);
}

void tap_equal(const char *file, int line, const char *what, long seen,
	       long wanted)
{
	if (seen == wanted)
		return;
	printf("# %s:%d: %s is %ld (0x%lx), expected %ld (0x%lx)\n", file, line,
	       what, seen, (unsigned long)seen, wanted, (unsigned long)wanted);
	exit(1);
}

int in_child(void (*run)(void *), void *arg)
{
	int status = 0;
	int pid = fork();

	if (pid == 0) {
		run(arg);
		exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		tap_fail(__FILE__, __LINE__, "a child runs and is waited for");
	return status;
}

static void run_test(void *arg)
{
	const struct tap_test *test = arg;
	struct itimerval limit = {.it_value = {TIME_OUT, 0}};

	sys(SYS_setitimer, ITIMER_REAL, &limit, NULL);
	test->run();
}

static bool report(int n, const struct tap_test *test, int status)
{
	if (WIFSIGNALED(status))
		printf("# ended by %s\n", signal_name(WTERMSIG(status)));
	printf("%sok %d - %s\n", status == 0 ? "" : "not ", n, test->name);
	return status == 0;
}

static void run_directly(const char *name)
{
	const struct tap_test *test;

	for (test = __start_tap_tests; test < __stop_tap_tests; test++)
		if (strcmp(test->name, name) == 0)
			test->run();
}

int tap_main(int argc, char **argv)
{
	const struct tap_test *test = __start_tap_tests;
	int n = 0;
	bool all = true;

	for (int i = 1; i < argc; i++)
		run_directly(argv[i]);
	if (argc > 1)
		return 0;

	printf("1..%ld\n", __stop_tap_tests - __start_tap_tests);
	for (; test < __stop_tap_tests; test++) {
		int status = in_child(run_test, (void *)(uintptr_t)test);

		all &= report(++n, test, status);
	}
	return !all;
}
