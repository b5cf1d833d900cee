/* SPDX-License-Identifier: MIT */
/*
 * mremap(2): shrink, grow in place, or move an area.
 *
 * A move makes the new area first, then carries the entries over table by
 * table, then unmaps the old range. What may fail (splitting the old area,
 * making the new one and its tables) comes before the first entry moves; only
 * a table for the new place may be missing later, and then what was moved is
 * moved back into tables that are there still.
 */
#include "abi/errno.h"
#include "mm/internal.h"
#include "mm/mm.h"
#include "mm/pagetable.h"
#include "mm/rmap.h"
#include "mm/vma.h"

struct mremap {
	struct mm_struct *mm;
	vaddr_t addr, new_addr;
	uint64_t old_len, new_len;
	unsigned flags;
	vaddr_t populate_start, populate_end; /* fault in after the unlock */
};

/*
 * Whoever looks for the pages through the reverse maps must find each of them
 * at its old or at its new place: lock the reverse maps around the move.
 */
static void rmap_lock(struct vm_area_struct *vma)
{
	if (vma->vm_file && vma->vm_file->f_mapping)
		down_write(&vma->vm_file->f_mapping->i_mmap_rwsem);
	if (vma->anon_vma)
		spin_lock(&vma->anon_vma->root->lock);
}

static void rmap_unlock(struct vm_area_struct *vma)
{
	if (vma->anon_vma)
		spin_unlock(&vma->anon_vma->root->lock);
	if (vma->vm_file && vma->vm_file->f_mapping)
		up_write(&vma->vm_file->f_mapping->i_mmap_rwsem);
}

/*
 * Move entries of one table to one table. `is_shared`: the hardware may set D
 * until the entry is taken away.
 */
static void move_run(pte_t *from, pte_t *to, uint64_t nr, bool is_shared)
{
	struct spinlock *from_ptl = pte_lockptr(from);
	struct spinlock *to_ptl = pte_lockptr(to);

	/* Others hold one table lock at a time, and only one thread moves. */
	spin_lock(from_ptl);
	if (to_ptl != from_ptl)
		spin_lock_nested(to_ptl);
	for (; nr; nr--, from++, to++) {
		pte_t pte = pte_load(from);

		if (pte_is_none(pte))
			continue;
		if (is_shared)
			pte = pte_get_and_clear(from);
		else
			pte_store_plain(from, pte_none());
		pte_store_plain(to, pte);
	}
	if (to_ptl != from_ptl)
		spin_unlock(to_ptl);
	spin_unlock(from_ptl);
}

/* Move [old, old + len) to new. Returns the bytes moved: len, or less. */
static uint64_t move_page_tables(struct mm_struct *mm, vaddr_t old, vaddr_t new,
				 uint64_t len, bool is_shared)
{
	vaddr_t va, stop;
	pte_t *from, *to;

	for (va = old; (from = pt_next_run(mm, &va, old + len, &stop));
	     va = stop) {
		vaddr_t to_va = new + (va - old);
		vaddr_t to_stop =
		    ALIGN_DOWN(to_va, pt_level_size(1)) + pt_level_size(1);

		to = pt_walk_alloc(mm, to_va);
		if (!to)
			return va - old;
		stop = min(stop, va + (to_stop - to_va));
		move_run(from, to, (stop - va) >> PAGE_SHIFT, is_shared);
	}
	return len;
}

/* A copy of the area for the new place, linked. NULL: no memory. */
static struct vm_area_struct *copy_vma(struct vm_area_struct *vma,
				       const struct mremap *op)
{
	struct vm_area_struct *copy = vm_area_dup(vma, op->mm);

	if (!copy)
		return NULL;
	copy->vm_pgoff = linear_page_index(vma, op->addr);
	/* Never touched: it may be numbered anew, and merge there. */
	if (vma_is_anonymous(vma) && !vma->anon_vma)
		copy->vm_pgoff = op->new_addr >> PAGE_SHIFT;
	store_relaxed(&copy->vm_start, op->new_addr);
	store_relaxed(&copy->vm_end, op->new_addr + op->new_len);
	if (anon_vma_clone(copy, vma)) {
		file_put(copy->vm_file);
		vm_area_free(copy);
		return NULL;
	}
	if (copy->vm_ops && copy->vm_ops->open)
		copy->vm_ops->open(copy);
	vma_link(op->mm, copy, find_vma(op->mm, op->new_addr));
	return copy;
}

/*
 * MREMAP_DONTUNMAP: the old area stays, empty and unlocked. If all of it was
 * moved it is as good as new.
 */
static void leave_empty(struct vm_area_struct *vma, const struct mremap *op)
{
	struct mm_struct *mm = vma->vm_mm;
	uint64_t npages = op->old_len >> PAGE_SHIFT;

	if (vma_has(vma, VM_LOCKED)) {
		mm->locked_vm -= npages;
		vm_flags_clear(vma, VM_LOCKED | VM_LOCKONFAULT);
	}
	if (vma_pages(vma) != npages)
		return;
	unlink_anon_vmas(vma);
	if (vma_is_anonymous(vma))
		vma->vm_pgoff = vma->vm_start >> PAGE_SHIFT;
}

static long move_vma(struct vm_area_struct *vma, struct mremap *op)
{
	struct mm_struct *mm = op->mm;
	uint64_t flags = vma_flags(vma), moved;
	struct vm_area_struct *copy;
	bool unmaps = op->old_len && !(op->flags & MREMAP_DONTUNMAP);
	bool unlocks = op->old_len && (flags & VM_LOCKED);
	bool is_shared = vma_hw_sets_dirty(vma);
	int err;

	/* The most that splitting on both sides can add, as on Linux. */
	if (mm->map_count >= sysctl_max_map_count - 3)
		return -ENOMEM;
	if (unmaps || unlocks) {
		err = vma_isolate(&vma, op->addr, op->addr + op->old_len);
		if (err)
			return err;
	}
	vma_start_write(vma);
	copy = copy_vma(vma, op);
	if (!copy)
		return -ENOMEM;
	rmap_lock(vma);
	moved = move_page_tables(mm, op->addr, op->new_addr, op->old_len,
				 is_shared);
	if (moved < op->old_len)
		move_page_tables(mm, op->new_addr, op->addr, moved, is_shared);
	/* Truncation, which waits for us, frees what it finds at one place. */
	flush_tlb_range(mm, op->addr, op->addr + op->old_len);
	if (moved < op->old_len)
		flush_tlb_range(mm, op->new_addr, op->new_addr + moved);
	rmap_unlock(vma);
	vm_stat_account(mm, flags, (int64_t)(op->new_len >> PAGE_SHIFT));
	if (flags & VM_LOCKED)
		mm->locked_vm += op->new_len >> PAGE_SHIFT;
	if (moved < op->old_len) {
		/* The copy, which is empty, and the tables that were made. */
		err =
		    munmap_locked(mm, op->new_addr, op->new_addr + op->new_len);
		BUG_ON(err); /* an area of its own: nothing to split */
		return -ENOMEM;
	}
	if (unmaps) {
		err = munmap_locked(mm, op->addr, op->addr + op->old_len);
		BUG_ON(err); /* isolated above: nothing to split */
	} else if (op->flags & MREMAP_DONTUNMAP) {
		leave_empty(vma, op);
	}
	/* Last: it may join the copy with what is left of the old area. */
	vma_merge(copy);
	if (flags & VM_LOCKED) {
		op->populate_start = op->new_addr + op->old_len;
		op->populate_end = op->new_addr + op->new_len;
	}
	return op->new_addr;
}

/* May [addr, addr + old_len) of this area become new_len long? */
static int check_resize(const struct vm_area_struct *vma,
			const struct mremap *op)
{
	const struct mm_struct *mm = op->mm;
	uint64_t grow = op->new_len - op->old_len;
	pgoff_t pgoff;

	if (!op->old_len && !vma_has(vma, VM_SHARED | VM_MAYSHARE))
		return -EINVAL;
	if ((op->flags & MREMAP_DONTUNMAP) && vma_has(vma, VM_SPECIAL))
		return -EINVAL;
	if (op->old_len > vma->vm_end - op->addr)
		return -EFAULT;
	if (op->new_len == op->old_len)
		return 0;
	pgoff = linear_page_index(vma, op->addr);
	if (pgoff + (op->new_len >> PAGE_SHIFT) < pgoff)
		return -EINVAL;
	if (vma_has(vma, VM_DONTEXPAND | VM_PFNMAP))
		return -EFAULT;
	if (vma_has(vma, VM_LOCKED) && !may_lock(mm, grow >> PAGE_SHIFT))
		return -EAGAIN;
	if (!may_expand_vm(mm, vma_flags(vma), grow >> PAGE_SHIFT) ||
	    (vma_has(vma, VM_ACCOUNT) && !may_commit(grow >> PAGE_SHIFT)))
		return -ENOMEM;
	return 0;
}

/*
 * What is at a fixed place goes before the memory comes, and makes room for it:
 * leave it out of what the limits count (sign -1), or put it back (1).
 */
static void account_place(const struct mremap *op, int sign)
{
	struct vm_area_struct *vma = find_vma(op->mm, op->new_addr);
	vaddr_t end = op->new_addr + op->new_len;

	for (; vma && vma->vm_start < end; vma = vma_next(vma)) {
		uint64_t len =
		    min(vma->vm_end, end) - max(vma->vm_start, op->new_addr);
		int64_t npages = sign * (int64_t)(len >> PAGE_SHIFT);

		vm_stat_account(op->mm, vma_flags(vma), npages);
		if (vma_has(vma, VM_LOCKED))
			op->mm->locked_vm += (uint64_t)npages;
	}
}

static int check_fixed(const struct vm_area_struct *vma,
		       const struct mremap *op)
{
	int err;

	if (op->flags & MREMAP_FIXED)
		account_place(op, -1);
	err = check_resize(vma, op);
	if (!err && (op->flags & MREMAP_DONTUNMAP) &&
	    !may_expand_vm(op->mm, vma_flags(vma), op->old_len >> PAGE_SHIFT))
		err = -ENOMEM;
	if (op->flags & MREMAP_FIXED)
		account_place(op, 1);
	return err;
}

/* MREMAP_FIXED or MREMAP_DONTUNMAP: to a place of the caller's choice. */
static long mremap_to(struct vm_area_struct *vma, struct mremap *op)
{
	struct mm_struct *mm = op->mm;
	vaddr_t old_end = op->addr + op->old_len;
	unsigned map_flags = op->flags & MREMAP_FIXED ? MAP_FIXED : 0;
	struct vm_area_struct *next;
	long place;
	int err;

	if (op->new_addr & ~PAGE_MASK || op->new_len > MM_USER_END ||
	    op->new_addr > MM_USER_END - op->new_len)
		return -EINVAL;
	if (op->addr + op->old_len > op->new_addr &&
	    op->new_addr + op->new_len > op->addr)
		return -EINVAL;
	if (mm->map_count + 2 >= sysctl_max_map_count - 3)
		return -ENOMEM;
	/* What is behind new_len only goes, whatever it is. */
	op->old_len = min(op->old_len, op->new_len);
	err = check_fixed(vma, op);
	if (err)
		return err;
	if (op->flags & MREMAP_FIXED) {
		err =
		    munmap_locked(mm, op->new_addr, op->new_addr + op->new_len);
		if (err)
			return err;
	}
	if (old_end > op->addr + op->new_len) {
		err = munmap_locked(mm, op->addr + op->new_len, old_end);
		if (err)
			return err;
	}
	/* Another one, if that split it; none, if old_len is 0 and it went. */
	vma = vma_lookup(mm, op->addr);
	if (!vma)
		return -EFAULT;
	place =
	    get_unmapped_area(mm, op->new_addr, op->new_len, map_flags, &next);
	if (place < 0)
		return place;
	op->new_addr = place;
	return move_vma(vma, op);
}

/*
 * Is the range behind the area free, so that it can grow by `grow` bytes? As on
 * Linux it may come as near to a stack as a fixed mapping may.
 */
static bool can_grow(const struct vm_area_struct *vma, uint64_t grow)
{
	const struct vm_area_struct *next = vma_next(vma);

	if (vma->vm_end + grow > MM_USER_END ||
	    vma->vm_end + grow < vma->vm_end)
		return false;
	return !next || vma->vm_end + grow <= next->vm_start;
}

static void grow_in_place(struct vm_area_struct *vma, struct mremap *op)
{
	uint64_t grow = op->new_len - op->old_len;
	vaddr_t end = vma->vm_end;

	vma_start_write(vma);
	vma_set_range(vma, vma->vm_start, end + grow);
	vm_stat_account(op->mm, vma_flags(vma), grow >> PAGE_SHIFT);
	if (vma_has(vma, VM_LOCKED)) {
		op->mm->locked_vm += grow >> PAGE_SHIFT;
		op->populate_start = end;
		op->populate_end = end + grow;
	}
	vma_merge_next(vma);
}

static long mremap_locked(struct mremap *op)
{
	struct mm_struct *mm = op->mm;
	struct vm_area_struct *vma = vma_lookup(mm, op->addr), *next;
	long place;
	int err;

	if (!vma)
		return -EFAULT;
	if (vma_has(vma, VM_SEALED))
		return -EPERM;
	if (op->flags & (MREMAP_FIXED | MREMAP_DONTUNMAP))
		return mremap_to(vma, op);
	if (op->old_len >= op->new_len) {
		err = op->old_len == op->new_len
			  ? 0
			  : munmap_locked(mm, op->addr + op->new_len,
					  op->addr + op->old_len);
		return err ? err : (long)op->addr;
	}
	err = check_resize(vma, op);
	if (err)
		return err;
	if (op->old_len == vma->vm_end - op->addr &&
	    can_grow(vma, op->new_len - op->old_len)) {
		grow_in_place(vma, op);
		return op->addr;
	}
	if (!(op->flags & MREMAP_MAYMOVE))
		return -ENOMEM;
	place = get_unmapped_area(mm, 0, op->new_len, 0, &next);
	if (place < 0)
		return place;
	op->new_addr = place;
	return move_vma(vma, op);
}

long do_mremap(struct mm_struct *mm, vaddr_t addr, uint64_t old_len,
	       uint64_t new_len, unsigned flags, vaddr_t new_addr)
{
	struct mremap op = {
	    .mm = mm,
	    .addr = addr,
	    .new_addr = new_addr,
	    .old_len = PAGE_ALIGN(old_len),
	    .new_len = PAGE_ALIGN(new_len),
	    .flags = flags,
	};
	long res;

	if (flags & ~(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP))
		return -EINVAL;
	if ((flags & MREMAP_FIXED) && !(flags & MREMAP_MAYMOVE))
		return -EINVAL;
	if ((flags & MREMAP_DONTUNMAP) &&
	    (!(flags & MREMAP_MAYMOVE) || old_len != new_len))
		return -EINVAL;
	if (addr & ~PAGE_MASK || !op.new_len)
		return -EINVAL;
	if (addr >= MM_USER_END || op.old_len > MM_USER_END - addr)
		return addr >= MM_USER_END ? -EFAULT : -EINVAL;
	if (mmap_write_lock_killable(mm))
		return -EINTR;
	res = mremap_locked(&op);
	mmap_write_unlock(mm);
	if (res >= 0 && op.populate_end > op.populate_start)
		mm_populate(mm, op.populate_start, op.populate_end);
	return res;
}
