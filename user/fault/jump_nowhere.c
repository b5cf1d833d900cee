/* SPDX-License-Identifier: MIT */
/* A wild jump: the address of the fault is the program counter itself. */
#include "user/lib/outcome.h"

int main(void)
{
	char *page = map_pages(1, PROT_READ | PROT_EXEC);
	int error = munmap(page, PAGE);

	if (error)
		cannot("unmap", error);
	subject("jump_nowhere", page + 6);
	struct probe seen = probe_call(page + 6);

	expect_signal(&seen, SIGSEGV, SEGV_MAPERR, page + 6);
	expect("the program counter", seen.pc, (uintptr_t)page + 6);
	return passed("SIGSEGV, SEGV_MAPERR for a jump into nowhere");
}
