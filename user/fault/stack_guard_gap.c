/* SPDX-License-Identifier: MIT */
/*
 * The stack keeps 256 pages away from the mapping below it, so that a function
 * with large variables hits the gap before it hits someone's data.
 */
#include "user/lib/outcome.h"

#define GAP (256 * PAGE)

int main(void)
{
	uintptr_t here = (uintptr_t)__builtin_frame_address(0) & -PAGE;
	char *data = (char *)(here - 4 * GAP);
	char *closest = data + PAGE + GAP;

	subject("stack_guard_gap", closest - PAGE);
	data = mmap(data, PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if (err(data))
		cannot("map a page below the stack", err(data));

	struct probe seen = probe_store(closest - PAGE, 7);

	expect_signal(&seen, SIGSEGV, SEGV_MAPERR, closest - PAGE);
	seen = probe_store(closest, 7);
	expect_no_signal(&seen);
	return passed("SIGSEGV, SEGV_MAPERR in the gap below a stack");
}
