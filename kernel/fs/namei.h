/* SPDX-License-Identifier: MIT */
/*
 * From paths to names, and the operations that change the tree.
 *
 * Paths are in buffers of PATH_MAX bytes that the walk overwrites when it
 * meets symbolic links. dfd is a descriptor of a directory or AT_FDCWD.
 */
#pragma once

#include "kernel/fs/vfs.h"

#include "abi/limits.h"

#define WALK_FOLLOW 1u /* also follow a link that is the last name */
#define WALK_EMPTY  2u /* an empty path means dfd itself, of any type */

struct path_walk {
	struct dentry *dir;    /* reference; where the last name belongs */
	struct dentry *dentry; /* reference; NULL: no such name in dir */
	const char *name;      /* the last name, in the caller's buffer */
	size_t len;
	bool is_dot;	/* the last name is ".", ".." or missing */
	bool has_slash; /* slashes behind the last name */
};

/*
 * Resolve a path. 0 also when just the last name does not exist; -Exxx as
 * Linux otherwise. tree_lock held; path_walk_end() in any case.
 */
int path_walk(struct path_walk *walk, int dfd, char *path, unsigned flags);
void path_walk_end(struct path_walk *walk);

/* Resolve to an existing name with a reference. Takes tree_lock. */
int path_lookup(int dfd, char *path, unsigned flags, struct dentry **out);

/* A program's path in a new buffer (kfree). 0, -EFAULT, -ENAMETOOLONG, ... */
int path_from_user(vaddr_t addr, char **path);

/* Text of a symbolic link. Length or -Exxx. tree_lock not held. */
long link_read(struct dentry *dentry, char *buf, size_t len);

/*
 * May a name be made where the walk ended? 0 or -Exxx. tree_lock held for
 * writing.
 */
int may_create(const struct path_walk *walk);

/* Put a new inode there; takes over its reference. 0 or -ENOMEM. */
int name_create(struct path_walk *walk, struct inode *inode,
		struct dentry **out);

int vfs_mknod(int dfd, char *path, unsigned mode, uint64_t rdev);
int vfs_symlink(const char *target, int dfd, char *path);
int vfs_link(int old_dfd, char *old, int dfd, char *path, unsigned flags);
int vfs_unlink(int dfd, char *path, bool is_rmdir);
int vfs_rename(int old_dfd, char *old, int dfd, char *path, unsigned flags);

/* openat(2); path is overwritten. */
int vfs_openat(int dfd, char *path, unsigned flags, unsigned mode,
	       struct open_file **out);

extern const struct inode_ops symlink_ops; /* private is the text */

/* A symbolic link's inode with its text; NULL: no memory. */
struct inode *symlink_alloc(const struct fs_type *fs, const char *target,
			    size_t len);
