/* SPDX-License-Identifier: MIT */
/* Reading a private file mapping maps the page of the page cache itself. */
#include "user/lib/outcome.h"

int main(void)
{
	int fd = make_file(PAGE);
	char *page = map_file(fd, 1, PROT_READ | PROT_WRITE, MAP_PRIVATE);

	subject("file_read", page + 100);
	struct probe seen = probe_load(page + 100);

	expect_no_signal(&seen);
	expect("the byte read", seen.value, 'A');
	expect_minor(seen.minor, 1);

	/* It is the cache's page: a write to the file shows through it. */
	pwrite(fd, "z", 1, 100);
	expect("the byte after a write to the file", (uint8_t)page[100], 'z');
	return passed("a file's page is read where the cache has it");
}
