/* SPDX-License-Identifier: MIT */
/*
 * madvise(2). Advice that changes what an area is (DONTFORK, WIPEONFORK,
 * SEQUENTIAL, ...) needs mmap_lock for writing; advice about its pages
 * (DONTNEED, FREE) for reading; POPULATE_* takes the path of faults.
 *
 * As on Linux a hole in the range does not stop the work: what is mapped is
 * treated, and -ENOMEM says so at the end.
 */
#include "abi/errno.h"
#include "mm/internal.h"
#include "mm/mm.h"
#include "mm/vma.h"

/* Flags to set and clear for advice that only changes flags. */
static bool advice_flags(int advice, uint64_t *set, uint64_t *clear)
{
	const uint64_t pattern = VM_SEQ_READ | VM_RAND_READ;
	static const struct {
		int advice;
		uint64_t set, clear;
	} table[] = {
	    {MADV_NORMAL, 0, pattern},
	    {MADV_SEQUENTIAL, VM_SEQ_READ, VM_RAND_READ},
	    {MADV_RANDOM, VM_RAND_READ, VM_SEQ_READ},
	    {MADV_DONTFORK, VM_DONTCOPY, 0},
	    {MADV_DOFORK, 0, VM_DONTCOPY},
	    {MADV_WIPEONFORK, VM_WIPEONFORK, 0},
	    {MADV_KEEPONFORK, 0, VM_WIPEONFORK},
	    {MADV_DONTDUMP, VM_DONTDUMP, 0},
	    {MADV_DODUMP, 0, VM_DONTDUMP},
	    {MADV_HUGEPAGE, VM_HUGEPAGE, VM_NOHUGEPAGE},
	    {MADV_NOHUGEPAGE, VM_NOHUGEPAGE, VM_HUGEPAGE},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(table); i++) {
		if (table[i].advice == advice) {
			*set = table[i].set;
			*clear = table[i].clear;
			return true;
		}
	}
	return false;
}

/* Is this flag advice allowed for the area? 0 or -EINVAL. */
static int check_flags(const struct vm_area_struct *vma, int advice)
{
	if (advice == MADV_WIPEONFORK &&
	    (vma->vm_file || vma_has(vma, VM_SHARED)))
		return -EINVAL;
	if (advice == MADV_DOFORK && vma_has(vma, VM_IO))
		return -EINVAL;
	if (advice == MADV_DODUMP && vma_has(vma, VM_SPECIAL | VM_DROPPABLE))
		return -EINVAL;
	if (advice == MADV_KEEPONFORK && vma_has(vma, VM_DROPPABLE))
		return -EINVAL;
	return 0;
}

static int change_flags(struct vm_area_struct **vmap, vaddr_t start,
			vaddr_t end, int advice)
{
	struct vm_area_struct *vma = *vmap;
	uint64_t set = 0, clear = 0;
	int err = check_flags(vma, advice);

	advice_flags(advice, &set, &clear);
	if (err || ((vma_flags(vma) | set) & ~clear) == vma_flags(vma))
		return err;
	err = vma_isolate(&vma, start, end);
	if (err)
		return err == -ENOMEM ? -EAGAIN : err;
	vma_start_write(vma);
	vm_flags_mod(vma, set, clear);
	*vmap = vma_merge(vma);
	return 0;
}

/* Throw away the pages of [start, end) in one area, at once or lazily. */
static int drop_pages(struct vm_area_struct *vma, vaddr_t start, vaddr_t end,
		      int advice)
{
	if (vma_has(vma, VM_LOCKED | VM_PFNMAP) &&
	    advice != MADV_DONTNEED_LOCKED)
		return -EINVAL;
	if (advice == MADV_FREE && !vma_is_anonymous(vma))
		return -EINVAL;
	if (advice == MADV_FREE)
		free_lazily(vma, start, end);
	else
		zap_page_range(vma, start, end);
	return 0;
}

/* Drop the pages of a shared file mapping from the file as well. */
static int remove_pages(struct vm_area_struct *vma, vaddr_t start, vaddr_t end)
{
	if (vma_has(vma, VM_LOCKED))
		return -EINVAL;
	if (!vma->vm_file || !vma->vm_file->f_mapping)
		return -EINVAL;
	if (!vma_has(vma, VM_SHARED) || !vma_has(vma, VM_MAYWRITE))
		return -EACCES;
	return truncate_hole(vma->vm_file->f_mapping,
			     linear_page_index(vma, start),
			     linear_page_index(vma, end));
}

/*
 * Is it advice that a sealed area refuses? What is thrown away could be written
 * otherwise, so only memory that the program cannot write is protected.
 */
static bool breaks_seal(const struct vm_area_struct *vma, int advice)
{
	if (!vma_has(vma, VM_SEALED) || vma->vm_file ||
	    vma_has(vma, VM_SHARED | VM_WRITE))
		return false;
	return advice == MADV_DONTNEED || advice == MADV_DONTNEED_LOCKED ||
	       advice == MADV_FREE || advice == MADV_REMOVE ||
	       advice == MADV_DONTFORK || advice == MADV_WIPEONFORK;
}

static int advise_area(struct vm_area_struct **vmap, vaddr_t start, vaddr_t end,
		       int advice)
{
	if (breaks_seal(*vmap, advice))
		return -EPERM;
	switch (advice) {
	case MADV_WILLNEED:
		return 0; /* everything is in memory and stays there */
	case MADV_COLD:
	case MADV_PAGEOUT:
		return vma_has(*vmap, VM_LOCKED | VM_PFNMAP) ? -EINVAL : 0;
	case MADV_DONTNEED:
	case MADV_DONTNEED_LOCKED:
	case MADV_FREE:
		return drop_pages(*vmap, start, end, advice);
	case MADV_REMOVE:
		return remove_pages(*vmap, start, end);
	case MADV_COLLAPSE:
		return -EINVAL; /* as for an area that can have no huge page */
	default:
		return change_flags(vmap, start, end, advice);
	}
}

static int advise_range(struct mm_struct *mm, vaddr_t start, vaddr_t end,
			int advice)
{
	struct vm_area_struct *vma = find_vma(mm, start);
	bool has_hole = false;
	int err;

	while (start < end) {
		vaddr_t stop;

		if (!vma || vma->vm_start >= end)
			return -ENOMEM;
		if (vma->vm_start > start) {
			has_hole = true;
			start = vma->vm_start;
		}
		stop = min(vma->vm_end, end);
		err = advise_area(&vma, start, stop, advice);
		if (err)
			return err;
		start = stop;
		if (vma->vm_end <= start)
			vma = vma_next(vma);
	}
	return has_hole ? -ENOMEM : 0;
}

static bool advice_is_known(int advice)
{
	uint64_t set, clear;

	switch (advice) {
	case MADV_WILLNEED:
	case MADV_COLD:
	case MADV_PAGEOUT:
	case MADV_DONTNEED:
	case MADV_DONTNEED_LOCKED:
	case MADV_FREE:
	case MADV_REMOVE:
	case MADV_COLLAPSE:
	case MADV_POPULATE_READ:
	case MADV_POPULATE_WRITE:
		return true;
	default:
		return advice_flags(advice, &set, &clear);
	}
}

int do_madvise(struct mm_struct *mm, vaddr_t addr, uint64_t len, int advice)
{
	uint64_t set, clear;
	vaddr_t end;
	int err;

	if (!advice_is_known(advice) || addr & ~PAGE_MASK)
		return -EINVAL;
	if (len && !PAGE_ALIGN(len))
		return -EINVAL;
	end = addr + PAGE_ALIGN(len);
	if (end < addr)
		return -EINVAL;
	if (end == addr)
		return 0;
	if (advice == MADV_POPULATE_READ || advice == MADV_POPULATE_WRITE)
		return populate_range(mm, addr, end,
				      advice == MADV_POPULATE_WRITE);
	if (advice_flags(advice, &set, &clear)) {
		if (mmap_write_lock_killable(mm))
			return -EINTR;
		err = advise_range(mm, addr, end, advice);
		mmap_write_unlock(mm);
		return err;
	}
	if (mmap_read_lock_killable(mm))
		return -EINTR;
	err = advise_range(mm, addr, end, advice);
	mmap_read_unlock(mm);
	return err;
}
