/* SPDX-License-Identifier: MIT */
/*
 * Reader of cpio archives in the "newc" format, as in an initramfs: magic
 * 070701, or 070702 with a checksum.
 *
 * Bytes in, structs out: no allocation, no output, nothing outside
 * [buf, buf + len) is read. Several archives may follow each other, with zero
 * bytes before, between and behind them. An archive without its trailer is
 * broken: something was cut off.
 *
 * Left out: compressed archives, and the other cpio formats.
 */
#pragma once

#include "lib/types.h"

#define CPIO_NAME_MAX 4096 /* with the null byte, as PATH_MAX */

struct cpio {
	const uint8_t *base;
	size_t len, at;
	size_t start;	    /* of the archive that `at` is in */
	bool is_in_archive; /* between a first entry and its trailer */
};

struct cpio_entry {
	const char *name;    /* not empty, as in the archive */
	const uint8_t *data; /* of a file; the target of a link, not ended */
	uint32_t size;
	uint32_t mode; /* type and permissions, as st_mode */
	uint32_t uid, gid, mtime;
	uint32_t nlink, ino; /* files with several names share ino and dev */
	uint32_t dev_major, dev_minor;
	uint32_t rdev_major, rdev_minor; /* of a device node */
};

void cpio_open(struct cpio *cpio, const void *buf, size_t len);

/*
 * The next entry; trailers are not shown. 1, or 0 at the end, or -EINVAL when
 * the archive is malformed from here on; then it says so again.
 */
int __must_check cpio_next(struct cpio *cpio, struct cpio_entry *entry);
