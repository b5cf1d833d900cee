/* SPDX-License-Identifier: MIT */
/*
 * System calls on names: making, removing, moving them, and the process's own
 * place among them.
 */
#include <string.h>

#include "abi/errno.h"
#include "kernel/fs/files.h"
#include "kernel/fs/namei.h"
#include "kernel/riscv/uaccess.h"
#include "kernel/syscall.h"
#include "mm/slab.h"

/* Device number of mknod, major and minor as in st_rdev. */
static long make(uint64_t dfd, uint64_t path, unsigned mode, uint64_t rdev)
{
	char *name;
	int err = path_from_user(path, &name);

	if (err)
		return err;
	err = vfs_mknod((int)dfd, name, mode, rdev);
	kfree(name);
	return err;
}

long sys_mkdirat(uint64_t dfd, uint64_t path, uint64_t mode)
{
	return make(dfd, path, S_IFDIR | (mode & 01777), 0);
}

long sys_mknodat(uint64_t dfd, uint64_t path, uint64_t umode, uint64_t rdev)
{
	unsigned mode = umode & (S_IFMT | 07777);

	if (!(mode & S_IFMT))
		mode |= S_IFREG;
	if (S_ISDIR(mode))
		return -EPERM;
	if (!S_ISREG(mode) && !S_ISFIFO(mode) && !S_ISCHR(mode))
		return -EINVAL;
	return make(dfd, path, mode, rdev);
}

long sys_unlinkat(uint64_t dfd, uint64_t path, uint64_t flags)
{
	char *name;
	int err;

	if ((unsigned)flags & ~AT_REMOVEDIR)
		return -EINVAL;
	err = path_from_user(path, &name);
	if (err)
		return err;
	err = vfs_unlink((int)dfd, name, flags & AT_REMOVEDIR);
	kfree(name);
	return err;
}

/* Two paths from the program, both to be freed. */
static int two_paths(uint64_t from, uint64_t to, char **old, char **new)
{
	int err = path_from_user(from, old);

	if (err)
		return err;
	err = path_from_user(to, new);
	if (err)
		kfree(*old);
	return err;
}

long sys_symlinkat(uint64_t target, uint64_t dfd, uint64_t path)
{
	char *text, *name;
	int err = two_paths(target, path, &text, &name);

	if (err)
		return err;
	err = vfs_symlink(text, (int)dfd, name);
	kfree(text);
	kfree(name);
	return err;
}

long sys_linkat(uint64_t old_dfd, uint64_t old_path, uint64_t dfd,
		uint64_t path, uint64_t flags)
{
	unsigned walk_flags = 0;
	char *old, *name;
	int err;

	if ((unsigned)flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (flags & AT_SYMLINK_FOLLOW)
		walk_flags |= WALK_FOLLOW;
	if (flags & AT_EMPTY_PATH)
		walk_flags |= WALK_EMPTY;
	err = two_paths(old_path, path, &old, &name);
	if (err)
		return err;
	err = vfs_link((int)old_dfd, old, (int)dfd, name, walk_flags);
	kfree(old);
	kfree(name);
	return err;
}

long sys_renameat2(uint64_t old_dfd, uint64_t old_path, uint64_t dfd,
		   uint64_t path, uint64_t flags)
{
	char *old, *name;
	int err = two_paths(old_path, path, &old, &name);

	if (err)
		return err;
	err = vfs_rename((int)old_dfd, old, (int)dfd, name, (unsigned)flags);
	kfree(old);
	kfree(name);
	return err;
}

/* A directory to be the current one; takes over the reference. */
static int set_cwd(struct dentry *dentry)
{
	struct fs_context *fs = current_fs();
	struct dentry *old;

	if (!S_ISDIR(dentry->inode->mode)) {
		dentry_put(dentry);
		return -ENOTDIR;
	}
	spin_lock(&fs->lock);
	old = fs->cwd;
	fs->cwd = dentry;
	spin_unlock(&fs->lock);
	dentry_put(old);
	return 0;
}

long sys_chdir(uint64_t path)
{
	struct dentry *dentry;
	char *name;
	int err = path_from_user(path, &name);

	if (err)
		return err;
	err = path_lookup(AT_FDCWD, name, WALK_FOLLOW, &dentry);
	kfree(name);
	return err ? err : set_cwd(dentry);
}

long sys_fchdir(uint64_t fd)
{
	struct open_file *file = fd_get_any((int)fd);
	int err;

	if (!file)
		return -EBADF;
	err = set_cwd(dentry_get(file->dentry));
	open_file_put(file);
	return err;
}

long sys_getcwd(uint64_t buf, uint64_t size)
{
	struct fs_context *fs = current_fs();
	struct dentry *cwd;
	char *path;
	long len;

	path = kmalloc(PATH_MAX, GFP_USER);
	if (!path)
		return -ENOMEM;
	spin_lock(&fs->lock);
	cwd = dentry_get(fs->cwd);
	spin_unlock(&fs->lock);
	len = dentry_path(cwd, path, PATH_MAX);
	if (len >= 0 && load_relaxed(&cwd->is_dead))
		len = -ENOENT;
	else if (len >= 0 && (uint64_t)++len > size)
		len = -ERANGE;
	else if (len >= 0 && copy_to_user(buf, path, (size_t)len))
		len = -EFAULT;
	dentry_put(cwd);
	kfree(path);
	return len;
}

long sys_umask(uint64_t mask)
{
	return exchange_acq_rel(&current_fs()->umask, (uint32_t)mask & 0777);
}

long sys_readlinkat(uint64_t dfd, uint64_t path, uint64_t buf, uint64_t usize)
{
	struct dentry *dentry;
	char *name;
	long len;

	if ((int)usize <= 0)
		return -EINVAL;
	len = path_from_user(path, &name);
	if (len)
		return len;
	len = path_lookup((int)dfd, name, *name ? 0 : WALK_EMPTY, &dentry);
	if (!len) {
		/* The path has been walked: its buffer takes the text. */
		len = link_read(dentry, name, min(usize, (uint64_t)PATH_MAX));
		if (len >= 0 && copy_to_user(buf, name, (size_t)len))
			len = -EFAULT;
		dentry_put(dentry);
	}
	kfree(name);
	return len;
}
