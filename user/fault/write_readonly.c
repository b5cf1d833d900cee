/* SPDX-License-Identifier: MIT */
/* The area is there but may only be read: SIGSEGV, SEGV_ACCERR. */
#include "user/lib/outcome.h"

int main(void)
{
	char *page = map_pages(1, PROT_READ | PROT_WRITE);

	probe_store(page, 'k');
	int error = mprotect(page, PAGE, PROT_READ);
	if (error)
		cannot("protect", error);

	subject("write_readonly", page);
	struct probe seen = probe_store(page, 'x');

	expect_signal(&seen, SIGSEGV, SEGV_ACCERR, page);
	expect("the byte", (uint8_t)page[0], 'k');
	return passed("SIGSEGV, SEGV_ACCERR for a write to read-only memory");
}
