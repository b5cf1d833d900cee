/* SPDX-License-Identifier: MIT */
/*
 * What a process knows of files: its descriptors (struct files) and its place
 * in the tree (struct fs_context). Both are shared by clone (CLONE_FILES,
 * CLONE_FS) or copied.
 *
 * Functions named fd_* and those that resolve paths work on the running
 * thread's files and fs. The table has its own spinlock; a descriptor in use
 * is kept by a reference to its open file, so close beside read is harmless.
 */
#pragma once

#include "lib/spinlock.h"
#include "lib/types.h"

struct dentry;
struct open_file;

#define NR_OPEN_MAX 65536 /* no RLIMIT_NOFILE goes beyond */

struct files {
	uint64_t refs; /* a */
	struct spinlock lock;
	uint32_t size;		 /* lock; slots */
	uint32_t next;		 /* lock; no free slot below */
	uint32_t end;		 /* lock; no slot was ever used from here on */
	struct open_file **slot; /* lock; NULL: free */
	uint64_t *cloexec;	 /* lock; one bit a slot */
};

struct fs_context {
	uint64_t refs; /* a */
	struct spinlock lock;
	struct dentry *root, *cwd; /* lock; references */
	uint32_t umask;		   /* a */
};

/* An empty table; NULL: no memory. */
struct files *files_alloc(void);
struct files *files_get(struct files *files);
struct files *files_dup(struct files *files); /* NULL: no memory */
void files_put(struct files *files);	      /* last: closes all; sleeps */

/* execve: a table of the running thread's own (0, -ENOMEM), and then: */
int files_unshare(void);
void files_close_on_exec(struct files *files);

/* Open /dev/console as 0, 1 and 2 of an empty table. 0 or -Exxx. */
int files_open_console(struct files *files);

/* A context at the root of the tree; for the first process. */
struct fs_context *fs_context_alloc(void);
struct fs_context *fs_context_get(struct fs_context *fs);
struct fs_context *fs_context_dup(struct fs_context *fs);
void fs_context_put(struct fs_context *fs);

/* The open file of a descriptor with a reference, or NULL. Not O_PATH ones. */
struct open_file *fd_get(int fd);
struct open_file *fd_get_any(int fd); /* O_PATH ones too */

/*
 * Put a file into the lowest free slot at or above `from`; takes over the
 * caller's reference, also when it fails. The descriptor, -EMFILE or -ENOMEM.
 */
int fd_install(struct open_file *file, int from, bool cloexec);

/* dup3(2): put a file into slot fd, closing what is there. As fd_install. */
int fd_replace(struct open_file *file, int fd, bool cloexec);
int fd_close(int fd); /* 0 or -EBADF */

/* close_range(2) without its flags: close, or mark close-on-exec. */
void fd_close_range(unsigned first, unsigned last, bool only_mark);

/* The close-on-exec flag: read it (0, 1, -EBADF) or set it. */
int fd_get_cloexec(int fd);
int files_get_cloexec(struct files *files, int fd);
int fd_set_cloexec(int fd, bool cloexec);

/* The file of slot fd of any table, with a reference; for /proc/PID/fd. */
struct open_file *files_lookup(struct files *files, unsigned fd);
/* The first used slot at or above fd; -1: none. */
int files_next(struct files *files, unsigned fd);

/* The running thread's. */
struct files *current_files(void);
struct fs_context *current_fs(void);
