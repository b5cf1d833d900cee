/* SPDX-License-Identifier: MIT */
/*
 * eventfd2(2): a counter that can be waited for.
 */
#include "kernel/fs/special.h"

#include "abi/errno.h"
#include "kernel/sleep.h"
#include "mm/slab.h"

#define EFD_SEMAPHORE 1u
#define COUNT_MAX     (UINT64_MAX - 1)

struct eventfd {
	struct spinlock lock;
	bool is_semaphore; /* a read takes 1, not all */
	uint64_t count;	   /* lock */
	struct wait_queue wait;
};

/* Take from the counter; whether there was anything. */
static bool take(struct eventfd *ev, uint64_t *value)
{
	bool found;

	spin_lock(&ev->lock);
	found = ev->count;
	*value = ev->is_semaphore && found ? 1 : ev->count;
	store_relaxed(&ev->count, ev->count - *value);
	spin_unlock(&ev->lock);
	return found;
}

/* Add to the counter; whether there was room. */
static bool add(struct eventfd *ev, uint64_t value)
{
	bool fits;

	spin_lock(&ev->lock);
	fits = value <= COUNT_MAX - ev->count;
	if (fits)
		store_relaxed(&ev->count, ev->count + value);
	spin_unlock(&ev->lock);
	return fits;
}

static long eventfd_read(struct open_file *file, struct io *io, uint64_t *pos)
{
	struct eventfd *ev = file->inode->private;
	uint64_t value;
	int err = 0;

	(void)pos;
	if (io->count < sizeof(value))
		return -EINVAL;
	while (!take(ev, &value) && !err) {
		if (load_relaxed(&file->flags) & O_NONBLOCK)
			return -EAGAIN;
		err = wait_event_interruptible(&ev->wait,
					       load_relaxed(&ev->count));
	}
	if (err)
		return err;
	wake_all(&ev->wait);
	return io_put(io, &value, sizeof(value)) == sizeof(value) ? 8 : -EFAULT;
}

static long eventfd_write(struct open_file *file, struct io *io, uint64_t *pos)
{
	struct eventfd *ev = file->inode->private;
	uint64_t value;
	int err = 0;

	(void)pos;
	if (io->count < sizeof(value))
		return -EINVAL;
	if (io_get(io, &value, sizeof(value)) != sizeof(value))
		return -EFAULT;
	if (value > COUNT_MAX)
		return -EINVAL;
	while (!add(ev, value) && !err) {
		if (load_relaxed(&file->flags) & O_NONBLOCK)
			return -EAGAIN;
		err = wait_event_interruptible(
		    &ev->wait, value <= COUNT_MAX - load_relaxed(&ev->count));
	}
	if (err)
		return err;
	wake_all(&ev->wait);
	return sizeof(value);
}

static unsigned eventfd_poll(struct open_file *file, struct poll_table *table)
{
	struct eventfd *ev = file->inode->private;
	uint64_t count;

	poll_wait(table, &ev->wait);
	count = load_relaxed(&ev->count);
	return (count ? POLLIN | POLLRDNORM : 0u) |
	       (count < COUNT_MAX ? POLLOUT | POLLWRNORM : 0u);
}

static const struct file_ops eventfd_ops = {
    .read = eventfd_read,
    .write = eventfd_write,
    .poll = eventfd_poll,
};

static void eventfd_destroy(struct inode *inode)
{
	kfree(inode->private);
}

static const struct inode_ops eventfd_inode_ops = {
    .destroy = eventfd_destroy,
};

int eventfd_open(unsigned value, unsigned flags, struct open_file **out)
{
	struct eventfd *ev = kzalloc(sizeof(*ev), GFP_USER);
	struct inode *inode = inode_alloc(&fs_types[FS_ANON], S_IFCHR | 0600);
	int err;

	if (!ev || !inode) {
		kfree(ev);
		if (inode)
			inode_put(inode);
		return -ENOMEM;
	}
	ev->count = value;
	ev->is_semaphore = flags & EFD_SEMAPHORE;
	wait_queue_init(&ev->wait);
	inode->private = ev;
	inode->ops = &eventfd_inode_ops;
	inode->fops = &eventfd_ops;
	err = open_anon(inode, "anon_inode:[eventfd]",
			O_RDWR | (flags & O_NONBLOCK), out);
	if (!err)
		(*out)->file.f_mode |= FMODE_STREAM;
	return err;
}
