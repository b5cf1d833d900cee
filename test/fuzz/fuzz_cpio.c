/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: any bytes as an archive, every byte of every entry read.
 */
#include <string.h>

#include "lib/cpio.h"

#include "test/fuzz/fuzz.h"

static volatile uint32_t sink; /* so that the bytes are really read */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cpio_entry entry;
	struct cpio cpio;
	int result;

	cpio_open(&cpio, data, size);
	while ((result = cpio_next(&cpio, &entry)) == 1) {
		uint32_t sum = 0;

		BUG_ON(!entry.name[0] || strlen(entry.name) >= CPIO_NAME_MAX);
		for (uint32_t i = 0; i < entry.size; i++)
			sum += entry.data[i];
		sink = sum;
	}
	BUG_ON(cpio_next(&cpio, &entry) != result);
	return 0;
}
