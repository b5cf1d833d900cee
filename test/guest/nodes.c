/* SPDX-License-Identifier: MIT */
/*
 * nodes: on each hart, touch some memory and say where it is.
 *
 * Prints "hart H: LOWEST HIGHEST", frame numbers, for nodes.py, which knows
 * what memory is near which hart.
 */
#include "test/guest/guest.h"

enum { PAGES = 300 };

int main(void)
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
	return 0;
}
