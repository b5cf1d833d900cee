/* SPDX-License-Identifier: MIT */
/*
 * Generated text.
 */
#include "kernel/fs/seq.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "abi/errno.h"
#include "mm/slab.h"

#define STORE_MAX 128

/* What an open file keeps. */
struct seq_file {
	const struct seq_type *type;
	struct mutex lock;
	struct seq seq; /* lock */
	bool is_made;	/* lock; seq holds a text */
};

void seq_write(struct seq *seq, const void *buf, size_t len)
{
	struct address_space *mapping = &seq->mapping;

	while (len && !seq->err) {
		size_t off = mapping->i_size % PAGE_SIZE;
		size_t n = min(PAGE_SIZE - off, len);

		if (!off) {
			seq->page = filemap_find_or_add(
			    mapping, mapping->i_size >> PAGE_SHIFT, GFP_USER);
			if (!seq->page) {
				seq->err = -ENOMEM;
				return;
			}
			page_put(seq->page); /* the mapping keeps it */
		}
		memcpy((char *)page_address(seq->page) + off, buf, n);
		mapping->i_size += n;
		buf = (const char *)buf + n;
		len -= n;
	}
}

void seq_puts(struct seq *seq, const char *text)
{
	seq_write(seq, text, strlen(text));
}

void seq_printf(struct seq *seq, const char *fmt, ...)
{
	char buf[256];
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(buf, sizeof(buf), fmt, args);
	va_end(args);
	if (len > 0)
		seq_write(seq, buf, min((size_t)len, sizeof(buf) - 1));
}

void seq_pad(struct seq *seq, uint64_t start, unsigned width)
{
	while (seq_len(seq) < start + width && !seq->err)
		seq_write(seq, " ", 1);
}

static void seq_clear(struct seq_file *sf)
{
	if (sf->is_made)
		mapping_destroy(&sf->seq.mapping);
	sf->is_made = false;
}

static int seq_open(struct open_file *file)
{
	struct seq_file *sf = kzalloc(sizeof(*sf), GFP_USER);

	if (!sf)
		return -ENOMEM;
	mutex_init(&sf->lock);
	sf->type = *(const struct seq_type **)file->inode->private;
	file->private = sf;
	return 0;
}

static void seq_release(struct open_file *file)
{
	seq_clear(file->private);
	kfree(file->private);
}

static long seq_read(struct open_file *file, struct io *io, uint64_t *pos)
{
	struct seq_file *sf = file->private;
	struct seq *seq = &sf->seq;
	long result;

	if (!sf->type->show)
		return -EINVAL;
	mutex_lock(&sf->lock);
	if (!*pos)
		seq_clear(sf);
	if (!sf->is_made) {
		memset(seq, 0, sizeof(*seq));
		mapping_init(&seq->mapping, NULL);
		sf->is_made = true;
		sf->type->show(seq, file->inode);
	}
	result = seq->err ? seq->err : mapping_read(&seq->mapping, io, pos);
	if (result < 0)
		seq_clear(sf);
	mutex_unlock(&sf->lock);
	return result;
}

static long seq_store(struct open_file *file, struct io *io, uint64_t *pos)
{
	struct seq_file *sf = file->private;
	size_t count = io->count;
	char text[STORE_MAX];
	int err;

	if (!sf->type->store)
		return -EIO;
	if (count >= sizeof(text))
		return -EINVAL;
	if (io_get(io, text, count) != count)
		return -EFAULT;
	text[count] = '\0';
	err = sf->type->store(text, file->inode);
	*pos += err ? 0 : count;
	return err ? err : (long)count;
}

bool seq_parse_u64(const char *text, uint64_t *value)
{
	const char *digits = text;

	for (*value = 0; *text >= '0' && *text <= '9'; text++) {
		if (__builtin_mul_overflow(*value, 10, value) ||
		    __builtin_add_overflow(*value, *text - '0', value))
			return false;
	}
	return text > digits && (!*text || !strcmp(text, "\n"));
}

bool seq_parse(const char *text, long *value)
{
	bool is_negative = *text == '-';
	uint64_t number;

	if (!seq_parse_u64(text + is_negative, &number) || number > INT32_MAX)
		return false;
	*value = is_negative ? -(long)number : (long)number;
	return true;
}

long seq_lseek(struct open_file *file, int64_t off, int whence)
{
	if (whence == SEEK_CUR)
		off += (int64_t)file->pos;
	else if (whence != SEEK_SET)
		return -EINVAL;
	if (off < 0)
		return -EINVAL;
	file->pos = (uint64_t)off;
	return off;
}

const struct file_ops seq_file_ops = {
    .open = seq_open,
    .release = seq_release,
    .read = seq_read,
    .write = seq_store,
    .lseek = seq_lseek,
};
