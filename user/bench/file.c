/* SPDX-License-Identifier: MIT */
/*
 * Mapped files and the page cache.
 */
#include "user/bench/bench.h"

#define RW (PROT_READ | PROT_WRITE)

static char buffer[PAGE];

static char *map_file(int fd, int prot, int flags)
{
	char *p = mmap(NULL, NPAGES * PAGE, prot, flags, fd, 0);

	if (err(p))
		die("mmap of a file", err(p));
	return p;
}

static int new_file(void)
{
	int fd = memfd_create("bench", 0);

	if (fd < 0)
		die("memfd_create", fd);
	for (unsigned long i = 0; i < NPAGES; i++)
		write(fd, buffer, PAGE);
	return fd;
}

static void bench_shared(int fd)
{
	char *p = map_file(fd, PROT_READ, MAP_SHARED);
	uint64_t first = touch_read(p, NPAGES), again = touch_read(p, NPAGES);
	uint64_t start;

	record("file_read_page", less(first, again), NPAGES);
	start = counter();
	munmap(p, NPAGES * PAGE);
	record("munmap_file_page", since(start), NPAGES);
	p = map_file(fd, RW, MAP_SHARED);
	first = touch_write(p, NPAGES);
	again = touch_write(p, NPAGES);
	record("file_write_shared", less(first, again), NPAGES);
	munmap(p, NPAGES * PAGE);
}

static void bench_private(int fd)
{
	char *p = map_file(fd, RW, MAP_PRIVATE);
	uint64_t first = touch_write(p, NPAGES), again = touch_write(p, NPAGES);

	record("file_write_private", less(first, again), NPAGES);
	munmap(p, NPAGES * PAGE);
}

void bench_file(void)
{
	int fd = new_file();
	uint64_t start;

	bench_private(fd);
	bench_shared(fd);
	start = counter();
	for (unsigned long i = 0; i < NPAGES; i++)
		pread(fd, buffer, PAGE, (int64_t)(i * PAGE));
	record("pread_page", since(start), NPAGES);
	close(fd);
}
