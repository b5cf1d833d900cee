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
 * The page at addr, faulted in for the access, with a reference. NULL: not
 * accessible, or killed while waiting. No lock is held.
 */
static struct page *get_user_page(struct mm_struct *mm, vaddr_t addr,
				  bool write, bool force)
{
	uint64_t need = write ? VM_WRITE : VM_READ | VM_WRITE | VM_EXEC;
	struct page *page = NULL;
	bool locked = false;
	int err = 0;

	while (!page && !err) {
		struct vm_area_struct *vma;

		if (!locked && mmap_read_lock_killable(mm))
			return page;
		locked = true;
		vma = vma_lookup(mm, addr);
		if (!vma || vma_has(vma, VM_IO | VM_PFNMAP) ||
		    (!vma_has(vma, need) && (write || !force)))
			break;
		if (is_mapped(mm, addr, write)) {
			pte_t *ptep = pt_walk(mm, addr);

			spin_lock(pte_lockptr(ptep));
			if (is_mapped(mm, addr, write)) {
				page = pfn_to_page(pte_pfn(pte_load(ptep)));
				page_get(page);
			}
			spin_unlock(pte_lockptr(ptep));
			continue;
		}
		if (!vma_has(vma, VM_ACCESS_FLAGS))
			break; /* nothing would ever become present */
		err =
		    fault_in(vma, addr, write, FAULT_FLAG_ALLOW_RETRY, &locked);
	}
	if (locked)
		mmap_read_unlock(mm);
	return page;
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
		page_put(page);
		done += part;
	}
	return done;
}
