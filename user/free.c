/* SPDX-License-Identifier: MIT */
/* free: what memory there is, in KiB, from /proc/meminfo. */
#include "user/lib/maps.h"

int main(void)
{
	static const char *const names[] = {
	    "MemTotal:", "MemFree:", "MemAvailable:", "Cached:"};

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
		printf("%-14s %10lu\n", names[i],
		       (unsigned long)meminfo(names[i]) / 1024);
	return 0;
}
