/* SPDX-License-Identifier: MIT */
/*
 * Reaching the pages of an address space from the kernel: faulting ranges in
 * (MAP_POPULATE, mlock, MADV_POPULATE_*) and reading or writing memory of
 * another program ("get user pages").
 */
#include <string.h>

#include "abi/errno.h"
#include "mm/fault.h"
#include "mm/internal.h"
#include "mm/mm.h"
#include "mm/pagetable.h"
#include "mm/rmap.h"
#include "mm/vma.h"

/* Can the page be used as it is mapped, without a fault? */
static bool is_mapped(const struct mm_struct *mm, vaddr_t addr, bool write)
{
	const pte_t *ptep = pt_walk(mm, addr);
	pte_t pte = ptep ? pte_load(ptep) : pte_none();

	return pte_is_present(pte) && (!write || pte_has(pte, PTE_W));
}

static int fault_error(vm_fault_t fault)
{
	if (!vm_fault_has(fault, VM_FAULT_ERROR))
		return 0;
	if (vm_fault_has(fault, VM_FAULT_OOM))
		return -ENOMEM;
	if (vm_fault_has(fault, VM_FAULT_HWPOISON | VM_FAULT_HWPOISON_LARGE))
		return -EHWPOISON;
	return -EFAULT;
}

/*
 * Fault one page in, with mmap_lock held. With retry = FAULT_FLAG_ALLOW_RETRY
 * it is held for reading and may be released (*locked says). 0 or -Exxx.
 */
static int fault_in(struct vm_area_struct *vma, vaddr_t addr, bool write,
		    uint32_t retry, bool *locked)
{
	struct vma_guard guard = {
	    .mm = vma->vm_mm, .vma = vma, .kind = GUARD_MMAP_READ};
	struct fault_report report = {.kind = FAULT_NONE};
	uint32_t flags = retry | FAULT_FLAG_REMOTE |
			 (write ? FAULT_FLAG_WRITE : FAULT_FLAG_READ);
	vm_fault_t fault = handle_mm_fault(&guard, addr, flags, &report);

	*locked = guard.kind != GUARD_CONSUMED;
	return fault_error(fault);
}

/* How a range is walked. */
struct populate {
	bool (*wants_write)(const struct vm_area_struct *vma); /* break COW */
	/*
	 * 0, 1 to skip the area or hole (NULL), or -Exxx; asked before its
	 * pages are touched.
	 */
	int (*check)(const struct vm_area_struct *vma);
	bool ignores_errors; /* go on behind an area with a page that fails */
};

static int populate(const struct populate *how, struct mm_struct *mm,
		    vaddr_t start, vaddr_t end)
{
	bool locked = false;
	int err = 0;

	while (start < end && !err) {
		struct vm_area_struct *vma;

		if (!locked && mmap_read_lock_killable(mm))
			return -EINTR;
		locked = true;
		vma = find_vma(mm, start);
		if (!vma || vma->vm_start > start) {
			err = how->check(NULL);
			if (err > 0) { /* skip the hole */
				start = vma ? vma->vm_start : end;
				err = 0;
			}
			continue;
		}
		err = how->check(vma);
		if (err > 0) {
			start = vma->vm_end;
			err = 0;
			continue;
		}
		for (; !err && locked && start < min(vma->vm_end, end);
		     start += PAGE_SIZE) {
			bool write = how->wants_write(vma);

			if (!is_mapped(mm, start, write))
				err = fault_in(vma, start, write,
					       FAULT_FLAG_ALLOW_RETRY, &locked);
			if (!locked || err)
				break; /* the same page again, or the end */
		}
		if (err && locked && how->ignores_errors) {
			start = vma->vm_end;
			err = 0;
		}
		if (machine_fatal_signal())
			err = -EINTR;
	}
	if (locked)
		mmap_read_unlock(mm);
	return err;
}

/* Locked private memory gets pages of its own; a shared one is left clean. */
static bool lock_wants_write(const struct vm_area_struct *vma)
{
	return (vma_flags(vma) & (VM_WRITE | VM_SHARED)) == VM_WRITE;
}

static int check_any(const struct vm_area_struct *vma)
{
	return !vma || vma_has(vma, VM_IO | VM_PFNMAP | VM_LOCKONFAULT) ||
	       !vma_has(vma, VM_ACCESS_FLAGS);
}

static int check_locked(const struct vm_area_struct *vma)
{
	if (!vma)
		return -ENOMEM;
	if (!vma_has(vma, VM_ACCESS_FLAGS))
		return -EFAULT;
	return vma_has(vma, VM_IO | VM_PFNMAP);
}

static bool always(const struct vm_area_struct *vma)
{
	(void)vma;
	return true;
}

static bool never(const struct vm_area_struct *vma)
{
	(void)vma;
	return false;
}

static int check_readable(const struct vm_area_struct *vma)
{
	if (!vma)
		return -ENOMEM;
	return vma_has(vma, VM_IO | VM_PFNMAP) || !vma_has(vma, VM_READ)
		   ? -EINVAL
		   : 0;
}

static int check_writable(const struct vm_area_struct *vma)
{
	if (!vma)
		return -ENOMEM;
	return vma_has(vma, VM_IO | VM_PFNMAP) || !vma_has(vma, VM_WRITE)
		   ? -EINVAL
		   : 0;
}

void mm_populate(struct mm_struct *mm, vaddr_t start, vaddr_t end)
{
	static const struct populate how = {lock_wants_write, check_any, true};

	populate(&how, mm, start, end);
}

void mm_populate_area(struct vm_area_struct *vma, vaddr_t start, vaddr_t end)
{
	bool write = lock_wants_write(vma), locked = true;
	int err = check_any(vma);

	mmap_assert_write_locked(vma->vm_mm);
	for (vaddr_t va = start; va < end && !err; va += PAGE_SIZE) {
		if (!is_mapped(vma->vm_mm, va, write))
			err = fault_in(vma, va, write, 0, &locked);
	}
}

int mm_populate_locked(struct mm_struct *mm, vaddr_t start, vaddr_t end)
{
	static const struct populate how = {lock_wants_write, check_locked,
					    false};

	return populate(&how, mm, start, end);
}

int populate_range(struct mm_struct *mm, vaddr_t start, vaddr_t end, bool write)
{
	static const struct populate read = {never, check_readable, false};
	static const struct populate to_write = {always, check_writable, false};

	return populate(write ? &to_write : &read, mm, start, end);
}

/*
 * What a debugger wants: write where the program may not. It is allowed where
 * the program would get a copy of its own if it were allowed to write, and
 * what the program may do stays as it is.
 */
static bool is_forced(const struct vm_area_struct *vma, bool write)
{
	return write && !vma_has(vma, VM_WRITE);
}

/* May memory of this area be accessed from outside? */
static bool may_access(const struct vm_area_struct *vma, bool write, bool force)
{
	if (vma_has(vma, VM_IO | VM_PFNMAP))
		return false;
	if (vma_has(vma, write ? VM_WRITE : VM_READ))
		return true;
	return force && (!write || is_cow_mapping(vma_flags(vma)));
}

/*
 * Replace the page that the entry shows by a copy, which stays read-only for
 * the program. 0 also when the entry has changed meanwhile. mmap_lock is held.
 */
static int copy_for_force(struct vm_area_struct *vma, vaddr_t addr, pte_t *ptep)
{
	struct mm_struct *mm = vma->vm_mm;
	struct page *copy = page_alloc(0, GFP_USER), *old;
	struct spinlock *ptl = pte_lockptr(ptep);
	pte_t pte;

	if (!copy)
		return -ENOMEM;
	spin_lock(ptl);
	pte = pte_load(ptep);
	if (pte_is_none(pte)) {
		spin_unlock(ptl);
		page_put(copy);
		return 0;
	}
	old = pfn_to_page(pte_pfn(pte));
	copy_page(page_address(copy), page_address(old));
	page_set_type(copy, PAGE_ANON);
	copy->mapping = vma->anon_vma;
	copy->index = linear_page_index(vma, addr);
	store_relaxed(&copy->count, PAGE_MAPPING);
	/* As install_anon(): nobody may see both pages. */
	pte_get_and_clear(ptep);
	flush_tlb_page(mm, PAGE_ALIGN_DOWN(addr));
	pte_store(ptep, pte_set(pte_make(page_to_pfn(copy), vma->vm_page_prot),
				PTE_D));
	spin_unlock(ptl);
	if (old->type != PAGE_ANON)
		add_mm_counter(mm, MM_ANONPAGES, 1);
	if (pte_has(pte, PTE_SPECIAL))
		return 0;
	if (old->type != PAGE_ANON)
		add_mm_counter(mm, file_rss_kind(vma), -1);
	page_put_count(old, PAGE_MAPPING);
	return 0;
}

/*
 * Bring the entry a step nearer to what the access needs: a fault, or for a
 * forced write the copy after it.
 */
static int make_accessible(struct vm_area_struct *vma, vaddr_t addr, bool write,
			   bool *locked)
{
	pte_t *ptep = pt_walk(vma->vm_mm, addr);

	if (!is_forced(vma, write))
		return fault_in(vma, addr, write, FAULT_FLAG_ALLOW_RETRY,
				locked);
	if (!ptep || pte_is_none(pte_load(ptep)))
		return fault_in(vma, addr, false, FAULT_FLAG_ALLOW_RETRY,
				locked);
	if (anon_vma_prepare(vma))
		return -ENOMEM;
	return copy_for_force(vma, addr, ptep);
}

/* The page behind an entry, with a reference, if it allows the access. */
static struct page *accessible_page(struct vm_area_struct *vma, vaddr_t addr,
				    bool write)
{
	pte_t *ptep = pt_walk(vma->vm_mm, addr), pte;
	struct page *page = NULL;

	if (!ptep)
		return NULL;
	spin_lock(pte_lockptr(ptep));
	pte = pte_load(ptep);
	/* PROT_NONE leaves the page, and takes V alone from the entry. */
	if (!pte_is_none(pte))
		page = pfn_to_page(pte_pfn(pte));
	if (page && write && !pte_has(pte, PTE_W) &&
	    (!is_forced(vma, write) || page->type != PAGE_ANON ||
	     page_refcount(page) != 1))
		page = NULL;
	if (page) {
		page_get(page);
		/* Written: not free to go any more (lazyfree.c). */
		if (write)
			pte_store(ptep, pte_set(pte, PTE_D));
	}
	spin_unlock(pte_lockptr(ptep));
	return page;
}

/*
 * The page at addr, faulted in for the access, with a reference and with
 * mmap_lock held for reading, so that no fork shares it before it is written.
 * NULL: not accessible, or killed while waiting; no lock is held.
 */
static struct page *get_user_page(struct mm_struct *mm, vaddr_t addr,
				  bool write, bool force)
{
	bool locked = false;
	int err = 0;

	while (!err) {
		struct vm_area_struct *vma;
		struct page *page;

		if (!locked && mmap_read_lock_killable(mm))
			return NULL;
		locked = true;
		vma = vma_lookup(mm, addr);
		if (!vma || !may_access(vma, write, force))
			break;
		page = accessible_page(vma, addr, write);
		if (page)
			return page;
		err = make_accessible(vma, addr, write, &locked);
	}
	if (locked)
		mmap_read_unlock(mm);
	return NULL;
}

uint64_t access_remote_vm(struct mm_struct *mm, vaddr_t addr, void *buf,
			  uint64_t len, bool write, bool force)
{
	uint64_t done = 0;

	while (done < len) {
		uint64_t offset = (addr + done) & ~PAGE_MASK;
		uint64_t part = min(len - done, PAGE_SIZE - offset);
		struct page *page =
		    get_user_page(mm, addr + done, write, force);
		char *va;

		if (!page)
			break;
		va = (char *)page_address(page) + offset;
		if (write)
			memcpy(va, (char *)buf + done, part);
		else
			memcpy((char *)buf + done, va, part);
		mmap_read_unlock(mm);
		page_put(page);
		done += part;
	}
	return done;
}
