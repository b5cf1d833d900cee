/* SPDX-License-Identifier: MIT */
/*
 * Limits of a process on Linux. Those of address space and data are set by what
 * may still be added, for the process has more than the window.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "test/oracle/linux.h"

static bool is_limited; /* also what a child inherits */

/* KiB behind a name at the start of a line of /proc/self/status. */
static uint64_t status_size(const char *name)
{
	int fd = open("/proc/self/status", O_RDONLY);
	const char *line = read_text(fd);

	close(fd);
	while (line && strncmp(line, name, strlen(name)) != 0) {
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	if (!line)
		_exit(10);
	return strtoull(line + strlen(name), NULL, 10);
}

bool limit_set(const uint64_t *arg)
{
	static const struct {
		int resource;
		const char *used;
	} limits[] = {
	    [OF_LOCKED] = {RLIMIT_MEMLOCK, NULL},
	    [OF_SPACE] = {RLIMIT_AS, "VmSize:"},
	    [OF_DATA] = {RLIMIT_DATA, "VmData:"},
	};
	int resource = limits[arg[0] % 3].resource;
	const char *used = limits[arg[0] % 3].used;
	struct rlimit limit;

	if (getrlimit(resource, &limit))
		return false;
	limit.rlim_cur = RLIM_INFINITY;
	if (arg[1] != ~0ULL)
		limit.rlim_cur = arg[1] * ORACLE_PAGE +
				 (used ? status_size(used) * 1024 : 0);
	if (limit.rlim_cur > limit.rlim_max)
		return false;
	is_limited |= used != NULL;
	return !setrlimit(resource, &limit);
}

bool limit_is_set(void)
{
	return is_limited;
}

uint64_t limit_lift_space(void)
{
	struct rlimit limit;
	uint64_t bytes;

	getrlimit(RLIMIT_AS, &limit);
	bytes = limit.rlim_cur;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_AS, &limit);
	return bytes;
}

void limit_restore_space(uint64_t bytes)
{
	struct rlimit limit;

	getrlimit(RLIMIT_AS, &limit);
	limit.rlim_cur = bytes;
	setrlimit(RLIMIT_AS, &limit);
}
