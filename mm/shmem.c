/* SPDX-License-Identifier: MIT */
/*
 * Shared anonymous memory: a file that no directory names, one for each
 * mmap(MAP_SHARED | MAP_ANONYMOUS). Its pages are the page cache of that file.
 */
#include <stdio.h>

#include "abi/errno.h"
#include "mm/file.h"
#include "mm/slab.h"

struct shmem_file {
	struct file file;
	struct address_space mapping;
};

static void shmem_release(struct file *file)
{
	struct shmem_file *shmem = container_of(file, struct shmem_file, file);

	mapping_destroy(&shmem->mapping);
	kfree(shmem);
}

static void shmem_describe(struct file *file, char *buf, size_t len,
			   uint64_t *dev, uint64_t *ino)
{
	const struct shmem_file *shmem =
	    container_of(file, struct shmem_file, file);

	snprintf(buf, len, "/dev/zero (deleted)");
	*dev = 1;
	*ino = shmem->mapping.id;
}

static const struct file_vm_operations shmem_vm_operations = {
    .release = shmem_release,
    .describe = shmem_describe,
};

int shmem_zero_setup(uint64_t len, struct file **filep)
{
	struct shmem_file *shmem = kzalloc(sizeof(*shmem), GFP_KERNEL);

	if (!shmem)
		return -ENOMEM;
	mapping_init(&shmem->mapping, NULL);
	shmem->mapping.is_shmem = true;
	shmem->mapping.i_size = len;
	shmem->file.f_count = 1;
	shmem->file.f_mode = FMODE_READ | FMODE_WRITE | FMODE_EXEC;
	shmem->file.f_mapping = &shmem->mapping;
	shmem->file.f_vm_ops = &shmem_vm_operations;
	*filep = &shmem->file;
	return 0;
}
