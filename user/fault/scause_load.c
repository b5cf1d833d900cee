/* SPDX-License-Identifier: MIT */
/*
 * Load page fault, scause 13: from memory that may be executed but not read,
 * a fetch succeeds and a load does not.
 */
#include "user/lib/outcome.h"

#define RET 0x8082 /* c.jr ra */

int main(void)
{
	uint16_t *code = (uint16_t *)map_pages(1, PROT_READ | PROT_WRITE);

	code[0] = RET;
	int error = mprotect(code, PAGE, PROT_EXEC);
	if (error)
		cannot("protect", error);
	__builtin___clear_cache((char *)code, (char *)(code + 1));

	subject("scause_load", code);
	struct probe seen = probe_load(code);

	expect_signal(&seen, SIGSEGV, SEGV_ACCERR, code);
	seen = probe_call(code);
	expect_no_signal(&seen);
	return passed("a load from execute-only memory is refused");
}
