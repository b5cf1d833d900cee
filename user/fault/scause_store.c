/* SPDX-License-Identifier: MIT */
/*
 * Store page fault, scause 15: from read-only memory a load succeeds and a
 * store does not.
 */
#include "user/lib/outcome.h"

int main(void)
{
	char *page = map_pages(1, PROT_READ);
	struct probe seen = probe_load(page);

	expect_no_signal(&seen);
	subject("scause_store", page);
	seen = probe_store64(page, 1);

	expect_signal(&seen, SIGSEGV, SEGV_ACCERR, page);
	seen = probe_load64(page);
	expect("the bytes", seen.value, 0);
	return passed("a store to read-only memory is refused");
}
