/* SPDX-License-Identifier: MIT */
/*
 * cpio archives.
 *
 * An entry is a header of 6 + 13 * 8 characters, the fields in hexadecimal,
 * then the name and the data, each padded with zeros to a multiple of 4 bytes
 * from the start of the archive. Each length is compared with what is left
 * before anything is skipped.
 */
#include "lib/cpio.h"

#include <string.h>

#include "abi/errno.h"
#include "abi/stat.h"

/* Fields of the header, in order. */
enum {
	INO,
	MODE,
	UID,
	GID,
	NLINK,
	MTIME,
	FILESIZE,
	DEVMAJOR,
	DEVMINOR,
	RDEVMAJOR,
	RDEVMINOR,
	NAMESIZE,
	CHECK,
	NR_FIELDS,
};

#define MAGIC_SIZE  6
#define HEADER_SIZE (MAGIC_SIZE + NR_FIELDS * 8)
#define TRAILER	    "TRAILER!!!"

void cpio_open(struct cpio *cpio, const void *buf, size_t len)
{
	*cpio = (struct cpio){.base = buf, .len = len};
}

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Read the header at p into its fields; false if it is none. */
static bool read_fields(const uint8_t *p, uint32_t fields[NR_FIELDS],
			bool *has_check)
{
	if (memcmp(p, "070701", MAGIC_SIZE) && memcmp(p, "070702", MAGIC_SIZE))
		return false;
	*has_check = p[MAGIC_SIZE - 1] == '2';
	p += MAGIC_SIZE;
	for (int i = 0; i < NR_FIELDS; i++) {
		fields[i] = 0;
		for (int digit = 0; digit < 8; digit++) {
			int value = hex_digit(*p++);

			if (value < 0)
				return false;
			fields[i] = fields[i] << 4 | (uint32_t)value;
		}
	}
	return true;
}

/* Step over `size` bytes and their padding, which the end may lack. */
static void skip(struct cpio *cpio, size_t size)
{
	size_t used = cpio->at - cpio->start + size;

	cpio->at = min(cpio->start + ALIGN_UP(used, 4), cpio->len);
}

/*
 * Archivers sum up regular files only. Of several names for one file the last
 * has the data and the sum; the others have neither.
 */
static bool sum_is_right(const struct cpio_entry *entry, uint32_t expected)
{
	uint32_t sum = 0;

	if (!S_ISREG(entry->mode) || !entry->size)
		return true;
	for (uint32_t i = 0; i < entry->size; i++)
		sum += entry->data[i];
	return sum == expected;
}

/* Read the entry at cpio->at and step over it. */
static int read_entry(struct cpio *cpio, struct cpio_entry *entry)
{
	const uint8_t *header = cpio->base + cpio->at;
	size_t left = cpio->len - cpio->at;
	uint32_t fields[NR_FIELDS];
	bool has_check;

	if (left < HEADER_SIZE || !read_fields(header, fields, &has_check))
		return -EINVAL;
	left -= HEADER_SIZE;
	if (fields[NAMESIZE] < 2 || fields[NAMESIZE] > CPIO_NAME_MAX ||
	    fields[NAMESIZE] > left)
		return -EINVAL;
	entry->name = (const char *)header + HEADER_SIZE;
	if (!entry->name[0] || entry->name[fields[NAMESIZE] - 1])
		return -EINVAL;
	skip(cpio, HEADER_SIZE + fields[NAMESIZE]);
	if (fields[FILESIZE] > cpio->len - cpio->at)
		return -EINVAL;
	entry->data = cpio->base + cpio->at;
	entry->size = fields[FILESIZE];
	skip(cpio, entry->size);

	entry->mode = fields[MODE];
	entry->uid = fields[UID];
	entry->gid = fields[GID];
	entry->mtime = fields[MTIME];
	entry->nlink = fields[NLINK];
	entry->ino = fields[INO];
	entry->dev_major = fields[DEVMAJOR];
	entry->dev_minor = fields[DEVMINOR];
	entry->rdev_major = fields[RDEVMAJOR];
	entry->rdev_minor = fields[RDEVMINOR];
	if (has_check && !sum_is_right(entry, fields[CHECK]))
		return -EINVAL;
	return 1;
}

int cpio_next(struct cpio *cpio, struct cpio_entry *entry)
{
	do {
		size_t at;

		if (!cpio->is_in_archive) {
			while (cpio->at < cpio->len && !cpio->base[cpio->at])
				cpio->at++;
			if (cpio->at == cpio->len)
				return 0;
			cpio->start = cpio->at;
			cpio->is_in_archive = true;
		}
		at = cpio->at;
		if (read_entry(cpio, entry) < 0) {
			cpio->at = at;
			return -EINVAL;
		}
		cpio->is_in_archive = strcmp(entry->name, TRAILER) != 0;
	} while (!cpio->is_in_archive);
	return 1;
}
