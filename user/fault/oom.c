/* SPDX-License-Identifier: MIT */
/*
 * A program that wants all memory there is, and then one page more. The call
 * fails or the program is killed; everything else lives on, and gets the
 * memory back.
 *
 * Not done under emulation, where the memory would be the host's.
 */
#include "user/lib/maps.h"
#include "user/lib/outcome.h"

#define PIECE 256UL /* pages */

/* Have the kernel fill memory from `start` on; returns where it gave up. */
static char *fill(char *start, size_t step)
{
	while (madvise(start, step, MADV_POPULATE_WRITE) == 0)
		start += step;
	return start;
}

static _Noreturn void take(char *all)
{
	subject("oom", all); /* all that is needed below has been touched */
	char *next = fill(fill(all, PIECE * PAGE), PAGE);

	subject("oom", next);
	*(volatile char *)next = 1;
	cannot("use up all memory", 0);
}

int main(void)
{
	unsigned long total = meminfo("MemTotal:");
	unsigned long before = meminfo("MemFree:");

	char *all = mmap(NULL, total, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	subject("oom", all);
	if (err(all) != -ENOMEM) {
		int pid = fork();
		if (pid == 0)
			take(all);
		expect("the signal", (unsigned long)wait_for(pid) & 0x7f,
		       SIGKILL);
	}
	unsigned long after = meminfo("MemFree:");
	if (after < before - before / 8)
		expect("free memory afterwards", after, before);
	char *pages = map_pages(64, PROT_READ | PROT_WRITE);
	memset(pages, 1, 64 * PAGE);
	return passed(
	    "memory runs out for one program, and the others live on");
}
