/* SPDX-License-Identifier: MIT */
/*
 * Files that are more than bytes: what the folder's parts ask of each other.
 */
#pragma once

#include "kernel/fs/vfs.h"

void open_file_init(void); /* open.c */
void dev_init(void);	   /* dev.c: /dev */
void proc_init(void);	   /* proc.c: /proc */
void sysfs_init(void);	   /* sysfs.c: /sys */

/* Boot: a file or directory of the kernel's; panics when out of memory. */
struct inode *kernel_file(const char *path, unsigned fs, uint32_t mode,
			  const struct file_ops *fops, const void *private);
void kernel_link(const char *path, unsigned fs, const char *target);

/* Device numbers as st_rdev shows them: major and minor. */
#define RDEV(major, minor) ((uint64_t)(major) << 8 | (minor))

/* Operations of a character device; the one that gives -ENXIO if unknown. */
const struct file_ops *dev_find(uint64_t rdev);
extern const struct file_ops tty_file_ops; /* tty.c */

/* pipe.c. fifo_init: 0 or -ENOMEM; the inode then owns a pipe. */
int fifo_init(struct inode *inode);
int pipe_open(struct open_file **reader, struct open_file **writer,
	      unsigned flags);
long pipe_fcntl(struct open_file *file, unsigned cmd, uint64_t arg);
/* vmsplice(2), which copies; flags: O_NONBLOCK. */
long pipe_vmsplice(struct open_file *file, struct io *io, unsigned flags);

/* eventfd.c */
int eventfd_open(unsigned value, unsigned flags, struct open_file **out);

/* dir.c: getdents64(2). */
long dir_getdents(struct open_file *file, vaddr_t buf, size_t len);

/* ramfs.c: memfd_create(2), and F_ADD_SEALS. */
int memfd_open(const char *name, bool can_seal, struct open_file **out);
int memfd_add_seals(struct inode *inode, unsigned seals);
