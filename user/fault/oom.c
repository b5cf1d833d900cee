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

#define DONE "memory runs out for one program, and the others live on"

/* The first page that has no memory yet. */
static char *first_absent(char *start, unsigned long npages)
{
	uint8_t resident[1];

	for (unsigned long i = 0; i < npages; i++)
		if (mincore(start + i * PAGE, PAGE, resident) == 0 &&
		    !(resident[0] & 1))
			return start + i * PAGE;
	return start;
}

static _Noreturn void take(char *all, unsigned long npages)
{
	int error = madvise(all, npages * PAGE, MADV_POPULATE_WRITE);

	if (error == 0)
		cannot("use up all memory", error);
	char *next = first_absent(all, npages);
	subject("oom", next);
	for (; next < all + npages * PAGE; next += PAGE)
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
	if (emulated())
		return passed(DONE);
	if (err(all) != -ENOMEM) {
		int pid = fork();
		if (pid == 0)
			take(all, total / PAGE);
		expect("the signal", (unsigned long)wait_for(pid) & 0x7f,
		       SIGKILL);
	}
	unsigned long after = meminfo("MemFree:");
	if (after < before - before / 8)
		expect("free memory afterwards", after, before);
	char *pages = map_pages(64, PROT_READ | PROT_WRITE);
	memset(pages, 1, 64 * PAGE);
	return passed(DONE);
}
