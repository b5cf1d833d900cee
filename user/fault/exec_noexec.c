/* SPDX-License-Identifier: MIT */
/* Data is not code: fetching from an area without PROT_EXEC is refused. */
#include "user/lib/outcome.h"

#define RET 0x8082 /* c.jr ra */

int main(void)
{
	uint16_t *code = (uint16_t *)map_pages(1, PROT_READ | PROT_WRITE);

	code[0] = RET;
	subject("exec_noexec", code);
	struct probe seen = probe_call(code);

	expect_signal(&seen, SIGSEGV, SEGV_ACCERR, code);
	expect("the program counter", seen.pc, (uintptr_t)code);
	return passed("SIGSEGV, SEGV_ACCERR for a jump into data");
}
