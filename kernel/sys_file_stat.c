/* SPDX-License-Identifier: MIT */
/*
 * System calls about what a file is: status, permissions, owner, times, size.
 */
#include <string.h>

#include "abi/errno.h"
#include "abi/time.h"
#include "kernel/fs/files.h"
#include "kernel/fs/namei.h"
#include "kernel/process.h"
#include "kernel/riscv/uaccess.h"
#include "kernel/syscall.h"
#include "mm/slab.h"

#define UTIME_NOW  0x3fffffff
#define UTIME_OMIT 0x3ffffffe

#define LOOKUP_FLAGS (AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT)
#define STATX_SYNC   0x6000 /* AT_STATX_*: nothing is remote here */

static int lookup_fd(uint64_t fd, struct dentry **out)
{
	struct open_file *file = fd_get_any((int)fd);

	if (!file)
		return -EBADF;
	*out = dentry_get(file->dentry);
	open_file_put(file);
	return 0;
}

/* The file a call is about, with a reference. 0 or -Exxx. */
static int lookup(uint64_t dfd, vaddr_t path, uint64_t flags,
		  struct dentry **out)
{
	unsigned walk_flags = flags & AT_SYMLINK_NOFOLLOW ? 0 : WALK_FOLLOW;
	uint8_t first = 0;
	char *name;
	int err;

	if (flags & AT_EMPTY_PATH && (int)dfd != AT_FDCWD) {
		if (path && get_user_u8(&first, path))
			return -EFAULT;
		if (!first)
			return lookup_fd(dfd, out);
	}
	if (flags & AT_EMPTY_PATH)
		walk_flags |= WALK_EMPTY;
	err = path_from_user(path, &name);
	if (err)
		return err;
	err = path_lookup((int)dfd, name, walk_flags, out);
	kfree(name);
	return err;
}

/* Copy out the status; drops the reference. */
static long put_stat(struct dentry *dentry, vaddr_t buf)
{
	struct stat st;

	inode_stat(dentry->inode, &st);
	dentry_put(dentry);
	return copy_to_user(buf, &st, sizeof(st));
}

long sys_newfstatat(uint64_t dfd, uint64_t path, uint64_t buf, uint64_t flags)
{
	struct dentry *dentry;
	int err;

	if ((unsigned)flags & ~LOOKUP_FLAGS)
		return -EINVAL;
	err = lookup(dfd, path, flags, &dentry);
	return err ? err : put_stat(dentry, buf);
}

long sys_fstat(uint64_t fd, uint64_t buf)
{
	struct dentry *dentry;
	int err = lookup_fd(fd, &dentry);

	return err ? err : put_stat(dentry, buf);
}

static struct statx_timestamp to_timestamp(int64_t sec, uint64_t nsec)
{
	return (struct statx_timestamp){sec, (uint32_t)nsec, 0};
}

long sys_statx(uint64_t dfd, uint64_t path, uint64_t flags, uint64_t mask,
	       uint64_t buf)
{
	struct dentry *dentry;
	struct statx stx;
	struct stat st;
	int err;

	if ((unsigned)flags & ~(LOOKUP_FLAGS | STATX_SYNC) || mask >> 31 & 1)
		return -EINVAL;
	err = lookup(dfd, path, flags, &dentry);
	if (err)
		return err;
	inode_stat(dentry->inode, &st);
	dentry_put(dentry);
	stx = (struct statx){
	    .stx_mask = STATX_BASIC_STATS,
	    .stx_blksize = (uint32_t)st.st_blksize,
	    .stx_nlink = st.st_nlink,
	    .stx_uid = st.st_uid,
	    .stx_gid = st.st_gid,
	    .stx_mode = (uint16_t)st.st_mode,
	    .stx_ino = st.st_ino,
	    .stx_size = (uint64_t)st.st_size,
	    .stx_blocks = (uint64_t)st.st_blocks,
	    .stx_atime = to_timestamp(st.st_atime, st.st_atime_nsec),
	    .stx_ctime = to_timestamp(st.st_ctime, st.st_ctime_nsec),
	    .stx_mtime = to_timestamp(st.st_mtime, st.st_mtime_nsec),
	    .stx_rdev_major = (uint32_t)(st.st_rdev >> 8),
	    .stx_rdev_minor = st.st_rdev & 0xff,
	    .stx_dev_major = (uint32_t)(st.st_dev >> 8),
	    .stx_dev_minor = st.st_dev & 0xff,
	};
	return copy_to_user(buf, &stx, sizeof(stx));
}

/* Copy out what the file's file system says of itself; drops the reference. */
static long put_statfs(struct dentry *dentry, vaddr_t buf)
{
	struct statfs sfs = {
	    .f_type = (int64_t)dentry->inode->fs->magic,
	    .f_bsize = PAGE_SIZE,
	    .f_fsid = {(int32_t)dentry->inode->fs->dev, 0},
	    .f_namelen = NAME_MAX,
	    .f_frsize = PAGE_SIZE,
	    .f_flags = 0x20, /* ST_VALID */
	};

	if (!dentry->inode->fs->is_fixed) {
		sfs.f_blocks = (int64_t)page_nr_total();
		sfs.f_bfree = (int64_t)page_nr_free();
		sfs.f_bavail = sfs.f_bfree;
	}
	dentry_put(dentry);
	return copy_to_user(buf, &sfs, sizeof(sfs));
}

long sys_statfs(uint64_t path, uint64_t buf)
{
	struct dentry *dentry;
	int err = lookup(AT_FDCWD, path, 0, &dentry);

	return err ? err : put_statfs(dentry, buf);
}

long sys_fstatfs(uint64_t fd, uint64_t buf)
{
	struct dentry *dentry;
	int err = lookup_fd(fd, &dentry);

	return err ? err : put_statfs(dentry, buf);
}

/* Root may do everything, but what nobody may execute is no program. */
static long access(uint64_t dfd, uint64_t path, uint64_t mode, uint64_t flags)
{
	struct dentry *dentry;
	uint32_t bits;
	int err;

	if ((unsigned)mode & ~(R_OK | W_OK | X_OK) ||
	    (unsigned)flags & ~(LOOKUP_FLAGS | AT_EACCESS))
		return -EINVAL;
	err = lookup(dfd, path, flags, &dentry);
	if (err)
		return err;
	bits = load_relaxed(&dentry->inode->mode);
	dentry_put(dentry);
	return mode & X_OK && S_ISREG(bits) && !(bits & 0111) ? -EACCES : 0;
}

long sys_faccessat(uint64_t dfd, uint64_t path, uint64_t mode)
{
	return access(dfd, path, mode, 0);
}

long sys_faccessat2(uint64_t dfd, uint64_t path, uint64_t mode, uint64_t flags)
{
	return access(dfd, path, mode, flags);
}

/* Root, or whose file it is. */
static bool is_owner(const struct inode *inode)
{
	uint32_t uid = current_process()->ids.uid[ID_EFFECTIVE];

	return !uid || uid == load_relaxed(&inode->uid);
}

/* Drops the reference. */
static long change_mode(struct dentry *dentry, uint64_t mode)
{
	struct inode *inode = dentry->inode;
	uint32_t old, new;
	long err = -EPERM;

	mutex_lock(&inode->lock);
	old = inode->mode;
	new = (old & S_IFMT) | ((uint32_t)mode & 07777);
	if (is_owner(inode) &&
	    !(inode->seals & F_SEAL_EXEC && (old ^ new) & 0111)) {
		store_relaxed(&inode->mode, new);
		store_relaxed(&inode->ctime, time_now());
		err = 0;
	}
	mutex_unlock(&inode->lock);
	dentry_put(dentry);
	return err;
}

long sys_fchmodat(uint64_t dfd, uint64_t path, uint64_t mode)
{
	struct dentry *dentry;
	int err = lookup(dfd, path, 0, &dentry);

	return err ? err : change_mode(dentry, mode);
}

long sys_fchmod(uint64_t fd, uint64_t mode)
{
	struct dentry *dentry;
	int err = lookup_fd(fd, &dentry);

	return err ? err : change_mode(dentry, mode);
}

/* Drops the reference. */
static long change_owner(struct dentry *dentry, uint64_t uid, uint64_t gid)
{
	struct inode *inode = dentry->inode;
	const struct ids *ids = &current_process()->ids;
	uint32_t owner = inode->uid, group = inode->gid;
	long err = -EPERM;

	if ((uint32_t)uid != UINT32_MAX)
		owner = (uint32_t)uid;
	if ((uint32_t)gid != UINT32_MAX)
		group = (uint32_t)gid;
	/* Who is not root can give a file to the own group alone. */
	if (is_owner(inode) &&
	    (process_is_root(current_process()) ||
	     (owner == inode->uid &&
	      (group == inode->gid || group == ids->gid[ID_EFFECTIVE])))) {
		store_relaxed(&inode->uid, owner);
		store_relaxed(&inode->gid, group);
		store_relaxed(&inode->ctime, time_now());
		err = 0;
	}
	dentry_put(dentry);
	return err;
}

long sys_fchownat(uint64_t dfd, uint64_t path, uint64_t uid, uint64_t gid,
		  uint64_t flags)
{
	struct dentry *dentry;
	int err;

	if ((unsigned)flags & ~LOOKUP_FLAGS)
		return -EINVAL;
	err = lookup(dfd, path, flags, &dentry);
	return err ? err : change_owner(dentry, uid, gid);
}

long sys_fchown(uint64_t fd, uint64_t uid, uint64_t gid)
{
	struct dentry *dentry;
	int err = lookup_fd(fd, &dentry);

	return err ? err : change_owner(dentry, uid, gid);
}

/* One of the two times: *time stays, becomes now, or what ts says. */
static int set_time(uint64_t *time, const struct timespec *ts)
{
	if (ts->tv_nsec == UTIME_OMIT)
		return 0;
	if (ts->tv_nsec == UTIME_NOW)
		store_relaxed(time, time_now());
	else if ((uint64_t)ts->tv_nsec >= 1000000000)
		return -EINVAL;
	else
		store_relaxed(time, (uint64_t)ts->tv_sec * 1000000000 +
					(uint64_t)ts->tv_nsec);
	return 0;
}

long sys_utimensat(uint64_t dfd, uint64_t path, uint64_t times, uint64_t flags)
{
	struct timespec ts[2] = {{0, UTIME_NOW}, {0, UTIME_NOW}};
	struct dentry *dentry;
	int err;

	if ((unsigned)flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (times && copy_from_user(ts, times, sizeof(ts)))
		return -EFAULT;
	if (!path && (int)dfd != AT_FDCWD)
		err = lookup_fd(dfd, &dentry);
	else
		err = lookup(dfd, path, flags, &dentry);
	if (err)
		return err;
	inode_settle_times(dentry->inode);
	err = set_time(&dentry->inode->atime, &ts[0]);
	if (!err)
		err = set_time(&dentry->inode->mtime, &ts[1]);
	if (!err)
		store_relaxed(&dentry->inode->ctime, time_now());
	dentry_put(dentry);
	return err;
}

long sys_truncate(uint64_t path, uint64_t size)
{
	struct dentry *dentry;
	int err;

	if ((int64_t)size < 0)
		return -EINVAL;
	err = lookup(AT_FDCWD, path, 0, &dentry);
	if (err)
		return err;
	if (S_ISDIR(dentry->inode->mode))
		err = -EISDIR;
	else
		err = dentry->inode->mapping ? 0 : -EINVAL;
	if (!err)
		err = inode_get_write(dentry->inode, 1);
	if (!err) {
		err = ramfs_truncate(dentry->inode, size);
		inode_put_write(dentry->inode, 1);
	}
	dentry_put(dentry);
	return err;
}
