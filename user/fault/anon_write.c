/* SPDX-License-Identifier: MIT */
/* The first write to anonymous memory gets a page of its own, zeroed. */
#include "user/lib/outcome.h"

int main(void)
{
	char *page = map_pages(1, PROT_READ | PROT_WRITE);
	unsigned long sum = 0;

	subject("anon_write", page + 8);
	struct probe seen = probe_store(page + 8, 7);

	expect_no_signal(&seen);
	expect_minor(seen.minor, 1);
	for (unsigned long i = 0; i < PAGE; i++)
		sum += (uint8_t)page[i];
	expect("the byte written", (uint8_t)page[8], 7);
	expect("the sum of all bytes", sum, 7);
	return passed("the first write finds a zeroed page of its own");
}
