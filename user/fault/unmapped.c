/* SPDX-License-Identifier: MIT */
/* No area covers the address: SIGSEGV, SEGV_MAPERR. */
#include "user/lib/outcome.h"

int main(void)
{
	char *pages = map_pages(3, PROT_READ | PROT_WRITE);

	probe_store(pages + PAGE, 1);
	int error = munmap(pages + PAGE, PAGE);
	if (error)
		cannot("unmap", error);

	subject("unmapped", pages + PAGE + 40);
	struct probe seen = probe_load(pages + PAGE + 40);

	expect_signal(&seen, SIGSEGV, SEGV_MAPERR, pages + PAGE + 40);
	expect_no_signal((seen = probe_load(pages), &seen));
	expect_no_signal((seen = probe_load(pages + 2 * PAGE), &seen));
	return passed("SIGSEGV, SEGV_MAPERR where nothing is mapped");
}
