/* SPDX-License-Identifier: MIT */
/*
 * Files whose text the kernel writes when they are read.
 *
 * The whole text is made when a read begins at position 0 (or is the first
 * one), into a nameless page cache of the open file, and later reads go on in
 * it. So a listing of any length is consistent in itself, and making it holds
 * no lock while it goes to the program.
 */
#pragma once

#include "kernel/fs/vfs.h"

struct seq {
	struct address_space mapping; /* the text */
	struct page *page;	      /* the one being filled, mapping's */
	int err;		      /* first error; -ENOMEM for the text */
};

/* One kind of generated file. */
struct seq_type {
	void (*show)(struct seq *seq, const struct inode *inode);
	/* write(2) of at most 127 bytes, ended by NUL; 0 or -Exxx. Or NULL. */
	int (*store)(const char *text, const struct inode *inode);
};

void seq_write(struct seq *seq, const void *buf, size_t len);
void seq_puts(struct seq *seq, const char *text);
/* One call makes at most 255 bytes. */
void seq_printf(struct seq *seq, const char *fmt, ...) __printf(2, 3);
/* Spaces until the text ends `width` bytes behind `start`. */
void seq_pad(struct seq *seq, uint64_t start, unsigned width);

/* How long the text is by now. */
static inline uint64_t seq_len(const struct seq *seq)
{
	return seq->mapping.i_size;
}

/* For inodes whose private is `const struct seq_type *` or begins with one. */
extern const struct file_ops seq_file_ops;

/* A decimal number as store() gets it: any, or one of at most 31 bits with a
 * sign. */
bool seq_parse_u64(const char *text, uint64_t *value);
bool seq_parse(const char *text, long *value);

/* Any position that is not negative; no end. */
long seq_lseek(struct open_file *file, int64_t off, int whence);
