/* SPDX-License-Identifier: MIT */
/*
 * leakcheck PROGRAM...: run test programs, and see that they leave no page of
 * memory behind.
 *
 * They run twice. The first time fills the kernel's caches; after the second
 * there must be as many free pages as before it.
 */
#include "test/guest/guest.h"
#include "user/lib/exec.h"

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

static int run(char *name)
{
	static char seconds[] = "2";
	char *argv[] = {name, NULL, NULL};
	int status = -1, pid = fork();

	if (strcmp(name, "hostile") == 0)
		argv[1] = seconds;
	if (pid == 0) {
		int null = open("/dev/null", O_WRONLY, 0);

		dup2(null, 1);
		close(null);
		exit(100 - (int)exec_program(argv));
	}
	waitpid(pid, &status, 0);
	return status;
}

int main(int argc, char **argv)
{
	uint64_t before = 0, after = 0;
	bool good = true;

	printf("1..%d\n", argc - 1);
	free_pages(); /* from now on its buffer is in memory */
	for (int i = 1; i < argc; i++) {
		run(argv[i]);
		before = free_pages();
		int status = run(argv[i]);
		/* What others still free, for a moment. */
		for (int n = 0; n < 20 && (after = free_pages()) < before; n++)
			sleep_ms(50);
		bool kept = after >= before && status == 0;

		if (!kept)
			printf("# status %d, %ld pages fewer\n", status,
			       (long)(before - after));
		printf("%sok %d - %s leaves nothing behind\n",
		       kept ? "" : "not ", i, argv[i]);
		good &= kept;
	}
	return !good;
}
