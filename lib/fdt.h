/* SPDX-License-Identifier: MIT */
/*
 * Reader of flattened device trees (Devicetree Specification v0.4, chapter 5).
 *
 * Bytes in, answers out: no allocation, no output, and no byte outside
 * [buf, buf + len) is ever read, whatever the bytes are. fdt_open() checks the
 * whole structure once, so the other calls have no error but "not there".
 *
 * A node is named by an int: its place in the structure block, or FDT_NONE.
 * Every call accepts FDT_NONE and finds nothing there, so that lookups can be
 * chained. All strings that are handed out end inside the buffer.
 *
 * Left out: writing, and translation through `ranges`. Addresses are those of
 * the node's own bus, which on the machines we boot is the CPU's.
 */
#pragma once

#include "lib/types.h"

#define FDT_NONE      (-1)
#define FDT_MAX_DEPTH 32	  /* the root is at depth 1 */
#define FDT_MAX_SIZE  (16U << 20) /* bytes; places fit an int */

struct fdt {
	const uint8_t *structs;
	size_t structs_size;
	const uint8_t *strings;
	size_t strings_size;
	const uint8_t *reserved; /* pairs of 8 bytes: address, size */
	size_t nr_reserved;
	int root;
};

struct fdt_prop {
	const char *name;
	const uint8_t *data;
	uint32_t len;
	uint32_t next; /* for fdt_next_prop() */
};

/*
 * How many bytes the tree at buf claims to have, 0 if there is none. Needs the
 * first 8 bytes. To find out how much to map before fdt_open().
 */
uint32_t fdt_claimed_size(const void *buf, size_t len);

/* 0, or -EINVAL when anything in it is malformed. */
int __must_check fdt_open(struct fdt *fdt, const void *buf, size_t len);

/* Nodes. fdt_next_node() visits all of them, parents first. */
int fdt_first_child(const struct fdt *fdt, int node);
int fdt_next_sibling(const struct fdt *fdt, int node);
int fdt_next_node(const struct fdt *fdt, int node);
int fdt_parent(const struct fdt *fdt, int node);

/* With its unit address ("cpu@0"); "" for the root. */
const char *fdt_name(const struct fdt *fdt, int node);

#define fdt_for_each_child(child, fdt, node)                                   \
	for (child = fdt_first_child(fdt, node); child != FDT_NONE;            \
	     child = fdt_next_sibling(fdt, child))

/*
 * The node at a path such as "/cpus/cpu@1". A component without a unit address
 * matches the first node of that name. A path that does not begin with '/'
 * begins with an alias. What follows a ':' is ignored (stdout-path).
 */
int fdt_find(const struct fdt *fdt, const char *path);

/* The next node after `node`, FDT_NONE to begin, that is compatible. */
int fdt_next_compatible(const struct fdt *fdt, int node,
			const char *compatible);

/* Does it have no status, or "okay"? */
bool fdt_is_enabled(const struct fdt *fdt, int node);

/*
 * The next property of the node, in order; the first when prop->name is NULL.
 * Returns whether there is one.
 */
bool fdt_next_prop(const struct fdt *fdt, int node, struct fdt_prop *prop);

/* Lookups; false or NULL when missing or of another form. */
bool fdt_get_prop(const struct fdt *fdt, int node, const char *name,
		  struct fdt_prop *prop);
const char *fdt_get_string(const struct fdt *fdt, int node, const char *name);

/* A number of one or two cells, as linux,initrd-start may have either. */
bool fdt_get_number(const struct fdt *fdt, int node, const char *name,
		    uint64_t *value);

/* Is `string` one of the strings of the property? ("compatible" and such.) */
bool fdt_has_string(const struct fdt *fdt, int node, const char *name,
		    const char *string);

/*
 * The n-th pair of `reg`, with the cell counts of the parent. False at the end
 * and when a value does not fit 64 bits. Where sizes have no cells (cpus)
 * *size is 0. size may be NULL.
 */
bool fdt_get_reg(const struct fdt *fdt, int node, unsigned n, uint64_t *address,
		 uint64_t *size);

/* The n-th entry of the memory reservation block; false at the end. */
bool fdt_get_reserved(const struct fdt *fdt, unsigned n, uint64_t *address,
		      uint64_t *size);
