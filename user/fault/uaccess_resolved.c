/* SPDX-License-Identifier: MIT */
/*
 * The kernel writes the result of read() to memory that has no page yet: the
 * fault happens in the kernel and is handled as if the program had made it.
 */
#include "user/lib/outcome.h"

int main(void)
{
	int fd = make_file(PAGE);
	char *page = map_pages(1, PROT_READ | PROT_WRITE);
	long before = minor_faults();

	subject("uaccess_resolved", page + 16);
	before = minor_faults();
	long len = read(fd, page + 16, 100);
	long minor = minor_faults() - before;

	expect("the result of read", (unsigned long)len, 100);
	expect_minor(minor, 1);
	expect("the first byte read", (uint8_t)page[16], 'A');
	expect("the last byte read", (uint8_t)page[115], 'A');
	expect("the byte behind", (uint8_t)page[116], 0);
	return passed("read() into a page that was not there yet");
}
