/* SPDX-License-Identifier: MIT */
/*
 * /dev: the devices that are no devices, and names for the terminal.
 */
#include "abi/errno.h"
#include "kernel/fs/special.h"
#include "kernel/random.h"

static int stream_open(struct open_file *file)
{
	file->file.f_mode |= FMODE_STREAM;
	return 0;
}

static long null_read(struct open_file *file, struct io *io, uint64_t *pos)
{
	(void)file;
	(void)io;
	(void)pos;
	return 0;
}

static long null_write(struct open_file *file, struct io *io, uint64_t *pos)
{
	(void)file;
	(void)pos;
	return (long)io->count;
}

static long zero_read(struct open_file *file, struct io *io, uint64_t *pos)
{
	size_t count = io->count, done = 0;

	(void)file;
	(void)pos;
	while (done < count && !machine_fatal_signal()) {
		size_t n = min(count - done, PAGE_SIZE), part = io_zero(io, n);

		done += part;
		if (part < n)
			return done ? (long)done : -EFAULT;
	}
	return (long)done;
}

static long full_write(struct open_file *file, struct io *io, uint64_t *pos)
{
	(void)file;
	(void)io;
	(void)pos;
	return -ENOSPC;
}

static long random_read(struct open_file *file, struct io *io, uint64_t *pos)
{
	size_t count = io->count, done = 0;
	uint8_t buf[256];

	(void)file;
	(void)pos;
	while (done < count && !machine_fatal_signal()) {
		size_t n = min(count - done, sizeof(buf)), part;

		random_bytes(buf, n);
		part = io_put(io, buf, n);
		done += part;
		if (part < n)
			return done ? (long)done : -EFAULT;
	}
	return (long)done;
}

/* Seeking is allowed and means nothing. */
static long null_lseek(struct open_file *file, int64_t off, int whence)
{
	(void)file;
	(void)off;
	(void)whence;
	return 0;
}

static const struct file_ops null_ops = {
    .read = null_read,
    .write = null_write,
    .lseek = null_lseek,
};

static const struct file_ops zero_ops = {
    .read = zero_read,
    .write = null_write,
    .lseek = null_lseek,
};

static const struct file_ops full_ops = {
    .read = zero_read,
    .write = full_write,
    .lseek = null_lseek,
};

static const struct file_ops random_ops = {
    .open = stream_open,
    .read = random_read,
    .write = null_write,
};

bool file_is_zero(const struct open_file *file)
{
	return file->ops == &zero_ops;
}

static const struct {
	const char *path;
	uint64_t rdev; /* as on Linux, see its devices.txt */
	uint32_t mode;
	const struct file_ops *ops;
} devices[] = {
    {"/dev/null", RDEV(1, 3), 0666, &null_ops},
    {"/dev/zero", RDEV(1, 5), 0666, &zero_ops},
    {"/dev/full", RDEV(1, 7), 0666, &full_ops},
    {"/dev/random", RDEV(1, 8), 0666, &random_ops},
    {"/dev/urandom", RDEV(1, 9), 0666, &random_ops},
    {"/dev/tty", RDEV(5, 0), 0666, &tty_file_ops},
    {"/dev/console", RDEV(5, 1), 0600, &tty_file_ops},
};

const struct file_ops *dev_find(uint64_t rdev)
{
	for (unsigned i = 0; i < ARRAY_SIZE(devices); i++) {
		if (devices[i].rdev == rdev)
			return devices[i].ops;
	}
	return NULL;
}

void dev_init(void)
{
	kernel_file("/dev", FS_DEV, S_IFDIR | 0755, NULL, NULL);
	kernel_file("/dev/shm", FS_SHM, S_IFDIR | S_ISVTX | 0777, NULL, NULL);
	for (unsigned i = 0; i < ARRAY_SIZE(devices); i++)
		kernel_file(devices[i].path, FS_DEV, S_IFCHR | devices[i].mode,
			    devices[i].ops, NULL)
		    ->rdev = devices[i].rdev;
	kernel_link("/dev/fd", FS_DEV, "/proc/self/fd");
	kernel_link("/dev/stdin", FS_DEV, "/proc/self/fd/0");
	kernel_link("/dev/stdout", FS_DEV, "/proc/self/fd/1");
	kernel_link("/dev/stderr", FS_DEV, "/proc/self/fd/2");
}
