/* SPDX-License-Identifier: MIT */
/*
 * Walking paths.
 *
 * The walk holds tree_lock throughout, and a reference to where it stands,
 * since directories of /proc exist only through references. A symbolic link's
 * text replaces what has been walked of the path, in place.
 */
#include "kernel/fs/namei.h"

#include <string.h>

#include "abi/errno.h"
#include "kernel/fs/files.h"
#include "kernel/riscv/uaccess.h"
#include "kernel/thread.h"
#include "mm/slab.h"

#define MAX_LINKS 40

/* Where a path starts; *out with a reference. */
static int walk_start(int dfd, const char *path, unsigned flags,
		      struct dentry **out)
{
	struct fs_context *fs = current_fs();
	struct open_file *file;
	int err = 0;

	if (!*path && !(flags & WALK_EMPTY))
		return -ENOENT;
	if (*path == '/' || dfd == AT_FDCWD) {
		spin_lock(&fs->lock);
		*out = dentry_get(*path == '/' ? fs->root : fs->cwd);
		spin_unlock(&fs->lock);
		return 0;
	}
	file = fd_get_any(dfd);
	if (!file)
		return -EBADF;
	if (*path && !S_ISDIR(file->inode->mode))
		err = -ENOTDIR;
	else
		*out = dentry_get(file->dentry);
	open_file_put(file);
	return err;
}

/* The name in dir; *out with a reference, or NULL when there is none. */
static int walk_step(struct dentry *dir, const char *name, size_t len,
		     struct dentry **out)
{
	struct dentry *found = NULL;
	int err = 0;

	if (!S_ISDIR(dir->inode->mode))
		return -ENOTDIR;
	if (len > NAME_MAX)
		return -ENAMETOOLONG;
	if (len == 1 && name[0] == '.') {
		found = dir;
	} else if (len == 2 && name[0] == '.' && name[1] == '.') {
		found = dir == current_fs()->root ? dir : dir->parent;
	} else {
		found = dentry_find(dir, name, len);
		if (!found && dir->inode->ops && dir->inode->ops->lookup) {
			err = dir->inode->ops->lookup(dir, name, len, out);
			if (err == -ENOENT) {
				*out = NULL;
				err = 0;
			}
			return err;
		}
	}
	*out = found ? dentry_get(found) : NULL;
	return 0;
}

/* Replace path, of which `rest` is still to be walked, by the link's text. */
static int splice_link(struct inode *link, char *path, const char *rest)
{
	size_t rest_len = strlen(rest);
	char *text = kmalloc(PATH_MAX, GFP_USER);
	long len;

	if (!text)
		return -ENOMEM;
	len = link->ops->readlink(link, text, PATH_MAX);
	if (len >= 0 && (size_t)len + rest_len >= PATH_MAX)
		len = -ENAMETOOLONG;
	if (len == 0)
		len = -ENOENT;
	if (len > 0) {
		memmove(path + len, rest, rest_len + 1);
		memcpy(path, text, (size_t)len);
	}
	kfree(text);
	return len < 0 ? (int)len : 0;
}

/* Step over a link: walk->dentry is one. *rest is where the walk goes on. */
static int walk_link(struct path_walk *walk, char *path, const char **rest)
{
	struct inode *link = walk->dentry->inode;
	struct dentry *target = NULL;
	int err;

	if (link->ops->follow) {
		err = link->ops->follow(link, &target);
		if (err)
			return err;
		dentry_put(walk->dentry);
		walk->dentry = target;
		return 0;
	}
	err = splice_link(link, path, *rest);
	if (err)
		return err;
	*rest = path;
	dentry_put(walk->dentry);
	walk->dentry = walk->dir;
	walk->dir = NULL;
	if (*path == '/') {
		dentry_put(walk->dentry);
		walk->dentry = dentry_get(current_fs()->root);
	}
	return 0;
}

int path_walk(struct path_walk *walk, int dfd, char *path, unsigned flags)
{
	const char *rest = path, *name;
	unsigned nr_links = 0;
	int err;

	*walk = (struct path_walk){.is_dot = true};
	err = walk_start(dfd, path, flags, &walk->dentry);
	if (err)
		return err;
	for (;;) {
		while (*rest == '/')
			rest++;
		if (!*rest)
			break;
		name = rest;
		while (*rest && *rest != '/')
			rest++;
		if (!walk->dentry)
			return -ENOENT;
		dentry_put(walk->dir);
		walk->dir = walk->dentry;
		walk->name = name;
		walk->len = (size_t)(rest - name);
		walk->has_slash = *rest;
		err = walk_step(walk->dir, name, walk->len, &walk->dentry);
		if (err) {
			walk->dentry = NULL;
			return err;
		}
		walk->is_dot = walk->dentry == walk->dir ||
			       (walk->len == 2 && !memcmp(name, "..", 2));
		if (!walk->dentry || !S_ISLNK(walk->dentry->inode->mode) ||
		    (!*rest && !(flags & WALK_FOLLOW)))
			continue;
		if (++nr_links > MAX_LINKS)
			return -ELOOP;
		err = walk_link(walk, path, &rest);
		if (err)
			return err;
	}
	if (!walk->dir) {
		walk->dir = dentry_get(walk->dentry);
		walk->is_dot = true;
	}
	if (walk->has_slash && walk->dentry &&
	    !S_ISDIR(walk->dentry->inode->mode))
		return -ENOTDIR;
	return 0;
}

void path_walk_end(struct path_walk *walk)
{
	dentry_put(walk->dir);
	dentry_put(walk->dentry);
}

int path_lookup(int dfd, char *path, unsigned flags, struct dentry **out)
{
	struct path_walk walk;
	int err;

	tree_read_lock();
	err = path_walk(&walk, dfd, path, flags);
	if (!err && !walk.dentry)
		err = -ENOENT;
	if (!err)
		*out = dentry_get(walk.dentry);
	path_walk_end(&walk);
	tree_read_unlock();
	return err;
}

int path_from_user(vaddr_t addr, char **path)
{
	char *buf = kmalloc(PATH_MAX, GFP_USER);
	long len;

	if (!buf)
		return -ENOMEM;
	len = strncpy_from_user(buf, addr, PATH_MAX);
	if (len >= 0 && len < PATH_MAX) {
		*path = buf;
		return 0;
	}
	kfree(buf);
	return len < 0 ? (int)len : -ENAMETOOLONG;
}

long link_read(struct dentry *dentry, char *buf, size_t len)
{
	struct inode *inode = dentry->inode;

	if (!S_ISLNK(inode->mode))
		return -EINVAL;
	return inode->ops->readlink(inode, buf, len);
}
