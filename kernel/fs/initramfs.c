/* SPDX-License-Identifier: MIT */
/*
 * The first file system: a cpio archive that the boot loader put into memory.
 *
 * Contents are copied into the page cache, and then the archive's memory goes
 * to the page allocator. Copying a page costs as much as zeroing it twice;
 * adopting the frames would save that but only for files that happen to lie
 * page aligned in the archive, and would keep their neighbours' bytes around.
 *
 * Whatever is wrong with an archive is said and then ignored: a kernel without
 * /init has its own message for that.
 */
#include <stdio.h>
#include <string.h>

#include "abi/errno.h"
#include "kernel/console.h"
#include "kernel/fs/boot.h"
#include "kernel/fs/namei.h"
#include "kernel/fs/special.h"
#include "kernel/riscv/boot.h"
#include "lib/cpio.h"
#include "mm/slab.h"

/* A file that has several names, kept until the archive ends. */
struct linked_file {
	struct list_head node;
	uint32_t dev_major, dev_minor, ino;
	struct inode *inode; /* reference */
};

/* Append pages with these bytes to an empty file. 0 or -ENOMEM. */
static int fill_file(struct inode *inode, const uint8_t *data, size_t size)
{
	for (size_t off = 0; off < size; off += PAGE_SIZE) {
		struct page *page = page_alloc(0, GFP_USER);
		size_t n = min(size - off, PAGE_SIZE);

		if (!page)
			return -ENOMEM;
		memcpy(page_address(page), data + off, n);
		memset((char *)page_address(page) + n, 0, PAGE_SIZE - n);
		if (filemap_adopt(inode->mapping, off >> PAGE_SHIFT, page)) {
			page_put(page);
			return -ENOMEM;
		}
	}
	inode->mapping->i_size = size;
	return 0;
}

/* The inode of a file that an earlier entry named, with a reference. */
static struct inode *find_linked(struct list_head *linked,
				 const struct cpio_entry *e)
{
	struct linked_file *file;

	list_for_each_entry (file, linked, node) {
		if (file->ino == e->ino && file->dev_major == e->dev_major &&
		    file->dev_minor == e->dev_minor)
			return inode_get(file->inode);
	}
	return NULL;
}

static void remember_linked(struct list_head *linked,
			    const struct cpio_entry *e, struct inode *inode)
{
	struct linked_file *file = kmalloc(sizeof(*file), GFP_USER);

	if (!file)
		return; /* its names become files of their own */
	file->dev_major = e->dev_major;
	file->dev_minor = e->dev_minor;
	file->ino = e->ino;
	file->inode = inode_get(inode);
	list_add(&file->node, linked);
}

static void forget_linked(struct list_head *linked)
{
	struct linked_file *file, *next;

	list_for_each_entry_safe (file, next, linked, node) {
		inode_put(file->inode);
		kfree(file);
	}
}

/* A regular file with its contents; NULL: no memory. */
static struct inode *make_regular(struct list_head *linked,
				  const struct cpio_entry *e)
{
	struct inode *inode = NULL;

	if (e->nlink > 1)
		inode = find_linked(linked, e);
	if (!inode) {
		inode = ramfs_inode_alloc(&fs_types[FS_ROOT], e->mode);
		if (inode && e->nlink > 1)
			remember_linked(linked, e, inode);
	}
	if (!inode)
		return NULL;
	/* Of several names the last has the contents. */
	if (e->size && !inode->mapping->nr_pages &&
	    fill_file(inode, e->data, e->size)) {
		inode_put(inode);
		return NULL;
	}
	return inode;
}

static struct inode *make_inode(struct list_head *linked,
				const struct cpio_entry *e)
{
	const struct fs_type *fs = &fs_types[FS_ROOT];
	struct inode *inode;

	if (S_ISREG(e->mode))
		return make_regular(linked, e);
	if (S_ISLNK(e->mode))
		return symlink_alloc(fs, (const char *)e->data, e->size);
	inode = inode_alloc(fs, e->mode);
	if (inode && S_ISCHR(e->mode)) {
		inode->rdev = RDEV(e->rdev_major, e->rdev_minor);
		inode->fops = dev_find(inode->rdev);
	}
	return inode;
}

/* Is it a path inside the root directory, and of a type we have? */
static bool is_sane(const struct cpio_entry *e)
{
	const char *name = e->name;
	size_t len;

	for (; *name; name += len + strspn(name + len, "/")) {
		len = strcspn(name, "/");
		if (len > NAME_MAX || (len == 2 && !memcmp(name, "..", 2)) ||
		    (len == 1 && name[0] == '.'))
			return false;
	}
	if (S_ISLNK(e->mode))
		return e->size && e->size < PATH_MAX &&
		       !memchr(e->data, '\0', e->size);
	return S_ISREG(e->mode) || S_ISDIR(e->mode) || S_ISCHR(e->mode);
}

static int unpack_entry(struct list_head *linked, struct cpio_entry *e)
{
	struct inode *inode;

	while (e->name[0] == '/' || !strncmp(e->name, "./", 2))
		e->name++;
	if (!e->name[0] || !strcmp(e->name, "."))
		return 0; /* the root directory itself */
	if (!is_sane(e)) {
		console_print("initramfs: %.100s: left out\n", e->name);
		return 0;
	}
	inode = make_inode(linked, e);
	if (!inode)
		return -ENOMEM;
	inode->uid = e->uid;
	inode->gid = e->gid;
	if (e->mtime)
		inode->mtime = e->mtime * 1000000000UL;
	return vfs_make(e->name, inode);
}

void initramfs_unpack(void)
{
	paddr_t start = boot_info.initrd_start, end = boot_info.initrd_end;
	struct cpio_entry entry;
	LIST_HEAD(linked);
	struct cpio cpio;
	int result;

	if (start == end)
		return;
	cpio_open(&cpio, phys_to_virt(start), end - start);
	while ((result = cpio_next(&cpio, &entry)) > 0) {
		int err = unpack_entry(&linked, &entry);

		if (err == -ENOMEM) {
			console_print("initramfs: out of memory\n");
			break;
		}
		if (err)
			console_print("initramfs: %.100s: error %d\n",
				      entry.name, -err);
	}
	if (result < 0)
		console_print("initramfs: malformed at byte %lu, ignored from "
			      "there\n",
			      (unsigned long)cpio.at);
	forget_linked(&linked);
	page_free_reserved(PAGE_ALIGN_DOWN(start), PAGE_ALIGN(end));
}
