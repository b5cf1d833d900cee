/* SPDX-License-Identifier: MIT */
/*
 * Read first, then write: the shared page of zeros is replaced by a page of
 * one's own, and nobody else's zeros change.
 */
#include "user/lib/outcome.h"

int main(void)
{
	char *page = map_pages(2, PROT_READ | PROT_WRITE);
	struct probe read = probe_load(page);
	struct probe other = probe_load(page + PAGE);

	expect_no_signal(&read);
	expect_no_signal(&other);
	subject("zero_upgrade", page);
	struct probe seen = probe_store(page, 7);

	expect_no_signal(&seen);
	expect_minor(seen.minor, 1);
	expect("the byte written", (uint8_t)page[0], 7);
	expect("the byte beside it", (uint8_t)page[1], 0);
	expect("the other page", (uint8_t)page[PAGE], 0);
	return passed("a write replaces the shared page of zeros");
}
