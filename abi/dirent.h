/* SPDX-License-Identifier: MIT */
/*
 * Directory entries as getdents64(2) writes them: records of varying length,
 * each 8-aligned, the name ended by a zero byte within d_reclen.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct linux_dirent64 {
	uint64_t d_ino;
	int64_t d_off;	   /* where to seek for the entry after this one */
	uint16_t d_reclen; /* bytes from this record to the next */
	uint8_t d_type;
	char d_name[];
};

#define DT_UNKNOWN 0
#define DT_FIFO	   1
#define DT_CHR	   2
#define DT_DIR	   4
#define DT_BLK	   6
#define DT_REG	   8
#define DT_LNK	   10
#define DT_SOCK	   12

_Static_assert(offsetof(struct linux_dirent64, d_name) == 19, "dirent64");
