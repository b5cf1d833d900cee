/* SPDX-License-Identifier: MIT */
/*
 * Operations that change the tree of names: make, link, unlink, rename.
 *
 * Each walks, checks, allocates and only then changes anything, all under
 * tree_lock for writing. Names of /proc, /sys and the like (INODE_FIXED) are
 * the kernel's and stay.
 */
#include "kernel/fs/namei.h"

#include <string.h>

#include "abi/errno.h"
#include "kernel/fs/files.h"
#include "kernel/fs/special.h"
#include "kernel/thread.h"
#include "mm/slab.h"

static bool is_dir(const struct dentry *dentry)
{
	return S_ISDIR(dentry->inode->mode);
}

int may_create(const struct path_walk *walk)
{
	if (walk->dentry)
		return -EEXIST;
	if (walk->dir->is_dead)
		return -ENOENT;
	if (walk->dir->inode->fs->is_fixed)
		return -EPERM;
	return 0;
}

int name_create(struct path_walk *walk, struct inode *inode,
		struct dentry **out)
{
	struct dentry *dentry;

	dentry = dentry_alloc(walk->dir, walk->name, walk->len, inode);
	if (!dentry)
		return -ENOMEM;
	dentry_link(dentry);
	inode_touch(walk->dir->inode);
	*out = dentry;
	return 0;
}

/* An inode of any type that mknod and mkdir make. */
static int inode_make(const struct fs_type *fs, unsigned mode, uint64_t rdev,
		      struct inode **out)
{
	struct inode *inode;
	int err = 0;

	if (S_ISREG(mode))
		inode = ramfs_inode_alloc(fs, mode);
	else
		inode = inode_alloc(fs, mode);
	if (!inode)
		return -ENOMEM;
	inode->rdev = rdev;
	if (S_ISCHR(mode))
		inode->fops = dev_find(rdev);
	if (S_ISFIFO(mode))
		err = fifo_init(inode);
	if (err)
		inode_put(inode);
	*out = inode;
	return err;
}

int vfs_mknod(int dfd, char *path, unsigned mode, uint64_t rdev)
{
	struct dentry *dentry = NULL;
	struct path_walk walk;
	struct inode *inode;
	int err;

	mode &= ~load_relaxed(&current_fs()->umask);
	tree_write_lock();
	err = path_walk(&walk, dfd, path, 0);
	if (!err)
		err = may_create(&walk);
	if (!err && walk.has_slash && !S_ISDIR(mode))
		err = -ENOENT;
	if (!err)
		err = inode_make(walk.dir->inode->fs, mode, rdev, &inode);
	if (!err)
		err = name_create(&walk, inode, &dentry);
	path_walk_end(&walk);
	tree_write_unlock();
	dentry_put(dentry);
	return err;
}

static long symlink_readlink(struct inode *inode, char *buf, size_t len)
{
	size_t n = min(strlen(inode->private), len);

	memcpy(buf, inode->private, n);
	return (long)n;
}

static void symlink_destroy(struct inode *inode)
{
	kfree(inode->private);
}

const struct inode_ops symlink_ops = {
    .readlink = symlink_readlink,
    .destroy = symlink_destroy,
};

struct inode *symlink_alloc(const struct fs_type *fs, const char *target,
			    size_t len)
{
	struct inode *inode = inode_alloc(fs, S_IFLNK | 0777);
	char *copy = kmalloc(len + 1, GFP_USER);

	if (!inode || !copy) {
		kfree(copy);
		if (inode)
			inode_put(inode);
		return NULL;
	}
	memcpy(copy, target, len);
	copy[len] = '\0';
	inode->private = copy;
	inode->ops = &symlink_ops;
	return inode;
}

int vfs_symlink(const char *target, int dfd, char *path)
{
	struct dentry *dentry = NULL;
	struct path_walk walk;
	struct inode *inode;
	int err;

	if (!*target)
		return -ENOENT;
	tree_write_lock();
	err = path_walk(&walk, dfd, path, 0);
	if (!err)
		err = may_create(&walk);
	if (!err && walk.has_slash)
		err = -ENOENT;
	if (!err) {
		inode =
		    symlink_alloc(walk.dir->inode->fs, target, strlen(target));
		err = inode ? name_create(&walk, inode, &dentry) : -ENOMEM;
	}
	path_walk_end(&walk);
	tree_write_unlock();
	dentry_put(dentry);
	return err;
}

int vfs_link(int old_dfd, char *old, int dfd, char *path, unsigned flags)
{
	struct dentry *dentry = NULL;
	struct path_walk from, to;
	struct inode *inode;
	int err;

	tree_write_lock();
	to = (struct path_walk){0};
	err = path_walk(&from, old_dfd, old, flags);
	if (!err && !from.dentry)
		err = -ENOENT;
	if (!err)
		err = path_walk(&to, dfd, path, 0);
	if (!err)
		err = may_create(&to);
	if (err)
		goto out_unlock;
	inode = from.dentry->inode;
	if (is_dir(from.dentry))
		err = -EPERM;
	else if (inode->fs != to.dir->inode->fs)
		err = -EXDEV;
	else if (to.has_slash ||
		 (!inode->nlink && !(inode->flags & INODE_LINKABLE)))
		err = -ENOENT;
	else
		err = name_create(&to, inode_get(inode), &dentry);

out_unlock:
	path_walk_end(&from);
	path_walk_end(&to);
	tree_write_unlock();
	dentry_put(dentry);
	return err;
}

/* May this name go away? tree_lock held. */
static int may_delete(const struct path_walk *walk, bool is_rmdir)
{
	if (!walk->dentry)
		return -ENOENT;
	if (is_rmdir && !is_dir(walk->dentry))
		return -ENOTDIR;
	if (!is_rmdir && is_dir(walk->dentry))
		return -EISDIR;
	if (walk->dir->inode->fs->is_fixed)
		return -EPERM;
	if (!list_empty(&walk->dentry->children))
		return -ENOTEMPTY;
	/* The root of a file system, or made up by a lookup. */
	if (walk->dentry->inode->fs != walk->dir->inode->fs ||
	    list_empty(&walk->dentry->hash))
		return -EBUSY;
	return 0;
}

static void name_delete(struct dentry *dentry)
{
	dentry_unlink(dentry);
	inode_touch(dentry->parent->inode);
	store_relaxed(&dentry->inode->ctime, time_now());
	dentry_put(dentry); /* the tree's */
}

int vfs_unlink(int dfd, char *path, bool is_rmdir)
{
	struct path_walk walk;
	int err;

	tree_write_lock();
	err = path_walk(&walk, dfd, path, 0);
	if (!err && is_rmdir && walk.is_dot) {
		if (walk.dentry == root_dentry)
			err = -EBUSY;
		else
			err = walk.dentry == walk.dir ? -EINVAL : -ENOTEMPTY;
	}
	if (!err)
		err = may_delete(&walk, is_rmdir);
	if (!err)
		name_delete(walk.dentry);
	/* The walk's references go last: data is freed without the lock. */
	tree_write_unlock();
	path_walk_end(&walk);
	return err;
}

/* Is `dentry` the directory `dir` or above it? */
static bool is_ancestor(const struct dentry *dentry, const struct dentry *dir)
{
	while (dir != dentry && dir->parent != dir)
		dir = dir->parent;
	return dir == dentry;
}

static int may_rename(const struct path_walk *from, const struct path_walk *to,
		      unsigned flags)
{
	if (from->is_dot || to->is_dot)
		return -EBUSY;
	if (!from->dentry)
		return -ENOENT;
	if ((from->has_slash || to->has_slash) && !is_dir(from->dentry))
		return -ENOTDIR;
	if (from->dir->inode->fs != to->dir->inode->fs ||
	    from->dentry->inode->fs != from->dir->inode->fs)
		return -EXDEV;
	if (from->dir->inode->fs->is_fixed)
		return -EPERM;
	if (is_ancestor(from->dentry, to->dir))
		return -EINVAL;
	if (!to->dentry)
		return may_create(to);
	if (flags & RENAME_NOREPLACE)
		return -EEXIST;
	if (is_dir(to->dentry) && is_ancestor(to->dentry, from->dir))
		return -ENOTEMPTY;
	return may_delete(to, is_dir(from->dentry));
}

int vfs_rename(int old_dfd, char *old, int dfd, char *path, unsigned flags)
{
	struct path_walk from, to = {0};
	char *name;
	int err;

	if (flags & ~RENAME_NOREPLACE)
		return -EINVAL;
	tree_write_lock();
	err = path_walk(&from, old_dfd, old, 0);
	if (!err)
		err = path_walk(&to, dfd, path, 0);
	if (!err)
		err = may_rename(&from, &to, flags);
	if (err || (to.dentry && to.dentry->inode == from.dentry->inode))
		goto out_unlock;
	name = kmalloc(to.len + 1, GFP_USER);
	if (!name) {
		err = -ENOMEM;
		goto out_unlock;
	}
	memcpy(name, to.name, to.len);
	name[to.len] = '\0';
	if (to.dentry)
		name_delete(to.dentry);
	inode_touch(from.dir->inode);
	dentry_move(from.dentry, to.dir, name, to.len);
	inode_touch(to.dir->inode);
	store_relaxed(&from.dentry->inode->ctime, time_now());

out_unlock:
	tree_write_unlock();
	path_walk_end(&from);
	path_walk_end(&to);
	return err;
}
