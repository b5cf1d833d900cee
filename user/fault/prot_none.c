/* SPDX-License-Identifier: MIT */
/* An area may keep an address range and allow nothing: PROT_NONE. */
#include "user/lib/outcome.h"

int main(void)
{
	char *page = map_pages(1, PROT_READ | PROT_WRITE);

	probe_store(page, 'k');
	int error = mprotect(page, PAGE, PROT_NONE);
	if (error)
		cannot("protect", error);

	subject("prot_none", page);
	struct probe seen = probe_load(page);

	expect_signal(&seen, SIGSEGV, SEGV_ACCERR, page);
	error = mprotect(page, PAGE, PROT_READ);
	if (error)
		cannot("protect", error);
	expect("the byte when allowed again", (uint8_t)page[0], 'k');
	return passed("SIGSEGV, SEGV_ACCERR for any access to PROT_NONE");
}
