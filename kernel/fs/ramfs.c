/* SPDX-License-Identifier: MIT */
/*
 * Regular files. Their bytes are in the page cache and nowhere else, so a
 * mapping, a read and a write see the same page.
 *
 * Readers (mapping_read in io.c) take no lock: beside a writer they may see
 * part of a write. Writers hold inode->lock over the copy
 * from user memory. That copy may fault on a mapping of this very file, which
 * takes mmap_lock and invalidate_lock but never inode->lock.
 */
#include "kernel/fs/special.h"

#include <stdio.h>
#include <string.h>

#include "abi/errno.h"
#include "kernel/process.h"
#include "kernel/signal.h"
#include "mm/slab.h"

#define MAX_FILE_SIZE INT64_MAX

#define FALLOC_KEEP_SIZE  1u
#define FALLOC_PUNCH_HOLE 2u
#define FALLOC_ZERO_RANGE 16u

/* The page at pgoff with a reference, made if missing; NULL: no memory. */
static struct page *get_page(struct address_space *mapping, pgoff_t pgoff)
{
	struct page *page;

	down_read(&mapping->invalidate_lock);
	page = filemap_find_or_add(mapping, pgoff, GFP_USER);
	up_read(&mapping->invalidate_lock);
	return page;
}

/* One page's part of a write. Bytes done or -Exxx. inode->lock held. */
static long write_page(struct address_space *mapping, struct io *io,
		       uint64_t pos)
{
	size_t off = pos & ~PAGE_MASK, n, done;
	struct page *page;

	n = min(PAGE_SIZE - off, io->count);
	n = min(n, MAX_FILE_SIZE - pos);
	if (!n)
		return -EFBIG;
	page = get_page(mapping, pos >> PAGE_SHIFT);
	if (!page)
		return -ENOSPC;
	done = io_get(io, (char *)page_address(page) + off, n);
	if (pos + done > mapping->i_size)
		store_relaxed(&mapping->i_size, pos + done);
	page_put(page);
	return done == n ? (long)n : -EFAULT;
}

/* RLIMIT_FSIZE: may a file reach beyond `end`? Who may not gets a signal. */
static int check_file_limit(uint64_t end)
{
	struct process *p = current_process();

	if (!p || end < process_limit(p, RLIMIT_FSIZE))
		return 0;
	signal_process(p, SIGXFSZ);
	return -EFBIG;
}

/*
 * Where a write begins, and whether limit and seals allow it; the limit may
 * make it shorter. inode->lock held.
 */
static int write_begin(struct open_file *file, struct io *io, uint64_t *pos)
{
	struct inode *inode = file->inode;
	uint64_t limit;

	if (load_relaxed(&file->flags) & O_APPEND)
		*pos = inode->mapping->i_size;
	if (check_file_limit(*pos))
		return -EFBIG;
	if (current_process()) {
		limit = process_limit(current_process(), RLIMIT_FSIZE);
		io->count = min(io->count, limit - *pos);
		io->len = min(io->len, io->count);
	}
	if (inode->seals & SEALS_WRITE)
		return -EPERM;
	if (inode->seals & F_SEAL_GROW &&
	    *pos + io->count > inode->mapping->i_size)
		return -EPERM;
	return 0;
}

static long ramfs_write(struct open_file *file, struct io *io, uint64_t *pos)
{
	struct inode *inode = file->inode;
	size_t count;
	long done;

	if (!io->count)
		return 0;
	mutex_lock(&inode->lock);
	done = write_begin(file, io, pos);
	count = io->count;
	while (done >= 0 && io->count) {
		size_t left = io->count;

		done = write_page(inode->mapping, io, *pos);
		*pos += left - io->count;
	}
	if (io->count < count)
		inode_touch(inode);
	mutex_unlock(&inode->lock);
	return io->count < count ? (long)(count - io->count) : done;
}

/* SEEK_DATA and SEEK_HOLE: the nearest byte at or behind off. */
static int64_t seek_data(struct address_space *mapping, uint64_t off,
			 bool want_hole)
{
	pgoff_t pgoff = off >> PAGE_SHIFT, at;
	int64_t result = (int64_t)off;

	if (off >= load_relaxed(&mapping->i_size))
		return -ENXIO;
	spin_lock(&mapping->pages_lock);
	if (!want_hole) {
		if (!page_index_next(&mapping->pages, pgoff, &at))
			result = -ENXIO;
		else if (at > pgoff)
			result = (int64_t)(at << PAGE_SHIFT);
	} else {
		for (at = pgoff; page_index_find(&mapping->pages, at); at++)
			result = (int64_t)((at + 1) << PAGE_SHIFT);
	}
	spin_unlock(&mapping->pages_lock);
	if (result < 0)
		return result;
	if (!want_hole && (uint64_t)result >= mapping->i_size)
		return -ENXIO;
	return (int64_t)min((uint64_t)result, mapping->i_size);
}

static long ramfs_lseek(struct open_file *file, int64_t off, int whence)
{
	struct address_space *mapping = file->inode->mapping;
	int64_t pos;

	switch (whence) {
	case SEEK_SET:
		pos = off;
		break;
	case SEEK_CUR:
		if (__builtin_add_overflow(off, (int64_t)file->pos, &pos))
			return -EOVERFLOW;
		break;
	case SEEK_END:
		if (__builtin_add_overflow(off, (int64_t)mapping->i_size, &pos))
			return -EOVERFLOW;
		break;
	case SEEK_DATA:
	case SEEK_HOLE:
		if (off < 0)
			return -ENXIO;
		pos = seek_data(mapping, (uint64_t)off, whence == SEEK_HOLE);
		if (pos < 0)
			return pos;
		break;
	default:
		return -EINVAL;
	}
	if (pos < 0)
		return -EINVAL;
	file->pos = (uint64_t)pos;
	return pos;
}

const struct file_ops ramfs_file_ops = {
    .read = mapping_file_read,
    .write = ramfs_write,
    .lseek = ramfs_lseek,
};

int ramfs_truncate(struct inode *inode, uint64_t size)
{
	uint64_t old;
	int err = 0;

	if (size > MAX_FILE_SIZE)
		return -EFBIG;
	mutex_lock(&inode->lock);
	old = inode->mapping->i_size;
	if (size > old && check_file_limit(size - 1))
		err = -EFBIG;
	else if ((size < old && inode->seals & F_SEAL_SHRINK) ||
		 (size > old && inode->seals & F_SEAL_GROW))
		err = -EPERM;
	else
		err = truncate_setsize(inode->mapping, size);
	if (!err)
		inode_touch(inode);
	mutex_unlock(&inode->lock);
	return err;
}

/* Make bytes read as zeros. The pages stay, so mappings see it too. */
static void zero_range(struct address_space *mapping, uint64_t off,
		       uint64_t end)
{
	pgoff_t at = off >> PAGE_SHIFT;

	for (;;) {
		struct page *page;
		uint64_t from, to;

		spin_lock(&mapping->pages_lock);
		page = page_index_next(&mapping->pages, at, &at);
		if (page)
			page_get(page);
		spin_unlock(&mapping->pages_lock);
		if (!page)
			return;
		from = max(off, at << PAGE_SHIFT);
		to = min(end, (at + 1) << PAGE_SHIFT);
		if (from < to)
			memset((char *)page_address(page) + from % PAGE_SIZE, 0,
			       to - from);
		page_put(page);
		if (from >= to)
			return;
		at++;
	}
}

/* inode->lock held. */
static long fallocate_locked(struct inode *inode, unsigned mode, uint64_t off,
			     uint64_t end)
{
	struct address_space *mapping = inode->mapping;
	bool keep = mode & FALLOC_KEEP_SIZE;

	if (end > mapping->i_size && !keep && check_file_limit(end - 1))
		return -EFBIG;
	if (end > mapping->i_size && !keep && inode->seals & F_SEAL_GROW)
		return -EPERM;
	if (mode & (FALLOC_PUNCH_HOLE | FALLOC_ZERO_RANGE)) {
		if (inode->seals & SEALS_WRITE)
			return -EPERM;
		zero_range(mapping, off, end);
	}
	if (mode & FALLOC_PUNCH_HOLE)
		return truncate_hole(mapping, PAGE_ALIGN(off) >> PAGE_SHIFT,
				     end >> PAGE_SHIFT);
	for (pgoff_t at = off >> PAGE_SHIFT; at << PAGE_SHIFT < end; at++) {
		struct page *page = get_page(mapping, at);

		if (!page || machine_fatal_signal()) {
			if (page)
				page_put(page);
			/* Drop what was made behind the end of the file. */
			truncate_setsize(mapping, mapping->i_size);
			return page ? -EINTR : -ENOSPC;
		}
		page_put(page);
	}
	if (end > mapping->i_size && !keep)
		return truncate_setsize(mapping, end);
	return 0;
}

long ramfs_fallocate(struct inode *inode, unsigned mode, uint64_t off,
		     uint64_t len)
{
	long err;

	if ((int64_t)off < 0 || (int64_t)len <= 0)
		return -EINVAL;
	if (mode &
		~(FALLOC_KEEP_SIZE | FALLOC_PUNCH_HOLE | FALLOC_ZERO_RANGE) ||
	    (mode & FALLOC_PUNCH_HOLE && !(mode & FALLOC_KEEP_SIZE)))
		return -EOPNOTSUPP;
	if (off + len > MAX_FILE_SIZE)
		return -EFBIG;
	mutex_lock(&inode->lock);
	err = fallocate_locked(inode, mode, off, off + len);
	if (!err)
		inode_touch(inode);
	mutex_unlock(&inode->lock);
	return err;
}

int memfd_open(const char *name, bool can_seal, struct open_file **out)
{
	struct inode *inode;
	char path[300];

	inode = ramfs_inode_alloc(&fs_types[FS_ANON], S_IFREG | 0777);
	if (!inode)
		return -ENOMEM;
	inode->seals = can_seal ? 0 : F_SEAL_SEAL;
	snprintf(path, sizeof(path), "/memfd:%s", name);
	return open_anon(inode, path, O_RDWR, out);
}

int memfd_add_seals(struct inode *inode, unsigned seals)
{
	int err = 0;

	if (seals & ~(F_SEAL_SEAL | SEALS_ALL_CHANGES | F_SEAL_EXEC))
		return -EINVAL;
	mutex_lock(&inode->lock);
	if (seals & F_SEAL_EXEC && inode->mode & 0111)
		seals |= SEALS_ALL_CHANGES; /* writable or executable */
	if (inode->seals & F_SEAL_SEAL)
		err = -EPERM;
	else if (seals & F_SEAL_WRITE &&
		 load_relaxed(&inode->mapping->nr_writable))
		err = -EBUSY;
	else
		store_relaxed(&inode->seals, inode->seals | seals);
	mutex_unlock(&inode->lock);
	return err;
}
