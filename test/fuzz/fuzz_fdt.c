/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: any bytes as a device tree, and every question asked of it.
 */
#include <string.h>

#include "lib/fdt.h"

#include "test/fuzz/fuzz.h"

static volatile uint8_t sink; /* so that the bytes are really read */

static void ask_node(const struct fdt *fdt, int node, size_t size)
{
	struct fdt_prop prop = {.name = NULL};
	uint64_t address, length;
	int child, before = node;

	while (fdt_next_prop(fdt, node, &prop)) {
		fdt_get_number(fdt, node, prop.name, &address);
		fdt_get_string(fdt, node, prop.name);
		fdt_has_string(fdt, node, prop.name, "okay");
		for (uint32_t i = 0; i < prop.len; i++)
			sink = prop.data[i];
	}
	for (unsigned n = 0; n < 4; n++)
		fdt_get_reg(fdt, node, n, &address, &length);
	fdt_is_enabled(fdt, node);
	BUG_ON(strlen(fdt_name(fdt, node)) >= size);

	fdt_for_each_child(child, fdt, node)
	{
		BUG_ON(child <= before);
		BUG_ON(fdt_parent(fdt, child) != node);
		before = child;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t address, length;
	struct fdt fdt;
	int nodes = 0;

	if (fdt_open(&fdt, data, size))
		return 0;
	for (int node = fdt.root; node != FDT_NONE;
	     node = fdt_next_node(&fdt, node)) {
		/* Questions cost a walk each: not for thousands of nodes. */
		if (nodes++ < 100)
			ask_node(&fdt, node, size);
	}
	fdt_find(&fdt, "/soc/serial@10000000");
	fdt_find(&fdt, "serial0:115200");
	fdt_next_compatible(&fdt, FDT_NONE, "sifive,test0");
	for (unsigned n = 0; fdt_get_reserved(&fdt, n, &address, &length); n++)
		;
	return 0;
}
