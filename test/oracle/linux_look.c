/* SPDX-License-Identifier: MIT */
/*
 * What a process on Linux can tell of its own memory: areas from
 * /proc/self/maps and smaps, pages from mincore and /proc/self/pagemap.
 * Contents are read only from pages that have an entry already, so that
 * looking changes nothing.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "test/oracle/linux.h"

static int maps_fd = -1, pagemap_fd = -1;
static char text[1 << 18];

static int open_again(int old, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (old >= 0)
		close(old);
	if (fd < 0)
		refuse(path);
	return fd;
}

/* The files describe the process that opened them. */
void look_reopen(void)
{
	maps_fd = open_again(maps_fd, "/proc/self/maps");
	pagemap_fd = open_again(pagemap_fd, "/proc/self/pagemap");
}

const char *read_text(int fd)
{
	size_t used = 0;
	ssize_t n;

	if (fd < 0)
		fd = maps_fd;
	do {
		n = pread(fd, text + used, sizeof(text) - 1 - used,
			  (off_t)used);
		used += n > 0 ? (size_t)n : 0;
	} while (n > 0 && used < sizeof(text) - 1);
	text[used] = '\0';
	return text;
}

static uint64_t hex(const char **at)
{
	uint64_t value = 0;

	for (;; (*at)++) {
		unsigned char c = (unsigned char)**at;

		if (c >= '0' && c <= '9')
			value = value << 4 | (c - '0');
		else if (c >= 'a' && c <= 'f')
			value = value << 4 | (c - 'a' + 10U);
		else
			return value;
	}
}

/* "start-end rwxp offset major:minor inode   name" */
bool maps_next(const char **at, struct area *area)
{
	const char *line = *at, *end = strchr(line, '\n'), *heap;
	uint64_t device;

	if (!end)
		return false;
	memset(area, 0, sizeof(*area));
	area->start = hex(&line);
	line++;
	area->end = hex(&line);
	line++;
	area->read = *line++ == 'r';
	area->write = *line++ == 'w';
	area->exec = *line++ == 'x';
	area->shared = *line++ == 's';
	line++;
	area->offset = hex(&line);
	line++;
	device = hex(&line) << 8;
	line++;
	device |= hex(&line);
	/* Truncated: told apart within one sequence is enough. */
	area->object = (uint32_t)(strtoull(line, NULL, 10) * 257 + device);
	heap = strstr(line, "[heap]");
	area->heap = heap && heap < end;
	*at = end + 1;
	return true;
}

/* Cut to the window or the heap; false: it lies in neither. */
static bool cut(struct area *area)
{
	const uint64_t ranges[2][2] = {
	    {heap_base, heap_base + HEAP_PAGES * ORACLE_PAGE},
	    {WINDOW_START, WINDOW_END},
	};

	for (unsigned i = 0; i < 2; i++) {
		uint64_t start = ranges[i][0], end = ranges[i][1];

		if (area->start >= end || area->end <= start)
			continue;
		if (area->start < start) {
			if (area->object)
				area->offset += start - area->start;
			area->start = start;
		}
		if (area->end > end)
			area->end = end;
		area->start = from_real(area->start);
		area->end = from_real(area->end);
		return true;
	}
	return false;
}

bool look_area(uint64_t va, struct area *area)
{
	const char *at = read_text(-1);

	while (maps_next(&at, area))
		if (area->end > va)
			return true;
	return false;
}

bool look_is_alike(const struct area *area, uint64_t va)
{
	struct area other;

	return look_area(va, &other) && other.start <= va &&
	       other.object == area->object && other.shared == area->shared &&
	       other.read == area->read && other.write == area->write &&
	       other.exec == area->exec;
}

bool look_is_present(uint64_t va)
{
	uint64_t word;

	return pread(pagemap_fd, &word, 8, (off_t)(va / ORACLE_PAGE * 8)) ==
		   8 &&
	       word >> 63;
}

static const struct area *area_of(const struct observation *seen, uint64_t va)
{
	for (unsigned i = 0; i < seen->nr_areas; i++)
		if (va >= seen->area[i].start && va < seen->area[i].end)
			return &seen->area[i];
	return NULL;
}

static void read_words(struct observation *seen, unsigned number)
{
	uint64_t va = to_real(page_address_of(number));

	for (unsigned i = 0; i < NR_WORDS; i++)
		seen->word[number][i] =
		    *(volatile uint64_t *)(va + word_offset[i]);
	seen->page[number] |= SEEN_TEXT;
}

/* Pages number first to first + n - 1 of one range. */
static void look_pages(struct observation *seen, unsigned first, unsigned n)
{
	uint64_t va = to_real(page_address_of(first));
	uint64_t word[WINDOW_PAGES] = {0};
	const struct area *area = NULL;

	if (pread(pagemap_fd, word, n * 8, (off_t)(va / ORACLE_PAGE * 8)) !=
	    n * 8)
		_exit(6);
	for (unsigned i = 0; i < n; i++) {
		uint64_t at = page_address_of(first + i);

		if (!(word[i] >> 63))
			continue;
		seen->page[first + i] |= SEEN_ENTRY;
		if (word[i] >> 61 & 1)
			seen->page[first + i] |= SEEN_FILE;
		if (!area || at >= area->end)
			area = area_of(seen, at);
		if (area && (area->read || area->write))
			read_words(seen, first + i);
	}
}

static void look_core(struct observation *seen, const struct area *area)
{
	int first = page_number(area->start);
	uint64_t npages = (area->end - area->start) / ORACLE_PAGE;
	unsigned char vec[WINDOW_PAGES];

	if (syscall(SYS_mincore, to_real(area->start), npages * ORACLE_PAGE,
		    vec))
		_exit(7);
	for (uint64_t i = 0; i < npages; i++)
		if (vec[i] & 1)
			seen->page[(uint64_t)first + i] |= SEEN_CORE;
}

/* The number of the KiB in "Name:  1234 kB", if the line has that name. */
static void take_size(const char *line, const char *name, uint32_t *value)
{
	size_t len = strlen(name);

	if (!strncmp(line, name, len) && line[len] == ':')
		*value += (uint32_t)strtoul(line + len + 1, NULL, 10);
}

static uint32_t parse_flags(const char *line)
{
	static const char names[][3] = {
#define NAME(name) #name,
	    AREA_FLAGS(NAME)
#undef NAME
	};
	const char *end = strchr(line, '\n');
	uint32_t flags = 0;

	for (line += strlen("VmFlags:"); line + 2 < end; line += 3)
		for (unsigned i = 0; i < NR_AREA_BITS; i++)
			if (line[1] == names[i][0] && line[2] == names[i][1])
				flags |= 1U << i;
	return flags;
}

/* The lines below an area's first one in smaps. */
static const char *parse_usage(const char *at, struct area *area)
{
	while (*at) {
		take_size(at, "Rss", &area->rss);
		take_size(at, "Pss", &area->pss);
		take_size(at, "Anonymous", &area->anonymous);
		take_size(at, "Locked", &area->locked);
		take_size(at, "Private_Clean", &area->mapped_once);
		take_size(at, "Private_Dirty", &area->mapped_once);
		if (!strncmp(at, "VmFlags:", 8)) {
			area->flags = parse_flags(at);
			return strchr(at, '\n') + 1;
		}
		at = strchr(at, '\n') + 1;
	}
	return at;
}

bool look_is_locked(uint64_t va)
{
	int fd = open("/proc/self/smaps", O_RDONLY);
	const char *at = read_text(fd);
	struct area area;

	close(fd);
	while (maps_next(&at, &area)) {
		at = parse_usage(at, &area);
		if (area.end > va)
			return area.flags >> AREA_BIT_lo & 1;
	}
	return false;
}

/* Numbers for files in the order in which they appear. */
static void number_objects(struct observation *seen)
{
	uint32_t known[MAX_AREAS];
	uint32_t nr = 0, i;

	for (unsigned a = 0; a < seen->nr_areas; a++) {
		struct area *area = &seen->area[a];

		if (!area->object)
			continue;
		for (i = 0; i < nr && known[i] != area->object; i++)
			;
		if (i == nr)
			known[nr++] = area->object;
		area->object = i + 1;
	}
}

void look(struct observation *seen, bool usage)
{
	int fd = usage ? open("/proc/self/smaps", O_RDONLY) : maps_fd;
	const char *at = read_text(fd);
	struct area area;

	seen->nr_areas = 0;
	while (maps_next(&at, &area)) {
		struct area whole = area;
		bool is_inside;

		if (usage)
			at = parse_usage(at, &whole);
		/* The numbers count for an area that is seen entirely. */
		if (page_number(from_real(area.start)) >= 0 &&
		    page_number(from_real(area.end - 1)) >= 0)
			area = whole;
		is_inside = cut(&area);
		if (!is_inside)
			continue;
		if (seen->nr_areas == MAX_AREAS)
			_exit(8);
		seen->area[seen->nr_areas++] = area;
		look_core(seen, &area);
	}
	if (usage)
		close(fd);
	number_objects(seen);
	look_pages(seen, 0, WINDOW_PAGES);
	look_pages(seen, WINDOW_PAGES, HEAP_PAGES);
}
