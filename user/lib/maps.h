/* SPDX-License-Identifier: MIT */
/* What /proc/self/maps and /proc/meminfo say, for tests. */
#pragma once

#include "user/lib/user.h"

struct area {
	uint64_t start; /* 0 in the answer to "nothing there" */
	uint64_t end;
	char perms[5]; /* "rw-p" */
	uint64_t offset;
	uint64_t inode;
	char name[64]; /* file or [heap] and such; empty for none */
};

/* The area that contains addr, or one with start 0. */
struct area area_at(const volatile void *addr);

/* How many areas lie, in part at least, in [start, start + len). */
int areas_in(const volatile void *start, size_t len);

/* The sum of the sizes of all areas, bytes. */
uint64_t areas_total(void);

/* A line of /proc/meminfo ("MemFree:"), in bytes; 0 when there is none. */
uint64_t meminfo(const char *line);

/*
 * Read a whole small file as a string; returns its length or -Exxx. What does
 * not fit is left out.
 */
long read_file(const char *path, char *to, size_t size);
