/* SPDX-License-Identifier: MIT */
/*
 * The other process is gone, so the writer is the page's last owner: the fault
 * makes the page writable again without a copy.
 */
#include "user/lib/outcome.h"

int main(void)
{
	char *page = map_pages(1, PROT_READ | PROT_WRITE);

	probe_store(page, 'P');
	int pid = fork();
	if (pid == 0)
		exit(page[0] == 'P' ? 0 : 1);
	expect("the child's status", (unsigned long)wait_for(pid), 0);

	subject("cow_reuse", page);
	struct probe seen = probe_store(page, 'Q');

	expect_no_signal(&seen);
	expect_minor(seen.minor, 1);
	expect("the byte written", (uint8_t)page[0], 'Q');
	seen = probe_store(page, 'R');
	expect_minor(seen.minor, 0);
	return passed("the last owner writes to the page it already has");
}
