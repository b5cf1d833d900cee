/* SPDX-License-Identifier: MIT */
/*
 * Open files: made from names, read, written and polled through their
 * operations, freed with their last reference. The last reference may be an
 * area's, so freeing happens wherever mm/ drops it.
 */
#include "kernel/fs/namei.h"

#include <stdio.h>
#include <string.h>

#include "abi/errno.h"
#include "kernel/fs/files.h"
#include "kernel/fs/locks.h"
#include "kernel/fs/special.h"
#include "kernel/thread.h"
#include "mm/slab.h"
#include "mm/vma.h"

static struct kmem_cache open_file_cache;

/* What an O_PATH descriptor can do. */
static const struct file_ops no_ops;

int inode_get_write(struct inode *inode, int64_t n)
{
	int64_t count = load_relaxed(&inode->write_count);

	do {
		if (n > 0 ? count < 0 : count > 0)
			return -ETXTBSY;
	} while (!cas_acq_rel(&inode->write_count, &count, count + n));
	return 0;
}

void inode_put_write(struct inode *inode, int64_t n)
{
	fetch_sub_release(&inode->write_count, n);
}

static void open_file_release(struct file *file)
{
	struct open_file *of = container_of(file, struct open_file, file);

	file_locks_end(of, of);
	if (file->f_mode & FMODE_WRITER)
		inode_put_write(of->inode, 1);
	if (file->f_mode & FMODE_DENIER)
		inode_put_write(of->inode, -1);
	if (of->ops && of->ops->release)
		of->ops->release(of);
	dentry_put(of->dentry);
	kmem_cache_free(&open_file_cache, of);
}

static int open_file_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct open_file *of = container_of(file, struct open_file, file);
	uint64_t flags = vma_flags(vma);

	if (!file->f_mapping)
		return -ENODEV;
	if (load_relaxed(&of->inode->seals) & SEALS_WRITE &&
	    flags & VM_SHARED) {
		if (flags & VM_WRITE)
			return -EPERM;
		vm_flags_init(vma, flags & ~VM_MAYWRITE);
	}
	inode_accessed(of->inode);
	return generic_file_mmap(file, vma);
}

static void open_file_describe(struct file *file, char *buf, size_t len,
			       uint64_t *dev, uint64_t *ino)
{
	struct open_file *of = container_of(file, struct open_file, file);

	if (dentry_path(of->dentry, buf, len) < 0 && len)
		buf[0] = '\0';
	*dev = of->inode->fs->dev;
	*ino = of->inode->ino;
}

static const struct file_vm_operations open_file_vm_ops = {
    .release = open_file_release,
    .mmap = open_file_mmap,
    .describe = open_file_describe,
};

void open_file_init(void)
{
	kmem_cache_init(&open_file_cache, "open_file", sizeof(struct open_file),
			0, NULL);
}

struct open_file *open_file_from(struct file *file)
{
	if (file->f_vm_ops != &open_file_vm_ops)
		return NULL;
	return container_of(file, struct open_file, file);
}

static uint32_t flags_to_mode(unsigned flags)
{
	if (flags & O_PATH)
		return FMODE_PATH;
	switch (flags & O_ACCMODE) {
	case O_RDONLY:
		return FMODE_READ | FMODE_EXEC;
	case O_WRONLY:
		return FMODE_WRITE;
	case O_RDWR:
		return FMODE_READ | FMODE_WRITE | FMODE_EXEC;
	}
	return 0;
}

/* Can a file of this type be opened like that at all? */
static int may_open(const struct inode *inode, unsigned flags)
{
	if (flags & O_PATH)
		return 0;
	if (S_ISLNK(inode->mode))
		return -ELOOP;
	if (S_ISDIR(inode->mode) &&
	    (flags & O_ACCMODE || (flags & (O_TRUNC | O_CREAT))))
		return -EISDIR;
	return inode->fops ? 0 : -ENXIO;
}

/* A regular file that may change: not while it runs as a program. */
static int open_for_write(struct open_file *of, unsigned flags)
{
	struct inode *inode = of->inode;
	int err = 0;

	/* As on Linux, a memfd's own descriptor does not count. */
	if (inode->fs != &fs_types[FS_ANON])
		err = inode_get_write(inode, 1);
	if (err)
		return err;
	if (inode->fs != &fs_types[FS_ANON])
		of->file.f_mode |= FMODE_WRITER;
	return flags & O_TRUNC ? ramfs_truncate(inode, 0) : 0;
}

int open_dentry(struct dentry *dentry, unsigned flags, struct open_file **out)
{
	struct inode *inode = dentry->inode;
	struct open_file *of;
	int err = may_open(inode, flags);

	if (err)
		return err;
	of = kmem_cache_alloc(&open_file_cache, GFP_USER);
	if (!of)
		return -ENOMEM;
	*of = (struct open_file){
	    .file.f_count = 1,
	    .file.f_mode = flags_to_mode(flags),
	    .file.f_mapping = flags & O_PATH ? NULL : inode->mapping,
	    .file.f_vm_ops = &open_file_vm_ops,
	    .ops = flags & O_PATH ? &no_ops : inode->fops,
	    .dentry = dentry_get(dentry),
	    .inode = inode,
	    .flags =
		flags & ~(O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC),
	};
	mutex_init(&of->pos_lock);
	if (of->ops->open)
		err = of->ops->open(of);
	else if (of->file.f_mapping && flags & (O_ACCMODE | O_TRUNC))
		err = open_for_write(of, flags);
	if (err) {
		of->ops = &no_ops; /* there is nothing to release */
		open_file_put(of);
		return err;
	}
	*out = of;
	return 0;
}

int open_anon(struct inode *inode, const char *name, unsigned flags,
	      struct open_file **out)
{
	struct dentry *dentry = dentry_alloc(NULL, name, strlen(name), inode);
	int err;

	if (!dentry)
		return -ENOMEM;
	dentry->is_dead = S_ISREG(inode->mode);
	err = open_dentry(dentry, flags, out);
	dentry_put(dentry);
	return err;
}

/* O_TMPFILE: a file without a name that may get one by linkat(2). */
static int open_tmpfile(int dfd, char *path, unsigned flags, unsigned mode,
			struct open_file **out)
{
	struct dentry *dir;
	struct inode *inode;
	char name[32];
	int err;

	if ((flags & O_ACCMODE) == O_RDONLY)
		return -EINVAL;
	err = path_lookup(dfd, path, WALK_FOLLOW, &dir);
	if (err)
		return err;
	if (!S_ISDIR(dir->inode->mode)) {
		err = -ENOTDIR;
	} else if (dir->inode->fs->is_fixed) {
		err = -EOPNOTSUPP;
	} else {
		inode = ramfs_inode_alloc(dir->inode->fs, S_IFREG | mode);
		err = -ENOMEM;
		if (inode) {
			inode->flags = flags & O_EXCL ? 0 : INODE_LINKABLE;
			snprintf(name, sizeof(name), "/#%lu",
				 (unsigned long)inode->ino);
			flags &= ~(O_TMPFILE | O_CREAT);
			err = open_anon(inode, name, flags, out);
		}
	}
	dentry_put(dir);
	return err;
}

/* Check what the walk found, or make it; *created tells which. */
static int open_last(struct path_walk *walk, unsigned flags, unsigned mode,
		     bool *created)
{
	struct inode *inode;
	int err;

	if (walk->dentry) {
		if (flags & O_CREAT && flags & O_EXCL)
			return -EEXIST;
		if (flags & O_DIRECTORY && !S_ISDIR(walk->dentry->inode->mode))
			return -ENOTDIR;
		return 0;
	}
	if (!(flags & O_CREAT))
		return -ENOENT;
	if (walk->has_slash)
		return -EISDIR;
	err = may_create(walk);
	if (err)
		return err == -EPERM ? -EACCES : err;
	inode = ramfs_inode_alloc(walk->dir->inode->fs, S_IFREG | mode);
	if (!inode)
		return -ENOMEM;
	*created = true;
	return name_create(walk, inode, &walk->dentry);
}

int vfs_openat(int dfd, char *path, unsigned flags, unsigned mode,
	       struct open_file **out)
{
	bool created = false, may_make = flags & O_CREAT && !(flags & O_PATH);
	unsigned walk_flags = WALK_FOLLOW;
	struct path_walk walk;
	int err;

	mode = mode & 07777 & ~load_relaxed(&current_fs()->umask);
	if (flags & O_PATH)
		flags &= O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	if ((flags & O_TMPFILE) == O_TMPFILE)
		return open_tmpfile(dfd, path, flags, mode, out);
	if (flags & O_CREAT && flags & O_DIRECTORY)
		return -EINVAL;
	if (flags & O_NOFOLLOW || (flags & O_CREAT && flags & O_EXCL))
		walk_flags = 0;
	if (may_make)
		tree_write_lock();
	else
		tree_read_lock();
	err = path_walk(&walk, dfd, path, walk_flags);
	if (!err)
		err = open_last(&walk, flags, mode, &created);
	if (may_make)
		tree_write_unlock();
	else
		tree_read_unlock();
	if (created)
		flags &= ~O_TRUNC;
	if (!err)
		err = open_dentry(walk.dentry, flags, out);
	path_walk_end(&walk);
	return err;
}

/* A path of the kernel's in a buffer that a walk may overwrite; or NULL. */
static char *path_copy(const char *path)
{
	char *buf = kmalloc(PATH_MAX, GFP_USER);

	if (buf)
		snprintf(buf, PATH_MAX, "%s", path);
	return buf;
}

int vfs_open(const char *path, unsigned flags, unsigned mode,
	     struct open_file **out)
{
	char *buf = path_copy(path);
	int err;

	if (!buf)
		return -ENOMEM;
	err = vfs_openat(AT_FDCWD, buf, flags, mode, out);
	kfree(buf);
	return err;
}

int vfs_open_exec(int dfd, const char *path, unsigned at_flags,
		  struct open_file **out)
{
	unsigned walk_flags = at_flags & AT_SYMLINK_NOFOLLOW ? 0 : WALK_FOLLOW;
	char *buf = path_copy(path);
	struct dentry *dentry;
	int err;

	if (!buf)
		return -ENOMEM;
	if (at_flags & AT_EMPTY_PATH)
		walk_flags |= WALK_EMPTY;
	err = path_lookup(dfd, buf, walk_flags, &dentry);
	kfree(buf);
	if (err)
		return err;
	if (S_ISLNK(dentry->inode->mode))
		err = -ELOOP;
	else if (!dentry->inode->mapping ||
		 !(load_relaxed(&dentry->inode->mode) & 0111))
		err = -EACCES;
	else
		err = open_dentry(dentry, O_RDONLY, out);
	if (!err) {
		err = inode_get_write(dentry->inode, -1);
		if (err)
			open_file_put(*out);
		else
			(*out)->file.f_mode |= FMODE_DENIER;
	}
	dentry_put(dentry);
	return err;
}

unsigned vfs_poll(struct open_file *file, struct poll_table *table)
{
	if (!file->ops->poll)
		return POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;
	return file->ops->poll(file, table);
}
