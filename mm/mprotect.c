/* SPDX-License-Identifier: MIT */
/*
 * mprotect(2): new permissions for a range that areas cover without a hole.
 *
 * A page's entry is rewritten in place. Write permission is given only where
 * no fault has to happen first: to dirty pages of a shared mapping and to
 * anonymous pages that this mapping alone uses; everything else becomes
 * writable through do_wp_page. An entry that loses all permissions keeps its
 * frame number with V clear.
 */
#include "abi/errno.h"
#include "mm/internal.h"
#include "mm/mm.h"
#include "mm/pagetable.h"
#include "mm/vma.h"

/* Which pages of an area may be written without a further fault. */
enum writable { NO_PAGE, EACH_PAGE, DIRTY_PAGES, OWN_PAGES };

static enum writable writable_pages(const struct vm_area_struct *vma)
{
	if (!vma_has(vma, VM_WRITE))
		return NO_PAGE;
	if (!vma_has(vma, VM_SHARED))
		return OWN_PAGES;
	return vma_wants_writenotify(vma) ? DIRTY_PAGES : EACH_PAGE;
}

static inline bool can_be_writable(enum writable which, pte_t pte)
{
	if (which != OWN_PAGES)
		return which == EACH_PAGE ||
		       (which == DIRTY_PAGES && pte_has(pte, PTE_D));
	/* In a private area only anonymous pages have D. */
	return pte_has(pte, PTE_D) &&
	       page_refcount(pfn_to_page(pte_pfn(pte))) == 1;
}

/* What mprotect may change in an entry. */
#define PTE_ACCESS (PTE_V | PTE_R | PTE_W | PTE_X | PTE_U | PTE_A)

/*
 * Bits are cleared and set one after the other, each atomically: the hardware
 * may set D meanwhile, and no permission is there that neither the old nor the
 * new entry has.
 */
static void change_shared(pte_t *ptep, pte_t pte, uint64_t want)
{
	uint64_t lost = pte.val & PTE_ACCESS & ~want, gained = want & ~pte.val;

	if (lost)
		fetch_and_relaxed(&ptep->val, ~lost);
	if (gained)
		fetch_or_relaxed(&ptep->val, gained);
}

/*
 * Rewrite entries; returns what any of them had. With constants for the last
 * two arguments the loop has no more than it needs: 8 instructions for an entry
 * that becomes read-only.
 */
static __always_inline uint64_t protect_entries(pte_t *ptep, const pte_t *end,
						uint64_t prot,
						enum writable which,
						bool is_shared)
{
	uint64_t seen = 0;

	for (; ptep < end; ptep++) {
		pte_t pte = pte_load(ptep);
		uint64_t want = prot;

		if (pte_is_none(pte))
			continue;
		seen |= pte.val;
		if (which != NO_PAGE && can_be_writable(which, pte))
			want |= PTE_W;
		if (is_shared)
			change_shared(ptep, pte, want);
		else
			pte_store_plain(
			    ptep, pte_set(pte_clear(pte, PTE_ACCESS), want));
	}
	return seen;
}

/*
 * One run of entries of one table. Returns whether any may have lost
 * permissions, which translations may still grant.
 */
static bool protect_run(const struct vm_area_struct *vma, pte_t *ptep,
			vaddr_t va, vaddr_t stop)
{
	const pte_t *end = ptep + ((stop - va) >> PAGE_SHIFT);
	uint64_t prot = vma->vm_page_prot.val, seen;
	enum writable which = writable_pages(vma);
	struct spinlock *ptl = pte_lockptr(ptep);

	spin_lock(ptl);
	if (vma_hw_sets_dirty(vma))
		seen = protect_entries(ptep, end, prot, which, true);
	else if (which == NO_PAGE)
		seen = protect_entries(ptep, end, prot, NO_PAGE, false);
	else
		seen = protect_entries(ptep, end, prot, OWN_PAGES, false);
	spin_unlock(ptl);
	return seen & PTE_ACCESS & ~prot;
}

/* Give the pages of [start, end) the permissions of the area. */
static void change_protection(struct tlb_gather *gather,
			      struct vm_area_struct *vma, vaddr_t start,
			      vaddr_t end)
{
	vaddr_t va, stop;
	pte_t *ptep;

	for (va = start; (ptep = pt_next_run(vma->vm_mm, &va, end, &stop));
	     va = stop) {
		if (protect_run(vma, ptep, va, stop))
			tlb_gather_range(gather, va, stop);
	}
}

/*
 * Memory that becomes writable is promised from now on (VM_ACCOUNT); an area
 * that was never written gives the promise back when it ceases to be writable.
 */
static int account(const struct vm_area_struct *vma, uint64_t npages,
		   uint64_t *flags)
{
	const uint64_t is_settled =
	    VM_ACCOUNT | VM_WRITE | VM_SHARED | VM_NORESERVE;
	uint64_t old = vma_flags(vma);

	if (*flags & VM_WRITE) {
		if (!may_expand_vm(vma->vm_mm, *flags, npages) &&
		    may_expand_vm(vma->vm_mm, old, npages))
			return -ENOMEM;
		if (!(old & is_settled)) {
			if (!may_commit(npages))
				return -ENOMEM;
			*flags |= VM_ACCOUNT;
		}
	} else if (vma_is_anonymous(vma) && !vma->anon_vma) {
		*flags &= ~VM_ACCOUNT;
	}
	return 0;
}

/* One area, or the part of it in [start, end). Returns the area in *vmap. */
static int mprotect_area(struct tlb_gather *gather,
			 struct vm_area_struct **vmap, vaddr_t start,
			 vaddr_t end, uint64_t flags)
{
	struct vm_area_struct *vma = *vmap, *neighbour;
	struct mm_struct *mm = vma->vm_mm;
	uint64_t old = vma_flags(vma), npages = (end - start) >> PAGE_SHIFT;
	int err;

	if (old & VM_SEALED)
		return -EPERM;
	if (old == flags)
		return 0;
	err = account(vma, npages, &flags);
	if (err)
		return err;
	/* A border that moves takes half of what a split and a merge take. */
	neighbour = NULL;
	if ((start == vma->vm_start) != (end == vma->vm_end))
		neighbour = vma_give(vma, start, end, flags);
	if (neighbour) {
		vma = neighbour;
	} else {
		err = vma_isolate(&vma, start, end);
		if (err)
			return err;
		vma_start_write(vma);
		vm_flags_reset(vma, flags);
	}
	vm_stat_account(mm, old, -(int64_t)npages);
	vm_stat_account(mm, flags, npages);
	change_protection(gather, vma, start, end);
	if (!neighbour)
		vma = vma_merge(vma);
	*vmap = vma;
	/* Locked private memory that becomes writable: pages of its own. */
	if ((old & (VM_WRITE | VM_SHARED | VM_LOCKED)) == VM_LOCKED &&
	    (flags & VM_WRITE))
		mm_populate_area(vma, start, end);
	return 0;
}

static int mprotect_locked(struct mm_struct *mm, vaddr_t start, vaddr_t end,
			   unsigned prot)
{
	struct vm_area_struct *vma = find_vma(mm, start);
	bool grows = prot & PROT_GROWSDOWN;
	struct tlb_gather gather;
	int err = 0;

	if (!vma || vma->vm_start >= end)
		return -ENOMEM;
	if (grows) {
		if (!vma_has(vma, VM_GROWSDOWN))
			return -EINVAL;
		start = vma->vm_start;
	} else if (vma->vm_start > start) {
		return -ENOMEM;
	} else if (prot & PROT_GROWSUP) {
		return -EINVAL; /* no area grows upwards */
	}
	tlb_gather_init(&gather, mm, false);
	while (start < end) {
		uint64_t flags;
		vaddr_t stop;

		if (!vma || vma->vm_start > start) {
			err = -ENOMEM;
			break;
		}
		stop = min(vma->vm_end, end);
		flags = (vma_flags(vma) & ~VM_ACCESS_FLAGS) |
			calc_vm_prot_bits(prot);
		/* VM_MAY* stand four bits above what they allow. */
		if (flags & ~(flags >> 4) & VM_ACCESS_FLAGS ||
		    map_deny_write_exec(mm, vma_flags(vma), flags)) {
			err = -EACCES;
			break;
		}
		err = mprotect_area(&gather, &vma, start, stop, flags);
		if (err)
			break;
		start = stop;
		if (vma->vm_end <= start)
			vma = vma_next(vma);
	}
	tlb_gather_finish(&gather);
	return err;
}

int do_mprotect(struct mm_struct *mm, vaddr_t addr, uint64_t len, unsigned prot)
{
	unsigned known = PROT_READ | PROT_WRITE | PROT_EXEC | PROT_SEM;
	unsigned grow = prot & (PROT_GROWSDOWN | PROT_GROWSUP);
	int err;

	if (grow == (PROT_GROWSDOWN | PROT_GROWSUP) || addr & ~PAGE_MASK)
		return -EINVAL;
	if (!len)
		return 0;
	len = PAGE_ALIGN(len);
	if (addr + len <= addr)
		return -ENOMEM;
	if (prot & ~(known | PROT_GROWSDOWN | PROT_GROWSUP))
		return -EINVAL;
	if (mmap_write_lock_killable(mm))
		return -EINTR;
	err = mprotect_locked(mm, addr, addr + len, prot);
	mmap_write_unlock(mm);
	return err;
}
