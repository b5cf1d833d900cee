/* SPDX-License-Identifier: MIT */
/*
 * After fork both processes map the same page read-only. The one that writes
 * first gets a copy; the other keeps what it had.
 */
#include "user/lib/outcome.h"

int main(void)
{
	char *page = map_pages(1, PROT_READ | PROT_WRITE);

	probe_store(page, 'P');
	page[PAGE - 1] = 'L';
	subject("cow_copy", page);
	int pid = fork();
	if (pid == 0) {
		struct probe seen = probe_store(page, 'C');

		expect_no_signal(&seen);
		expect_minor(seen.minor, 1);
		expect("the child's byte", (uint8_t)page[0], 'C');
		expect("the last byte of the copy", (uint8_t)page[PAGE - 1],
		       'L');
		exit(0);
	}
	expect("the child's status", (unsigned long)wait_for(pid), 0);
	expect("the parent's byte", (uint8_t)page[0], 'P');
	return passed("the child writes to a copy, the parent keeps its page");
}
