/* SPDX-License-Identifier: MIT */
/*
 * Shared between the files of mm/ and nobody else.
 */
#pragma once

#include "abi/signal.h"
#include "mm/fault.h"
#include "mm/file.h"
#include "mm/mm_types.h"
#include "mm/page.h"
#include "mm/tlb.h"

/*
 * Remove the entries of [start, end), which lies inside vma, and hand their
 * pages to the gather. Takes the table locks; the caller holds mmap_lock, or
 * the reverse map's lock of the area.
 */
void unmap_page_range(struct tlb_gather *gather, struct vm_area_struct *vma,
		      vaddr_t start, vaddr_t end);

/* The same with a fence of its own. */
void zap_page_range(struct vm_area_struct *vma, vaddr_t start, vaddr_t end);

/*
 * As unmap_page_range(), but anonymous pages whose entry has one of the bits
 * `keep` stay, and with any the page of zeros: ~0 is pages of the file alone.
 * The number of anonymous pages that went.
 */
uint64_t zap_pages(struct tlb_gather *gather, struct vm_area_struct *vma,
		   vaddr_t start, vaddr_t end, uint64_t keep);

/*
 * MADV_FREE: the private pages of [start, end) may go when memory is short,
 * unless they are written before. mmap_lock is held for reading.
 */
void free_lazily(struct vm_area_struct *vma, vaddr_t start, vaddr_t end);
void lazyfree_init(void);
/* The address space may have pages that can go from now on. */
void lazyfree_join(struct mm_struct *mm);
/* The address space ends; if it ever freed lazily (was_lazy). */
void lazyfree_leave(struct mm_struct *mm);

/*
 * Find room for a mapping as mmap does, or check a fixed place. The address or
 * -Exxx. *next: what find_vma() says for the address. mmap_lock is held for
 * writing.
 */
long get_unmapped_area(struct mm_struct *mm, vaddr_t addr, uint64_t len,
		       unsigned flags, struct vm_area_struct **next);

/*
 * mmap's second half; arguments are checked. `next` is what find_vma() says for
 * addr. The address or -Exxx.
 */
long mmap_region(struct mm_struct *mm, struct file *file, vaddr_t addr,
		 uint64_t len, uint64_t vm_flags, pgoff_t pgoff,
		 struct vm_area_struct *next);

/* VM_* for PROT_* and for the permissions mprotect may later grant. */
uint64_t calc_vm_prot_bits(unsigned prot);

/* Would `npages` more locked pages exceed RLIMIT_MEMLOCK? */
bool may_lock(const struct mm_struct *mm, uint64_t npages);

/*
 * Fault in the pages of [start, end) as far as areas allow it: for MAP_POPULATE
 * and locked areas; errors are not reported. No lock is held.
 */
void mm_populate(struct mm_struct *mm, vaddr_t start, vaddr_t end);

/*
 * Fault in the pages of [start, end), which lies in one area, until one cannot
 * be had. mmap_lock is held for writing and stays so.
 */
void mm_populate_area(struct vm_area_struct *vma, vaddr_t start, vaddr_t end);

/*
 * Fault in every page of [start, end) for reading or writing; 0, or -EFAULT,
 * -ENOMEM, -EINTR... as madvise(MADV_POPULATE_*) reports it. No lock is held.
 */
int populate_range(struct mm_struct *mm, vaddr_t start, vaddr_t end,
		   bool write);

/*
 * Fault in a range that mlock has locked; 0, -ENOMEM for a hole, -EFAULT for a
 * page that cannot be had. No lock is held.
 */
int mm_populate_locked(struct mm_struct *mm, vaddr_t start, vaddr_t end);

/* Stack growth: make addr part of the growing area above it. */
enum fault_kind expand_stack_locked(struct vm_area_struct *vma, vaddr_t addr);

/* Strategy for areas with vm_ops; returns with vmf->ptl released. */
vm_fault_t do_file_fault(struct vm_fault *vmf);

/*
 * Strategy for a write to a page of a shared mapping that is not writable yet.
 * Entered with vmf->ptl held, and returns with it released.
 */
vm_fault_t wp_page_shared(struct vm_fault *vmf);

/*
 * Reserve what a private write needs: the area's anon_vma. 0, OOM, or RETRY
 * when mmap_lock was needed and not to be had: then the area's lock, which is
 * all that the caller holds (is_vma_lock), is given back.
 */
vm_fault_t area_anon_prepare(struct vm_area_struct *vma, bool is_vma_lock);

/*
 * Find and lock the area under mmap_lock, let the stack grow if that helps.
 * 0: the guard holds the area; else nothing is held and the bits say why.
 */
vm_fault_t lock_mm_and_find_vma(struct vma_guard *guard, vaddr_t addr,
				uint32_t flags, struct fault_report *report);

/* A fault that ends in SIGSEGV. */
static inline vm_fault_t report_signal(struct fault_report *report,
				       enum fault_kind kind, int code)
{
	report->kind = kind;
	report->signal = SIGSEGV;
	report->code = code;
	return vm_fault_make(VM_FAULT_SIGSEGV);
}

/* Count pages that were mapped or (n < 0) unmapped in mm. */
static inline void add_mm_counter(struct mm_struct *mm, enum rss_kind kind,
				  int64_t n)
{
	unsigned at = machine_hart() % NR_MM_COUNTERS;

	fetch_add_relaxed(&mm->counters[at].rss[kind], n);
}

/* What kind of resident page a page of this area's file is. */
static inline enum rss_kind file_rss_kind(const struct vm_area_struct *vma)
{
	return vma->vm_file && vma->vm_file->f_mapping &&
		       vma->vm_file->f_mapping->is_shmem
		   ? MM_SHMEMPAGES
		   : MM_FILEPAGES;
}
