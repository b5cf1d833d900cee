/* SPDX-License-Identifier: MIT */
/*
 * Flattened device trees.
 *
 * Everything is read through next_token(), which checks each length against
 * what is left before it looks. fdt_open() walks all tokens once and admits
 * only trees that are properly nested, so that the walks below it may count
 * levels without looking for errors; an unexpected end ends them anyway.
 *
 * Numbers are big-endian and are read byte by byte: the buffer may have any
 * alignment.
 */
#include "lib/fdt.h"

#include <string.h>

#include "abi/errno.h"

#define FDT_MAGIC	0xd00dfeedU
#define FDT_HEADER_SIZE 40
#define FDT_VERSION	17

/* Devicetree Specification v0.4, 5.4.1. */
enum fdt_token {
	FDT_BEGIN_NODE = 1,
	FDT_END_NODE = 2,
	FDT_PROP = 3,
	FDT_NOP = 4,
	FDT_END = 9,
	FDT_BROKEN = 0, /* ours */
};

static uint32_t read_u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static uint64_t read_u64(const uint8_t *p)
{
	return (uint64_t)read_u32(p) << 32 | read_u32(p + 4);
}

/* The length of the string at p, which has `room` bytes; -1 if it is open. */
static long string_length(const uint8_t *p, size_t room)
{
	const uint8_t *end = memchr(p, '\0', room);

	return end ? end - p : -1;
}

/*
 * Read the token at *at and step over it and what belongs to it. For a node
 * prop->name is set, for a property the whole of *prop.
 */
static enum fdt_token next_token(const struct fdt *fdt, size_t *at,
				 struct fdt_prop *prop)
{
	const uint8_t *p = fdt->structs + *at;
	size_t left = fdt->structs_size - *at, used = 4;
	uint32_t token, name;
	long length;

	if (left < 4)
		return FDT_BROKEN;
	token = read_u32(p);
	if (token == FDT_BEGIN_NODE) {
		length = string_length(p + 4, left - 4);
		if (length < 0)
			return FDT_BROKEN;
		prop->name = (const char *)p + 4;
		used += (size_t)length + 1;
	} else if (token == FDT_PROP) {
		if (left < 12)
			return FDT_BROKEN;
		prop->len = read_u32(p + 4);
		name = read_u32(p + 8);
		if (prop->len > left - 12 || name >= fdt->strings_size)
			return FDT_BROKEN;
		length = string_length(fdt->strings + name,
				       fdt->strings_size - name);
		if (length < 0)
			return FDT_BROKEN;
		prop->name = (const char *)fdt->strings + name;
		prop->data = p + 12;
		used = 12 + prop->len;
	} else if (token != FDT_END_NODE && token != FDT_NOP &&
		   token != FDT_END) {
		return FDT_BROKEN;
	}
	/* Only the last token may lack its padding. */
	*at += min(ALIGN_UP(used, 4), left);
	return token;
}

uint32_t fdt_claimed_size(const void *buf, size_t len)
{
	const uint8_t *p = buf;

	return len < 8 || read_u32(p) != FDT_MAGIC ? 0 : read_u32(p + 4);
}

/* Does [offset, offset + size) lie in the tree, after the header? */
static bool is_inside(size_t total, uint32_t offset, uint32_t size)
{
	return offset >= FDT_HEADER_SIZE && offset <= total &&
	       size <= total - offset;
}

/* Count the reservations, up to the pair of zeros that must follow. */
static int open_reserved(struct fdt *fdt, const uint8_t *base, size_t total,
			 uint32_t offset)
{
	if (!is_inside(total, offset, 0))
		return -EINVAL;
	fdt->reserved = base + offset;
	fdt->nr_reserved = 0;
	for (size_t left = total - offset; left >= 16; left -= 16) {
		const uint8_t *pair = fdt->reserved + 16 * fdt->nr_reserved;

		if (!read_u64(pair) && !read_u64(pair + 8))
			return 0;
		fdt->nr_reserved++;
	}
	return -EINVAL;
}

/*
 * Walk all tokens: one root, each node closed, properties before children,
 * FDT_END at the end.
 */
static int check_tokens(struct fdt *fdt)
{
	struct fdt_prop prop;
	int depth = 0;
	bool may_have_props = false;

	fdt->root = FDT_NONE;
	for (size_t at = 0;;) {
		size_t here = at;

		switch (next_token(fdt, &at, &prop)) {
		case FDT_BEGIN_NODE:
			if (depth == 0 && fdt->root != FDT_NONE)
				return -EINVAL;
			if (depth == 0)
				fdt->root = (int)here;
			if (++depth > FDT_MAX_DEPTH)
				return -EINVAL;
			may_have_props = true;
			break;
		case FDT_END_NODE:
			if (--depth < 0)
				return -EINVAL;
			may_have_props = false;
			break;
		case FDT_PROP:
			if (!may_have_props)
				return -EINVAL;
			break;
		case FDT_NOP:
			break;
		case FDT_END:
			return depth || fdt->root == FDT_NONE ? -EINVAL : 0;
		default:
			return -EINVAL;
		}
	}
}

int fdt_open(struct fdt *fdt, const void *buf, size_t len)
{
	const uint8_t *base = buf;
	uint32_t total = fdt_claimed_size(buf, len);
	uint32_t structs, strings, structs_size, strings_size;
	int err;

	if (len < FDT_HEADER_SIZE || total < FDT_HEADER_SIZE || total > len ||
	    total > FDT_MAX_SIZE)
		return -EINVAL;
	structs = read_u32(base + 8);
	strings = read_u32(base + 12);
	strings_size = read_u32(base + 32);
	structs_size = read_u32(base + 36);
	if (read_u32(base + 20) < FDT_VERSION ||
	    read_u32(base + 24) > FDT_VERSION ||
	    !is_inside(total, structs, structs_size) ||
	    !is_inside(total, strings, strings_size))
		return -EINVAL;
	fdt->structs = base + structs;
	fdt->structs_size = structs_size;
	fdt->strings = base + strings;
	fdt->strings_size = strings_size;
	err = open_reserved(fdt, base, total, read_u32(base + 16));
	return err ? err : check_tokens(fdt);
}

/*
 * The first node that begins after `node` does, at the wanted depth relative
 * to it: 1 a child, 0 a sibling; any depth when `any`.
 */
static int scan(const struct fdt *fdt, int node, int wanted, bool any)
{
	struct fdt_prop prop;
	size_t at = (size_t)node;
	int depth = 0;

	if (node == FDT_NONE)
		return FDT_NONE;
	next_token(fdt, &at, &prop);
	for (;;) {
		size_t here = at;

		switch (next_token(fdt, &at, &prop)) {
		case FDT_BEGIN_NODE:
			if (any || ++depth == wanted)
				return (int)here;
			break;
		case FDT_END_NODE:
			if (!any && --depth < wanted - 1)
				return FDT_NONE;
			break;
		case FDT_PROP:
		case FDT_NOP:
			break;
		default:
			return FDT_NONE;
		}
	}
}

int fdt_first_child(const struct fdt *fdt, int node)
{
	return scan(fdt, node, 1, false);
}

int fdt_next_sibling(const struct fdt *fdt, int node)
{
	return scan(fdt, node, 0, false);
}

int fdt_next_node(const struct fdt *fdt, int node)
{
	return scan(fdt, node, 0, true);
}

/* Go down from the root, each time to the last child not beyond the node. */
int fdt_parent(const struct fdt *fdt, int node)
{
	int parent = FDT_NONE, at = node == FDT_NONE ? FDT_NONE : fdt->root;

	while (at != FDT_NONE && at != node) {
		int child, last = FDT_NONE;

		parent = at;
		fdt_for_each_child(child, fdt, parent)
		{
			if (child > node)
				break;
			last = child;
		}
		at = last;
	}
	return at == node ? parent : FDT_NONE;
}

const char *fdt_name(const struct fdt *fdt, int node)
{
	return node == FDT_NONE ? "" : (const char *)fdt->structs + node + 4;
}

/* Does a path component of `length` bytes name this node? */
static bool name_matches(const char *name, const char *part, size_t length)
{
	if (strncmp(name, part, length))
		return false;
	return name[length] == '\0' ||
	       (name[length] == '@' && !memchr(part, '@', length));
}

static int find_below(const struct fdt *fdt, int node, const char *path)
{
	while (node != FDT_NONE) {
		size_t length;
		int child;

		path += strspn(path, "/");
		length = strcspn(path, "/:");
		if (!length)
			return node;
		fdt_for_each_child(child, fdt, node)
		{
			if (name_matches(fdt_name(fdt, child), path, length))
				break;
		}
		node = child;
		path += length;
	}
	return FDT_NONE;
}

int fdt_find(const struct fdt *fdt, const char *path)
{
	struct fdt_prop prop = {.name = NULL};
	size_t length = strcspn(path, "/:");
	int aliases;

	if (*path == '/')
		return find_below(fdt, fdt->root, path);
	aliases = find_below(fdt, fdt->root, "/aliases");
	while (fdt_next_prop(fdt, aliases, &prop)) {
		if (!strncmp(prop.name, path, length) && !prop.name[length] &&
		    string_length(prop.data, prop.len) > 0 &&
		    prop.data[0] == '/')
			return find_below(
			    fdt, fdt_find(fdt, (const char *)prop.data),
			    path + length);
	}
	return FDT_NONE;
}

int fdt_next_compatible(const struct fdt *fdt, int node, const char *compatible)
{
	node = node == FDT_NONE ? fdt->root : fdt_next_node(fdt, node);
	while (node != FDT_NONE &&
	       !fdt_has_string(fdt, node, "compatible", compatible))
		node = fdt_next_node(fdt, node);
	return node;
}

bool fdt_is_enabled(const struct fdt *fdt, int node)
{
	struct fdt_prop prop;

	return node != FDT_NONE &&
	       (!fdt_get_prop(fdt, node, "status", &prop) ||
		fdt_has_string(fdt, node, "status", "okay") ||
		fdt_has_string(fdt, node, "status", "ok"));
}

bool fdt_next_prop(const struct fdt *fdt, int node, struct fdt_prop *prop)
{
	enum fdt_token token;
	size_t at;

	if (node == FDT_NONE)
		return false;
	at = prop->name ? prop->next : (size_t)node;
	if (!prop->name)
		next_token(fdt, &at, prop);
	do {
		token = next_token(fdt, &at, prop);
	} while (token == FDT_NOP);
	prop->next = (uint32_t)at;
	return token == FDT_PROP;
}

bool fdt_get_prop(const struct fdt *fdt, int node, const char *name,
		  struct fdt_prop *prop)
{
	prop->name = NULL;
	while (fdt_next_prop(fdt, node, prop)) {
		if (!strcmp(prop->name, name))
			return true;
	}
	return false;
}

const char *fdt_get_string(const struct fdt *fdt, int node, const char *name)
{
	struct fdt_prop prop;

	if (!fdt_get_prop(fdt, node, name, &prop) ||
	    string_length(prop.data, prop.len) < 0)
		return NULL;
	return (const char *)prop.data;
}

bool fdt_get_number(const struct fdt *fdt, int node, const char *name,
		    uint64_t *value)
{
	struct fdt_prop prop;

	if (!fdt_get_prop(fdt, node, name, &prop))
		return false;
	if (prop.len == 4)
		*value = read_u32(prop.data);
	else if (prop.len == 8)
		*value = read_u64(prop.data);
	else
		return false;
	return true;
}

bool fdt_has_string(const struct fdt *fdt, int node, const char *name,
		    const char *string)
{
	struct fdt_prop prop;
	uint32_t at = 0;

	if (!fdt_get_prop(fdt, node, name, &prop))
		return false;
	while (at < prop.len) {
		const uint8_t *here = prop.data + at;
		long length = string_length(here, prop.len - at);

		if (length < 0)
			return false;
		if (!strcmp((const char *)here, string))
			return true;
		at += (uint32_t)length + 1;
	}
	return false;
}

/* A number of `cells` cells; the third and higher ones must be 0. */
static bool read_cells(const uint8_t *p, uint64_t cells, uint64_t *value)
{
	uint64_t sum = 0;

	for (uint64_t i = 0; i < cells; i++) {
		if (sum >> 32)
			return false;
		sum = sum << 32 | read_u32(p + 4 * i);
	}
	*value = sum;
	return true;
}

bool fdt_get_reg(const struct fdt *fdt, int node, unsigned n, uint64_t *address,
		 uint64_t *size)
{
	int parent = fdt_parent(fdt, node);
	/* What the specification says for parents that do not (2.3.5). */
	uint64_t address_cells = 2, size_cells = 1, bytes, dummy;
	struct fdt_prop prop;

	fdt_get_number(fdt, parent, "#address-cells", &address_cells);
	fdt_get_number(fdt, parent, "#size-cells", &size_cells);
	if (address_cells < 1 || address_cells > 4 || size_cells > 4 ||
	    !fdt_get_prop(fdt, node, "reg", &prop))
		return false;
	bytes = 4 * (address_cells + size_cells);
	if (n >= prop.len / bytes)
		return false;
	return read_cells(prop.data + n * bytes, address_cells, address) &&
	       read_cells(prop.data + n * bytes + 4 * address_cells, size_cells,
			  size ? size : &dummy);
}

bool fdt_get_reserved(const struct fdt *fdt, unsigned n, uint64_t *address,
		      uint64_t *size)
{
	if (n >= fdt->nr_reserved)
		return false;
	*address = read_u64(fdt->reserved + 16 * (size_t)n);
	*size = read_u64(fdt->reserved + 16 * (size_t)n + 8);
	return true;
}
