/* SPDX-License-Identifier: MIT */
/*
 * Writing to a private file mapping copies the page of the cache: the program
 * sees its change, the file does not.
 */
#include "user/lib/outcome.h"

int main(void)
{
	int fd = make_file(PAGE);
	char *page = map_file(fd, 1, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	char byte = 0;

	subject("file_write_private", page);
	struct probe seen = probe_store(page, 'x');

	expect_no_signal(&seen);
	expect_minor(seen.minor, 1);
	expect("the byte written", (uint8_t)page[0], 'x');
	expect("the byte beside it", (uint8_t)page[1], 'A');
	pread(fd, &byte, 1, 0);
	expect("the file's byte", (uint8_t)byte, 'A');
	return passed("a private write changes the copy, not the file");
}
