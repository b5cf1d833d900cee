/* SPDX-License-Identifier: MIT */
/*
 * Moving bytes between files and the buffers of programs.
 *
 * A segment at a time; the common case, one user segment that is long enough,
 * is inline in the header.
 */
#include "kernel/fs/io.h"

#include <string.h>

#include "abi/errno.h"
#include "kernel/fs/vfs.h"
#include "mm/slab.h"

/* Take the next segment into the cursor; skips empty ones. */
static void io_next(struct io *io)
{
	while (!io->len && io->count) {
		io->addr = io->next->iov_base;
		io->len = min(io->next->iov_len, io->count);
		io->next++;
	}
}

enum io_op { IO_PUT, IO_GET, IO_ZERO };

/* Bytes not moved between the current segment and kernel memory. */
static size_t io_move(struct io *io, void *mem, size_t len, enum io_op op)
{
	if (io->is_kernel) {
		if (op == IO_GET)
			memcpy(mem, (void *)io->addr, len);
		else if (op == IO_PUT)
			memcpy((void *)io->addr, mem, len);
		else
			memset((void *)io->addr, 0, len);
		return 0;
	}
	if (op == IO_GET)
		return raw_copy_from_user(mem, io->addr, len);
	if (op == IO_PUT)
		return raw_copy_to_user(io->addr, mem, len);
	return raw_clear_user(io->addr, len);
}

static size_t io_run(struct io *io, char *mem, size_t len, enum io_op op)
{
	size_t done = 0, left = 0;

	while (done < len && io->count && !left) {
		size_t n;

		io_next(io);
		n = min(io->len, len - done);
		left = io_move(io, mem ? mem + done : NULL, n, op);
		io_advance(io, n - left);
		done += n - left;
	}
	return done;
}

size_t io_put_slow(struct io *io, const void *from, size_t len)
{
	return io_run(io, (void *)from, len, IO_PUT);
}

size_t io_get_slow(struct io *io, void *to, size_t len)
{
	return io_run(io, to, len, IO_GET);
}

size_t io_zero(struct io *io, size_t len)
{
	return io_run(io, NULL, len, IO_ZERO);
}

long io_import_iovec(vaddr_t iov, uint64_t nr, struct iovec **vec)
{
	size_t total = 0;
	struct iovec *v;

	if (nr > IOV_MAX)
		return -EINVAL;
	v = kmalloc(nr * sizeof(*v) + 1, GFP_USER);
	if (!v)
		return -ENOMEM;
	if (copy_from_user(v, iov, nr * sizeof(*v))) {
		kfree(v);
		return -EFAULT;
	}
	for (uint64_t i = 0; i < nr; i++) {
		if ((int64_t)v[i].iov_len < 0) {
			kfree(v);
			return -EINVAL;
		}
		/* What goes beyond the limit is left for the next call. */
		v[i].iov_len = min(v[i].iov_len, MAX_RW - total);
		total += v[i].iov_len;
	}
	*vec = v;
	return (long)total;
}

/*
 * As Linux, refuse a kernel address even where nothing would be copied, and
 * cut what is longer than one call may move. (A vector was cut before.)
 */
static inline bool io_is_good(struct io *io)
{
	if (io->is_kernel || io->next)
		return true;
	if (io->len > MM_USER_END || io->addr > MM_USER_END - io->len)
		return false;
	if (unlikely(io->len > MAX_RW))
		io->len = io->count = MAX_RW;
	return true;
}

long vfs_read(struct open_file *file, struct io *io, uint64_t *pos)
{
	if (!(file->file.f_mode & FMODE_READ))
		return -EBADF;
	if (!file->ops->read)
		return -EINVAL;
	if (!io_is_good(io))
		return -EFAULT;
	return file->ops->read(file, io, pos);
}

long vfs_write(struct open_file *file, struct io *io, uint64_t *pos)
{
	if (!(file->file.f_mode & FMODE_WRITE))
		return -EBADF;
	if (!file->ops->write)
		return -EINVAL;
	if (!io_is_good(io))
		return -EFAULT;
	return file->ops->write(file, io, pos);
}

/* The reference to the page is all that a reader holds. */
long mapping_read(struct address_space *mapping, struct io *io, uint64_t *pos)
{
	uint64_t start = *pos, at = start;

	while (io->count) {
		uint64_t size = load_relaxed(&mapping->i_size);
		size_t off = at % PAGE_SIZE, n, done;
		struct page *page;

		if (at >= size)
			break;
		n = min(PAGE_SIZE - off, io->count);
		n = min(n, size - at);
		page = filemap_find(mapping, at >> PAGE_SHIFT);
		if (likely(page)) {
			done = io_put(io, (char *)page_address(page) + off, n);
			page_put(page);
		} else {
			done = io_zero(io, n);
		}
		at += done;
		if (done == n)
			continue;
		if (at == start)
			return -EFAULT;
		break;
	}
	*pos = at;
	return (long)(at - start);
}

long mapping_file_read(struct open_file *file, struct io *io, uint64_t *pos)
{
	return mapping_read(file->inode->mapping, io, pos);
}

long kernel_read(struct open_file *file, uint64_t pos, void *buf, size_t len)
{
	struct io io;

	io_init_kernel(&io, buf, len);
	return vfs_read(file, &io, &pos);
}
