/* SPDX-License-Identifier: MIT */
/*
 * Sv39 has 39 address bits; bits 63 to 39 must equal bit 38. Other addresses
 * exist for no one. (Priv. 1.12, 4.4.1)
 */
#include "user/lib/outcome.h"

int main(void)
{
	char *hole = (char *)0x0000100000000000UL;

	subject("noncanonical", hole);
	struct probe seen = probe_load(hole);

	expect_signal(&seen, SIGSEGV, SEGV_MAPERR, hole);
	return passed("SIGSEGV, SEGV_MAPERR for an address Sv39 does not have");
}
