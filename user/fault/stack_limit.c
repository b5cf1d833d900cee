/* SPDX-License-Identifier: MIT */
/*
 * The stack grows up to RLIMIT_STACK, counted from its top. One page more is
 * an address that nothing covers.
 */
#include "user/lib/outcome.h"

#define LIMIT (1024 * 1024UL)

int main(void)
{
	/* The name of the program is the topmost thing on a new stack. */
	const char *name = (const char *)getauxval(AT_EXECFN);
	uintptr_t top = ((uintptr_t)name + PAGE - 1) & -PAGE;
	char *last = (char *)(top - LIMIT);
	int error = setrlimit(RLIMIT_STACK, LIMIT, RLIM_INFINITY);

	if (error == -EPERM)
		error = setrlimit(RLIMIT_STACK, LIMIT, LIMIT);
	if (error)
		cannot("set the limit", error);
	subject("stack_limit", last - PAGE);
	struct probe seen = probe_store(last - PAGE, 7);

	expect_signal(&seen, SIGSEGV, SEGV_MAPERR, last - PAGE);
	seen = probe_store(last, 7);
	expect_no_signal(&seen);
	expect("the last byte allowed", (uint8_t)*last, 7);
	return passed("SIGSEGV, SEGV_MAPERR below the limit of the stack");
}
