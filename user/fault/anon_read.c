/* SPDX-License-Identifier: MIT */
/*
 * Anonymous memory that is only read shares one page of zeros: the fault maps
 * it read-only and allocates nothing but page tables.
 */
#include "user/lib/outcome.h"

int main(void)
{
	char *page = map_pages(1, PROT_READ | PROT_WRITE);

	subject("anon_read", page + 8);
	struct probe seen = probe_load(page + 8);

	expect_no_signal(&seen);
	expect("the byte read", seen.value, 0);
	expect_minor(seen.minor, 1);
	return passed("a page never written reads as zero");
}
