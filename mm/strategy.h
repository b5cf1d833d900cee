/* SPDX-License-Identifier: MIT */
/*
 * What the strategies for faults share: how they are told of a fault, how they
 * look at the entry again, and how they end.
 *
 * A strategy is the last thing that mm_fault() calls, so mm_fault() needs no
 * stack frame and each strategy saves only the registers that it uses itself:
 * that saves about 25 instructions a fault. What it is told travels in the
 * argument registers, the first four those of mm_fault(); to read like the
 * others it makes a struct vm_fault of that, which never gets to memory and
 * saves 30 more (its address is that of the access, not of the page).
 * Strategies that take long get one in memory: call_strategy().
 *
 * The entry's table is there when a strategy begins.
 */
#pragma once

#include "mm/internal.h"
#include "mm/pagetable.h"
#include "mm/vma.h"
#include "mm/vmstat.h"

/*
 * The bits of a vm_fault_t: gcc makes tail calls of scalar results alone.
 * Signed, or it returns for 0 some word that was found to be 0, out of a
 * register that it saves for that (3 instructions).
 */
typedef int64_t fault_bits_t;

/*
 * orig_pte is the value that was found in *pte. The result is that of
 * handle_mm_fault(), or with FAULT_FLAG_ENDS that of mm_fault().
 */
typedef fault_bits_t fault_strategy(struct mm_struct *mm, vaddr_t address,
				    uint32_t flags, struct fault_report *report,
				    struct vm_area_struct *vma, pte_t *pte,
				    uint64_t orig_pte);

/*
 * fault_file.c: a write where nothing is, in an area of generic_file_vm_ops.
 * The page cache is asked directly; what it does not have ready is
 * do_file_fault()'s.
 */
fault_strategy file_write_shared, file_write_private;

/* One that gets a vm_fault, on the stack of this call. */
fault_bits_t call_strategy(struct mm_struct *mm, vaddr_t address,
			   uint32_t flags, struct fault_report *report,
			   struct vm_area_struct *vma, pte_t *pte,
			   uint64_t orig_pte,
			   vm_fault_t (*strategy)(struct vm_fault *vmf));

/* For fault_end: errors, retries, and a writer that waits for the area. */
fault_bits_t fault_end_badly(struct mm_struct *mm, vaddr_t address,
			     uint32_t flags, struct fault_report *report,
			     struct vm_area_struct *vma, vm_fault_t fault);
fault_bits_t fault_end_waking(struct mm_struct *mm);

static __always_inline struct vm_fault vmf_make(struct mm_struct *mm,
						vaddr_t address, uint32_t flags,
						struct fault_report *report,
						struct vm_area_struct *vma,
						pte_t *pte, uint64_t orig_pte)
{
	struct vm_fault vmf;

	/* One by one: an initialiser would clear it all first. */
	vmf.guard.mm = mm;
	vmf.guard.vma = vma;
	vmf.guard.kind =
	    flags & FAULT_FLAG_VMA_LOCK ? GUARD_VMA : GUARD_MMAP_READ;
	vmf.vma = vma;
	vmf.report = report;
	vmf.address = address;
	vmf.pgoff = linear_page_index(vma, address);
	vmf.flags = flags;
	vmf.pte = pte;
	vmf.ptl = NULL;
	vmf.orig_pte = (pte_t){orig_pte};
	vmf.page = NULL;
	vmf.cow_page = NULL;
	return vmf;
}

/* The access can be repeated. The count comes first: the area is the mm's. */
static __always_inline fault_bits_t fault_end_well(const struct vm_fault *vmf,
						   enum fault_kind kind)
{
	vmf->report->kind = kind;
	if (!(vmf->flags & FAULT_FLAG_ENDS))
		return 0;
	count_vm_event(kind);
	if (unlikely(vma_refcount_drop(vmf->vma)))
		return fault_end_waking(vmf->guard.mm);
	return 0;
}

/* The same when the strategy has named the kind, or there was an error. */
static __always_inline fault_bits_t fault_end(const struct vm_fault *vmf,
					      vm_fault_t fault)
{
	if (unlikely(fault.bits)) {
		if (!(vmf->flags & FAULT_FLAG_ENDS))
			return fault.bits;
		return fault_end_badly(vmf->guard.mm, vmf->address, vmf->flags,
				       vmf->report, vmf->vma, fault);
	}
	return fault_end_well(vmf, vmf->report->kind);
}

/*
 * Lock the table and look whether the entry is still what it was. False: not
 * locked; another hart was faster, so the access is repeated.
 */
static __always_inline bool lock_same_entry(struct vm_fault *vmf)
{
	vmf->ptl = pte_lockptr(vmf->pte);
	spin_lock(vmf->ptl);
	if (likely(pte_load(vmf->pte).val == vmf->orig_pte.val))
		return true;
	spin_unlock(vmf->ptl);
	return false;
}

/* Make a fresh page an anonymous page of this area, mapped once. */
static __always_inline void page_become_anon(struct page *page,
					     const struct vm_fault *vmf)
{
	page_set_type(page, PAGE_ANON);
	page->mapping = vmf->vma->anon_vma;
	page->index = linear_page_index(vmf->vma, vmf->address);
	store_relaxed(&page->count, PAGE_MAPPING);
}

/* Reserve the area's anon_vma, see area_anon_prepare(). */
static __always_inline vm_fault_t anon_prepare(const struct vm_fault *vmf)
{
	if (likely(load_dependent(&vmf->vma->anon_vma)))
		return VM_FAULT_NONE;
	return area_anon_prepare(vmf->vma, vmf->flags & FAULT_FLAG_VMA_LOCK);
}
