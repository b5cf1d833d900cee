/* SPDX-License-Identifier: MIT */
/*
 * counted PAGES [SIGNAL]: copy standard input to standard output, touch so many
 * fresh pages, half of them in a child, and end with the number of pages as
 * status, or by a signal. What tools/linux.py reports must be just that.
 */
#include "user/lib/user.h"

static void touch(long pages)
{
	char *p = mmap(NULL, (pages + 1) * PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (long i = 0; i < pages; i++)
		*(volatile char *)(p + i * PAGE) = 1;
}

int main(int argc, char **argv)
{
	long pages = argc > 1 ? (long)strtoul(argv[1], NULL) : 0;
	char buf[512];
	long got;
	int pid;

	while ((got = read(0, buf, sizeof(buf))) > 0)
		write(1, buf, got);
	pid = fork();
	if (pid == 0) {
		touch(pages / 2);
		exit(0);
	}
	waitpid(pid, NULL, 0);
	touch(pages - pages / 2);
	if (argc > 2)
		kill(getpid(), (int)strtoul(argv[2], NULL));
	return (int)pages;
}
