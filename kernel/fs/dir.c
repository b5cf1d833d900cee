/* SPDX-License-Identifier: MIT */
/*
 * Reading directories.
 *
 * Positions are 0 and 1 for "." and "..", then the names' cookies, then what a
 * readdir operation makes of numbers from DIR_POS_DYNAMIC on. Records are
 * gathered in a kernel buffer under tree_lock and copied out after it.
 */
#include <string.h>

#include "abi/dirent.h"
#include "abi/errno.h"
#include "kernel/fs/seq.h"
#include "kernel/fs/special.h"
#include "kernel/riscv/uaccess.h"
#include "mm/slab.h"

#define BUF_SIZE 4096

struct dir_sink {
	char *buf;
	size_t len, used;
	uint64_t pos;	   /* of the next entry wanted */
	bool is_too_small; /* not even one record fits */
};

uint64_t dir_pos(const struct dir_sink *sink)
{
	return sink->pos;
}

static uint8_t mode_to_type(uint32_t mode)
{
	return (uint8_t)((mode & S_IFMT) >> 12); /* as DT_* are defined */
}

bool dir_emit(struct dir_sink *sink, const char *name, size_t len, uint64_t ino,
	      uint32_t mode, uint64_t next)
{
	size_t head = offsetof(struct linux_dirent64, d_name);
	size_t size = ALIGN_UP(head + len + 1, 8);
	struct linux_dirent64 *d = (void *)(sink->buf + sink->used);

	if (size > sink->len - sink->used) {
		sink->is_too_small = !sink->used;
		return false;
	}
	memset(d, 0, size);
	d->d_ino = ino;
	d->d_off = (int64_t)next;
	d->d_reclen = (uint16_t)size;
	d->d_type = mode_to_type(mode);
	memcpy(d->d_name, name, len);
	sink->used += size;
	sink->pos = next;
	return true;
}

/* tree_lock held. */
static void emit_all(struct dentry *dir, struct dir_sink *sink)
{
	struct dentry *child;

	if (sink->pos == 0 &&
	    !dir_emit(sink, ".", 1, dir->inode->ino, S_IFDIR, 1))
		return;
	if (sink->pos == 1 &&
	    !dir_emit(sink, "..", 2, dir->parent->inode->ino, S_IFDIR, 2))
		return;
	if (sink->pos < DIR_POS_DYNAMIC) {
		list_for_each_entry (child, &dir->children, sibling) {
			if (child->cookie >= sink->pos &&
			    !dir_emit(sink, child->name, child->name_len,
				      child->inode->ino, child->inode->mode,
				      child->cookie + 1))
				return;
		}
		if (dir->inode->ops && dir->inode->ops->readdir)
			sink->pos = DIR_POS_DYNAMIC;
	}
	if (dir->inode->ops && dir->inode->ops->readdir)
		dir->inode->ops->readdir(dir, sink);
}

static long getdents_locked(struct open_file *file, vaddr_t buf, size_t len)
{
	struct dir_sink sink = {
	    .len = min(len, (size_t)BUF_SIZE),
	    .pos = file->pos,
	};
	long result;

	sink.buf = kmalloc(BUF_SIZE, GFP_USER);
	if (!sink.buf)
		return -ENOMEM;
	tree_read_lock();
	if (file->dentry->is_dead) {
		result = -ENOENT;
	} else {
		emit_all(file->dentry, &sink);
		result = (long)sink.used;
	}
	tree_read_unlock();
	if (result >= 0 && sink.is_too_small)
		result = -EINVAL;
	if (result > 0 && copy_to_user(buf, sink.buf, sink.used))
		result = -EFAULT;
	if (result >= 0)
		file->pos = sink.pos;
	kfree(sink.buf);
	return result;
}

long dir_getdents(struct open_file *file, vaddr_t buf, size_t len)
{
	long result;

	if (!S_ISDIR(file->inode->mode))
		return -ENOTDIR;
	mutex_lock(&file->pos_lock);
	result = getdents_locked(file, buf, len);
	mutex_unlock(&file->pos_lock);
	return result;
}

static long dir_read(struct open_file *file, struct io *io, uint64_t *pos)
{
	(void)file;
	(void)io;
	(void)pos;
	return -EISDIR;
}

const struct file_ops dir_file_ops = {
    .read = dir_read,
    .lseek = seq_lseek,
};
