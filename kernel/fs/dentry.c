/* SPDX-License-Identifier: MIT */
/*
 * Inodes, and the tree of names.
 *
 * All names are in one hash table by (directory, name) and on their
 * directory's list in order of creation. Each gets a cookie that only grows,
 * so a program that reads a directory while it changes sees every name that
 * was there all the time exactly once.
 *
 * tree_lock guards both. References keep dentries and inodes alive without it;
 * a dentry's last reference is dropped only after it has left the tree, so
 * freeing needs no lock, and dentry_put() may be called with or without it.
 */
#include "kernel/fs/vfs.h"

#include <stdio.h>
#include <string.h>

#include "abi/errno.h"
#include "kernel/fs/locks.h"
#include "kernel/fs/namei.h"
#include "kernel/fs/special.h"
#include "kernel/panic.h"
#include "kernel/time.h"
#include "lib/rwsem.h"
#include "mm/slab.h"

#define HASH_SIZE   1024 /* power of two */
#define SYSFS_MAGIC 0x62656572

struct ramfs_inode {
	struct address_space mapping;
	struct inode inode;
};

const struct fs_type fs_types[NR_FS_TYPES] = {
    [FS_ROOT] = {"rootfs", "/", 1, TMPFS_MAGIC, false},
    [FS_PROC] = {"proc", "/proc", 2, PROC_MAGIC, true},
    [FS_SYS] = {"sysfs", "/sys", 3, SYSFS_MAGIC, true},
    [FS_DEV] = {"devtmpfs", "/dev", 4, TMPFS_MAGIC, false},
    [FS_SHM] = {"tmpfs", "/dev/shm", 5, TMPFS_MAGIC, false},
    [FS_ANON] = {"anon", NULL, 6, TMPFS_MAGIC, false},
};

struct dentry *root_dentry;

static struct rwsem tree_lock;
static struct list_head hash_table[HASH_SIZE]; /* tree_lock */
static struct kmem_cache inode_cache, ramfs_cache, dentry_cache;
static uint64_t last_ino;

uint64_t time_now(void)
{
	return clock_realtime();
}

static void inode_init(struct inode *inode, const struct fs_type *fs,
		       uint32_t mode)
{
	uint64_t now = time_now();

	*inode = (struct inode){
	    .refs = 1,
	    .ino = fetch_add_relaxed(&last_ino, 1) + 1,
	    .fs = fs,
	    .mode = mode,
	    .atime = now,
	    .mtime = now,
	    .ctime = now,
	};
	mutex_init(&inode->lock);
	if (S_ISDIR(mode))
		inode->fops = &dir_file_ops;
}

struct inode *inode_alloc(const struct fs_type *fs, uint32_t mode)
{
	struct inode *inode = kmem_cache_alloc(&inode_cache, GFP_USER);

	if (inode)
		inode_init(inode, fs, mode);
	return inode;
}

struct inode *ramfs_inode_alloc(const struct fs_type *fs, uint32_t mode)
{
	struct ramfs_inode *ri = kmem_cache_alloc(&ramfs_cache, GFP_USER);

	if (!ri)
		return NULL;
	inode_init(&ri->inode, fs, mode);
	mapping_init(&ri->mapping, &ri->inode);
	ri->mapping.is_shmem = fs != &fs_types[FS_ROOT];
	ri->inode.mapping = &ri->mapping;
	ri->inode.fops = &ramfs_file_ops;
	return &ri->inode;
}

void inode_put(struct inode *inode)
{
	struct ramfs_inode *ri;

	if (fetch_sub_acq_rel(&inode->refs, 1) != 1)
		return;
	if (inode->ops && inode->ops->destroy)
		inode->ops->destroy(inode);
	if (!inode->mapping) {
		kmem_cache_free(&inode_cache, inode);
		return;
	}
	mapping_destroy(inode->mapping);
	ri = container_of(inode, struct ramfs_inode, inode);
	kmem_cache_free(&ramfs_cache, ri);
}

void inode_touch(struct inode *inode)
{
	uint64_t now = time_now();

	store_relaxed(&inode->mtime, now);
	store_relaxed(&inode->ctime, now);
}

void inode_accessed(struct inode *inode)
{
	uint64_t atime = load_relaxed(&inode->atime);

	if (atime <= load_relaxed(&inode->mtime) ||
	    atime <= load_relaxed(&inode->ctime))
		store_relaxed(&inode->atime, time_now());
}

void inode_settle_times(struct inode *inode)
{
	if (!inode->mapping || !load_relaxed(&inode->mapping->is_stored))
		return;
	store_relaxed(&inode->mapping->is_stored, false);
	inode_touch(inode);
}

void inode_stat(struct inode *inode, struct stat *st)
{
	const uint64_t s = 1000000000;
	uint64_t atime, mtime, ctime;

	inode_settle_times(inode);
	atime = load_relaxed(&inode->atime);
	mtime = load_relaxed(&inode->mtime);
	ctime = load_relaxed(&inode->ctime);
	*st = (struct stat){
	    .st_dev = inode->fs->dev,
	    .st_ino = inode->ino,
	    .st_mode = load_relaxed(&inode->mode),
	    .st_nlink = load_relaxed(&inode->nlink),
	    .st_uid = load_relaxed(&inode->uid),
	    .st_gid = load_relaxed(&inode->gid),
	    .st_rdev = inode->rdev,
	    .st_blksize = PAGE_SIZE,
	    .st_atime = (int64_t)(atime / s),
	    .st_atime_nsec = atime % s,
	    .st_mtime = (int64_t)(mtime / s),
	    .st_mtime_nsec = mtime % s,
	    .st_ctime = (int64_t)(ctime / s),
	    .st_ctime_nsec = ctime % s,
	};
	if (inode->mapping) {
		st->st_size = (int64_t)load_relaxed(&inode->mapping->i_size);
		st->st_blocks =
		    (int64_t)load_relaxed(&inode->mapping->nr_pages) * 8;
	} else if (S_ISLNK(st->st_mode) && inode->ops == &symlink_ops) {
		st->st_size = (int64_t)strlen(inode->private);
	}
}

void tree_read_lock(void)
{
	down_read(&tree_lock);
}

void tree_read_unlock(void)
{
	up_read(&tree_lock);
}

void tree_write_lock(void)
{
	down_write(&tree_lock);
}

void tree_write_unlock(void)
{
	up_write(&tree_lock);
}

struct dentry *dentry_alloc(struct dentry *parent, const char *name, size_t len,
			    struct inode *inode)
{
	struct dentry *dentry = kmem_cache_alloc(&dentry_cache, GFP_USER);
	char *copy = kmalloc(len + 1, GFP_USER);

	if (!dentry || !copy)
		goto out_free;
	memcpy(copy, name, len);
	copy[len] = '\0';
	*dentry = (struct dentry){
	    .refs = 1,
	    .parent = parent ? dentry_get(parent) : dentry,
	    .inode = inode,
	    .next_cookie = 2, /* 0 and 1 are "." and ".." */
	    .name = copy,
	    .name_len = (uint32_t)len,
	};
	list_init(&dentry->hash);
	list_init(&dentry->sibling);
	list_init(&dentry->children);
	return dentry;

out_free:
	if (dentry)
		kmem_cache_free(&dentry_cache, dentry);
	kfree(copy);
	inode_put(inode);
	return NULL;
}

void dentry_put(struct dentry *dentry)
{
	while (dentry && fetch_sub_acq_rel(&dentry->refs, 1) == 1) {
		struct dentry *parent = dentry->parent;

		inode_put(dentry->inode);
		kfree(dentry->name);
		kmem_cache_free(&dentry_cache, dentry);
		dentry = parent == dentry ? NULL : parent;
	}
}

/* FNV-1a over the name, started from the directory's address. */
static struct list_head *hash_bucket(const struct dentry *dir, const char *name,
				     size_t len)
{
	uint64_t hash = 0xcbf29ce484222325 ^ ((uintptr_t)dir >> 4);

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (uint8_t)name[i]) * 0x100000001b3;
	return &hash_table[(hash ^ hash >> 32) % HASH_SIZE];
}

struct dentry *dentry_find(struct dentry *dir, const char *name, size_t len)
{
	struct list_head *bucket = hash_bucket(dir, name, len);
	struct dentry *dentry;

	list_for_each_entry (dentry, bucket, hash) {
		if (dentry->parent == dir && dentry->name_len == len &&
		    !memcmp(dentry->name, name, len))
			return dentry;
	}
	return NULL;
}

void dentry_link(struct dentry *dentry)
{
	struct dentry *dir = dentry->parent;

	dentry_get(dentry);
	dentry->cookie = dir->next_cookie++;
	list_add_tail(&dentry->sibling, &dir->children);
	list_add(&dentry->hash,
		 hash_bucket(dir, dentry->name, dentry->name_len));
	dentry->inode->nlink++;
	if (S_ISDIR(dentry->inode->mode)) {
		dentry->inode->nlink++;
		dir->inode->nlink++;
	}
}

void dentry_unlink(struct dentry *dentry)
{
	list_del_init(&dentry->hash);
	list_del_init(&dentry->sibling);
	dentry->is_dead = true;
	dentry->inode->nlink--;
	if (S_ISDIR(dentry->inode->mode)) {
		dentry->inode->nlink--;
		dentry->parent->inode->nlink--;
	}
}

void dentry_move(struct dentry *dentry, struct dentry *dir, char *name,
		 size_t len)
{
	struct dentry *old_dir = dentry->parent;

	dentry_unlink(dentry);
	dentry->is_dead = false;
	kfree(dentry->name);
	dentry->name = name;
	dentry->name_len = (uint32_t)len;
	dentry->parent = dentry_get(dir);
	dentry_link(dentry);
	/* dentry_link took a second reference for the tree. */
	dentry_put(dentry);
	dentry_put(old_dir);
}

/* Put `len` bytes in front of what stands at buf[*at]. */
static bool prepend(char *buf, size_t *at, const char *text, size_t len)
{
	if (*at < len)
		return false;
	*at -= len;
	memcpy(buf + *at, text, len);
	return true;
}

long dentry_path(struct dentry *dentry, char *buf, size_t len)
{
	static const char deleted[] = " (deleted)";
	size_t at = len;
	bool fits = prepend(buf, &at, "", 1);

	tree_read_lock();
	if (dentry->is_dead)
		fits = fits && prepend(buf, &at, deleted, sizeof(deleted) - 1);
	if (dentry == root_dentry)
		fits = fits && prepend(buf, &at, "/", 1);
	while (dentry != root_dentry) {
		fits =
		    fits && prepend(buf, &at, dentry->name, dentry->name_len);
		if (dentry->parent == dentry)
			break; /* a file that is in no tree */
		fits = fits && prepend(buf, &at, "/", 1);
		dentry = dentry->parent;
	}
	tree_read_unlock();
	if (!fits)
		return -ENAMETOOLONG;
	memmove(buf, buf + at, len - at);
	return (long)(len - at - 1);
}

/* A directory that leads to a file of the kernel's or of the initramfs. */
static int make_dir(struct dentry *dir, const char *name, size_t len,
		    struct dentry **out)
{
	const struct fs_type *fs = dir->inode->fs;
	struct inode *inode;

	*out = dentry_find(dir, name, len);
	if (*out)
		return S_ISDIR((*out)->inode->mode) ? 0 : -ENOTDIR;
	inode = inode_alloc(fs, S_IFDIR | (fs->is_fixed ? 0555 : 0755));
	*out = inode ? dentry_alloc(dir, name, len, inode) : NULL;
	if (!*out)
		return -ENOMEM;
	dentry_link(*out);
	dentry_put(*out); /* the tree keeps it */
	return 0;
}

/* Put an inode into a directory; takes over its reference. */
static int make_name(struct dentry *dir, const char *name, struct inode *inode)
{
	struct dentry *old = dentry_find(dir, name, strlen(name));
	struct dentry *dentry;

	if (old && S_ISDIR(old->inode->mode)) {
		bool fits = S_ISDIR(inode->mode);

		if (fits)
			old->inode->mode = inode->mode;
		inode_put(inode);
		return fits ? 0 : -ENOTDIR;
	}
	if (old && dir->inode->fs->is_fixed) {
		inode_put(inode);
		return -EPERM;
	}
	dentry = dentry_alloc(dir, name, strlen(name), inode);
	if (!dentry)
		return -ENOMEM;
	if (old) {
		dentry_unlink(old);
		dentry_put(old);
	}
	dentry_link(dentry);
	dentry_put(dentry);
	return 0;
}

int vfs_make(const char *path, struct inode *inode)
{
	const char *name = path + strspn(path, "/");
	struct dentry *dir = root_dentry;
	size_t len;
	int err = 0;

	tree_write_lock();
	while (!err && name[len = strcspn(name, "/")]) {
		err = make_dir(dir, name, len, &dir);
		name += len + strspn(name + len, "/");
	}
	if (err)
		inode_put(inode);
	else
		err = make_name(dir, name, inode);
	tree_write_unlock();
	return err;
}

struct inode *kernel_file(const char *path, unsigned fs, uint32_t mode,
			  const struct file_ops *fops, const void *private)
{
	struct inode *inode = inode_alloc(&fs_types[fs], mode);

	if (inode) {
		inode->fops = fops ? fops : inode->fops;
		inode->private = (void *)private;
	}
	if (!inode || vfs_make(path, inode))
		cannot_boot("no memory for %s", path);
	return inode; /* the tree keeps it */
}

void kernel_link(const char *path, unsigned fs, const char *target)
{
	struct inode *inode;

	inode = symlink_alloc(&fs_types[fs], target, strlen(target));
	if (!inode || vfs_make(path, inode))
		cannot_boot("no memory for %s", path);
}

void vfs_init(void)
{
	struct inode *inode;

	rwsem_init(&tree_lock);
	for (unsigned i = 0; i < HASH_SIZE; i++)
		list_init(&hash_table[i]);
	kmem_cache_init(&inode_cache, "inode", sizeof(struct inode), 0, NULL);
	kmem_cache_init(&ramfs_cache, "ramfs_inode", sizeof(struct ramfs_inode),
			0, NULL);
	kmem_cache_init(&dentry_cache, "dentry", sizeof(struct dentry), 0,
			NULL);
	open_file_init();
	file_locks_init();
	inode = inode_alloc(&fs_types[FS_ROOT], S_IFDIR | 0755);
	root_dentry = inode ? dentry_alloc(NULL, "/", 1, inode) : NULL;
	if (!root_dentry)
		cannot_boot("no memory for the root directory");
	inode->nlink = 2;
	kernel_file("/tmp", FS_ROOT, S_IFDIR | S_ISVTX | 0777, NULL, NULL);
	dev_init();
	proc_init();
	sysfs_init();
}
