/* SPDX-License-Identifier: MIT */
/*
 * machine nodes: on each hart, touch some memory and say where it is: "hart H:
 * LOWEST HIGHEST", frame numbers.
 *
 * machine clear: what a fault for a zeroed page costs, "fault N" instructions,
 * and what cbo.zero does to a page of ones: "cleared N" bytes, or a signal.
 *
 * For machines.py, which knows what the machine has.
 */
#include "test/guest/guest.h"
#include "user/lib/instret.h"

enum { PAGES = 300 };

static void print_nodes(void)
{
	int pagemap = open("/proc/self/pagemap", O_RDONLY, 0);
	static uint64_t entry[PAGES];

	for (unsigned hart = 0; hart < 64; hart++) {
		uint64_t set = 1UL << hart, low = -1UL, high = 0;
		char *p;

		if (sys(SYS_sched_setaffinity, 0, sizeof(set), &set) < 0)
			continue;
		p = anon(PAGES, RW);
		memset(p, 1, PAGES * PAGE);
		pread(pagemap, entry, sizeof(entry),
		      (int64_t)((uintptr_t)p / PAGE * sizeof(entry[0])));
		for (unsigned i = 0; i < PAGES; i++) {
			uint64_t pfn = entry[i] & ((1UL << 55) - 1);

			low = pfn < low ? pfn : low;
			high = pfn > high ? pfn : high;
		}
		printf("hart %u: %lu %lu\n", hart, (unsigned long)low,
		       (unsigned long)high);
	}
}

static void print_clear(void)
{
	volatile char *p = anon(PAGES, RW);
	unsigned long cleared = 0;
	uint64_t start;

	start = read_instret();
	for (unsigned i = 0; i < PAGES; i++)
		p[i * PAGE] = 1;
	printf("fault %lu\n",
	       (unsigned long)((read_instret() - start) / PAGES));
	memset((char *)p, 1, PAGE);
	__asm__ volatile(".insn i 0x0f, 2, x0, %0, 4" ::"r"(p) : "memory");
	for (unsigned i = 0; i < PAGE; i++)
		cleared += !p[i];
	printf("cleared %lu\n", cleared);
}

int main(int argc, char **argv)
{
	(void)argc;
	if (!strcmp(argv[1], "nodes"))
		print_nodes();
	else
		print_clear();
	return 0;
}
