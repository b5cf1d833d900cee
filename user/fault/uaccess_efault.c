/* SPDX-License-Identifier: MIT */
/*
 * A bad pointer in a system call is the call's failure, not a signal: the
 * fault in the kernel finds no area and read() returns EFAULT.
 */
#include "user/lib/outcome.h"

int main(void)
{
	int fd = make_file(PAGE);
	char *page = map_pages(1, PROT_READ | PROT_WRITE);
	int error = munmap(page, PAGE);

	if (error)
		cannot("unmap", error);
	subject("uaccess_efault", page);
	long result = read(fd, page, 100);

	expect("the result of read", (unsigned long)result,
	       (unsigned long)-EFAULT);
	result = write(fd, page, 100);
	expect("the result of write", (unsigned long)result,
	       (unsigned long)-EFAULT);
	return passed("EFAULT from read() into memory that is not mapped");
}
