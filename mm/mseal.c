/* SPDX-License-Identifier: MIT */
/*
 * mseal(2): areas that keep their place, size and permissions for good. The
 * seal is a flag; munmap, a fixed mmap, mprotect, mremap and madvise look for
 * it (VM_SEALED) and refuse. It goes with the address space alone.
 */
#include "abi/errno.h"
#include "mm/internal.h"
#include "mm/mm.h"
#include "mm/vma.h"

/* All of the range is mapped, or nothing is sealed. */
static bool has_hole(struct mm_struct *mm, vaddr_t start, vaddr_t end)
{
	const struct vm_area_struct *vma = find_vma(mm, start);

	for (; vma && vma->vm_start <= start; vma = vma_next(vma)) {
		start = vma->vm_end;
		if (start >= end)
			return false;
	}
	return true;
}

static int seal_locked(struct mm_struct *mm, vaddr_t start, vaddr_t end)
{
	struct vm_area_struct *vma;

	if (has_hole(mm, start, end))
		return -ENOMEM;
	for (; start < end; start = vma->vm_end) {
		int err;

		vma = find_vma(mm, start);
		if (vma_has(vma, VM_SEALED))
			continue;
		err = vma_isolate(&vma, start, min(vma->vm_end, end));
		if (err)
			return err;
		vma_start_write(vma);
		vm_flags_set(vma, VM_SEALED);
		vma = vma_merge(vma);
	}
	return 0;
}

int do_mseal(struct mm_struct *mm, vaddr_t addr, uint64_t len, uint64_t flags)
{
	vaddr_t end = addr + PAGE_ALIGN(len);
	int err;

	if (flags || addr & ~PAGE_MASK || (len && !PAGE_ALIGN(len)) ||
	    end < addr)
		return -EINVAL;
	if (end == addr)
		return 0;
	if (mmap_write_lock_killable(mm))
		return -EINTR;
	err = seal_locked(mm, addr, end);
	mmap_write_unlock(mm);
	return err;
}
