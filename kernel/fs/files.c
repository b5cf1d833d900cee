/* SPDX-License-Identifier: MIT */
/*
 * Descriptor tables and places in the tree.
 *
 * A table's slots and its close-on-exec bits are one allocation, replaced by a
 * larger one under the table's lock. Files are dropped only after the lock is
 * released, since the last reference may sleep.
 */
#include "kernel/fs/files.h"

#include <string.h>

#include "abi/errno.h"
#include "kernel/fs/locks.h"
#include "kernel/fs/vfs.h"
#include "kernel/process.h"
#include "lib/bitops.h"
#include "mm/slab.h"

#define FIRST_SIZE 64 /* slots; a multiple of 64 */

struct files *current_files(void)
{
	return current->files;
}

struct fs_context *current_fs(void)
{
	return current->fs;
}

/* Memory for `size` slots and their bits, zeroed; 0 or -ENOMEM. */
static int table_alloc(unsigned size, struct open_file ***slot,
		       uint64_t **cloexec)
{
	*slot = kzalloc(size * sizeof(void *) + size / 8, GFP_USER);
	if (!*slot)
		return -ENOMEM;
	*cloexec = (uint64_t *)(*slot + size);
	return 0;
}

static inline void table_copy(struct files *files, struct open_file **slot,
			      uint64_t *cloexec)
{
	memcpy(slot, files->slot, files->end * sizeof(*slot));
	for (unsigned i = 0; i < files->size / 64; i++)
		cloexec[i] = files->cloexec[i];
}

struct files *files_alloc(void)
{
	struct files *files = kzalloc(sizeof(*files), GFP_USER);

	if (!files)
		return NULL;
	files->refs = 1;
	files->size = FIRST_SIZE;
	if (table_alloc(FIRST_SIZE, &files->slot, &files->cloexec)) {
		kfree(files);
		return NULL;
	}
	return files;
}

struct files *files_get(struct files *files)
{
	fetch_add_relaxed(&files->refs, 1);
	return files;
}

struct files *files_dup(struct files *files)
{
	struct files *copy = kmalloc(sizeof(*copy), GFP_USER);

	if (!copy)
		return NULL;
	spin_lock(&files->lock);
	*copy = (struct files){
	    .refs = 1,
	    .size = files->size,
	    .next = files->next,
	    .end = files->end,
	};
	if (table_alloc(copy->size, &copy->slot, &copy->cloexec)) {
		spin_unlock(&files->lock);
		kfree(copy);
		return NULL;
	}
	table_copy(files, copy->slot, copy->cloexec);
	for (unsigned i = 0; i < copy->end; i++) {
		if (copy->slot[i])
			open_file_get(copy->slot[i]);
	}
	spin_unlock(&files->lock);
	return copy;
}

/* The table's record locks go with the first of its descriptors. */
static inline void close_file(struct files *files, struct open_file *file)
{
	file_locks_end(file, files);
	open_file_put(file);
}

void files_put(struct files *files)
{
	if (fetch_sub_acq_rel(&files->refs, 1) != 1)
		return;
	for (unsigned i = 0; i < files->end; i++) {
		if (files->slot[i])
			close_file(files, files->slot[i]);
	}
	kfree(files->slot);
	kfree(files);
}

__cold int files_unshare(void)
{
	struct files *old = current->files, *copy;

	if (load_relaxed(&old->refs) == 1)
		return 0;
	copy = files_dup(old);
	if (!copy)
		return -ENOMEM;
	spin_lock(&process_lock);
	current->files = copy;
	spin_unlock(&process_lock);
	files_put(old);
	return 0;
}

/* Empty slot fd and return its file, or NULL. files->lock held. */
static struct open_file *take_slot(struct files *files, unsigned fd)
{
	struct open_file *file;

	if (fd >= files->size)
		return NULL;
	file = files->slot[fd];
	files->slot[fd] = NULL;
	files->cloexec[fd / 64] &= ~(1UL << fd % 64);
	if (file && fd < files->next)
		files->next = fd;
	return file;
}

static void set_slot(struct files *files, unsigned fd, struct open_file *file,
		     bool cloexec)
{
	files->slot[fd] = file;
	files->end = max(files->end, fd + 1);
	if (cloexec)
		files->cloexec[fd / 64] |= 1UL << fd % 64;
	else
		files->cloexec[fd / 64] &= ~(1UL << fd % 64);
}

/* Is there room for slot fd? Grows the table. files->lock held. */
static int reserve_slot(struct files *files, unsigned fd)
{
	unsigned size = files->size;
	struct open_file **slot, **old = files->slot;
	uint64_t *cloexec;

	if (fd < size)
		return 0;
	while (size <= fd)
		size *= 2;
	if (table_alloc(size, &slot, &cloexec))
		return -ENOMEM;
	table_copy(files, slot, cloexec);
	files->slot = slot;
	files->cloexec = cloexec;
	files->size = size;
	kfree(old);
	return 0;
}

static unsigned fd_limit(void)
{
	uint64_t limit = NR_OPEN_MAX;

	if (current_process())
		limit = process_limit(current_process(), RLIMIT_NOFILE);
	return (unsigned)min(limit, (uint64_t)NR_OPEN_MAX);
}

/* As fd_install, into any table. */
static int files_install(struct files *files, struct open_file *file,
			 unsigned from, unsigned limit, bool cloexec)
{
	unsigned fd;
	int err;

	spin_lock(&files->lock);
	fd = max(from, files->next);
	while (fd < files->size && files->slot[fd])
		fd++;
	err = fd >= limit ? -EMFILE : reserve_slot(files, fd);
	if (!err) {
		set_slot(files, fd, file, cloexec);
		if (from <= files->next)
			files->next = fd + 1;
	}
	spin_unlock(&files->lock);
	if (err)
		open_file_put(file);
	return err ? err : (int)fd;
}

int fd_install(struct open_file *file, int from, bool cloexec)
{
	return files_install(current_files(), file, (unsigned)from, fd_limit(),
			     cloexec);
}

int fd_replace(struct open_file *file, int fd, bool cloexec)
{
	struct files *files = current_files();
	struct open_file *old = NULL;
	int err = -EBADF;

	if (fd >= 0 && (unsigned)fd < fd_limit()) {
		spin_lock(&files->lock);
		err = reserve_slot(files, (unsigned)fd);
		if (!err) {
			old = files->slot[fd];
			set_slot(files, (unsigned)fd, file, cloexec);
		}
		spin_unlock(&files->lock);
	}
	if (old)
		close_file(files, old);
	if (err)
		open_file_put(file);
	return err ? err : fd;
}

int fd_close(int fd)
{
	struct files *files = current_files();
	struct open_file *file;

	spin_lock(&files->lock);
	file = take_slot(files, (unsigned)fd);
	spin_unlock(&files->lock);
	if (!file)
		return -EBADF;
	close_file(files, file);
	return 0;
}

__cold void fd_close_range(unsigned first, unsigned last, bool only_mark)
{
	struct files *files = current_files();
	int fd;

	while ((fd = files_next(files, first)) >= 0 && (unsigned)fd <= last) {
		if (only_mark)
			fd_set_cloexec(fd, true);
		else
			fd_close(fd);
		first = (unsigned)fd + 1;
	}
}

__cold void files_close_on_exec(struct files *files)
{
	for (unsigned fd = 0; fd < files->size; fd++) {
		struct open_file *file = NULL;

		if (!files->cloexec[fd / 64]) {
			fd |= 63;
			continue;
		}
		spin_lock(&files->lock);
		if (files->cloexec[fd / 64] & 1UL << fd % 64)
			file = take_slot(files, fd);
		spin_unlock(&files->lock);
		if (file)
			close_file(files, file);
	}
}

int files_get_cloexec(struct files *files, int fd)
{
	int result = -EBADF;

	spin_lock(&files->lock);
	if ((unsigned)fd < files->size && files->slot[fd])
		result = files->cloexec[fd / 64] >> fd % 64 & 1;
	spin_unlock(&files->lock);
	return result;
}

int fd_get_cloexec(int fd)
{
	return files_get_cloexec(current_files(), fd);
}

int fd_set_cloexec(int fd, bool cloexec)
{
	struct files *files = current_files();
	int err = -EBADF;

	spin_lock(&files->lock);
	if ((unsigned)fd < files->size && files->slot[fd]) {
		set_slot(files, (unsigned)fd, files->slot[fd], cloexec);
		err = 0;
	}
	spin_unlock(&files->lock);
	return err;
}

inline struct open_file *files_lookup(struct files *files, unsigned fd)
{
	struct open_file *file = NULL;

	spin_lock(&files->lock);
	if (fd < files->size && files->slot[fd])
		file = open_file_get(files->slot[fd]);
	spin_unlock(&files->lock);
	return file;
}

int files_next(struct files *files, unsigned fd)
{
	int found = -1;

	spin_lock(&files->lock);
	while (fd < files->size && !files->slot[fd])
		fd++;
	if (fd < files->size)
		found = (int)fd;
	spin_unlock(&files->lock);
	return found;
}

inline struct open_file *fd_get_any(int fd)
{
	return files_lookup(current_files(), (unsigned)fd);
}

struct open_file *fd_get(int fd)
{
	struct open_file *file = fd_get_any(fd);

	if (file && unlikely(file->file.f_mode & FMODE_PATH)) {
		open_file_put(file);
		return NULL;
	}
	return file;
}

__cold int files_open_console(struct files *files)
{
	struct open_file *file;
	int err;

	err = vfs_open("/dev/console", O_RDWR, 0, &file);
	for (int fd = 0; !err && fd < 3; fd++) {
		err = files_install(files, open_file_get(file), 0, NR_OPEN_MAX,
				    false);
		if (err >= 0)
			err = 0;
	}
	if (!err)
		open_file_put(file);
	return err;
}

struct fs_context *fs_context_alloc(void)
{
	struct fs_context *fs = kzalloc(sizeof(*fs), GFP_USER);

	if (!fs)
		return NULL;
	fs->refs = 1;
	fs->root = dentry_get(root_dentry);
	fs->cwd = dentry_get(root_dentry);
	fs->umask = 022;
	return fs;
}

struct fs_context *fs_context_get(struct fs_context *fs)
{
	fetch_add_relaxed(&fs->refs, 1);
	return fs;
}

struct fs_context *fs_context_dup(struct fs_context *fs)
{
	struct fs_context *copy = kmalloc(sizeof(*copy), GFP_USER);

	if (!copy)
		return NULL;
	spin_lock(&fs->lock);
	*copy = (struct fs_context){
	    .refs = 1,
	    .root = dentry_get(fs->root),
	    .cwd = dentry_get(fs->cwd),
	    .umask = fs->umask,
	};
	spin_unlock(&fs->lock);
	return copy;
}

void fs_context_put(struct fs_context *fs)
{
	if (fetch_sub_acq_rel(&fs->refs, 1) != 1)
		return;
	dentry_put(fs->root);
	dentry_put(fs->cwd);
	kfree(fs);
}
