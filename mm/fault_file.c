/* SPDX-License-Identifier: MIT */
/*
 * Faults on areas with an owner (vm_ops): files, shared memory, the vDSO.
 *
 *  - read: map the page and its neighbours that are there (fault-around);
 *  - private write: copy the page into anonymous memory;
 *  - shared write: tell the owner, map writable.
 *
 * vm_ops->fault returns the page with a reference, and locked when it says
 * VM_FAULT_LOCKED: then truncation cannot take the page away before it is
 * mapped, and finds the entry afterwards.
 */
#include "abi/errno.h"
#include "mm/fault.h"
#include "mm/file.h"
#include "mm/internal.h"
#include "mm/page_index.h"
#include "mm/pagetable.h"
#include "mm/strategy.h"
#include "mm/vma.h"

/*
 * Pages that one read fault maps at most: 64 KiB from an aligned address, or
 * from the start of the area if that is behind it.
 */
#define FAULT_AROUND_PAGES 16

/* After these there is nothing to install, and perhaps no area any more. */
#define VM_FAULT_FINAL                                                         \
	(VM_FAULT_ERROR | VM_FAULT_NOPAGE | VM_FAULT_RETRY | VM_FAULT_COMPLETED)

/* Ask the owner for the page. On success vmf->page is set and locked. */
static inline vm_fault_t do_fault_page(struct vm_fault *vmf)
{
	vm_fault_t fault = vmf->vma->vm_ops->fault(vmf);

	if (unlikely(vm_fault_has(fault, VM_FAULT_FINAL | VM_FAULT_DONE_COW)))
		return fault;
	if (unlikely(page_test_flag(vmf->page, PG_HWPOISON))) {
		if (vm_fault_has(fault, VM_FAULT_LOCKED))
			page_unlock(vmf->page);
		page_put(vmf->page);
		return vm_fault_make(VM_FAULT_HWPOISON);
	}
	if (unlikely(!vm_fault_has(fault, VM_FAULT_LOCKED)))
		page_lock(vmf->page);
	return vm_fault_or(fault, VM_FAULT_LOCKED);
}

/* Results of do_fault_page that leave nothing to install. */
static bool is_final(vm_fault_t fault)
{
	return vm_fault_has(fault, VM_FAULT_FINAL);
}

/*
 * Install an entry for `page` (vmf->page or the copy), which takes over the
 * caller's reference; when the entry is not empty any more it is dropped.
 * `kind` is what the fault was otherwise.
 */
static inline void finish_fault(struct vm_fault *vmf, struct page *page,
				pte_t pte, enum rss_kind rss,
				enum fault_kind kind)
{
	vmf->ptl = pte_lockptr(vmf->pte);
	spin_lock(vmf->ptl);
	if (unlikely(!pte_is_none(pte_load(vmf->pte)))) {
		spin_unlock(vmf->ptl);
		page_put(page);
		vmf->report->kind = FAULT_SPURIOUS;
		return;
	}
	fetch_add_relaxed(&page->count, PAGE_MAPPING - PAGE_REF);
	pte_store(vmf->pte, pte);
	spin_unlock(vmf->ptl);
	add_mm_counter(vmf->vma->vm_mm, rss, 1);
	/* A kind that the owner has named (FAULT_SPECIAL) stands. */
	if (vmf->report->kind == FAULT_NONE)
		vmf->report->kind = kind;
}

static inline pte_t file_pte(const struct vm_fault *vmf,
			     const struct page *page)
{
	return pte_make_page(page, vma_file_prot(vmf->vma));
}

/* Tell the owner of the first write to vmf->page, which is locked. */
static vm_fault_t notify_owner(struct vm_fault *vmf)
{
	struct page *page = vmf->page;
	vm_fault_t fault;

	page_unlock(page);
	fault = vmf->vma->vm_ops->page_mkwrite(vmf);
	if (is_final(fault))
		page_put(page);
	else if (!vm_fault_has(fault, VM_FAULT_LOCKED))
		page_lock(page);
	return fault;
}

/*
 * Map the owner's page itself, for reading or for a shared write. Then the
 * entry gets D, which whoever removes it hands on to the page.
 */
static __noinline __cold vm_fault_t map_page(struct vm_fault *vmf)
{
	enum fault_kind kind = FAULT_FILE_READ;
	vm_fault_t fault = do_fault_page(vmf), done;
	pte_t pte;

	if (is_final(fault))
		return fault;
	pte = file_pte(vmf, vmf->page);
	if (vmf->flags & FAULT_FLAG_WRITE) {
		if (vmf->vma->vm_ops->page_mkwrite) {
			done = notify_owner(vmf);
			if (is_final(done))
				return done;
		}
		store_relaxed(&vmf->vma->vm_file->f_mapping->is_stored, true);
		kind = FAULT_FILE_WRITE_SHARED;
		pte = pte_set(pte, PTE_W | PTE_D);
	}
	finish_fault(vmf, vmf->page, pte, file_rss_kind(vmf->vma), kind);
	page_unlock(vmf->page);
	return vm_fault_make(fault.bits & VM_FAULT_MAJOR);
}

/* Map what is there already around the address, within area and table. */
static vm_fault_t do_fault_around(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	uint64_t window = FAULT_AROUND_PAGES << PAGE_SHIFT;
	uint64_t table = pt_level_size(1);
	vaddr_t from = max(ALIGN_DOWN(vmf->address, window), vma->vm_start);
	vaddr_t to = min(from + window, vma->vm_end);

	to = min(to, ALIGN_DOWN(from, table) + table);
	return vma->vm_ops->map_pages(vmf, linear_page_index(vma, from),
				      linear_page_index(vma, to));
}

static __noinline vm_fault_t do_read_fault(struct vm_fault *vmf)
{
	vm_fault_t fault = VM_FAULT_NONE;

	if (vmf->vma->vm_ops->map_pages)
		fault = do_fault_around(vmf);
	return fault.bits ? fault : map_page(vmf);
}

/* Private write: a copy, reserved before the owner is asked. */
static __noinline __cold vm_fault_t do_cow_fault(struct vm_fault *vmf)
{
	vm_fault_t fault = anon_prepare(vmf);
	struct page *copy;

	if (unlikely(fault.bits)) {
		if (vm_fault_released(fault))
			vmf_released(vmf);
		return fault;
	}
	copy = page_alloc(0, GFP_USER);
	if (unlikely(!copy))
		return vm_fault_make(VM_FAULT_OOM);
	vmf->cow_page = copy;
	fault = do_fault_page(vmf);
	if (is_final(fault)) {
		page_put(copy);
		return fault;
	}
	if (!vm_fault_has(fault, VM_FAULT_DONE_COW))
		copy_page(page_address(copy), page_address(vmf->page));
	page_set_type(copy, PAGE_ANON);
	copy->mapping = vmf->vma->anon_vma;
	copy->index = vmf->pgoff;
	finish_fault(vmf, copy, pte_set(file_pte(vmf, copy), PTE_W | PTE_D),
		     MM_ANONPAGES, FAULT_FILE_WRITE_PRIVATE);
	/* Locked until now: truncation finds the copy, too. */
	if (!vm_fault_has(fault, VM_FAULT_DONE_COW)) {
		page_unlock(vmf->page);
		page_put(vmf->page);
	}
	return vm_fault_make(fault.bits & VM_FAULT_MAJOR);
}

/* The page has been there to be read: make the entry writable. */
static void wp_shared_commit(struct vm_fault *vmf, struct page *page)
{
	page_set_flag(page, PG_DIRTY);
	pte_store(vmf->pte, pte_set(vmf->orig_pte, PTE_W | PTE_A | PTE_D));
	vmf->report->kind = FAULT_FILE_WRITE_SHARED;
}

/* The owner is told first (page_mkwrite), without the table lock. */
__cold vm_fault_t wp_page_shared(struct vm_fault *vmf)
{
	struct page *page = pfn_to_page(pte_pfn(vmf->orig_pte));
	const struct vm_operations_struct *ops = vmf->vma->vm_ops;
	vm_fault_t fault;

	if (!ops || !ops->page_mkwrite) {
		wp_shared_commit(vmf, page);
		store_relaxed(&vmf->vma->vm_file->f_mapping->is_stored, true);
		spin_unlock(vmf->ptl);
		return VM_FAULT_NONE;
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
	if (likely(pte_load(vmf->pte).val == vmf->orig_pte.val))
		wp_shared_commit(vmf, page);
	else
		vmf->report->kind = FAULT_SPURIOUS;
	spin_unlock(vmf->ptl);
	if (vm_fault_has(fault, VM_FAULT_LOCKED))
		page_unlock(page);
	fault.bits &= ~VM_FAULT_LOCKED;
out_put:
	page_put(page);
	return fault;
}

vm_fault_t do_file_fault(struct vm_fault *vmf)
{
	if (unlikely(!vmf->vma->vm_ops->fault))
		return vm_fault_make(VM_FAULT_SIGBUS);
	if (!(vmf->flags & FAULT_FLAG_WRITE))
		return do_read_fault(vmf);
	if (!vma_has(vmf->vma, VM_SHARED))
		return do_cow_fault(vmf);
	return map_page(vmf);
}

/*
 * The page of the cache that a write is about, or NULL: a hole, behind the end,
 * or bad. pages_lock is held; while it is, or if the page gets locked
 * meanwhile, truncation finds what is mapped (filemap.c).
 */
static __always_inline struct page *
cached_page(const struct address_space *mapping, pgoff_t pgoff)
{
	struct page *page;

	if (unlikely(pgoff << PAGE_SHIFT >= load_relaxed(&mapping->i_size)))
		return NULL;
	page = page_index_find(&mapping->pages, pgoff);
	if (unlikely(!page || page_test_flag(page, PG_HWPOISON)))
		return NULL;
	return page;
}

/*
 * Map the page itself. As by fault-around, that takes neither the page's lock
 * nor a reference; and no calls: saves 200 instructions.
 */
fault_bits_t file_write_shared(struct mm_struct *mm, vaddr_t address,
			       uint32_t flags, struct fault_report *report,
			       struct vm_area_struct *vma, pte_t *pte,
			       uint64_t orig_pte)
{
	struct vm_fault vmf =
	    vmf_make(mm, address, flags, report, vma, pte, orig_pte);
	struct address_space *mapping = vma->vm_file->f_mapping;
	enum fault_kind kind = FAULT_SPURIOUS;
	struct page *page;

	spin_lock(&mapping->pages_lock);
	page = cached_page(mapping, vmf.pgoff);
	if (unlikely(!page)) {
		spin_unlock(&mapping->pages_lock);
		return call_strategy(mm, address, flags, report, vma, pte,
				     orig_pte, do_file_fault);
	}
	if (likely(lock_same_entry(&vmf))) {
		fetch_add_relaxed(&page->count, PAGE_MAPPING);
		pte_store(pte, pte_set(pte_make_page(page, vma->vm_page_prot),
				       PTE_W | PTE_D));
		spin_unlock(vmf.ptl);
		store_relaxed(&mapping->is_stored, true);
		kind = FAULT_FILE_WRITE_SHARED;
		add_mm_counter(
		    mm, mapping->is_shmem ? MM_SHMEMPAGES : MM_FILEPAGES, 1);
	}
	spin_unlock(&mapping->pages_lock);
	return fault_end_well(&vmf, kind);
}

/*
 * Copy the page. Locked it stays in the cache and so needs no reference; and no
 * calls but to allocate and to copy: saves 120 instructions.
 */
fault_bits_t file_write_private(struct mm_struct *mm, vaddr_t address,
				uint32_t flags, struct fault_report *report,
				struct vm_area_struct *vma, pte_t *pte,
				uint64_t orig_pte)
{
	struct vm_fault vmf =
	    vmf_make(mm, address, flags, report, vma, pte, orig_pte);
	struct address_space *mapping = vma->vm_file->f_mapping;
	vm_fault_t fault = anon_prepare(&vmf);
	enum fault_kind kind = FAULT_SPURIOUS;
	struct page *page, *copy;

	if (unlikely(fault.bits))
		return fault_end(&vmf, fault);
	copy = page_alloc(0, GFP_USER);
	if (unlikely(!copy))
		return fault_end(&vmf, vm_fault_make(VM_FAULT_OOM));
	spin_lock(&mapping->pages_lock);
	page = cached_page(mapping, vmf.pgoff);
	if (likely(page) && unlikely(!page_trylock(page)))
		page = NULL;
	spin_unlock(&mapping->pages_lock);
	if (unlikely(!page)) {
		page_put(copy);
		return call_strategy(mm, address, flags, report, vma, pte,
				     orig_pte, do_file_fault);
	}
	copy_page(page_address(copy), page_address(page));
	page_become_anon(copy, &vmf);
	if (likely(lock_same_entry(&vmf))) {
		pte_store(pte, pte_set(pte_make_page(copy, vma->vm_page_prot),
				       PTE_W | PTE_D));
		spin_unlock(vmf.ptl);
		kind = FAULT_FILE_WRITE_PRIVATE;
		add_mm_counter(vma->vm_mm, MM_ANONPAGES, 1);
	}
	/* Locked until now: truncation finds the copy, too. */
	page_unlock(page);
	if (unlikely(kind == FAULT_SPURIOUS))
		page_put_count(copy, PAGE_MAPPING);
	return fault_end_well(&vmf, kind);
}
