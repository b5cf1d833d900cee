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
 * The common path is one function to the compiler, and what it calls out of
 * line gets a vm_fault of its own: so here it is never in memory, which saves
 * about 60 instructions a fault.
 */
#include "mm/fault.h"

#include "abi/errno.h"
#include "abi/signal.h"
#include "config.h"
#include "mm/internal.h"
#include "mm/pagetable.h"
#include "mm/rmap.h"
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

static __noinline void report_area(struct fault_report *report,
				   const struct vm_area_struct *vma)
{
	report->vm_start = vma->vm_start;
	report->vm_end = vma->vm_end;
	report->vm_flags = vma_flags(vma);
}

/* Released and said so, or neither; and a retry only when it was allowed. */
static void check_outcome(const struct vm_fault *vmf, vm_fault_t fault)
{
	BUG_ON(vm_fault_released(fault) != (vmf->guard.kind == GUARD_CONSUMED));
	BUG_ON(vm_fault_has(fault, VM_FAULT_RETRY) &&
	       !(vmf->flags & FAULT_FLAG_ALLOW_RETRY));
}

static __noinline vm_fault_t call_strategy(
    vm_fault_t (*strategy)(struct vm_fault *vmf), struct vm_area_struct *vma,
    struct fault_report *report, vaddr_t address, uint32_t flags, pte_t *pte,
    struct spinlock *ptl, pte_t orig_pte)
{
	struct vm_fault vmf;
	vm_fault_t fault;

	/* One by one: an initialiser would clear it all first. */
	vmf.guard.mm = vma->vm_mm;
	vmf.guard.vma = vma;
	vmf.guard.kind =
	    flags & FAULT_FLAG_VMA_LOCK ? GUARD_VMA : GUARD_MMAP_READ;
	vmf.vma = vma;
	vmf.report = report;
	vmf.address = PAGE_ALIGN_DOWN(address);
	vmf.pgoff = linear_page_index(vma, address);
	vmf.flags = flags;
	vmf.pte = pte;
	vmf.ptl = ptl;
	vmf.orig_pte = orig_pte;
	vmf.page = NULL;
	vmf.cow_page = NULL;
	fault = strategy(&vmf);
	if (CONFIG_DEBUG)
		check_outcome(&vmf, fault);
	return fault;
}

/*
 * What takes long, may sleep, or gives the lock back. The strategy gets a
 * vm_fault of its own, made from what travels in the eight argument registers.
 */
static __always_inline vm_fault_t out_of_line(
    vm_fault_t (*strategy)(struct vm_fault *vmf), const struct vm_fault *vmf)
{
	uint32_t flags = vmf->flags;

	if (vmf->guard.kind == GUARD_VMA)
		flags |= FAULT_FLAG_ALLOW_RETRY | FAULT_FLAG_VMA_LOCK;
	return call_strategy(strategy, vmf->vma, vmf->report, vmf->address,
			     flags, vmf->pte, vmf->ptl, vmf->orig_pte);
}

static __always_inline vm_fault_t anon_prepare(const struct vm_fault *vmf)
{
	if (likely(load_dependent(&vmf->vma->anon_vma)))
		return VM_FAULT_NONE;
	return out_of_line(vmf_anon_prepare, vmf);
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
	pte_t pte = pte_make(page_to_pfn(page), vmf->vma->vm_page_prot);

	page_become_anon(page, vmf);
	if (!pte_is_none(vmf->orig_pte)) {
		pte_get_and_clear(vmf->pte);
		flush_tlb_page(vmf->guard.mm, PAGE_ALIGN_DOWN(vmf->address));
	}
	pte_store(vmf->pte, pte_set(pte, PTE_W | PTE_D));
}

/*
 * Find or make the table, lock it and look whether the entry is still what it
 * was. False: not locked, and *fault is 0 when another hart was faster, so that
 * the access is repeated, or OOM.
 */
static __always_inline bool lock_same_entry(struct vm_fault *vmf,
					    vm_fault_t *fault)
{
	if (unlikely(!vmf->pte)) {
		vmf->pte = pt_walk_alloc(vmf->guard.mm, vmf->address);
		if (!vmf->pte) {
			*fault = vm_fault_make(VM_FAULT_OOM);
			return false;
		}
	}
	if (!vmf->ptl)
		vmf->ptl = pte_lockptr(vmf->pte);
	spin_lock(vmf->ptl);
	if (likely(pte_load(vmf->pte).val == vmf->orig_pte.val))
		return true;
	spin_unlock(vmf->ptl);
	vmf->report->kind = FAULT_SPURIOUS;
	*fault = VM_FAULT_NONE;
	return false;
}

/* First read: every such page of every program is the same page of zeros. */
static __always_inline vm_fault_t map_zero_page(struct vm_fault *vmf)
{
	vm_fault_t fault;

	if (unlikely(!lock_same_entry(vmf, &fault)))
		return fault;
	pte_store(vmf->pte, pte_set(pte_make(page_to_pfn(zero_page),
					     vmf->vma->vm_page_prot),
				    PTE_SPECIAL));
	spin_unlock(vmf->ptl);
	vmf->report->kind = FAULT_ANON_READ;
	return VM_FAULT_NONE;
}

/* A page of its own, where nothing is or the page of zeros was. */
static __always_inline vm_fault_t do_anonymous_page(struct vm_fault *vmf)
{
	struct page *page;
	vm_fault_t fault = anon_prepare(vmf);

	if (unlikely(fault.bits))
		return fault;
	page = page_alloc(0, GFP_USER | GFP_ZERO);
	if (unlikely(!page))
		return vm_fault_make(VM_FAULT_OOM);
	if (unlikely(!lock_same_entry(vmf, &fault))) {
		page_put(page);
		return fault;
	}
	install_anon(vmf, page);
	spin_unlock(vmf->ptl);
	add_mm_counter(vmf->guard.mm, MM_ANONPAGES, 1);
	vmf->report->kind =
	    pte_is_none(vmf->orig_pte) ? FAULT_ANON_WRITE : FAULT_ZERO_UPGRADE;
	return VM_FAULT_NONE;
}

/*
 * Copy the page that the entry shows. Entered with the table lock, which is
 * given up meanwhile, with a reference on the old page so that it stays.
 */
static __always_inline vm_fault_t wp_page_copy(struct vm_fault *vmf)
{
	struct page *old = pfn_to_page(pte_pfn(vmf->orig_pte)), *copy;
	uint64_t old_count = PAGE_REF; /* to be dropped at the end */
	vm_fault_t fault;

	page_get(old);
	spin_unlock(vmf->ptl);
	fault = anon_prepare(vmf);
	if (unlikely(fault.bits))
		goto out_put_old;
	copy = page_alloc(0, GFP_USER);
	if (unlikely(!copy)) {
		fault = vm_fault_make(VM_FAULT_OOM);
		goto out_put_old;
	}
	copy_page(page_address(copy), page_address(old));
	if (unlikely(!lock_same_entry(vmf, &fault))) {
		page_put(copy);
		goto out_put_old;
	}
	install_anon(vmf, copy);
	spin_unlock(vmf->ptl);
	old_count += PAGE_MAPPING;
	if (old->type == PAGE_ANON) {
		vmf->report->kind = FAULT_COW_COPY;
	} else {
		vmf->report->kind = FAULT_FILE_WRITE_PRIVATE;
		add_mm_counter(vmf->guard.mm, MM_ANONPAGES, 1);
		add_mm_counter(vmf->guard.mm, file_rss_kind(vmf->vma), -1);
	}
out_put_old:
	page_put_count(old, old_count);
	return fault;
}

/* The entry's page is ours alone: allow writing. Table lock held. */
static __always_inline vm_fault_t wp_page_reuse(const struct vm_fault *vmf)
{
	pte_store(vmf->pte, pte_set(vmf->orig_pte, PTE_W | PTE_A | PTE_D));
	spin_unlock(vmf->ptl);
	vmf->report->kind = FAULT_COW_REUSE;
	return VM_FAULT_NONE;
}

/* A write to an entry that does not allow it. Table lock held. */
static __always_inline vm_fault_t do_wp_page(struct vm_fault *vmf)
{
	struct page *page = pfn_to_page(pte_pfn(vmf->orig_pte));

	if (unlikely(vma_has(vmf->vma, VM_SHARED)))
		return out_of_line(wp_page_shared, vmf);
	if (page->type != PAGE_ANON || page_refcount(page) != 1)
		return wp_page_copy(vmf);
	return wp_page_reuse(vmf);
}

/*
 * The entry permits the access already, or has changed since the access:
 * another hart was faster, or the machine wants its A or D bit set, or its
 * translation is stale. Table lock held.
 */
static vm_fault_t do_other_pte(struct vm_fault *vmf)
{
	uint64_t want = PTE_A;

	if (vmf->flags & FAULT_FLAG_WRITE)
		want |= PTE_D;
	if (!pte_is_present(vmf->orig_pte) ||
	    ((vmf->flags & FAULT_FLAG_WRITE) &&
	     !pte_has(vmf->orig_pte, PTE_W)) ||
	    (vmf->orig_pte.val & want) == want) {
		vmf->report->kind = FAULT_SPURIOUS;
	} else {
		pte_store(vmf->pte, pte_set(vmf->orig_pte, want));
		vmf->report->kind = FAULT_ACCESSED_DIRTY;
	}
	spin_unlock(vmf->ptl);
	/* What this hart remembers would make it fault again. */
	flush_tlb_here(vmf->vma->vm_mm, vmf->address);
	return VM_FAULT_NONE;
}

/* Look at the entry and choose the strategy. */
static __always_inline vm_fault_t handle_pte_fault(struct vm_fault *vmf)
{
	bool is_write = vmf->flags & FAULT_FLAG_WRITE;

	vmf->pte = pt_walk(vmf->guard.mm, vmf->address);
	vmf->orig_pte = vmf->pte ? pte_load(vmf->pte) : pte_none();
	if (pte_is_none(vmf->orig_pte)) {
		if (!vma_is_anonymous(vmf->vma))
			return out_of_line(do_file_fault, vmf);
		if (!is_write)
			return map_zero_page(vmf);
	}
	if (pte_is_none(vmf->orig_pte) ||
	    (is_write && pte_has(vmf->orig_pte, PTE_SPECIAL)))
		return do_anonymous_page(vmf);
	vmf->ptl = pte_lockptr(vmf->pte);
	spin_lock(vmf->ptl);
	vmf->orig_pte = pte_load(vmf->pte);
	if (is_write && !pte_has(vmf->orig_pte, PTE_W | PTE_SPECIAL) &&
	    likely(pte_is_present(vmf->orig_pte)))
		return do_wp_page(vmf);
	return out_of_line(do_other_pte, vmf);
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

/* handle_mm_fault as a part of its caller. The result says what is held. */
static __always_inline vm_fault_t fault_by_entry(struct vma_guard guard,
						 vaddr_t addr, uint32_t flags,
						 struct fault_report *report)
{
	struct vm_fault vmf = {
	    .guard = guard,
	    .vma = guard.vma,
	    .report = report,
	    .address = addr,
	    .flags = flags,
	};

	return handle_pte_fault(&vmf);
}

vm_fault_t handle_mm_fault(struct vma_guard *guard, vaddr_t addr,
			   uint32_t flags, struct fault_report *report)
{
	vm_fault_t fault;

	if (CONFIG_DEBUG)
		check_flags(guard, flags);
	fault = fault_by_entry(*guard, addr, flags, report);
	if (vm_fault_released(fault))
		vma_guard_consume(guard);
	return fault;
}

/* The area is described only to those who look: errors and traces. */
static inline vm_fault_t check_access(const struct vm_area_struct *vma,
				      uint32_t flags,
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
static __noinline vm_fault_t fault_under_mmap_lock(struct mm_struct *mm,
						   vaddr_t addr, uint32_t flags,
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

vm_fault_t mm_fault(struct mm_struct *mm, vaddr_t addr, uint32_t flags,
		    struct fault_report *report)
{
	struct vm_area_struct *vma;
	vm_fault_t fault;

	fault_report_init(report);
	/* No area holds an address that is not a user's. */
	vma = lock_vma_under_rcu(mm, addr);
	if (likely(vma)) {
		fault = check_access(vma, flags, report);
		if (likely(!fault.bits))
			fault = fault_by_entry(
			    (struct vma_guard){mm, vma, GUARD_VMA}, addr, flags,
			    report);
		if (likely(!vm_fault_released(fault)))
			vma_refcount_put(mm, vma);
		if (likely(!fault.bits)) {
			count_vm_event(report->kind);
			return fault;
		}
		if (!vm_fault_has(fault, VM_FAULT_RETRY))
			return fault_done(fault, report);
		count_vm_event(VMA_LOCK_RETRY);
	}
	fault = fault_under_mmap_lock(mm, addr, flags | FAULT_FLAG_ALLOW_RETRY,
				      report);
	return fault_done(fault, report);
}

vm_fault_t mm_fault_mmap_lock(struct mm_struct *mm, vaddr_t addr,
			      uint32_t flags, struct fault_report *report)
{
	vm_fault_t fault;

	fault_report_init(report);
	fault = fault_under_mmap_lock(mm, addr, flags | FAULT_FLAG_ALLOW_RETRY,
				      report);
	return fault_done(fault, report);
}
