/* SPDX-License-Identifier: MIT */
/*
 * System calls about memory: registers to the calls of mm/mm.h.
 */
#include "kernel/fs/files.h"
#include "kernel/fs/vfs.h"
#include "kernel/riscv/uaccess.h"
#include "kernel/syscall.h"
#include "kernel/thread.h"
#include "mm/mm.h"

long sys_mmap(uint64_t addr, uint64_t len, uint64_t prot, uint64_t flags,
	      uint64_t fd, uint64_t offset)
{
	struct open_file *file = NULL;
	long result;

	if (offset & ~PAGE_MASK)
		return -EINVAL;
	if (!(flags & MAP_ANONYMOUS)) {
		file = fd_get((int)fd);
		if (!file)
			return -EBADF;
		if (file_is_zero(file)) {
			open_file_put(file);
			file = NULL;
			flags |= MAP_ANONYMOUS;
		}
	}
	result = do_mmap(current->mm, file ? &file->file : NULL, addr, len,
			 (unsigned)prot, (unsigned)flags, offset >> PAGE_SHIFT);
	if (file)
		open_file_put(file);
	return result;
}

long sys_munmap(uint64_t addr, uint64_t len)
{
	return do_munmap(current->mm, addr, len);
}

long sys_mprotect(uint64_t addr, uint64_t len, uint64_t prot)
{
	return do_mprotect(current->mm, addr, len, (unsigned)prot);
}

long sys_mremap(uint64_t addr, uint64_t old_len, uint64_t new_len,
		uint64_t flags, uint64_t new_addr)
{
	return do_mremap(current->mm, addr, old_len, new_len, (unsigned)flags,
			 new_addr);
}

long sys_remap_file_pages(uint64_t addr, uint64_t len, uint64_t prot,
			  uint64_t pgoff, uint64_t flags)
{
	return do_remap_file_pages(current->mm, addr, len, (unsigned)prot,
				   pgoff, (unsigned)flags);
}

long sys_madvise(uint64_t addr, uint64_t len, uint64_t advice)
{
	return do_madvise(current->mm, addr, len, (int)advice);
}

static int emit_mincore(void *ctx, uint64_t first, const uint8_t *vec,
			unsigned n)
{
	return copy_to_user(*(vaddr_t *)ctx + first, vec, n);
}

long sys_mincore(uint64_t addr, uint64_t len, uint64_t vec)
{
	return do_mincore(current->mm, addr, len, emit_mincore, &vec);
}

long sys_msync(uint64_t addr, uint64_t len, uint64_t flags)
{
	return do_msync(current->mm, addr, len, (int)flags);
}

long sys_mlock(uint64_t addr, uint64_t len)
{
	return do_mlock(current->mm, addr, len, false);
}

long sys_mlock2(uint64_t addr, uint64_t len, uint64_t flags)
{
	if ((uint32_t)flags & ~(uint32_t)MLOCK_ONFAULT)
		return -EINVAL;
	return do_mlock(current->mm, addr, len, (uint32_t)flags);
}

long sys_munlock(uint64_t addr, uint64_t len)
{
	return do_munlock(current->mm, addr, len);
}

long sys_mlockall(uint64_t flags)
{
	return do_mlockall(current->mm, (int)flags);
}

long sys_munlockall(void)
{
	return do_munlockall(current->mm);
}

long sys_mseal(uint64_t addr, uint64_t len, uint64_t flags)
{
	return do_mseal(current->mm, addr, len, flags);
}

long sys_brk(uint64_t brk)
{
	return (long)do_brk(current->mm, brk);
}
