/* SPDX-License-Identifier: MIT */
/*
 * The fault path: from an address to a strategy, and from its result to a
 * signal; and the strategies for private memory: the zero page, new pages,
 * copy-on-write.
 *
 * A user fault first tries the area's own lock (lock_vma_under_rcu) and then
 * touches no lock that another area shares. Whatever that path cannot do
 * (no area found, stack growth, a first anonymous page) is repeated under
 * mmap_lock (fault_find.c). The guard says which lock is held; see vma_lock.h.
 *
 * A write fault reserves everything it may need (the anon_vma, a page with its
 * contents) before it takes the table lock and looks again; if the entry has
 * changed meanwhile, it gives the reserve back and lets the access be repeated.
 *
 * A page that one mapping alone refers to (reference count 1) is reused, not
 * copied: nobody else can write it, and a new sharer (fork) would have to hold
 * the table lock that we hold.
 *
 * Without a page table nothing is looked at: one is made and all begins anew.
 */
#include "mm/fault.h"

#include "abi/errno.h"
#include "abi/signal.h"
#include "config.h"
#include "mm/internal.h"
#include "mm/pagetable.h"
#include "mm/rmap.h"
#include "mm/strategy.h"
#include "mm/vma.h"
#include "mm/vmstat.h"

/* Does the area allow the access? PROT_WRITE implies readable, see mmap(2). */
static bool access_allowed(uint64_t vm_flags, uint32_t flags)
{
	if (flags & FAULT_FLAG_WRITE)
		return vm_flags & VM_WRITE;
	if (flags & FAULT_FLAG_INSTRUCTION)
		return vm_flags & VM_EXEC;
	return vm_flags & (VM_READ | VM_WRITE);
}

static void report_area(struct fault_report *report,
			const struct vm_area_struct *vma)
{
	report->vm_start = vma->vm_start;
	report->vm_end = vma->vm_end;
	report->vm_flags = vma_flags(vma);
}

static fault_bits_t fault_in_area(struct mm_struct *mm, vaddr_t address,
				  uint32_t flags, struct fault_report *report,
				  struct vm_area_struct *vma);

/* Released and said so, or neither; and a retry only when it was allowed. */
static void check_outcome(const struct vm_fault *vmf, vm_fault_t fault)
{
	BUG_ON(vm_fault_released(fault) != (vmf->guard.kind == GUARD_CONSUMED));
	BUG_ON(vm_fault_has(fault, VM_FAULT_RETRY) &&
	       !(vmf->flags & FAULT_FLAG_ALLOW_RETRY));
}

__noinline fault_bits_t call_strategy(
    struct mm_struct *mm, vaddr_t address, uint32_t flags,
    struct fault_report *report, struct vm_area_struct *vma, pte_t *pte,
    uint64_t orig_pte, vm_fault_t (*strategy)(struct vm_fault *vmf))
{
	struct vm_fault vmf =
	    vmf_make(mm, address, flags, report, vma, pte, orig_pte);
	vm_fault_t fault;

	vmf.address = PAGE_ALIGN_DOWN(address);
	vmf.ptl = pte_lockptr(pte);
	fault = strategy(&vmf);
	if (CONFIG_DEBUG)
		check_outcome(&vmf, fault);
	if (!fault.bits)
		return fault_end_well(&vmf, report->kind);
	/* vmf.vma is gone when the guard was released. */
	if (!(flags & FAULT_FLAG_ENDS))
		return fault.bits;
	return fault_end_badly(mm, address, flags, report, vma, fault);
}

/* Let the rest of the fault be one call, that of a strategy. */
#define END_IN(strategy, vmf, ...)                                             \
	strategy((vmf)->guard.mm, (vmf)->address, (vmf)->flags, (vmf)->report, \
		 (vmf)->vma, (vmf)->pte, (vmf)->orig_pte.val, ##__VA_ARGS__)

/*
 * Let the entry show a page that this mapping alone has and may write. If it
 * showed another one, the fence comes in between: were the new page seen
 * before, one hart could write it while another still reads the old page
 * through a stale translation. That is also what the old page's reference
 * waits for.
 */
static __always_inline void install_anon(const struct vm_fault *vmf,
					 struct page *page)
{
	pte_t pte = pte_make_page(page, vmf->vma->vm_page_prot);

	page_become_anon(page, vmf);
	if (!pte_is_none(vmf->orig_pte)) {
		pte_get_and_clear(vmf->pte);
		flush_tlb_page(vmf->vma->vm_mm, PAGE_ALIGN_DOWN(vmf->address));
	}
	pte_store(vmf->pte, pte_set(pte, PTE_W | PTE_D));
}

/* First read: every such page of every program is the same page of zeros. */
static __always_inline fault_bits_t map_zero_page(struct vm_fault *vmf)
{
	if (unlikely(!lock_same_entry(vmf)))
		return fault_end_well(vmf, FAULT_SPURIOUS);
	pte_store(vmf->pte,
		  pte_set(pte_make_page(zero_page, vmf->vma->vm_page_prot),
			  PTE_SPECIAL));
	spin_unlock(vmf->ptl);
	return fault_end_well(vmf, FAULT_ANON_READ);
}

/* A page of its own, where nothing is or the page of zeros was. */
static __noinline fault_bits_t do_anonymous_page(struct mm_struct *mm,
						 vaddr_t address,
						 uint32_t flags,
						 struct fault_report *report,
						 struct vm_area_struct *vma,
						 pte_t *pte, uint64_t orig_pte)
{
	struct vm_fault vmf =
	    vmf_make(mm, address, flags, report, vma, pte, orig_pte);
	vm_fault_t fault = anon_prepare(&vmf);
	struct page *page;

	if (unlikely(fault.bits))
		return fault_end(&vmf, fault);
	page = page_alloc(0, GFP_USER | GFP_ZERO);
	if (unlikely(!page))
		return fault_end(&vmf, vm_fault_make(VM_FAULT_OOM));
	if (unlikely(!lock_same_entry(&vmf))) {
		page_put(page);
		return fault_end_well(&vmf, FAULT_SPURIOUS);
	}
	install_anon(&vmf, page);
	spin_unlock(vmf.ptl);
	add_mm_counter(vma->vm_mm, MM_ANONPAGES, 1);
	return fault_end_well(&vmf, pte_is_none(vmf.orig_pte)
					? FAULT_ANON_WRITE
					: FAULT_ZERO_UPGRADE);
}

/* Both pages have the same contents: exchange them, if nothing has changed. */
static __always_inline fault_bits_t install_copy(struct vm_fault *vmf,
						 struct page *old,
						 struct page *copy)
{
	bool was_anon;

	if (unlikely(!lock_same_entry(vmf))) {
		page_put(copy);
		page_put(old);
		return fault_end_well(vmf, FAULT_SPURIOUS);
	}
	install_anon(vmf, copy);
	spin_unlock(vmf->ptl);
	was_anon = old->type == PAGE_ANON;
	if (!was_anon) {
		add_mm_counter(vmf->vma->vm_mm, MM_ANONPAGES, 1);
		add_mm_counter(vmf->vma->vm_mm, file_rss_kind(vmf->vma), -1);
	}
	page_put_count(old, PAGE_REF + PAGE_MAPPING);
	return fault_end_well(vmf, was_anon ? FAULT_COW_COPY
					    : FAULT_FILE_WRITE_PRIVATE);
}

/*
 * Copy the page that the entry shows. The caller has taken a reference on it,
 * so that it stays while the table lock is not held.
 */
static __noinline fault_bits_t wp_page_copy(struct mm_struct *mm,
					    vaddr_t address, uint32_t flags,
					    struct fault_report *report,
					    struct vm_area_struct *vma,
					    pte_t *pte, uint64_t orig_pte,
					    struct page *old)
{
	struct vm_fault vmf =
	    vmf_make(mm, address, flags, report, vma, pte, orig_pte);
	vm_fault_t fault = anon_prepare(&vmf);
	struct page *copy;

	if (unlikely(fault.bits))
		goto out_put_old;
	copy = page_alloc(0, GFP_USER);
	if (unlikely(!copy)) {
		fault = vm_fault_make(VM_FAULT_OOM);
		goto out_put_old;
	}
	copy_page(page_address(copy), page_address(old));
	return install_copy(&vmf, old, copy);

out_put_old:
	page_put(old);
	return fault_end(&vmf, fault);
}

/* A write to an entry that does not allow it. Table lock held. */
static __always_inline fault_bits_t do_wp_page(struct vm_fault *vmf)
{
	struct page *page = pfn_to_page(pte_pfn(vmf->orig_pte));

	if (unlikely(vma_has(vmf->vma, VM_SHARED)))
		return END_IN(call_strategy, vmf, wp_page_shared);
	if (page->type != PAGE_ANON || page_refcount(page) != 1) {
		page_get(page);
		spin_unlock(vmf->ptl);
		return END_IN(wp_page_copy, vmf, page);
	}
	/* It is ours alone. */
	pte_store(vmf->pte, pte_set(vmf->orig_pte, PTE_W | PTE_A | PTE_D));
	spin_unlock(vmf->ptl);
	return fault_end_well(vmf, FAULT_COW_REUSE);
}

/*
 * The entry permits the access already, or has changed since the access:
 * another hart was faster, or the machine wants its A or D bit set, or its
 * translation is stale. Table lock held.
 */
static __noinline __cold fault_bits_t
do_other_pte(struct mm_struct *mm, vaddr_t address, uint32_t flags,
	     struct fault_report *report, struct vm_area_struct *vma,
	     pte_t *pte, uint64_t orig_pte)
{
	struct vm_fault vmf =
	    vmf_make(mm, address, flags, report, vma, pte, orig_pte);
	bool is_write = flags & FAULT_FLAG_WRITE;
	uint64_t want = is_write ? PTE_A | PTE_D : PTE_A;
	enum fault_kind kind = FAULT_SPURIOUS;

	if (pte_is_present(vmf.orig_pte) &&
	    (!is_write || pte_has(vmf.orig_pte, PTE_W)) &&
	    (orig_pte & want) != want) {
		pte_store(pte, pte_set(vmf.orig_pte, want));
		kind = FAULT_ACCESSED_DIRTY;
	}
	spin_unlock(pte_lockptr(pte));
	/* What this hart remembers would make it fault again. */
	flush_tlb_here(mm, address);
	return fault_end_well(&vmf, kind);
}

/* Make the table that is missing; then as if it had been there. */
static __noinline fault_bits_t fault_without_table(struct mm_struct *mm,
						   vaddr_t address,
						   uint32_t flags,
						   struct fault_report *report,
						   struct vm_area_struct *vma)
{
	struct vm_fault vmf =
	    vmf_make(mm, address, flags, report, vma, NULL, 0);

	if (!pt_walk_alloc(mm, address))
		return fault_end(&vmf, vm_fault_make(VM_FAULT_OOM));
	return fault_in_area(mm, address, flags, report, vma);
}

/* Nothing is there yet. */
static __always_inline fault_bits_t do_pte_missing(struct vm_fault *vmf,
						   bool is_write)
{
	if (vma_is_anonymous(vmf->vma))
		return is_write ? END_IN(do_anonymous_page, vmf)
				: map_zero_page(vmf);
	if (!is_write || vmf->vma->vm_ops != &generic_file_vm_ops)
		return END_IN(call_strategy, vmf, do_file_fault);
	if (vma_has(vmf->vma, VM_SHARED))
		return END_IN(file_write_shared, vmf);
	return END_IN(file_write_private, vmf);
}

/* Look at the entry and choose the strategy. */
static __always_inline fault_bits_t
handle_pte_fault(struct mm_struct *mm, vaddr_t address, uint32_t flags,
		 struct fault_report *report, struct vm_area_struct *vma)
{
	bool is_write = flags & FAULT_FLAG_WRITE;
	pte_t *pte = pt_walk(mm, address);
	struct vm_fault vmf;

	if (unlikely(!pte))
		return fault_without_table(mm, address, flags, report, vma);
	vmf = vmf_make(mm, address, flags, report, vma, pte, pte_load(pte).val);
	if (pte_is_none(vmf.orig_pte))
		return do_pte_missing(&vmf, is_write);
	if (is_write && pte_has(vmf.orig_pte, PTE_SPECIAL))
		return END_IN(do_anonymous_page, &vmf);
	vmf.ptl = pte_lockptr(pte);
	spin_lock(vmf.ptl);
	vmf.orig_pte = pte_load(pte);
	if (is_write && !pte_has(vmf.orig_pte, PTE_W | PTE_SPECIAL) &&
	    likely(pte_is_present(vmf.orig_pte)))
		return do_wp_page(&vmf);
	return END_IN(do_other_pte, &vmf);
}

/* Out of line, where it is not hurried: for size. */
static __cold fault_bits_t fault_in_area(struct mm_struct *mm, vaddr_t address,
					 uint32_t flags,
					 struct fault_report *report,
					 struct vm_area_struct *vma)
{
	return handle_pte_fault(mm, address, flags, report, vma);
}

/*
 * Which flags go together: one access; a retry must be allowed before it can be
 * made, and whoever holds the area's lock alone must allow it.
 */
static void check_flags(const struct vma_guard *guard, uint32_t flags)
{
	uint32_t access = flags & (FAULT_FLAG_READ | FAULT_FLAG_WRITE |
				   FAULT_FLAG_INSTRUCTION);

	BUG_ON(!access || (access & (access - 1)));
	BUG_ON((flags & (FAULT_FLAG_TRIED | FAULT_FLAG_RETRY_NOWAIT |
			 FAULT_FLAG_VMA_LOCK)) &&
	       !(flags & FAULT_FLAG_ALLOW_RETRY));
	BUG_ON(!(flags & FAULT_FLAG_VMA_LOCK) != (guard->kind != GUARD_VMA));
	BUG_ON(guard->kind == GUARD_CONSUMED ||
	       (guard->kind == GUARD_MMAP_WRITE &&
		(flags & FAULT_FLAG_ALLOW_RETRY)));
}

vm_fault_t handle_mm_fault(struct vma_guard *guard, vaddr_t addr,
			   uint32_t flags, struct fault_report *report)
{
	vm_fault_t fault;

	if (CONFIG_DEBUG)
		check_flags(guard, flags);
	fault = vm_fault_make(
	    fault_in_area(guard->mm, addr, flags, report, guard->vma));
	if (vm_fault_released(fault))
		vma_guard_consume(guard);
	return fault;
}

/* The area is described only to those who look: errors and traces. */
static vm_fault_t check_access(const struct vm_area_struct *vma, uint32_t flags,
			       struct fault_report *report)
{
	if (unlikely(flags & FAULT_FLAG_TRACE))
		report_area(report, vma);
	if (likely(access_allowed(vma_flags(vma), flags)))
		return VM_FAULT_NONE;
	report_area(report, vma);
	return report_signal(report, FAULT_ACCESS, SEGV_ACCERR);
}

/* What error bits mean to the program. */
static __cold void report_error(vm_fault_t fault, struct fault_report *report)
{
	if (vm_fault_has(fault, VM_FAULT_OOM)) {
		report->kind = FAULT_OOM;
	} else if (vm_fault_has(fault,
				VM_FAULT_HWPOISON | VM_FAULT_HWPOISON_LARGE)) {
		report->signal = SIGBUS;
		report->code = BUS_MCEERR_AR;
	} else if (vm_fault_has(fault, VM_FAULT_SIGBUS)) {
		report->signal = SIGBUS;
		report->code = BUS_ADRERR;
	}
	if (vm_fault_has(fault, VM_FAULT_MAJOR)) {
		report->major = true;
		count_vm_event(PGMAJFAULT);
	}
}

static inline vm_fault_t fault_done(vm_fault_t fault,
				    struct fault_report *report)
{
	if (unlikely(vm_fault_has(fault, VM_FAULT_ERROR | VM_FAULT_MAJOR)))
		report_error(fault, report);
	count_vm_event(report->kind);
	fault.bits &= ~VM_FAULT_COMPLETED; /* done is all that matters now */
	return fault;
}

/* The path under mmap_lock: whatever the area's own lock did not do. */
static __noinline __cold vm_fault_t
fault_under_mmap_lock(struct mm_struct *mm, vaddr_t addr, uint32_t flags,
		      struct fault_report *report)
{
	struct vma_guard guard = {.mm = mm};
	vm_fault_t fault;

	count_vm_event(PGFAULT_MMAP_LOCK);
	report->vm_start = 0;
	report->vm_end = 0;
	report->vm_flags = 0;
	if (addr >= MM_USER_END)
		return report_signal(report, FAULT_BAD_ADDRESS, SEGV_MAPERR);
	for (;;) {
		fault = lock_mm_and_find_vma(&guard, addr, flags, report);
		if (vm_fault_has(fault, VM_FAULT_ERROR))
			return fault;
		fault = check_access(guard.vma, flags, report);
		if (!fault.bits)
			fault = handle_mm_fault(&guard, addr, flags, report);
		if (!vm_fault_released(fault))
			vma_guard_release(&guard);
		if (!vm_fault_has(fault, VM_FAULT_RETRY))
			return fault;
		/* The second time nobody may ask for a third one. */
		flags |= FAULT_FLAG_TRIED;
		if ((flags & FAULT_FLAG_KILLABLE) && machine_fatal_signal())
			return vm_fault_make(VM_FAULT_SIGSEGV);
	}
}

/* The area's own lock was not enough, or was not to be had. */
static __noinline fault_bits_t fault_again(struct mm_struct *mm, vaddr_t addr,
					   uint32_t flags,
					   struct fault_report *report)
{
	flags &= ~(FAULT_FLAG_VMA_LOCK | FAULT_FLAG_ENDS);
	flags |= FAULT_FLAG_ALLOW_RETRY;
	return fault_done(fault_under_mmap_lock(mm, addr, flags, report),
			  report)
	    .bits;
}

__noinline fault_bits_t fault_end_waking(struct mm_struct *mm)
{
	vma_wake_writer(mm);
	return 0;
}

__noinline fault_bits_t fault_end_badly(struct mm_struct *mm, vaddr_t address,
					uint32_t flags,
					struct fault_report *report,
					struct vm_area_struct *vma,
					vm_fault_t fault)
{
	if (!vm_fault_released(fault))
		vma_refcount_put(mm, vma);
	if (!vm_fault_has(fault, VM_FAULT_RETRY))
		return fault_done(fault, report).bits;
	count_vm_event(VMA_LOCK_RETRY);
	return fault_again(mm, address, flags, report);
}

static __noinline fault_bits_t fault_missed(struct mm_struct *mm, vaddr_t addr,
					    uint32_t flags,
					    struct fault_report *report,
					    struct vm_area_struct *vain,
					    unsigned event)
{
	vma_missed(&(struct vma_miss){vain, event});
	return fault_again(mm, addr, flags, report);
}

/* The area forbids the access. */
static __noinline fault_bits_t fault_refused(struct mm_struct *mm,
					     struct vm_area_struct *vma,
					     struct fault_report *report)
{
	report_area(report, vma);
	report_signal(report, FAULT_ACCESS, SEGV_ACCERR);
	count_vm_event(FAULT_ACCESS);
	vma_refcount_put(mm, vma);
	return VM_FAULT_SIGSEGV;
}

/* The area is to be described, whatever becomes of the fault. */
static __cold fault_bits_t fault_traced(struct mm_struct *mm, vaddr_t addr,
					uint32_t flags,
					struct fault_report *report,
					struct vm_area_struct *vma)
{
	report_area(report, vma);
	if (!access_allowed(vma_flags(vma), flags))
		return fault_refused(mm, vma, report);
	return fault_in_area(mm, addr, flags, report, vma);
}

fault_bits_t mm_fault_bits(struct mm_struct *mm, vaddr_t addr, uint32_t flags,
			   struct fault_report *report)
{
	struct vm_area_struct *vma;
	struct vma_miss miss;

	fault_report_init(report);
	/* No area holds an address that is not a user's. */
	vma = lock_vma_or_miss(mm, addr, &miss);
	if (unlikely(!vma))
		return fault_missed(mm, addr, flags, report, miss.vain,
				    miss.event);
	flags |= FAULT_FLAG_ALLOW_RETRY | FAULT_FLAG_VMA_LOCK | FAULT_FLAG_ENDS;
	if (unlikely(flags & FAULT_FLAG_TRACE))
		return fault_traced(mm, addr, flags, report, vma);
	if (unlikely(!access_allowed(vma_flags(vma), flags)))
		return fault_refused(mm, vma, report);
	return handle_pte_fault(mm, addr, flags, report, vma);
}

vm_fault_t mm_fault_mmap_lock(struct mm_struct *mm, vaddr_t addr,
			      uint32_t flags, struct fault_report *report)
{
	fault_report_init(report);
	return vm_fault_make(fault_again(mm, addr, flags, report));
}
