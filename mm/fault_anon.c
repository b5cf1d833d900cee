/* SPDX-License-Identifier: MIT */
/*
 * handle_mm_fault, which looks at the entry and chooses the strategy, and the
 * strategies for private memory: the zero page, new pages, copy-on-write.
 * (They share a file so that the compiler makes one function of the common
 * path, which saves about 30 instructions a fault.)
 *
 * A write fault reserves everything it may need (the anon_vma, a page with its
 * contents) before it takes the table lock and looks again; if the entry has
 * changed meanwhile, it gives the reserve back and lets the access be repeated.
 *
 * A page that one mapping alone refers to (reference count 1) is reused, not
 * copied: nobody else can write it, and a new sharer (fork) would have to hold
 * the table lock that we hold.
 */
#include "abi/errno.h"
#include "mm/fault.h"
#include "mm/internal.h"
#include "mm/pagetable.h"
#include "mm/rmap.h"
#include "mm/vma.h"

vm_fault_t vmf_anon_prepare_slow(struct vm_fault *vmf)
{
	struct vma_guard *guard = vmf->guard;
	int err;

	/* Looking at the neighbours needs more than the area's lock. */
	if (guard->kind == GUARD_VMA) {
		if (!mmap_read_trylock(guard->mm)) {
			vmf_release(vmf);
			return vm_fault_make(VM_FAULT_RETRY);
		}
		err = anon_vma_prepare(vmf->vma);
		mmap_read_unlock(guard->mm);
	} else {
		err = anon_vma_prepare(vmf->vma);
	}
	return err ? vm_fault_make(VM_FAULT_OOM) : VM_FAULT_NONE;
}

/* Entry for a page that this mapping alone has and may write. */
static pte_t writable_pte(const struct vm_area_struct *vma,
			  const struct page *page)
{
	return pte_set(pte_make(page_to_pfn(page), vma->vm_page_prot),
		       PTE_W | PTE_D);
}

/* Make a fresh page an anonymous page of this area, mapped once. */
static void page_become_anon(struct page *page, struct vm_fault *vmf)
{
	page_set_type(page, PAGE_ANON);
	page->mapping = vmf->vma->anon_vma;
	page->index = vmf->pgoff;
	store_relaxed(&page->count, PAGE_MAPPING);
}

/* Find or make the table, lock it and look at the entry. 0 or OOM. */
static inline vm_fault_t pte_lock_alloc(struct vm_fault *vmf)
{
	if (!vmf->pte) {
		vmf->pte = pt_walk_alloc(vmf->vma->vm_mm, vmf->address);
		if (!vmf->pte)
			return vm_fault_make(VM_FAULT_OOM);
	}
	vmf->ptl = pte_lockptr(vmf->pte);
	spin_lock(vmf->ptl);
	vmf->orig_pte = pte_load(vmf->pte);
	return VM_FAULT_NONE;
}

/* First read: every such page of every program is the same page of zeros. */
static vm_fault_t map_zero_page(struct vm_fault *vmf)
{
	vm_fault_t fault = pte_lock_alloc(vmf);

	if (vm_fault_has(fault, VM_FAULT_OOM))
		return fault;
	if (likely(pte_is_none(vmf->orig_pte))) {
		pte_store(vmf->pte, pte_set(pte_make(page_to_pfn(zero_page),
						     vmf->vma->vm_page_prot),
					    PTE_SPECIAL));
		vmf->report->kind = FAULT_ANON_READ;
	} else {
		vmf->report->kind = FAULT_SPURIOUS;
	}
	spin_unlock(vmf->ptl);
	return VM_FAULT_NONE;
}

static vm_fault_t do_anonymous_page(struct vm_fault *vmf)
{
	struct page *page;
	vm_fault_t fault;

	if (!(vmf->flags & FAULT_FLAG_WRITE))
		return map_zero_page(vmf);
	fault = vmf_anon_prepare(vmf);
	if (unlikely(fault.bits))
		return fault;
	page = page_alloc(0, GFP_USER | GFP_ZERO);
	if (unlikely(!page))
		return vm_fault_make(VM_FAULT_OOM);
	fault = pte_lock_alloc(vmf);
	if (unlikely(vm_fault_has(fault, VM_FAULT_OOM))) {
		page_put(page);
		return fault;
	}
	if (unlikely(!pte_is_none(vmf->orig_pte))) {
		spin_unlock(vmf->ptl);
		page_put(page);
		vmf->report->kind = FAULT_SPURIOUS;
		return VM_FAULT_NONE;
	}
	page_become_anon(page, vmf);
	pte_store(vmf->pte, writable_pte(vmf->vma, page));
	spin_unlock(vmf->ptl);
	add_mm_counter(vmf->vma->vm_mm, MM_ANONPAGES, 1);
	vmf->report->kind = FAULT_ANON_WRITE;
	return VM_FAULT_NONE;
}

/* The entry's page is ours alone: allow writing. Table lock held. */
static vm_fault_t wp_page_reuse(struct vm_fault *vmf, enum fault_kind kind)
{
	pte_store(vmf->pte, pte_set(vmf->orig_pte, PTE_W | PTE_A | PTE_D));
	spin_unlock(vmf->ptl);
	vmf->report->kind = kind;
	return VM_FAULT_NONE;
}

/*
 * Put the copy where the old page was. The fence comes in between: were the
 * copy seen before, one hart could write it while another still reads the old
 * page through a stale translation. That is also what the old page's reference
 * waits for.
 */
static void wp_install_copy(struct vm_fault *vmf, struct page *copy,
			    struct page *old)
{
	struct mm_struct *mm = vmf->vma->vm_mm;

	page_become_anon(copy, vmf);
	pte_get_and_clear(vmf->pte);
	flush_tlb_page(mm, vmf->address);
	pte_store(vmf->pte, writable_pte(vmf->vma, copy));
	spin_unlock(vmf->ptl);
	if (!old || old->type != PAGE_ANON) {
		add_mm_counter(mm, MM_ANONPAGES, 1);
		if (old)
			add_mm_counter(mm, file_rss_kind(vmf->vma), -1);
	}
	if (old)
		page_put_count(old, PAGE_MAPPING);
}

/*
 * Copy: the table lock is given up meanwhile, with a reference on the old page
 * so that it stays. old is NULL for the zero page.
 */
static vm_fault_t wp_page_copy(struct vm_fault *vmf, struct page *old)
{
	struct page *copy;
	vm_fault_t fault;

	if (old)
		page_get(old);
	spin_unlock(vmf->ptl);
	fault = vmf_anon_prepare(vmf);
	if (unlikely(fault.bits))
		goto out_put_old;
	copy = page_alloc(0, old ? GFP_USER : GFP_USER | GFP_ZERO);
	if (unlikely(!copy)) {
		fault = vm_fault_make(VM_FAULT_OOM);
		goto out_put_old;
	}
	if (old)
		copy_page(page_address(copy), page_address(old));
	spin_lock(vmf->ptl);
	if (unlikely(pte_load(vmf->pte).val != vmf->orig_pte.val)) {
		spin_unlock(vmf->ptl);
		page_put(copy);
		vmf->report->kind = FAULT_SPURIOUS;
		goto out_put_old;
	}
	vmf->report->kind = !old		     ? FAULT_ZERO_UPGRADE
			    : old->type == PAGE_ANON ? FAULT_COW_COPY
						     : FAULT_FILE_WRITE_PRIVATE;
	wp_install_copy(vmf, copy, old);
out_put_old:
	if (old)
		page_put(old);
	return fault;
}

/*
 * Write to a page of a shared mapping that is not writable yet: the owner is
 * told first (page_mkwrite), without the table lock.
 */
static vm_fault_t wp_page_shared(struct vm_fault *vmf, struct page *page)
{
	const struct vm_operations_struct *ops = vmf->vma->vm_ops;
	vm_fault_t fault;

	if (!ops || !ops->page_mkwrite) {
		page_set_flag(page, PG_DIRTY);
		store_relaxed(&vmf->vma->vm_file->f_mapping->is_stored, true);
		return wp_page_reuse(vmf, FAULT_FILE_WRITE_SHARED);
	}
	page_get(page);
	spin_unlock(vmf->ptl);
	vmf->page = page;
	fault = ops->page_mkwrite(vmf);
	if (unlikely(vm_fault_has(fault, VM_FAULT_ERROR | VM_FAULT_NOPAGE |
					     VM_FAULT_RETRY |
					     VM_FAULT_COMPLETED)))
		goto out_put;
	spin_lock(vmf->ptl);
	if (likely(pte_load(vmf->pte).val == vmf->orig_pte.val)) {
		page_set_flag(page, PG_DIRTY);
		wp_page_reuse(vmf, FAULT_FILE_WRITE_SHARED);
	} else {
		spin_unlock(vmf->ptl);
		vmf->report->kind = FAULT_SPURIOUS;
	}
	if (vm_fault_has(fault, VM_FAULT_LOCKED))
		page_unlock(page);
	fault.bits &= ~VM_FAULT_LOCKED;
out_put:
	page_put(page);
	return fault;
}

static vm_fault_t do_wp_page(struct vm_fault *vmf)
{
	struct page *page;

	if (pte_has(vmf->orig_pte, PTE_SPECIAL))
		return wp_page_copy(vmf, NULL);
	page = pfn_to_page(pte_pfn(vmf->orig_pte));
	if (vma_has(vmf->vma, VM_SHARED))
		return wp_page_shared(vmf, page);
	if (page->type == PAGE_ANON && page_refcount(page) == 1)
		return wp_page_reuse(vmf, FAULT_COW_REUSE);
	return wp_page_copy(vmf, page);
}

/* The entry permits the access already: another hart was faster, or the
 * machine wants its A or D bit set, or its translation is stale. */
static vm_fault_t do_present_pte(struct vm_fault *vmf)
{
	uint64_t want = PTE_A;

	if (vmf->flags & FAULT_FLAG_WRITE)
		want |= PTE_D;
	if ((vmf->orig_pte.val & want) == want) {
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

/* The table and entry are known: choose the strategy. */
static vm_fault_t handle_pte_fault(struct vm_fault *vmf)
{
	pte_t pte;

	vmf->pte = pt_walk(vmf->vma->vm_mm, vmf->address);
	pte = vmf->pte ? pte_load(vmf->pte) : pte_none();
	if (pte_is_none(pte)) {
		if (vma_is_anonymous(vmf->vma))
			return do_anonymous_page(vmf);
		return do_file_fault(vmf);
	}
	vmf->ptl = pte_lockptr(vmf->pte);
	spin_lock(vmf->ptl);
	vmf->orig_pte = pte_load(vmf->pte);
	if (unlikely(!pte_is_present(vmf->orig_pte))) {
		/* Zapped meanwhile: the access is simply repeated. */
		vmf->report->kind = FAULT_SPURIOUS;
		spin_unlock(vmf->ptl);
		return VM_FAULT_NONE;
	}
	if ((vmf->flags & FAULT_FLAG_WRITE) && !pte_has(vmf->orig_pte, PTE_W))
		return do_wp_page(vmf);
	return do_present_pte(vmf);
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
	BUG_ON(guard->kind == GUARD_CONSUMED);
}

/* Released and said so, or neither; and a retry only when it was allowed. */
static void check_outcome(const struct vma_guard *guard, uint32_t flags,
			  vm_fault_t fault)
{
	BUG_ON(vm_fault_released(fault) != (guard->kind == GUARD_CONSUMED));
	BUG_ON(vm_fault_has(fault, VM_FAULT_RETRY) &&
	       !(flags & FAULT_FLAG_ALLOW_RETRY));
}

vm_fault_t handle_mm_fault(struct vma_guard *guard, vaddr_t addr,
			   uint32_t flags, struct fault_report *report)
{
	struct vm_area_struct *vma = guard->vma;
	struct vm_fault vmf;
	vm_fault_t fault;

	if (CONFIG_DEBUG)
		check_flags(guard, flags);
	vmf.guard = guard;
	vmf.vma = vma;
	vmf.report = report;
	vmf.address = PAGE_ALIGN_DOWN(addr);
	vmf.pgoff = linear_page_index(vma, vmf.address);
	vmf.flags = flags;
	vmf.page = NULL;
	vmf.cow_page = NULL;
	fault = handle_pte_fault(&vmf);
	if (CONFIG_DEBUG)
		check_outcome(guard, flags, fault);
	return fault;
}
