/* SPDX-License-Identifier: MIT */
/* free: what memory there is, in KiB, from /proc/meminfo. */
#include "user/lib/user.h"

int main(void)
{
	static const char *const names[] = {
	    "MemTotal:", "MemFree:", "MemAvailable:", "Cached:"};
	static char text[4096];
	int fd = open("/proc/meminfo", O_RDONLY, 0);
	long len = fd < 0 ? fd : read(fd, text, sizeof(text) - 1);

	if (len < 0) {
		dprintf(2, "free: /proc/meminfo: %s\n", error_name(len));
		return 1;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		const char *line = strstr(text, names[i]);

		if (!line)
			continue;
		for (line += strlen(names[i]); *line == ' '; line++)
			;
		printf("%-14s %10lu\n", names[i], strtoul(line, NULL));
	}
	return 0;
}
