/* SPDX-License-Identifier: MIT */
/*
 * Eight bytes across the border of two pages: the first half is there, the
 * second half faults, and the fault names the second page.
 */
#include "user/lib/outcome.h"

int main(void)
{
	char *first = map_pages(2, PROT_READ | PROT_WRITE);
	char *second = first + PAGE;

	probe_store(first, 1);
	subject("misaligned_cross", second);
	struct probe seen = probe_store64(second - 4, 0x1122334455667788UL);

	expect_no_signal(&seen);
	expect_minor(seen.minor, 1);
	expect("the last byte of the first page", (uint8_t)second[-1], 0x55);
	expect("the first byte of the second", (uint8_t)second[0], 0x44);
	seen = probe_load64(second - 4);
	expect("all eight bytes", seen.value, 0x1122334455667788UL);

	int error = mprotect(second, PAGE, PROT_NONE);
	if (error)
		cannot("protect", error);
	seen = probe_load64(second - 4);
	expect_signal(&seen, SIGSEGV, SEGV_ACCERR, second);
	return passed("the second half of an access faults on its own page");
}
