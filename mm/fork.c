/* SPDX-License-Identifier: MIT */
/*
 * fork(2): a second address space with the same contents.
 *
 * Private pages are shared copy-on-write: both entries lose W, and the first
 * write copies or, for the last owner, takes the page over (fault.c).
 * Entries of shared and of unwritten file mappings are not copied: a fault can
 * find those pages again.
 */
#include "abi/errno.h"
#include "mm/internal.h"
#include "mm/mm.h"
#include "mm/pagetable.h"
#include "mm/rmap.h"
#include "mm/vma.h"

/* Pages copied so far, by kind; the counters are added up once. */
struct copy {
	struct vm_area_struct *dst, *src;
	bool is_cow;
	bool has_protected; /* the parent lost write permission somewhere */
	int64_t nr_anon, nr_file;
};

/*
 * The entries of one table that the areas share, both locks held. Each takes
 * some 22 instructions when the parent loses W.
 */
static void copy_entries(struct copy *copy, pte_t *to, pte_t *from,
			 const pte_t *end)
{
	const uint64_t protect = copy->is_cow ? PTE_W : 0;
	int64_t nr_anon = 0, nr_file = 0;
	uint64_t seen = 0;

	for (; from < end; from++, to++) {
		pte_t pte = pte_load(from);
		struct page *page;

		if (pte_is_none(pte))
			continue;
		seen |= pte.val;
		if (pte_has(pte, protect)) {
			pte = pte_clear(pte, PTE_W);
			pte_store_plain(from, pte);
		}
		/* The lock shows the child's entries to the reverse maps. */
		pte_store_plain(to, pte);
		if (pte_has(pte, PTE_SPECIAL))
			continue;
		page = pfn_to_page(pte_pfn(pte));
		fetch_add_relaxed(&page->count, PAGE_MAPPING);
		if (likely(page->type == PAGE_ANON))
			nr_anon++;
		else
			nr_file++;
	}
	copy->nr_anon += nr_anon;
	copy->nr_file += nr_file;
	copy->has_protected |= (seen & protect) != 0;
}

/* One run of entries of one table. 0 or -ENOMEM. */
static int copy_run(struct copy *copy, pte_t *from, vaddr_t va, vaddr_t stop)
{
	pte_t *to = pt_walk_alloc(copy->dst->vm_mm, va);
	struct spinlock *from_ptl = pte_lockptr(from), *to_ptl;

	if (!to)
		return -ENOMEM;
	/* The child's table is ours alone still: no other order exists. */
	to_ptl = pte_lockptr(to);
	spin_lock(to_ptl);
	spin_lock_nested(from_ptl);
	copy_entries(copy, to, from, from + ((stop - va) >> PAGE_SHIFT));
	spin_unlock(from_ptl);
	spin_unlock(to_ptl);
	return 0;
}

static int copy_page_range_one(struct copy *copy)
{
	struct vm_area_struct *src = copy->src;
	vaddr_t va, stop;
	int err = 0;
	pte_t *from;

	for (va = src->vm_start;
	     !err && (from = pt_next_run(src->vm_mm, &va, src->vm_end, &stop));
	     va = stop)
		err = copy_run(copy, from, va, stop);
	add_mm_counter(copy->dst->vm_mm, MM_ANONPAGES, copy->nr_anon);
	add_mm_counter(copy->dst->vm_mm, file_rss_kind(src), copy->nr_file);
	return err;
}

/*
 * Copy the entries of an area, if a fault could not make them anew. Sets
 * *has_protected when the parent's translations must be forgotten.
 */
static int copy_area_pages(struct vm_area_struct *dst,
			   struct vm_area_struct *src, bool *has_protected)
{
	struct copy copy = {
	    .dst = dst,
	    .src = src,
	    .is_cow = is_cow_mapping(vma_flags(src)),
	};
	int err;

	if (vma_has(src, VM_WIPEONFORK)) {
		if (vma_has(src, VM_DROPPABLE))
			lazyfree_join(dst->vm_mm);
		return 0;
	}
	if (!src->anon_vma && !vma_has(src, VM_PFNMAP | VM_MIXEDMAP))
		return 0;
	err = copy_page_range_one(&copy);
	*has_protected |= copy.has_protected;
	return err;
}

/* The child's area, its highest so far. 0 or -ENOMEM. */
static int dup_area(struct mm_struct *mm, struct vm_area_struct *src,
		    struct vm_area_struct **vmap)
{
	struct vm_area_struct *vma = vm_area_dup(src, mm);

	if (!vma)
		return -ENOMEM;
	if (vma_has(src, VM_LOCKED | VM_LOCKONFAULT))
		vm_flags_init(vma,
			      vma_flags(src) & ~(VM_LOCKED | VM_LOCKONFAULT));
	if (src->anon_vma && !vma_has(src, VM_WIPEONFORK) &&
	    anon_vma_fork(vma, src)) {
		file_put(vma->vm_file);
		vm_area_free(vma);
		return -ENOMEM;
	}
	if (vma->vm_ops && vma->vm_ops->open)
		vma->vm_ops->open(vma);
	/* Before the copy, and behind src: for truncation (docs/races.md). */
	vma_append(mm, vma);
	*vmap = vma;
	return 0;
}

/* Both mmap_locks are held for writing. */
static int dup_mmap(struct mm_struct *mm, struct mm_struct *old)
{
	struct vm_area_struct *src, *vma;
	bool has_protected = false;
	int err = 0;

	for_each_vma (old, src) {
		if (vma_has(src, VM_DONTCOPY)) {
			vm_stat_account(mm, vma_flags(src),
					-(int64_t)vma_pages(src));
			continue;
		}
		vma_start_write(src);
		err = dup_area(mm, src, &vma);
		if (!err)
			err = copy_area_pages(vma, src, &has_protected);
		if (err)
			break;
	}
	vma_build_tree(mm);
	mm->hiwater_vm = mm->total_vm;
	/* The parent must not write through what it remembers. */
	if (has_protected)
		flush_tlb_mm(old);
	return err;
}

static void copy_description(struct mm_struct *mm, const struct mm_struct *old)
{
	/* As if all areas were copied; those that are not are taken off. */
	mm->total_vm = old->total_vm;
	mm->data_vm = old->data_vm;
	mm->exec_vm = old->exec_vm;
	mm->stack_vm = old->stack_vm;
	mm->mmap_base = old->mmap_base;
	mm->start_code = old->start_code;
	mm->end_code = old->end_code;
	mm->start_data = old->start_data;
	mm->end_data = old->end_data;
	mm->start_brk = old->start_brk;
	mm->brk = old->brk;
	mm->start_stack = old->start_stack;
	mm->arg_start = old->arg_start;
	mm->arg_end = old->arg_end;
	mm->env_start = old->env_start;
	mm->env_end = old->env_end;
	mm->limits = old->limits;
	mm_inherit(mm, old);
	mm->private = old->private;
	if (old->exe_file)
		mm->exe_file = file_get(old->exe_file);
}

int mm_fork(struct mm_struct *old, struct mm_struct **newp)
{
	struct mm_struct *mm = mm_alloc();
	int err;

	if (!mm)
		return -ENOMEM;
	if (mmap_write_lock_killable(old)) {
		mmput(mm);
		return -EINTR;
	}
	mmap_write_lock_nested(mm);
	copy_description(mm, old);
	if (sysctl_overcommit_memory == OVERCOMMIT_NEVER &&
	    !may_commit(old->data_vm + old->stack_vm))
		err = -ENOMEM;
	else
		err = dup_mmap(mm, old);
	mmap_write_unlock(mm);
	mmap_write_unlock(old);
	if (err)
		mmput(mm);
	else
		*newp = mm;
	return err;
}
