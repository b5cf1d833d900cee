/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: bytes become operations on address spaces, each checked against
 * a flat model of its pages (test/host/mm_ops.h). The first byte chooses how
 * unkind the machine is.
 */
#include "test/fuzz/fuzz.h"
#include "test/host/mm_env.h"
#include "test/host/mm_ops.h"

#define MAX_OPS 1000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ops_source source = {.data = data, .len = size, .at = 1};

	if (!size)
		return 0;
	env_begin(data[0] & 1);
	mm_ops_run(&source, MAX_OPS);
	env_end();
	return 0;
}
