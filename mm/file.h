/* SPDX-License-Identifier: MIT */
/*
 * What mm/ knows of files: an open file that areas hold references to, and its
 * mapping, the pages of the file that are in memory.
 *
 * The kernel's files embed struct file, its inodes embed struct address_space.
 * Files live in memory only (ramfs): the page cache is the storage, a page
 * that is missing below i_size is a hole and reads as zeros.
 *
 * Locks: i_size and the set of pages change under invalidate_lock for writing
 * (truncate) or, for additions, under pages_lock alone. Order: mmap_lock,
 * invalidate_lock, i_mmap_rwsem, page lock, pages_lock, page table lock.
 */
#pragma once

#include "lib/interval_tree.h"
#include "lib/rwsem.h"
#include "mm/mm_types.h"
#include "mm/page_index.h"

struct address_space {
	struct page_index pages;      /* pages_lock; pgoff -> struct page */
	struct spinlock pages_lock;   /* leaf lock */
	bool is_shmem;		      /* c; counts as MM_SHMEMPAGES */
	uint64_t nr_pages;	      /* pages_lock */
	uint64_t i_size;	      /* a; bytes */
	uint64_t id;		      /* c; no other mapping ever has it */
	struct rwsem invalidate_lock; /* truncate excludes page additions */
	struct rwsem i_mmap_rwsem;    /* i_mmap */
	struct interval_root i_mmap;  /* areas that map this file */
	uint64_t nr_writable;	      /* a; shared mappings that may write */
	bool is_stored;		      /* a; a fault let one of them write */
	/*
	 * Called when a shared mapping first writes a page: file times. May
	 * sleep; 0 or -Exxx (becomes SIGBUS). NULL: nothing to do.
	 */
	int (*page_mkwrite)(struct address_space *mapping, struct page *page);
	void *host; /* the kernel's inode */
};

#define FMODE_READ  0x1u
#define FMODE_WRITE 0x2u
#define FMODE_EXEC  0x4u /* mapping it executable is allowed */

struct file {
	uint64_t f_count;		 /* a */
	uint32_t f_mode;		 /* c; FMODE_* */
	struct address_space *f_mapping; /* c; NULL: cannot be mapped */
	const struct file_vm_operations *f_vm_ops; /* c */
};

/* What the kernel's files do for mm/. */
struct file_vm_operations {
	/* The last reference is gone: free it. May sleep. */
	void (*release)(struct file *file);
	/*
	 * Set vma->vm_ops for a new mapping; may refuse with -Exxx. NULL means
	 * generic_file_mmap.
	 */
	int (*mmap)(struct file *file, struct vm_area_struct *vma);
	/*
	 * Path for /proc/PID/maps, written into buf (NUL-terminated, cut to
	 * len), with device and inode numbers.
	 */
	void (*describe)(struct file *file, char *buf, size_t len,
			 uint64_t *dev, uint64_t *ino);
};

static inline struct file *file_get(struct file *file)
{
	fetch_add_relaxed(&file->f_count, 1);
	return file;
}

/* Drop a reference; the last one calls release. May sleep. NULL is allowed. */
void file_put(struct file *file);

/* The queues for page locks; once, at boot. */
void filemap_init(void);

void mapping_init(struct address_space *mapping, void *host);

/* Free every page; no mapping of it may exist. For inode destruction. */
void mapping_destroy(struct address_space *mapping);

/* Ordinary page cache mapping: sets vm_ops. 0, or -ENODEV without a mapping. */
int generic_file_mmap(struct file *file, struct vm_area_struct *vma);
extern const struct vm_operations_struct generic_file_vm_ops;

/* The page at pgoff with a reference, or NULL. Does not sleep. */
struct page *filemap_find(struct address_space *mapping, pgoff_t pgoff);

/*
 * The page at pgoff with a reference, added (zeroed) when missing. NULL: no
 * memory. The caller holds invalidate_lock for reading or writing, or is the
 * only user of the mapping.
 */
struct page *filemap_find_or_add(struct address_space *mapping, pgoff_t pgoff,
				 unsigned gfp);

/*
 * Give frames that already hold the contents (an initramfs file) to the page
 * cache: the page becomes the page at pgoff, its reference moves. 0, -ENOMEM,
 * -EEXIST.
 */
int filemap_adopt(struct address_space *mapping, pgoff_t pgoff,
		  struct page *page);

/*
 * Change the file's size. Shrinking unmaps the pages behind the new end from
 * every address space, frees them and zeroes the rest of the last page.
 * Accesses to what was unmapped raise SIGBUS. May sleep. Returns 0 or -ENOMEM.
 */
int truncate_setsize(struct address_space *mapping, uint64_t size);

/* Turn the pages [start, end) into a hole. May sleep. Returns 0. */
int truncate_hole(struct address_space *mapping, pgoff_t start, pgoff_t end);

/* Remove the PTEs of the pages [start, end) of a file from every mm. */
void unmap_mapping_range(struct address_space *mapping, pgoff_t start,
			 pgoff_t end, bool even_cows);

/*
 * A nameless file of len bytes behind MAP_SHARED | MAP_ANONYMOUS. *filep gets
 * one reference. 0 or -ENOMEM.
 */
int shmem_zero_setup(uint64_t len, struct file **filep);
