/* SPDX-License-Identifier: MIT */
/*
 * A read fault on a file maps the neighbours that the cache has, too: one
 * fault for an aligned block of 16 pages.
 */
#include "user/lib/outcome.h"

#define BLOCK 16UL

int main(void)
{
	int fd = make_file(BLOCK * PAGE);
	char *room = map_pages(2 * BLOCK, PROT_NONE);
	uintptr_t start =
	    ((uintptr_t)room + BLOCK * PAGE - 1) & ~(BLOCK * PAGE - 1);
	char *file = mmap((void *)start, BLOCK * PAGE, PROT_READ,
			  MAP_PRIVATE | MAP_FIXED, fd, 0);

	if (err(file))
		cannot("map a file", err(file));
	subject("fault_around", file + 5 * PAGE);
	struct probe seen = probe_load(file + 5 * PAGE);

	expect_no_signal(&seen);
	expect("the byte read", seen.value, 'A' + 5);
	expect_minor(seen.minor, 1);
	for (unsigned long i = 0; i < BLOCK; i++) {
		seen = probe_load(file + i * PAGE);
		expect("a neighbour's byte", seen.value, 'A' + i);
		expect_minor(seen.minor, 0);
	}
	return passed("one fault maps 16 pages of a file");
}
