/* SPDX-License-Identifier: MIT */
/*
 * Store/AMO page fault, scause 15: an atomic operation reads and writes, and
 * faults as a store. Memory that may only be read refuses it as a whole.
 *
 * The number of faults on a fresh page is not checked: QEMU with one hart
 * carries the operation out as a load and a store, which both fault.
 */
#include "user/lib/outcome.h"

int main(void)
{
	uint32_t *word = (uint32_t *)map_pages(1, PROT_READ | PROT_WRITE);
	struct probe seen = probe_amo(word, 5);

	expect_no_signal(&seen);
	expect("the value before", seen.value, 0);
	expect("the value after", *word, 5);
	int error = mprotect(word, PAGE, PROT_READ);
	if (error)
		cannot("protect", error);

	subject("scause_amo", word);
	seen = probe_amo(word, 5);

	expect_signal(&seen, SIGSEGV, SEGV_ACCERR, word);
	expect("the value when refused", *word, 5);
	return passed("an atomic operation on read-only memory is refused");
}
