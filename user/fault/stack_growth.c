/* SPDX-License-Identifier: MIT */
/*
 * The stack's area starts small. A fault below it, not too far down, extends
 * the area and then is an ordinary write to anonymous memory.
 */
#include "user/lib/outcome.h"

#define FURTHER (512 * 1024UL)

int main(void)
{
	char *here = __builtin_frame_address(0);
	char *below = here - FURTHER;

	subject("stack_growth", below);
	struct probe seen = probe_store(below, 7);

	expect_no_signal(&seen);
	expect_minor(seen.minor, 1);
	expect("the byte written", (uint8_t)*below, 7);

	/* All the way between is stack now. */
	seen = probe_load(below + FURTHER / 2);
	expect_no_signal(&seen);
	expect("a byte in between", seen.value, 0);
	return passed("a write below the stack extends it");
}
