/* SPDX-License-Identifier: MIT */
/*
 * The kernel's half is mapped in every address space but not for user mode.
 * To a program it looks like memory that is not there.
 */
#include "user/lib/outcome.h"

int main(void)
{
	char *kernel = (char *)0xffffffff80200000UL;

	subject("kernel_address", kernel);
	struct probe seen = probe_load(kernel);

	expect_signal(&seen, SIGSEGV, SEGV_MAPERR, kernel);
	seen = probe_store(kernel, 0);
	expect_signal(&seen, SIGSEGV, SEGV_MAPERR, kernel);
	return passed("SIGSEGV, SEGV_MAPERR for an address of the kernel");
}
