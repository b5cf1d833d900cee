/* SPDX-License-Identifier: MIT */
/*
 * System calls on descriptors: opening, closing, duplicating, and what is
 * neither reading nor writing nor a matter of names.
 */
#include "abi/errno.h"
#include "abi/ioctl.h"
#include "kernel/fs/files.h"
#include "kernel/fs/locks.h"
#include "kernel/fs/namei.h"
#include "kernel/fs/special.h"
#include "kernel/process.h"
#include "kernel/riscv/uaccess.h"
#include "kernel/syscall.h"
#include "mm/slab.h"

#define CLOSE_RANGE_UNSHARE 2u
#define CLOSE_RANGE_CLOEXEC 4u

#define MFD_CLOEXEC	  1u
#define MFD_ALLOW_SEALING 2u
#define MFD_NOEXEC_SEAL	  8u
#define MFD_EXEC	  16u
#define MFD_NAME_MAX	  249

#define EFD_FLAGS (O_CLOEXEC | O_NONBLOCK | 1)

#define F_SETOWN 8
#define F_GETOWN 9

#define FIONBIO	 0x5421
#define FIONCLEX 0x5450
#define FIOCLEX	 0x5451

/* What F_SETFL may change. */
#define SETFL_MASK (O_APPEND | O_NONBLOCK | O_DIRECT | O_NOATIME)

long sys_openat(uint64_t dfd, uint64_t path, uint64_t flags, uint64_t mode)
{
	struct open_file *file;
	char *name;
	int err = path_from_user(path, &name);

	if (err)
		return err;
	err = vfs_openat((int)dfd, name, (unsigned)flags | O_LARGEFILE,
			 (unsigned)mode, &file);
	kfree(name);
	return err ? err : fd_install(file, 0, flags & O_CLOEXEC);
}

long sys_close(uint64_t fd)
{
	return fd_close((int)fd);
}

long sys_close_range(uint64_t first, uint64_t last, uint64_t flags)
{
	int err = 0;

	if ((unsigned)flags & ~(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC) ||
	    (unsigned)first > (unsigned)last)
		return -EINVAL;
	if (flags & CLOSE_RANGE_UNSHARE)
		err = files_unshare();
	if (!err)
		fd_close_range((unsigned)first, (unsigned)last,
			       flags & CLOSE_RANGE_CLOEXEC);
	return err;
}

long sys_dup(uint64_t fd)
{
	struct open_file *file = fd_get_any((int)fd);

	return file ? fd_install(file, 0, false) : -EBADF;
}

long sys_dup3(uint64_t old, uint64_t new, uint64_t flags)
{
	struct open_file *file;

	if ((unsigned)flags & ~O_CLOEXEC || (int)old == (int)new)
		return -EINVAL;
	file = fd_get_any((int)old);
	return file ? fd_replace(file, (int)new, flags & O_CLOEXEC) : -EBADF;
}

long sys_pipe2(uint64_t fds, uint64_t flags)
{
	struct open_file *reader, *writer;
	bool cloexec = flags & O_CLOEXEC;
	int fd[2], err;

	if ((unsigned)flags & ~(O_CLOEXEC | O_NONBLOCK))
		return -EINVAL;
	err = pipe_open(&reader, &writer, flags & O_NONBLOCK);
	if (err)
		return err;
	fd[0] = fd_install(reader, 0, cloexec);
	if (fd[0] < 0) {
		open_file_put(writer);
		return fd[0];
	}
	fd[1] = fd_install(writer, 0, cloexec);
	err = fd[1] < 0 ? fd[1] : copy_to_user(fds, fd, sizeof(fd));
	if (err) {
		fd_close(fd[0]);
		if (fd[1] >= 0)
			fd_close(fd[1]);
	}
	return err;
}

long sys_eventfd2(uint64_t value, uint64_t flags)
{
	struct open_file *file;
	int err;

	if ((unsigned)flags & ~EFD_FLAGS)
		return -EINVAL;
	err = eventfd_open((unsigned)value, (unsigned)flags, &file);
	return err ? err : fd_install(file, 0, flags & O_CLOEXEC);
}

long sys_memfd_create(uint64_t uname, uint64_t flags)
{
	char name[MFD_NAME_MAX + 1];
	struct open_file *file;
	long len;
	int err;

	if ((unsigned)flags & ~(MFD_CLOEXEC | MFD_ALLOW_SEALING |
				MFD_NOEXEC_SEAL | MFD_EXEC) ||
	    !(~flags & (MFD_NOEXEC_SEAL | MFD_EXEC)))
		return -EINVAL;
	len = strncpy_from_user(name, uname, sizeof(name));
	if (len < 0 || len == sizeof(name))
		return len < 0 ? len : -EINVAL;
	err = memfd_open(name, flags & (MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL),
			 &file);
	if (!err && flags & MFD_NOEXEC_SEAL) {
		file->inode->mode &= ~0111u;
		file->inode->seals = F_SEAL_EXEC;
	}
	return err ? err : fd_install(file, 0, flags & MFD_CLOEXEC);
}

static long set_flags(struct open_file *file, unsigned flags)
{
	uint32_t old = load_relaxed(&file->flags);

	store_relaxed(&file->flags, (old & ~SETFL_MASK) | (flags & SETFL_MASK));
	return 0;
}

static long seals(struct open_file *file, unsigned cmd, unsigned arg)
{
	struct inode *inode = file->inode;

	if (!inode->mapping || inode->fs != &fs_types[FS_ANON])
		return -EINVAL;
	if (cmd == F_GET_SEALS)
		return load_relaxed(&inode->seals);
	if (!(file->file.f_mode & FMODE_WRITE))
		return -EPERM;
	return memfd_add_seals(inode, arg);
}

static long fcntl_file(int fd, struct open_file *file, unsigned cmd,
		       uint64_t arg)
{
	switch (cmd) {
	case F_GETFL:
		return load_relaxed(&file->flags);
	case F_SETFL:
		return set_flags(file, (unsigned)arg);
	case F_GETLK:
	case F_SETLK:
	case F_SETLKW:
	case F_OFD_GETLK:
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
		return fcntl_lock(fd, file, cmd, arg);
	case F_SETOWN:
	case F_GETOWN:
		return 0;
	case F_SETPIPE_SZ:
	case F_GETPIPE_SZ:
		return pipe_fcntl(file, cmd, arg);
	case F_ADD_SEALS:
	case F_GET_SEALS:
		return seals(file, cmd, (unsigned)arg);
	}
	return -EINVAL;
}

long sys_fcntl(uint64_t ufd, uint64_t ucmd, uint64_t arg)
{
	unsigned cmd = (unsigned)ucmd;
	int fd = (int)ufd;
	struct open_file *file = fd_get_any(fd);
	long result;

	if (!file)
		return -EBADF;
	switch (cmd) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		if (arg >= process_limit(current_process(), RLIMIT_NOFILE)) {
			result = -EINVAL;
			break;
		}
		return fd_install(file, (int)arg, cmd == F_DUPFD_CLOEXEC);
	case F_GETFD:
		result = fd_get_cloexec(fd);
		break;
	case F_SETFD:
		result = fd_set_cloexec(fd, arg & FD_CLOEXEC);
		break;
	default:
		result = fcntl_file(fd, file, cmd, arg);
	}
	open_file_put(file);
	return result;
}

static long ioctl_file(struct open_file *file, int fd, unsigned cmd,
		       vaddr_t arg)
{
	uint32_t value;

	switch (cmd) {
	case FIOCLEX:
	case FIONCLEX:
		return fd_set_cloexec(fd, cmd == FIOCLEX);
	case FIONBIO:
		if (get_user_u32(&value, arg))
			return -EFAULT;
		value = value ? O_NONBLOCK : 0;
		return set_flags(
		    file, (load_relaxed(&file->flags) & ~O_NONBLOCK) | value);
	case FIONREAD:
		if (!file->inode->mapping)
			break;
		value = (uint32_t)(file->inode->mapping->i_size - file->pos);
		return put_user_u32(arg, value);
	}
	return file->ops->ioctl ? file->ops->ioctl(file, cmd, arg) : -ENOTTY;
}

long sys_ioctl(uint64_t fd, uint64_t cmd, uint64_t arg)
{
	struct open_file *file = fd_get((int)fd);
	long result;

	if (!file)
		return -EBADF;
	result = ioctl_file(file, (int)fd, (unsigned)cmd, arg);
	open_file_put(file);
	return result;
}

long sys_ftruncate(uint64_t fd, uint64_t size)
{
	struct open_file *file = fd_get((int)fd);
	long result = -EINVAL;

	if (!file)
		return -EBADF;
	if ((int64_t)size >= 0 && file->file.f_mapping &&
	    file->file.f_mode & FMODE_WRITE)
		result = ramfs_truncate(file->inode, size);
	open_file_put(file);
	return result;
}

long sys_fallocate(uint64_t fd, uint64_t mode, uint64_t off, uint64_t len)
{
	struct open_file *file = fd_get((int)fd);
	long result;

	if (!file)
		return -EBADF;
	if (!(file->file.f_mode & FMODE_WRITE))
		result = -EBADF;
	else if (!file->file.f_mapping)
		result = S_ISFIFO(file->inode->mode) ? -ESPIPE : -ENODEV;
	else
		result = ramfs_fallocate(file->inode, (unsigned)mode, off, len);
	open_file_put(file);
	return result;
}

long sys_getdents64(uint64_t fd, uint64_t buf, uint64_t len)
{
	struct open_file *file = fd_get((int)fd);
	long result;

	if (!file)
		return -EBADF;
	result = dir_getdents(file, buf, (unsigned)len);
	open_file_put(file);
	return result;
}

/* What memory holds is as safe as it gets: 0 for every real file. */
static long sync_fd(uint64_t fd, bool stream_too)
{
	struct open_file *file = fd_get((int)fd);
	bool fits;

	if (!file)
		return -EBADF;
	fits = stream_too || !(file->file.f_mode & FMODE_STREAM);
	open_file_put(file);
	return fits ? 0 : -EINVAL;
}

long sys_fsync(uint64_t fd)
{
	return sync_fd(fd, false);
}

long sys_fdatasync(uint64_t fd)
{
	return sync_fd(fd, false);
}

long sys_sync(void)
{
	return 0;
}

long sys_syncfs(uint64_t fd)
{
	return sync_fd(fd, true);
}

long sys_flock(uint64_t fd, uint64_t op)
{
	struct open_file *file = fd_get((int)fd);
	long result;

	if (!file)
		return -EBADF;
	result = flock_file(file, (unsigned)op);
	open_file_put(file);
	return result;
}

long sys_fadvise64(uint64_t fd, uint64_t off, uint64_t len, uint64_t advice)
{
	(void)off;
	if ((int64_t)len < 0 || (unsigned)advice > 5)
		return -EINVAL;
	return sync_fd(fd, false) == -EINVAL ? -ESPIPE : sync_fd(fd, true);
}
