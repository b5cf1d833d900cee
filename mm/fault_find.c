/* SPDX-License-Identifier: MIT */
/*
 * What a fault needs mmap_lock for: to find an area that could not be locked
 * by itself, to let a stack grow, and to give an area its anon_vma, for which
 * its neighbours are looked at.
 *
 * On success lock_mm_and_find_vma() leaves the guard holding mmap_lock for
 * reading; growth takes it for writing and downgrades it.
 */
#include "abi/errno.h"
#include "abi/signal.h"
#include "mm/fault.h"
#include "mm/internal.h"
#include "mm/rmap.h"
#include "mm/vma.h"
#include "mm/vmstat.h"

vm_fault_t area_anon_prepare(struct vm_area_struct *vma, bool is_vma_lock)
{
	struct mm_struct *mm = vma->vm_mm;
	int err;

	/* Looking at the neighbours needs more than the area's lock. */
	if (is_vma_lock && !mmap_read_trylock(mm)) {
		vma_refcount_put(mm, vma);
		return vm_fault_make(VM_FAULT_RETRY);
	}
	err = anon_vma_prepare(vma);
	if (is_vma_lock)
		mmap_read_unlock(mm);
	return err ? vm_fault_make(VM_FAULT_OOM) : VM_FAULT_NONE;
}

/*
 * addr lies below an area that grows down: let it grow. mmap_lock is held for
 * writing. Returns FAULT_STACK_GROWTH, or why not.
 */
__cold enum fault_kind expand_stack_locked(struct vm_area_struct *vma,
					   vaddr_t addr)
{
	struct mm_struct *mm = vma->vm_mm;
	struct vm_area_struct *prev = vma_prev(vma);
	vaddr_t start = PAGE_ALIGN_DOWN(addr);
	uint64_t grow = (vma->vm_start - start) >> PAGE_SHIFT;

	if (start < MM_USER_START)
		return FAULT_STACK_LIMIT;
	if (prev && !vma_has(prev, VM_GROWSDOWN) &&
	    vma_has(prev, VM_ACCESS_FLAGS) &&
	    start - prev->vm_end < STACK_GUARD_GAP)
		return FAULT_STACK_GUARD;
	if (prev && start < prev->vm_end)
		return FAULT_STACK_GUARD;
	/* As on Linux, what has grown counts as written (it may be moved). */
	if (anon_vma_prepare(vma))
		return FAULT_OOM;
	if (grow > vma->vm_pgoff || vma->vm_end - start > mm->limits.stack ||
	    !may_expand_vm(mm, vma_flags(vma), grow))
		return FAULT_STACK_LIMIT;
	if (vma_has(vma, VM_LOCKED) && !may_lock(mm, grow))
		return FAULT_STACK_LIMIT;
	vma_start_write(vma);
	vma_set_range(vma, start, vma->vm_end);
	vm_stat_account(mm, vma_flags(vma), grow);
	if (vma_has(vma, VM_LOCKED))
		mm->locked_vm += grow;
	return FAULT_STACK_GROWTH;
}

/*
 * No area at addr: grow the stack above it if there is one. Takes mmap_lock
 * for writing; on success the guard holds it, downgraded for reading.
 */
static enum fault_kind expand_stack(struct vma_guard *guard, vaddr_t addr,
				    struct fault_report *report)
{
	struct mm_struct *mm = guard->mm;
	struct vm_area_struct *vma;
	enum fault_kind kind = FAULT_STACK_GROWTH;

	if (mmap_write_lock_killable(mm))
		return FAULT_NONE;
	vma = find_vma(mm, addr);
	if (!vma || (vma->vm_start > addr && !vma_has(vma, VM_GROWSDOWN)))
		kind = FAULT_UNMAPPED;
	else if (vma->vm_start > addr)
		kind = expand_stack_locked(vma, addr);
	if (kind != FAULT_STACK_GROWTH) {
		mmap_write_unlock(mm);
		return kind;
	}
	mmap_write_downgrade(mm);
	guard->vma = vma;
	guard->kind = GUARD_MMAP_READ;
	report->stack_grew = true;
	count_vm_event(FAULT_STACK_GROWTH);
	return kind;
}

/* Is there an area above addr that could grow down to it? */
static bool may_be_stack(const struct vm_area_struct *vma)
{
	return vma && vma_has(vma, VM_GROWSDOWN);
}

vm_fault_t lock_mm_and_find_vma(struct vma_guard *guard, vaddr_t addr,
				uint32_t flags, struct fault_report *report)
{
	struct mm_struct *mm = guard->mm;
	struct vm_area_struct *vma;
	enum fault_kind kind;
	bool is_stack;

	if (flags & FAULT_FLAG_KILLABLE) {
		if (mmap_read_lock_killable(mm))
			return vm_fault_make(VM_FAULT_SIGSEGV);
	} else {
		mmap_read_lock(mm);
	}
	vma = find_vma(mm, addr);
	if (likely(vma && vma->vm_start <= addr)) {
		guard->vma = vma;
		guard->kind = GUARD_MMAP_READ;
		return VM_FAULT_NONE;
	}
	is_stack = may_be_stack(vma);
	mmap_read_unlock(mm);
	if (!is_stack)
		return report_signal(report, FAULT_UNMAPPED, SEGV_MAPERR);
	kind = expand_stack(guard, addr, report);
	if (kind == FAULT_NONE) /* killed while waiting */
		return vm_fault_make(VM_FAULT_SIGSEGV);
	if (kind == FAULT_OOM)
		return vm_fault_make(VM_FAULT_OOM);
	if (kind != FAULT_STACK_GROWTH)
		return report_signal(report, kind, SEGV_MAPERR);
	return VM_FAULT_NONE;
}
