/* SPDX-License-Identifier: MIT */
/* See maps.h. */
#include "user/lib/maps.h"

long read_file(const char *path, char *to, size_t size)
{
	size_t len = 0;
	long part = 0;
	int fd = open(path, O_RDONLY, 0);

	if (fd < 0)
		return fd;
	while (len < size - 1 &&
	       (part = read(fd, to + len, size - 1 - len)) > 0)
		len += (size_t)part;
	to[len] = '\0';
	close(fd);
	return part < 0 ? part : (long)len;
}

static const char *hex(const char *p, uint64_t *value)
{
	*value = 0;
	for (;; p++) {
		if (*p >= '0' && *p <= '9')
			*value = *value << 4 | (uint64_t)(*p - '0');
		else if (*p >= 'a' && *p <= 'f')
			*value = *value << 4 | (uint64_t)(*p - 'a' + 10);
		else
			return p;
	}
}

/* start-end perms offset major:minor inode   name */
static const char *parse(const char *p, struct area *area)
{
	uint64_t device;
	char *end;
	size_t len = 0;

	*area = (struct area){0};
	p = hex(p, &area->start) + 1;
	p = hex(p, &area->end) + 1;
	memcpy(area->perms, p, 4);
	p = hex(p + 5, &area->offset) + 1;
	p = hex(p, &device) + 1;
	p = hex(p, &device) + 1;
	area->inode = strtoul(p, &end);
	for (p = end; *p == ' '; p++)
		;
	for (; p[len] && p[len] != '\n'; len++)
		if (len < sizeof(area->name) - 1)
			area->name[len] = p[len];
	return p + len + (p[len] == '\n');
}

/* Call visit for each area until it returns false. */
static void each_area(bool (*visit)(const struct area *area, void *arg),
		      void *arg)
{
	static char text[64 * 1024];
	struct area area;
	const char *p = text;

	if (read_file("/proc/self/maps", text, sizeof(text)) <= 0)
		return;
	while (*p) {
		p = parse(p, &area);
		if (!visit(&area, arg))
			return;
	}
}

struct query {
	uint64_t start, end;
	struct area found;
	int count;
	uint64_t total;
};

static bool ask(const struct area *area, void *arg)
{
	struct query *query = arg;

	query->total += area->end - area->start;
	if (area->end > query->start && area->start < query->end) {
		if (!query->count++)
			query->found = *area;
	}
	return true;
}

struct area area_at(const volatile void *addr)
{
	struct query query = {(uintptr_t)addr, (uintptr_t)addr + 1, {0}, 0, 0};

	each_area(ask, &query);
	return query.found;
}

int areas_in(const volatile void *start, size_t len)
{
	struct query query = {
	    (uintptr_t)start, (uintptr_t)start + len, {0}, 0, 0};

	each_area(ask, &query);
	return query.count;
}

uint64_t areas_total(void)
{
	struct query query = {0};

	each_area(ask, &query);
	return query.total;
}

uint64_t meminfo(const char *line)
{
	static char text[4096];
	char *p;

	if (read_file("/proc/meminfo", text, sizeof(text)) <= 0)
		return 0;
	p = strstr(text, line);
	for (; p && *p && (*p < '0' || *p > '9'); p++)
		;
	return p ? strtoul(p, NULL) * 1024 : 0;
}
