/* SPDX-License-Identifier: MIT */
/*
 * Files: inodes, names, open files, and the operations behind them.
 *
 * An inode is a file; a dentry is a name of it in a directory; an open_file is
 * what open(2) made. The tree of dentries in memory is the file system: a
 * linked name holds a reference to its dentry, so lookup never reads a disk.
 * Directories whose contents are made up on the fly (/proc/PID) supply a
 * lookup operation, and their dentries live only as long as someone uses them.
 *
 * Locks: tree_lock (a rwsem in dentry.c) guards the shape of the tree: names,
 * parents, children, link counts. inode->lock excludes writes and truncation
 * of one regular file from each other. Order: tree_lock, inode->lock,
 * mmap_lock, and on in the order of mm/file.h. User memory is never touched
 * under tree_lock.
 *
 * Nobody who opens a file is asked who they are: modes and owners are recorded
 * and shown, and only the execute bits decide anything.
 */
#pragma once

#include "abi/fcntl.h"
#include "abi/poll.h"
#include "abi/stat.h"
#include "kernel/fs/io.h"
#include "lib/list.h"
#include "lib/mutex.h"
#include "lib/waitqueue.h"
#include "mm/file.h"

struct dentry;
struct dir_sink;
struct inode;
struct open_file;
struct poll_table;

/* A kind of file system: what statfs(2) and /proc/mounts say of it. */
struct fs_type {
	const char *name;
	const char *where; /* path of its root */
	uint64_t dev;
	uint64_t magic;
	bool is_fixed; /* programs may not change its names */
};

/* All NULL for a plain directory or file. Called with tree_lock for reading. */
struct inode_ops {
	/* A name that is not in the tree; *out with a reference. 0, -Exxx. */
	int (*lookup)(struct dentry *dir, const char *name, size_t len,
		      struct dentry **out);
	/* Entries that are not in the tree, from sink->pos on. */
	void (*readdir)(struct dentry *dir, struct dir_sink *sink);
	/* Text of a link; its length (cut to len), or -Exxx. */
	long (*readlink)(struct inode *inode, char *buf, size_t len);
	/* Where a link leads that has no path; *out with a reference. */
	int (*follow)(struct inode *inode, struct dentry **out);
	/* The last reference is gone. */
	void (*destroy)(struct inode *inode);
};

/* No new way to write: F_SEAL_FUTURE_WRITE leaves mappings that exist alone. */
#define SEALS_WRITE	  (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)
#define SEALS_ALL_CHANGES (F_SEAL_SHRINK | F_SEAL_GROW | SEALS_WRITE)

#define INODE_LINKABLE 1u /* O_TMPFILE: may get a first name */

/*
 * Locks: T tree_lock, L inode->lock, a atomic, c constant.
 */
struct inode {
	uint64_t refs;		       /* a */
	uint64_t ino;		       /* c */
	const struct fs_type *fs;      /* c */
	const struct inode_ops *ops;   /* c */
	const struct file_ops *fops;   /* c */
	struct address_space *mapping; /* c; regular files, else NULL */
	uint32_t mode;		       /* a; S_IF* constant */
	uint32_t nlink;		       /* T */
	uint32_t uid, gid;	       /* a */
	uint32_t flags;		       /* c; INODE_* */
	uint32_t seals;		       /* L; F_SEAL_* of a memfd */
	/* a; files open for writing, or minus those that run as programs */
	int64_t write_count;
	uint64_t rdev;		      /* c */
	uint64_t atime, mtime, ctime; /* a; ns since the epoch */
	struct mutex lock;
	void *private; /* the type's */
};

/* Locks: as above; `name` of a dentry changes in rename only. */
struct dentry {
	uint64_t refs;		      /* a */
	struct dentry *parent;	      /* T; reference; root: itself */
	struct inode *inode;	      /* c; reference */
	struct list_head hash;	      /* T; fresh when not in the tree */
	struct list_head sibling;     /* T; by cookie */
	struct list_head children;    /* T */
	uint64_t cookie, next_cookie; /* T; offset for getdents */
	bool is_dead;		      /* T; unlinked */
	uint32_t name_len;	      /* T */
	char *name;		      /* T */
};

/*
 * All may be NULL: the call then fails with the errno Linux gives. *pos is the
 * position to use and to advance.
 */
struct file_ops {
	int (*open)(struct open_file *file);
	void (*release)(struct open_file *file);
	long (*read)(struct open_file *file, struct io *io, uint64_t *pos);
	long (*write)(struct open_file *file, struct io *io, uint64_t *pos);
	long (*lseek)(struct open_file *file, int64_t off, int whence);
	long (*ioctl)(struct open_file *file, unsigned cmd, vaddr_t arg);
	/* Events now, POLL*; registers with the table unless it is NULL. */
	unsigned (*poll)(struct open_file *file, struct poll_table *table);
};

#define FMODE_STREAM 0x100u /* no position: lseek gives -ESPIPE */
#define FMODE_PATH   0x200u /* O_PATH: a name, no contents */
#define FMODE_WRITER 0x400u /* counted in write_count */
#define FMODE_DENIER 0x800u /* the same, as a program */

struct open_file {
	struct file file;	    /* what mm/ holds on to */
	const struct file_ops *ops; /* c */
	struct dentry *dentry;	    /* c; reference */
	struct inode *inode;	    /* c; the dentry's */
	uint32_t flags;		    /* a; O_* */
	struct mutex pos_lock;
	uint64_t pos; /* pos_lock */
	void *private;
};

static inline struct open_file *open_file_get(struct open_file *file)
{
	file_get(&file->file);
	return file;
}

static inline void open_file_put(struct open_file *file)
{
	file_put(&file->file);
}

/* The open file around mm's struct file, or NULL for one that mm/ made. */
struct open_file *open_file_from(struct file *file);

/* Is a mapping of this file memory without a file (/dev/zero)? */
bool file_is_zero(const struct open_file *file); /* dev.c */

/* --- dentry.c: inodes and names ---------------------------------------- */

extern struct dentry *root_dentry;
extern const struct fs_type fs_types[];
enum { FS_ROOT, FS_PROC, FS_SYS, FS_DEV, FS_SHM, FS_ANON, NR_FS_TYPES };

/* An inode with one reference and no link; NULL: no memory. */
struct inode *inode_alloc(const struct fs_type *fs, uint32_t mode);
static inline struct inode *inode_get(struct inode *inode)
{
	fetch_add_relaxed(&inode->refs, 1);
	return inode;
}
void inode_put(struct inode *inode);
void inode_stat(struct inode *inode, struct stat *st);
void inode_touch(struct inode *inode); /* mtime and ctime become now */
/* atime, as with the mount option relatime: only if the file has changed. */
void inode_accessed(struct inode *inode);
/* inode_touch() if a shared mapping was stored to: before times are seen or
 * set. */
void inode_settle_times(struct inode *inode);
uint64_t time_now(void); /* ns since the epoch */

/*
 * A name that is in no directory; takes over the reference to inode, also
 * when it fails. parent may be NULL. NULL: no memory.
 */
struct dentry *dentry_alloc(struct dentry *parent, const char *name, size_t len,
			    struct inode *inode);
static inline struct dentry *dentry_get(struct dentry *dentry)
{
	fetch_add_relaxed(&dentry->refs, 1);
	return dentry;
}
void dentry_put(struct dentry *dentry); /* NULL is allowed */

/* With tree_lock held (for writing where something changes). */
struct dentry *dentry_find(struct dentry *dir, const char *name, size_t len);
void dentry_link(struct dentry *dentry);   /* the tree takes a reference */
void dentry_unlink(struct dentry *dentry); /* and drops it: put afterwards */
void dentry_move(struct dentry *dentry, struct dentry *dir, char *name,
		 size_t len); /* takes over name (kmalloc) */

void tree_read_lock(void);
void tree_read_unlock(void);
void tree_write_lock(void);
void tree_write_unlock(void);

/*
 * Path of a name as /proc shows it: seen from root, "(deleted)" behind it when
 * it is gone. Writes at most len bytes with NUL; its length, or -ENAMETOOLONG.
 */
long dentry_path(struct dentry *dentry, char *buf, size_t len);

/*
 * Boot: put an inode at an absolute path; takes over its reference. Missing
 * directories are made, a file that is there is replaced, a directory stays.
 * 0, -ENOMEM, -ENOTDIR when a file is in the way, or -EPERM for a file of the
 * kernel's. Follows no links.
 */
int vfs_make(const char *path, struct inode *inode);

/* Set up the root directory and everything the kernel puts into it. */
void vfs_init(void);

/* --- open.c: open files ------------------------------------------------ */

/* Open the file behind a name; takes its own references. */
int open_dentry(struct dentry *dentry, unsigned flags, struct open_file **out);

/* A file without a name (pipe, memfd); takes over the inode's reference. */
int open_anon(struct inode *inode, const char *name, unsigned flags,
	      struct open_file **out);

/* openat(2) for the kernel: path is a kernel string, relative to cwd. */
int vfs_open(const char *path, unsigned flags, unsigned mode,
	     struct open_file **out);

/*
 * Open a program for execve: relative to dfd (AT_FDCWD), regular and with an
 * execute bit, else -EACCES.
 */
int vfs_open_exec(int dfd, const char *path, unsigned at_flags,
		  struct open_file **out);

/*
 * Count one more file that writes (n = 1) or runs (-1) this inode, which
 * exclude each other: -ETXTBSY. inode_put_write takes it back.
 */
int inode_get_write(struct inode *inode, int64_t n);
void inode_put_write(struct inode *inode, int64_t n);

/* Read into kernel memory, independent of the file's position. */
long kernel_read(struct open_file *file, uint64_t pos, void *buf, size_t len);

/* read(2) and write(2) and their relatives: check modes, call the op. */
long vfs_read(struct open_file *file, struct io *io, uint64_t *pos);
long vfs_write(struct open_file *file, struct io *io, uint64_t *pos);

/* read(2) from a page cache; holes are zeros. Bytes or -EFAULT. */
long mapping_read(struct address_space *mapping, struct io *io, uint64_t *pos);
long mapping_file_read(struct open_file *file, struct io *io, uint64_t *pos);

unsigned vfs_poll(struct open_file *file, struct poll_table *table);

/* --- ramfs.c: regular files in the page cache -------------------------- */

extern const struct file_ops ramfs_file_ops;

struct inode *ramfs_inode_alloc(const struct fs_type *fs, uint32_t mode);
int ramfs_truncate(struct inode *inode, uint64_t size);
long ramfs_fallocate(struct inode *inode, unsigned mode, uint64_t off,
		     uint64_t len);

/* --- others ------------------------------------------------------------ */

extern const struct file_ops dir_file_ops; /* dir.c */

/* One record for getdents64; false: no room, stop. `next`: pos after it. */
bool dir_emit(struct dir_sink *sink, const char *name, size_t len, uint64_t ino,
	      uint32_t mode, uint64_t next);
uint64_t dir_pos(const struct dir_sink *sink);
/* First position of a readdir operation. */
#define DIR_POS_DYNAMIC (1UL << 40)

/* poll.c: join a wait queue on behalf of poll(2). table may be NULL. */
void poll_wait(struct poll_table *table, struct wait_queue *wq);
