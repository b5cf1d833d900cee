/* SPDX-License-Identifier: MIT */
/*
 * Device trees against libfdt: of each tree, sound or flipped, that both
 * accept, both must see the same nodes and properties, and the place where the
 * same one is must have the same parent.
 *
 * libfdt has functions of the same names, so it is loaded at run time and
 * asked through pointers; without it the test is skipped.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "lib/fdt.h"

#include "test/host/bytes.h"
#include "test/host/tap.h"

static struct {
	int (*check_full)(const void *blob, size_t len);
	int (*next_node)(const void *blob, int node, int *depth);
	int (*parent)(const void *blob, int node);
	const char *(*name)(const void *blob, int node, int *len);
	int (*first_prop)(const void *blob, int node);
	int (*next_prop)(const void *blob, int at);
	const void *(*prop)(const void *blob, int at, const char **name,
			    int *len);
} oracle;

static void load_oracle(void)
{
	void *handle = dlopen("libfdt.so.1", RTLD_NOW | RTLD_LOCAL);
	const struct {
		const char *name;
		void *where;
	} wanted[] = {
	    {"fdt_check_full", &oracle.check_full},
	    {"fdt_next_node", &oracle.next_node},
	    {"fdt_parent_offset", &oracle.parent},
	    {"fdt_get_name", &oracle.name},
	    {"fdt_first_property_offset", &oracle.first_prop},
	    {"fdt_next_property_offset", &oracle.next_prop},
	    {"fdt_getprop_by_offset", &oracle.prop},
	};

	if (!handle)
		tap_skip("no libfdt here");
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		void *function = dlsym(handle, wanted[i].name);

		CHECK(function);
		memcpy(wanted[i].where, &function, sizeof(function));
	}
}

static void compare_props(const struct fdt *ours, int node, const void *blob,
			  int theirs)
{
	struct fdt_prop prop = {.name = NULL};
	int at;

	for (at = oracle.first_prop(blob, theirs); at >= 0;
	     at = oracle.next_prop(blob, at)) {
		const char *name = NULL;
		int len = 0;
		const void *data = oracle.prop(blob, at, &name, &len);

		CHECK(fdt_next_prop(ours, node, &prop));
		CHECK_STR(prop.name, name);
		CHECK_EQ(prop.len, len);
		CHECK(!len || !memcmp(prop.data, data, (size_t)len));
	}
	CHECK(!fdt_next_prop(ours, node, &prop));
}

static unsigned compared;

/* Both count a node from the start of the structure block. */
static void compare(const uint8_t *data, size_t len)
{
	struct fdt ours;
	int node, theirs, depth = 0;

	if (fdt_open(&ours, data, len) || oracle.check_full(data, len))
		return;
	compared++;
	node = ours.root;
	theirs = oracle.next_node(data, -1, &depth);
	while (theirs >= 0 && depth > 0) {
		CHECK_EQ(node, theirs);
		CHECK_STR(fdt_name(&ours, node),
			  oracle.name(data, theirs, NULL));
		if (node != ours.root)
			CHECK_EQ(fdt_parent(&ours, node),
				 oracle.parent(data, theirs));
		compare_props(&ours, node, data, theirs);
		node = fdt_next_node(&ours, node);
		theirs = oracle.next_node(data, theirs, &depth);
	}
	CHECK_EQ(node, FDT_NONE);
}

static void compare_tree(const char *path)
{
	size_t len;
	uint8_t *blob = bytes_read(path, &len);

	load_oracle();
	compared = 0;
	compare(blob, len);
	CHECK_EQ(compared, 1);
	bytes_torture(blob, len, 1000, compare);
	CHECK(compared > 100);
	free(blob);
}

static void one_hart_tree_agrees(void)
{
	compare_tree("test/fuzz/corpus/fdt/virt-1hart.dtb");
}

static void numa_tree_agrees(void)
{
	compare_tree("test/fuzz/corpus/fdt/virt-numa.dtb");
}

static const struct tap_test tests[] = {
    TEST(one_hart_tree_agrees),
    TEST(numa_tree_agrees),
};

TAP_MAIN(tests)
