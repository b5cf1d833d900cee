/* SPDX-License-Identifier: MIT */
/*
 * leakcheck PROGRAM...: run test programs, and see that they leave no page of
 * memory behind.
 *
 * They run twice. The first time fills the kernel's caches; after the second
 * there must be as many free pages as before it. With several harts an object
 * that stays (ours, init's) may come to lie in a slab page that was not needed
 * before: so a few pages that are missing once are forgiven when a further run
 * of the same program loses nothing more. What leaks, leaks each time.
 */
#include "test/guest/guest.h"
#include "user/lib/exec.h"

enum { FEW = 3 };

/* Free pages, when caches that may be dropped are. */
static uint64_t free_pages(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY, 0);

	if (fd >= 0) {
		write(fd, "3\n", 2);
		close(fd);
	}
	return meminfo("MemFree:") / PAGE;
}

/* Where their output goes; open from the start: `hostile` may remove the name.
 */
static int null_fd;

static int run(char *name)
{
	static char seconds[] = "2";
	char *argv[] = {name, NULL, NULL};
	int status = -1, pid = fork();

	if (strcmp(name, "hostile") == 0)
		argv[1] = seconds;
	if (pid == 0) {
		dup2(null_fd, 1);
		close(null_fd);
		exit(100 - (int)exec_program(argv));
	}
	waitpid(pid, &status, 0);
	return status;
}

/* Run it, and count the pages that are missing afterwards. */
static uint64_t lost_pages(char *name, int *status)
{
	uint64_t before = free_pages(), after = 0;

	*status = run(name);
	/* What others still free, for a moment. */
	for (int n = 0; n < 20 && (after = free_pages()) < before; n++)
		sleep_ms(50);
	return after < before ? before - after : 0;
}

/* Does nothing stay behind? A few pages may move, but not each time. */
static bool leaves_nothing(char *name)
{
	uint64_t lost;
	int status;

	run(name);
	lost = lost_pages(name, &status);
	for (int again = 0; lost && lost <= FEW && !status && again < 3;
	     again++) {
		printf("# %ld pages fewer, once more\n", (long)lost);
		lost = lost_pages(name, &status);
	}
	if (lost || status)
		printf("# status %d, %ld pages fewer\n", status, (long)lost);
	return !lost && !status;
}

int main(int argc, char **argv)
{
	bool good = true;

	printf("1..%d\n", argc - 1);
	null_fd = open("/dev/null", O_WRONLY, 0);
	free_pages(); /* from now on its buffer is in memory */
	for (int i = 1; i < argc; i++) {
		bool kept = leaves_nothing(argv[i]);

		printf("%sok %d - %s leaves nothing behind\n",
		       kept ? "" : "not ", i, argv[i]);
		good &= kept;
	}
	return !good;
}
