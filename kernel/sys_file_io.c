/* SPDX-License-Identifier: MIT */
/*
 * System calls that move bytes: read, write and their relatives.
 *
 * A call that uses the file's own position holds pos_lock meanwhile, so that
 * two threads that read one file get different parts of it. Streams have no
 * position and no such lock: a reader that sleeps in a pipe must not keep a
 * writer of the same descriptor out.
 */
#include "abi/errno.h"
#include "kernel/fs/files.h"
#include "kernel/fs/special.h"
#include "kernel/riscv/uaccess.h"
#include "kernel/syscall.h"
#include "mm/slab.h"

typedef long (*move_fn)(struct open_file *file, struct io *io, uint64_t *pos);

/* At the file's position. */
static long move(struct open_file *file, struct io *io, move_fn fn)
{
	uint64_t nowhere = 0;
	long result;

	if (file->file.f_mode & FMODE_STREAM)
		return fn(file, io, &nowhere);
	mutex_lock(&file->pos_lock);
	result = fn(file, io, &file->pos);
	mutex_unlock(&file->pos_lock);
	return result;
}

/* At a position that the program gives. */
static long move_at(struct open_file *file, struct io *io, uint64_t pos,
		    move_fn fn)
{
	if (file->file.f_mode & FMODE_STREAM)
		return -ESPIPE;
	if ((int64_t)pos < 0)
		return -EINVAL;
	return fn(file, io, &pos);
}

/*
 * One buffer; pos NULL: at the file's position. Inline: saves ten instructions
 * of each call.
 */
static __always_inline long move_buffer(uint64_t fd, vaddr_t buf, size_t len,
					const uint64_t *pos, move_fn fn)
{
	struct open_file *file = fd_get((int)fd);
	struct io io;
	long result;

	if (!file)
		return -EBADF;
	io_init_user(&io, buf, len);
	result = pos ? move_at(file, &io, *pos, fn) : move(file, &io, fn);
	open_file_put(file);
	return result;
}

long sys_read(uint64_t fd, uint64_t buf, uint64_t len)
{
	return move_buffer(fd, buf, len, NULL, vfs_read);
}

long sys_write(uint64_t fd, uint64_t buf, uint64_t len)
{
	return move_buffer(fd, buf, len, NULL, vfs_write);
}

long sys_pread64(uint64_t fd, uint64_t buf, uint64_t len, uint64_t pos)
{
	return move_buffer(fd, buf, len, &pos, vfs_read);
}

long sys_pwrite64(uint64_t fd, uint64_t buf, uint64_t len, uint64_t pos)
{
	return move_buffer(fd, buf, len, &pos, vfs_write);
}

/* A vector of them. */
static long move_vector(uint64_t fd, vaddr_t iov, uint64_t nr,
			const uint64_t *pos, move_fn fn)
{
	struct open_file *file = fd_get((int)fd);
	struct iovec *vec;
	struct io io;
	long result;

	if (!file)
		return -EBADF;
	result = io_import_iovec(iov, nr, &vec);
	if (result >= 0) {
		io_init_iovec(&io, vec, (size_t)result);
		result =
		    pos ? move_at(file, &io, *pos, fn) : move(file, &io, fn);
		kfree(vec);
	}
	open_file_put(file);
	return result;
}

long sys_readv(uint64_t fd, uint64_t iov, uint64_t nr)
{
	return move_vector(fd, iov, nr, NULL, vfs_read);
}

long sys_writev(uint64_t fd, uint64_t iov, uint64_t nr)
{
	return move_vector(fd, iov, nr, NULL, vfs_write);
}

long sys_preadv(uint64_t fd, uint64_t iov, uint64_t nr, uint64_t pos)
{
	return move_vector(fd, iov, nr, &pos, vfs_read);
}

long sys_pwritev(uint64_t fd, uint64_t iov, uint64_t nr, uint64_t pos)
{
	return move_vector(fd, iov, nr, &pos, vfs_write);
}

long sys_lseek(uint64_t fd, uint64_t off, uint64_t whence)
{
	struct open_file *file = fd_get((int)fd);
	long result = -ESPIPE;

	if (!file)
		return -EBADF;
	if (!(file->file.f_mode & FMODE_STREAM) && file->ops->lseek) {
		mutex_lock(&file->pos_lock);
		result = file->ops->lseek(file, (int64_t)off, (int)whence);
		mutex_unlock(&file->pos_lock);
	}
	open_file_put(file);
	return result;
}

/*
 * Copy through one page of the kernel's, to *out_pos or to the output's
 * position (NULL). Positions move by what has been written, so nothing is lost
 * when the output takes less than was read.
 */
static long send_pages(struct open_file *out, uint64_t *out_pos,
		       struct open_file *in, uint64_t *pos, size_t count)
{
	void *buf = page_alloc_virt(GFP_USER);
	long total = 0, n = 0;

	if (!buf)
		return -ENOMEM;
	while (count && !machine_fatal_signal()) {
		struct io io;

		n = kernel_read(in, *pos, buf, min(count, PAGE_SIZE));
		if (n <= 0)
			break;
		io_init_kernel(&io, buf, (size_t)n);
		n = out_pos ? vfs_write(out, &io, out_pos)
			    : move(out, &io, vfs_write);
		if (n <= 0)
			break;
		*pos += (uint64_t)n;
		total += n;
		count -= (size_t)n;
	}
	page_free_virt(buf);
	return total ? total : n;
}

static long send_file(struct open_file *out, struct open_file *in,
		      vaddr_t offset, size_t count)
{
	uint64_t pos;
	long result;

	if (!in->file.f_mapping)
		return -EINVAL;
	if (!offset) {
		mutex_lock(&in->pos_lock);
		pos = in->pos;
		mutex_unlock(&in->pos_lock);
	} else if (get_user_u64(&pos, offset)) {
		return -EFAULT;
	}
	if ((int64_t)pos < 0)
		return -EINVAL;
	result = send_pages(out, NULL, in, &pos, min(count, MAX_RW));
	if (offset)
		return put_user_u64(offset, pos) ? -EFAULT : result;
	mutex_lock(&in->pos_lock);
	in->pos = pos;
	mutex_unlock(&in->pos_lock);
	return result;
}

long sys_sendfile(uint64_t out_fd, uint64_t in_fd, uint64_t offset,
		  uint64_t count)
{
	struct open_file *in = fd_get((int)in_fd);
	struct open_file *out = fd_get((int)out_fd);
	long result = -EBADF;

	if (in && out)
		result = send_file(out, in, offset, count);
	if (in)
		open_file_put(in);
	if (out)
		open_file_put(out);
	return result;
}

/* May bytes be copied between these two files? */
static long check_copy(const struct open_file *in, const struct open_file *out)
{
	if (S_ISDIR(in->inode->mode) || S_ISDIR(out->inode->mode))
		return -EISDIR;
	if (!S_ISREG(in->inode->mode) || !S_ISREG(out->inode->mode))
		return -EINVAL;
	if (!(in->file.f_mode & FMODE_READ) ||
	    !(out->file.f_mode & FMODE_WRITE) ||
	    load_relaxed(&out->flags) & O_APPEND)
		return -EBADF;
	if (in->inode->fs != out->inode->fs)
		return -EXDEV;
	return in->file.f_mapping && out->file.f_mapping ? 0 : -EINVAL;
}

static long copy_range(struct open_file *in, uint64_t *from,
		       struct open_file *out, uint64_t *to, size_t count)
{
	uint64_t size = load_relaxed(&in->file.f_mapping->i_size);

	if (*from + count < *from || *to + count < *to)
		return -EOVERFLOW;
	if ((int64_t)*from < 0 || (int64_t)*to < 0)
		return -EINVAL;
	count = *from < size ? min(count, size - *from) : 0;
	count = min(count, MAX_RW);
	if (in->inode == out->inode && *to + count > *from &&
	    *to < *from + count)
		return -EINVAL;
	return count ? send_pages(out, to, in, from, count) : 0;
}

/* A position: the program's word, or the file's own if addr is 0. */
static long get_pos(struct open_file *file, vaddr_t addr, uint64_t *pos)
{
	if (addr)
		return get_user_u64(pos, addr);
	mutex_lock(&file->pos_lock);
	*pos = file->pos;
	mutex_unlock(&file->pos_lock);
	return 0;
}

static long put_pos(struct open_file *file, vaddr_t addr, uint64_t pos)
{
	if (addr)
		return put_user_u64(addr, pos);
	mutex_lock(&file->pos_lock);
	file->pos = pos;
	mutex_unlock(&file->pos_lock);
	return 0;
}

static long copy_between(struct open_file *in, vaddr_t in_off,
			 struct open_file *out, vaddr_t out_off, size_t count)
{
	uint64_t from, to;
	long result;

	if (get_pos(in, in_off, &from) || get_pos(out, out_off, &to))
		return -EFAULT;
	result = check_copy(in, out);
	if (!result)
		result = copy_range(in, &from, out, &to, count);
	if (result > 0 &&
	    (put_pos(in, in_off, from) || put_pos(out, out_off, to)))
		return -EFAULT;
	return result;
}

long sys_copy_file_range(uint64_t in_fd, uint64_t in_off, uint64_t out_fd,
			 uint64_t out_off, uint64_t count, uint64_t flags)
{
	struct open_file *in = fd_get((int)in_fd);
	struct open_file *out = fd_get((int)out_fd);
	long result = -EBADF;

	if (in && out)
		result = (uint32_t)flags
			     ? -EINVAL
			     : copy_between(in, in_off, out, out_off, count);
	if (in)
		open_file_put(in);
	if (out)
		open_file_put(out);
	return result;
}

/* Pages are copied, gifts as well: a pipe here holds bytes, not pages. */
long sys_vmsplice(uint64_t fd, uint64_t iov, uint64_t nr, uint64_t flags)
{
	struct open_file *file;
	struct iovec *vec;
	struct io io;
	long result;

	if ((uint32_t)flags & ~SPLICE_F_ALL)
		return -EINVAL;
	file = fd_get((int)fd);
	if (!file)
		return -EBADF;
	result = io_import_iovec(iov, nr, &vec);
	if (result >= 0) {
		io_init_iovec(&io, vec, (size_t)result);
		result = pipe_vmsplice(
		    file, &io, flags & SPLICE_F_NONBLOCK ? O_NONBLOCK : 0);
		kfree(vec);
	}
	open_file_put(file);
	return result;
}
