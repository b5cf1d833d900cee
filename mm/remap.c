/* SPDX-License-Identifier: MIT */
/*
 * remap_file_pages(2): let a part of a shared mapping show another part of its
 * file.
 *
 * Areas that show the pages of a file in any order were once a kind of their
 * own. Linux has given that up, and so the call is what it says in the manual
 * page: an old name for a fixed mmap of the same file.
 */
#include "abi/errno.h"
#include "mm/internal.h"
#include "mm/mm.h"
#include "mm/vma.h"

/* Are all of [addr, end) areas like this one, of one file, without holes? */
static bool is_alike(const struct vm_area_struct *vma, vaddr_t end)
{
	while (vma->vm_end < end) {
		const struct vm_area_struct *next = vma_next(vma);

		if (!next || next->vm_start != vma->vm_end ||
		    next->vm_file != vma->vm_file ||
		    vma_flags(next) != vma_flags(vma))
			return false;
		vma = next;
	}
	return true;
}

int do_remap_file_pages(struct mm_struct *mm, vaddr_t addr, uint64_t len,
			unsigned prot, pgoff_t pgoff, unsigned flags)
{
	struct vm_area_struct *vma;
	struct file *file = NULL;
	long res = -EINVAL;

	addr = PAGE_ALIGN_DOWN(addr);
	len = PAGE_ALIGN_DOWN(len);
	if (prot || addr + len <= addr || pgoff + (len >> PAGE_SHIFT) < pgoff)
		return -EINVAL;
	if (mmap_write_lock_killable(mm))
		return -EINTR;
	vma = vma_lookup(mm, addr);
	if (vma && vma_has(vma, VM_SHARED) && is_alike(vma, addr + len)) {
		file = file_get(vma->vm_file);
		res = pgoff > (INT64_MAX - len) >> PAGE_SHIFT
			  ? -EOVERFLOW
			  : mmap_region(mm, file, addr, len, vma_flags(vma),
					pgoff, vma);
	}
	mmap_write_unlock(mm);
	file_put(file);
	if (res >= 0 && !(flags & MAP_NONBLOCK))
		mm_populate(mm, addr, addr + len);
	return res < 0 ? (int)res : 0;
}
