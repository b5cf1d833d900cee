/* SPDX-License-Identifier: MIT */
/*
 * Device trees: the answers for a tree as QEMU makes it, and trees built here
 * with one rule broken each. Flipped ones are the business of test/fuzz/.
 */
#include <stdlib.h>
#include <string.h>

#include "abi/errno.h"
#include "lib/fdt.h"

#include "test/host/bytes.h"
#include "test/host/tap.h"

#define NUMA_TREE "test/fuzz/corpus/fdt/virt-numa.dtb"

static struct fdt fdt;
static uint8_t *blob;
static size_t blob_len;

static void open_numa_tree(void)
{
	blob = bytes_read(NUMA_TREE, &blob_len);
	CHECK_EQ(fdt_open(&fdt, blob, blob_len), 0);
}

static uint64_t number(int node, const char *name)
{
	uint64_t value = 0;

	CHECK(fdt_get_number(&fdt, node, name, &value));
	return value;
}

static void memory_nodes_are_found(void)
{
	uint64_t address, size;
	int node, seen = 0;

	open_numa_tree();
	fdt_for_each_child(node, &fdt, fdt.root)
	{
		const char *type = fdt_get_string(&fdt, node, "device_type");

		if (!type || strcmp(type, "memory"))
			continue;
		CHECK(fdt_get_reg(&fdt, node, 0, &address, &size));
		CHECK_EQ(address, seen ? 0x88000000 : 0x80000000);
		CHECK_EQ(size, 128 << 20);
		CHECK(!fdt_get_reg(&fdt, node, 1, &address, &size));
		CHECK_EQ(number(node, "numa-node-id"), seen);
		seen++;
	}
	CHECK_EQ(seen, 2);
	free(blob);
}

static void cpus_are_described(void)
{
	int cpus, node;
	uint64_t hart;

	open_numa_tree();
	cpus = fdt_find(&fdt, "/cpus");
	CHECK_EQ(number(cpus, "timebase-frequency"), 10000000);
	node = fdt_find(&fdt, "/cpus/cpu@1");
	CHECK_STR(fdt_name(&fdt, node), "cpu@1");
	CHECK(fdt_get_reg(&fdt, node, 0, &hart, NULL));
	CHECK_EQ(hart, 1);
	CHECK(!fdt_is_enabled(&fdt, node));
	CHECK_EQ(fdt_parent(&fdt, node), cpus);
	CHECK_EQ(fdt_parent(&fdt, cpus), fdt.root);
	CHECK_EQ(fdt_parent(&fdt, fdt.root), FDT_NONE);
	node = fdt_find(&fdt, "/cpus/cpu");
	CHECK_STR(fdt_name(&fdt, node), "cpu@0");
	CHECK(fdt_is_enabled(&fdt, node));
	CHECK(!strncmp(fdt_get_string(&fdt, node, "riscv,isa"), "rv64imafdc",
		       10));
	CHECK(fdt_has_string(&fdt, node, "compatible", "riscv"));
	CHECK(!fdt_has_string(&fdt, node, "compatible", "risc"));
	free(blob);
}

static void chosen_gives_the_boot_words(void)
{
	int chosen, uart;

	open_numa_tree();
	chosen = fdt_find(&fdt, "/chosen");
	CHECK_STR(fdt_get_string(&fdt, chosen, "bootargs"), "init=/init quiet");
	/* One of two cells, the other of one. */
	CHECK_EQ(number(chosen, "linux,initrd-start"), 0x88200000);
	CHECK_EQ(number(chosen, "linux,initrd-end"), 0x88300000);
	uart = fdt_find(&fdt, fdt_get_string(&fdt, chosen, "stdout-path"));
	CHECK(fdt_has_string(&fdt, uart, "compatible", "ns16550a"));
	CHECK_EQ(fdt_find(&fdt, "serial0:115200n8"), uart);
	CHECK_EQ(fdt_find(&fdt, "/soc/serial:115200"), uart);
	CHECK_EQ(fdt_find(&fdt, "serial1"), FDT_NONE);
	CHECK_EQ(fdt_find(&fdt, ""), FDT_NONE);
	CHECK_EQ(fdt_find(&fdt, "/soc/serial@1000000"), FDT_NONE);
	CHECK_EQ(fdt_find(&fdt, "/soc/seria"), FDT_NONE);
	CHECK_EQ(fdt_find(&fdt, "/"), fdt.root);
	free(blob);
}

static void reservations_are_listed(void)
{
	uint64_t address, size;
	int node;

	open_numa_tree();
	CHECK(fdt_get_reserved(&fdt, 0, &address, &size));
	CHECK_EQ(address, 0x80000000);
	CHECK_EQ(size, 0x80000);
	CHECK(fdt_get_reserved(&fdt, 1, &address, &size));
	CHECK_EQ(address, 0x9ff00000);
	CHECK(!fdt_get_reserved(&fdt, 2, &address, &size));
	node = fdt_first_child(&fdt, fdt_find(&fdt, "/reserved-memory"));
	CHECK(fdt_get_reg(&fdt, node, 0, &address, &size));
	CHECK_EQ(address, 0x80000000);
	CHECK_EQ(size, 0x80000);
	CHECK_EQ(fdt_next_sibling(&fdt, node), FDT_NONE);
	free(blob);
}

static void compatible_devices_are_found(void)
{
	int node = FDT_NONE, count = 0;
	uint64_t address, size;

	open_numa_tree();
	for (;;) {
		node = fdt_next_compatible(&fdt, node, "virtio,mmio");
		if (node == FDT_NONE)
			break;
		CHECK(fdt_get_reg(&fdt, node, 0, &address, &size));
		CHECK_EQ(size, 0x1000);
		CHECK(address >= 0x10001000 && address <= 0x10008000);
		count++;
	}
	CHECK_EQ(count, 8);
	node = fdt_next_compatible(&fdt, FDT_NONE, "sifive,test0");
	CHECK(fdt_get_reg(&fdt, node, 0, &address, &size));
	CHECK_EQ(address, 0x100000);
	/* PCI addresses have three cells; here they do not fit. */
	node = fdt_next_compatible(&fdt, FDT_NONE, "pci-host-ecam-generic");
	CHECK(fdt_get_reg(&fdt, node, 0, &address, &size));
	CHECK_EQ(address, 0x30000000);
	free(blob);
}

static void nothing_is_found_at_no_node(void)
{
	struct fdt_prop prop = {.name = NULL};
	uint64_t value;

	open_numa_tree();
	CHECK_EQ(fdt_first_child(&fdt, FDT_NONE), FDT_NONE);
	CHECK_EQ(fdt_next_sibling(&fdt, FDT_NONE), FDT_NONE);
	CHECK_EQ(fdt_next_node(&fdt, FDT_NONE), FDT_NONE);
	CHECK_EQ(fdt_parent(&fdt, FDT_NONE), FDT_NONE);
	CHECK_STR(fdt_name(&fdt, FDT_NONE), "");
	CHECK(!fdt_next_prop(&fdt, FDT_NONE, &prop));
	CHECK(!fdt_get_number(&fdt, FDT_NONE, "reg", &value));
	CHECK(!fdt_get_string(&fdt, FDT_NONE, "status"));
	CHECK(!fdt_get_reg(&fdt, FDT_NONE, 0, &value, NULL));
	CHECK(!fdt_is_enabled(&fdt, FDT_NONE));
	/* And properties of another form are not there. */
	CHECK(!fdt_get_number(&fdt, fdt.root, "model", &value));
	CHECK(!fdt_has_string(&fdt, fdt.root, "none", "x"));
	free(blob);
}

static void torn_trees_are_refused(void)
{
	open_numa_tree();
	for (size_t len = 0; len < blob_len; len++) {
		uint8_t *copy = bytes_copy(blob, len);

		CHECK(fdt_open(&fdt, copy, len) == -EINVAL);
		free(copy);
	}
	free(blob);
}

/* A tree from numbers: words of the structure block, one string "p". */
static uint32_t words[256];
static size_t nr_words;

static void put(uint32_t word)
{
	words[nr_words++] = __builtin_bswap32(word);
}

#define BEGIN 1
#define CLOSE 2
#define PROP  3
#define NOP   4
#define END   9
#define NAME  0x61000000 /* "a" */

/* Header, one pair of zeros, the words, the string. */
static int open_words(const uint32_t *body, size_t count)
{
	uint32_t structs = 56, strings = structs + 4 * (uint32_t)count;
	uint32_t total = strings + 4;
	uint8_t *copy;
	int err;

	nr_words = 0;
	put(0xd00dfeed);
	put(total);
	put(structs);
	put(strings);
	put(40);
	put(17);
	put(16);
	put(0);
	put(2);
	put(strings - structs);
	for (int i = 0; i < 4; i++)
		put(0);
	for (size_t i = 0; i < count; i++)
		put(body[i]);
	put('p' << 24);
	copy = bytes_copy(words, total);
	err = fdt_open(&fdt, copy, total);
	free(copy);
	return err;
}

#define OPEN_WORDS(...)                                                        \
	({                                                                     \
		const uint32_t body_[] = {__VA_ARGS__};                        \
		open_words(body_, ARRAY_SIZE(body_));                          \
	})

static void each_broken_rule_is_refused(void)
{
	CHECK_EQ(OPEN_WORDS(BEGIN, 0, CLOSE, END), 0);
	CHECK_EQ(OPEN_WORDS(NOP, BEGIN, 0, NOP, PROP, 4, 0, 7, NOP, BEGIN, NAME,
			    CLOSE, NOP, CLOSE, NOP, END),
		 0);
	CHECK_EQ(OPEN_WORDS(END), -EINVAL);
	CHECK_EQ(OPEN_WORDS(BEGIN, 0, CLOSE), -EINVAL);
	CHECK_EQ(OPEN_WORDS(BEGIN, 0, END), -EINVAL);
	CHECK_EQ(OPEN_WORDS(BEGIN, 0, CLOSE, CLOSE, END), -EINVAL);
	CHECK_EQ(OPEN_WORDS(BEGIN, 0, CLOSE, BEGIN, 0, CLOSE, END), -EINVAL);
	CHECK_EQ(OPEN_WORDS(PROP, 0, 0, BEGIN, 0, CLOSE, END), -EINVAL);
	CHECK_EQ(
	    OPEN_WORDS(BEGIN, 0, BEGIN, NAME, CLOSE, PROP, 0, 0, CLOSE, END),
	    -EINVAL);
	CHECK_EQ(OPEN_WORDS(BEGIN, 0, PROP, 0, 2, CLOSE, END), -EINVAL);
	CHECK_EQ(OPEN_WORDS(BEGIN, 0, PROP, 0, ~0U, CLOSE, END), -EINVAL);
	CHECK_EQ(OPEN_WORDS(BEGIN, 0, PROP, 13, 0, CLOSE, END), -EINVAL);
	CHECK_EQ(OPEN_WORDS(BEGIN, 0, PROP, ~0U, 0, CLOSE, END), -EINVAL);
	CHECK_EQ(OPEN_WORDS(BEGIN, 0x61616161), -EINVAL);
	CHECK_EQ(OPEN_WORDS(BEGIN, 0, 5, CLOSE, END), -EINVAL);
	CHECK_EQ(OPEN_WORDS(BEGIN), -EINVAL);
}

static void depth_is_limited(void)
{
	for (size_t depth = FDT_MAX_DEPTH; depth <= FDT_MAX_DEPTH + 1;
	     depth++) {
		uint32_t body[3 * (FDT_MAX_DEPTH + 1) + 1];
		size_t n = 0;

		for (size_t i = 0; i < depth; i++) {
			body[n++] = BEGIN;
			body[n++] = i ? NAME : 0;
		}
		for (size_t i = 0; i < depth; i++)
			body[n++] = CLOSE;
		body[n++] = END;
		CHECK_EQ(open_words(body, n),
			 depth > FDT_MAX_DEPTH ? -EINVAL : 0);
	}
}

static void headers_are_checked(void)
{
	/* Each: a word of the header, and a value that cannot be. */
	static const uint32_t wrong[][2] = {
	    {0, 0xd00dfeee}, {1, 39},	   {1, 1 << 30}, {2, 39},
	    {2, 1 << 30},    {3, ~0U},	   {3, 0},	 {4, 0},
	    {4, 1 << 30},    {5, 16},	   {6, 18},	 {8, 1 << 30},
	    {9, ~0U},	     {9, 1 << 30},
	};

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		uint32_t word = __builtin_bswap32(wrong[i][1]);

		open_numa_tree();
		memcpy(blob + 4 * wrong[i][0], &word, 4);
		CHECK_EQ(fdt_open(&fdt, blob, blob_len), -EINVAL);
		free(blob);
	}
	CHECK_EQ(fdt_claimed_size("\xd0\x0d\xfe\xed\0\0\1\2", 8), 0x102);
	CHECK_EQ(fdt_claimed_size("\xd0\x0d\xfe\xed\0\0\1\2", 7), 0);
	CHECK_EQ(fdt_claimed_size("\xd0\x0d\xfe\xee\0\0\1\2", 8), 0);
}

static const struct tap_test tests[] = {
    TEST(memory_nodes_are_found),
    TEST(cpus_are_described),
    TEST(chosen_gives_the_boot_words),
    TEST(reservations_are_listed),
    TEST(compatible_devices_are_found),
    TEST(nothing_is_found_at_no_node),
    TEST(torn_trees_are_refused),
    TEST(each_broken_rule_is_refused),
    TEST(depth_is_limited),
    TEST(headers_are_checked),
};

TAP_MAIN(tests)
