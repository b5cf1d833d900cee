/* SPDX-License-Identifier: MIT */
/*
 * Pipes and FIFOs: a ring of bytes in pages that are allocated when they are
 * first written and given back when the pipe runs empty, except the first one.
 *
 * pipe->lock is held over the copy from or to user memory. Conditions for
 * sleeping are read without it, as wait queues allow. A writer sleeps only
 * while less than PIPE_BUF is free, and a reader only while the pipe is empty:
 * so a transfer that starts elsewhere wakes nobody.
 */
#include "kernel/fs/special.h"

#include <stdio.h>

#include "abi/errno.h"
#include "abi/ioctl.h"
#include "abi/limits.h"
#include "kernel/riscv/uaccess.h"
#include "kernel/signal.h"
#include "kernel/sleep.h"
#include "lib/bitops.h"
#include "mm/slab.h"

#define RING_PAGES (PIPE_SIZE >> PAGE_SHIFT)

struct pipe {
	struct mutex lock;
	struct wait_queue readers, writers;
	/* All under lock; those that waits look at are stored atomically. */
	uint32_t head, tail; /* bytes written and read, ever */
	uint32_t capacity;   /* at most PIPE_SIZE */
	uint32_t nr_readers, nr_writers;
	uint32_t readers_ever, writers_ever; /* for open of a FIFO */
	void *page[RING_PAGES];
};

static uint32_t pipe_used(const struct pipe *pipe)
{
	return load_relaxed(&pipe->head) - load_relaxed(&pipe->tail);
}

static uint32_t pipe_space(const struct pipe *pipe)
{
	uint32_t used = pipe_used(pipe);

	return used < pipe->capacity ? pipe->capacity - used : 0;
}

static bool can_read(const struct pipe *pipe)
{
	return pipe_used(pipe) || !load_relaxed(&pipe->nr_writers);
}

static bool can_write(const struct pipe *pipe, uint32_t need)
{
	return pipe_space(pipe) >= need || !load_relaxed(&pipe->nr_readers);
}

/* Nothing is in the pipe: start over at its first page. */
static void pipe_reset(struct pipe *pipe, unsigned keep)
{
	if (!keep || pipe->head > keep << PAGE_SHIFT) {
		for (unsigned i = keep; i < RING_PAGES; i++) {
			if (pipe->page[i])
				page_free_virt(pipe->page[i]);
			pipe->page[i] = NULL;
		}
	}
	store_relaxed(&pipe->head, 0);
	store_relaxed(&pipe->tail, 0);
}

/* Bytes moved to the reader, or -EFAULT. pipe->lock held. */
static long pipe_take(struct pipe *pipe, struct io *io)
{
	long total = 0;
	uint32_t used;

	while ((used = pipe_used(pipe)) && io->count) {
		uint32_t at = pipe->tail % PIPE_SIZE, off = at % PAGE_SIZE;
		size_t n = min((size_t)(PAGE_SIZE - off), io->count), done;

		n = min(n, (size_t)used);
		done =
		    io_put(io, (char *)pipe->page[at >> PAGE_SHIFT] + off, n);
		store_relaxed(&pipe->tail, pipe->tail + (uint32_t)done);
		total += (long)done;
		if (done < n)
			return total ? total : -EFAULT;
	}
	if (!used)
		pipe_reset(pipe, 1);
	return total;
}

/* Bytes moved from the writer, at most `space`, or -Exxx. pipe->lock held. */
static long pipe_add(struct pipe *pipe, struct io *io, uint32_t space)
{
	long total = 0;

	while (space && io->count) {
		uint32_t at = pipe->head % PIPE_SIZE, off = at % PAGE_SIZE;
		size_t n = min((size_t)(PAGE_SIZE - off), io->count), done;
		void **page = &pipe->page[at >> PAGE_SHIFT];

		if (!*page)
			*page = page_alloc_virt(GFP_USER);
		if (!*page)
			return total ? total : -ENOMEM;
		n = min(n, (size_t)space);
		done = io_get(io, (char *)*page + off, n);
		store_relaxed(&pipe->head, pipe->head + (uint32_t)done);
		space -= (uint32_t)done;
		total += (long)done;
		if (done < n)
			return total ? total : -EFAULT;
	}
	return total;
}

/* `flags`: O_NONBLOCK, if the file's own flags do not have it. */
static inline long read_pipe(struct open_file *file, struct io *io,
			     unsigned flags)
{
	struct pipe *pipe = file->inode->private;
	bool was_tight = false;
	long done = 0;

	if (!io->count)
		return 0;
	mutex_lock(&pipe->lock);
	while (!can_read(pipe)) {
		mutex_unlock(&pipe->lock);
		if ((flags | load_relaxed(&file->flags)) & O_NONBLOCK)
			return -EAGAIN;
		done = wait_event_interruptible(&pipe->readers, can_read(pipe));
		if (done)
			return done;
		mutex_lock(&pipe->lock);
	}
	if (pipe_used(pipe)) {
		was_tight = pipe_space(pipe) < PIPE_BUF;
		done = pipe_take(pipe, io);
	}
	mutex_unlock(&pipe->lock);
	if (was_tight)
		wake_all(&pipe->writers);
	return done;
}

static long pipe_read(struct open_file *file, struct io *io, uint64_t *pos)
{
	(void)pos;
	return read_pipe(file, io, 0);
}

/*
 * Write what fits now. Bytes or -Exxx; 0: nothing fits, wait until there is
 * room for *need.
 */
static long write_some(struct pipe *pipe, struct io *io, uint32_t need)
{
	uint32_t space;
	bool was_empty;
	long done;

	mutex_lock(&pipe->lock);
	space = pipe_space(pipe);
	was_empty = !pipe_used(pipe);
	if (!pipe->nr_readers)
		done = -EPIPE;
	else if (space < need)
		done = 0;
	else
		done = pipe_add(pipe, io, space);
	mutex_unlock(&pipe->lock);
	if (was_empty && done > 0)
		wake_all(&pipe->readers);
	return done;
}

static long pipe_write(struct open_file *file, struct io *io, uint64_t *pos)
{
	struct pipe *pipe = file->inode->private;
	uint32_t need = io->count <= PIPE_BUF ? (uint32_t)io->count : 1;
	long total = 0, done = 0;

	(void)pos;
	while (io->count) {
		done = write_some(pipe, io, need);
		if (done < 0)
			break;
		total += done;
		if (done)
			continue;
		if (load_relaxed(&file->flags) & O_NONBLOCK) {
			done = -EAGAIN;
			break;
		}
		done = wait_event_interruptible(&pipe->writers,
						can_write(pipe, need));
		if (done)
			break;
	}
	if (done == -EPIPE)
		signal_process(current_process(), SIGPIPE);
	return total ? total : min(done, 0L);
}

/* As much as there is room for, once there is any. */
static __cold long write_once(struct open_file *file, struct io *io,
			      unsigned flags)
{
	struct pipe *pipe = file->inode->private;
	long done;

	while (!(done = write_some(pipe, io, 1))) {
		if ((flags | load_relaxed(&file->flags)) & O_NONBLOCK)
			return -EAGAIN;
		done = wait_event_interruptible(&pipe->writers,
						can_write(pipe, 1));
		if (done)
			return done;
	}
	if (done == -EPIPE)
		signal_process(current_process(), SIGPIPE);
	return done;
}

static unsigned pipe_poll(struct open_file *file, struct poll_table *table)
{
	struct pipe *pipe = file->inode->private;
	unsigned events = 0;

	if (file->file.f_mode & FMODE_READ) {
		poll_wait(table, &pipe->readers);
		if (pipe_used(pipe))
			events |= POLLIN | POLLRDNORM;
		if (!load_relaxed(&pipe->nr_writers) &&
		    load_relaxed(&pipe->writers_ever))
			events |= POLLHUP;
	}
	if (file->file.f_mode & FMODE_WRITE) {
		poll_wait(table, &pipe->writers);
		if (pipe_space(pipe) >= PIPE_BUF)
			events |= POLLOUT | POLLWRNORM;
		if (!load_relaxed(&pipe->nr_readers))
			events |= POLLERR;
	}
	return events;
}

static __cold long pipe_ioctl(struct open_file *file, unsigned cmd, vaddr_t arg)
{
	struct pipe *pipe = file->inode->private;

	if (cmd != FIONREAD)
		return -ENOTTY;
	return put_user_u32(arg, pipe_used(pipe));
}

/* One end more (n = 1) or less (-1) for each of its directions. */
static __cold void pipe_count(struct open_file *file, int n)
{
	struct pipe *pipe = file->inode->private;

	mutex_lock(&pipe->lock);
	if (file->file.f_mode & FMODE_READ) {
		store_relaxed(&pipe->nr_readers,
			      pipe->nr_readers + (uint32_t)n);
		store_relaxed(&pipe->readers_ever,
			      pipe->readers_ever + (n > 0));
	}
	if (file->file.f_mode & FMODE_WRITE) {
		store_relaxed(&pipe->nr_writers,
			      pipe->nr_writers + (uint32_t)n);
		store_relaxed(&pipe->writers_ever,
			      pipe->writers_ever + (n > 0));
	}
	if (!pipe->nr_readers && !pipe->nr_writers)
		pipe_reset(pipe, 0);
	mutex_unlock(&pipe->lock);
	wake_all(&pipe->readers);
	wake_all(&pipe->writers);
}

static void pipe_release(struct open_file *file)
{
	pipe_count(file, -1);
}

/* A FIFO's open waits for the other side. */
static int pipe_open_end(struct open_file *file)
{
	struct pipe *pipe = file->inode->private;
	uint32_t ever, *other;
	struct wait_queue *wq;
	int err = 0;

	file->file.f_mode |= FMODE_STREAM;
	pipe_count(file, 1);
	if (file->inode->fs == &fs_types[FS_ANON])
		return 0;
	switch (file->flags & (O_ACCMODE | O_NONBLOCK)) {
	case O_WRONLY | O_NONBLOCK:
		if (load_relaxed(&pipe->nr_readers))
			return 0;
		pipe_count(file, -1);
		return -ENXIO;
	case O_RDONLY:
		other = &pipe->writers_ever;
		wq = &pipe->readers;
		if (load_relaxed(&pipe->nr_writers))
			return 0;
		break;
	case O_WRONLY:
		other = &pipe->readers_ever;
		wq = &pipe->writers;
		if (load_relaxed(&pipe->nr_readers))
			return 0;
		break;
	default:
		return 0;
	}
	ever = load_relaxed(other);
	err = wait_event_interruptible(wq, load_relaxed(other) != ever);
	if (err)
		pipe_count(file, -1);
	return err;
}

static const struct file_ops pipe_file_ops = {
    .open = pipe_open_end,
    .release = pipe_release,
    .read = pipe_read,
    .write = pipe_write,
    .ioctl = pipe_ioctl,
    .poll = pipe_poll,
};

static void pipe_destroy(struct inode *inode)
{
	pipe_reset(inode->private, 0);
	kfree(inode->private);
}

static const struct inode_ops pipe_inode_ops = {
    .destroy = pipe_destroy,
};

__cold int fifo_init(struct inode *inode)
{
	struct pipe *pipe = kzalloc(sizeof(*pipe), GFP_USER);

	if (!pipe)
		return -ENOMEM;
	mutex_init(&pipe->lock);
	wait_queue_init(&pipe->readers);
	wait_queue_init(&pipe->writers);
	pipe->capacity = PIPE_SIZE;
	inode->private = pipe;
	inode->fops = &pipe_file_ops;
	inode->ops = &pipe_inode_ops;
	return 0;
}

int pipe_open(struct open_file **reader, struct open_file **writer,
	      unsigned flags)
{
	struct inode *inode;
	char name[32];
	int err;

	inode = inode_alloc(&fs_types[FS_ANON], S_IFIFO | 0600);
	if (!inode)
		return -ENOMEM;
	if (fifo_init(inode)) {
		inode_put(inode);
		return -ENOMEM;
	}
	snprintf(name, sizeof(name), "pipe:[%lu]", (unsigned long)inode->ino);
	err = open_anon(inode, name, flags | O_RDONLY, reader);
	if (err)
		return err;
	err = open_dentry((*reader)->dentry, flags | O_WRONLY, writer);
	if (err)
		open_file_put(*reader);
	return err;
}

__cold long pipe_vmsplice(struct open_file *file, struct io *io, unsigned flags)
{
	if (file->ops != &pipe_file_ops)
		return -EBADF;
	if (!io->count)
		return 0;
	return file->file.f_mode & FMODE_WRITE ? write_once(file, io, flags)
					       : read_pipe(file, io, flags);
}

__cold long pipe_fcntl(struct open_file *file, unsigned cmd, uint64_t arg)
{
	struct pipe *pipe = file->inode->private;
	long result;

	if (file->ops != &pipe_file_ops)
		return -EBADF;
	if (cmd == F_GETPIPE_SZ)
		return pipe->capacity;
	if (arg > PIPE_SIZE)
		return arg > INT32_MAX ? -EINVAL : -EPERM;
	mutex_lock(&pipe->lock);
	arg = 1UL << ilog2_ceil(max(arg, PAGE_SIZE));
	result = arg < pipe_used(pipe) ? -EBUSY : (long)arg;
	if (result > 0)
		pipe->capacity = (uint32_t)arg;
	mutex_unlock(&pipe->lock);
	wake_all(&pipe->writers);
	return result;
}
