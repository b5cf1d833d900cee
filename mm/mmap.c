/* SPDX-License-Identifier: MIT */
/*
 * mmap(2), brk(2), the first stack and the kernel's special mappings: all that
 * adds areas to an address space.
 *
 * Each is check, reserve, commit: what can fail comes before the first visible
 * change, but for a fixed mapping, which removes what was there before it can
 * know that the new file agrees to be mapped (as on Linux).
 */
#include "mm/mm.h"

#include "abi/errno.h"
#include "mm/internal.h"
#include "mm/pagetable.h"
#include "mm/vma.h"

_Static_assert(PROT_READ == VM_READ && PROT_WRITE == VM_WRITE &&
		   PROT_EXEC == VM_EXEC,
	       "protection bits are area bits");

/* What MAP_SHARED_VALIDATE knows; MAP_FIXED_NOREPLACE came too late for it. */
#define MAP_KNOWN                                                              \
	(MAP_TYPE | MAP_FIXED | MAP_ANONYMOUS | MAP_GROWSDOWN |                \
	 MAP_DENYWRITE | MAP_EXECUTABLE | MAP_LOCKED | MAP_NORESERVE |         \
	 MAP_POPULATE | MAP_NONBLOCK | MAP_STACK)

uint64_t calc_vm_prot_bits(unsigned prot)
{
	return prot & VM_ACCESS_FLAGS;
}

static uint64_t calc_vm_flag_bits(unsigned flags)
{
	uint64_t bits = 0;

	if (flags & MAP_GROWSDOWN)
		bits |= VM_GROWSDOWN;
	if (flags & MAP_LOCKED)
		bits |= VM_LOCKED;
	if (flags & MAP_STACK)
		bits |= VM_NOHUGEPAGE;
	return bits;
}

bool may_lock(const struct mm_struct *mm, uint64_t npages)
{
	return mm->locked_vm + npages <= mm->limits.memlock >> PAGE_SHIFT;
}

/* Does a mapping fit there, off the guard gap of `next` = find_vma(addr)? */
static bool is_free(vaddr_t addr, uint64_t len,
		    const struct vm_area_struct *next)
{
	return addr <= MM_USER_END - len &&
	       (!next || vm_start_gap(next) >= addr + len);
}

long get_unmapped_area(struct mm_struct *mm, vaddr_t addr, uint64_t len,
		       unsigned flags, struct vm_area_struct **next)
{
	if (len > MM_USER_END - MM_USER_START)
		return -ENOMEM;
	if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) {
		if (addr & ~PAGE_MASK)
			return -EINVAL;
		if (addr > MM_USER_END - len)
			return -ENOMEM;
		if (addr < MM_USER_START)
			return -EPERM;
		*next = find_vma(mm, addr);
		return addr;
	}
	addr = PAGE_ALIGN_DOWN(addr);
	if (addr) {
		addr = max(addr, MM_USER_START);
		*next = find_vma(mm, addr);
		if (is_free(addr, len, *next))
			return addr;
	}
	addr = vma_find_gap(mm, len, next);
	return addr ? (long)addr : -ENOMEM;
}

/* What a file mapping may do, by its type and how the file was opened. */
static int check_file(const struct file *file, uint64_t len, pgoff_t pgoff,
		      unsigned flags, uint64_t *bits)
{
	unsigned type = flags & MAP_TYPE;

	/* No file is longer than a signed number can say. */
	if (pgoff > (INT64_MAX - len) >> PAGE_SHIFT)
		return -EOVERFLOW;
	if (type == MAP_SHARED_VALIDATE && (flags & ~MAP_KNOWN))
		return -EOPNOTSUPP;
	if (type != MAP_SHARED && type != MAP_PRIVATE &&
	    type != MAP_SHARED_VALIDATE)
		return -EINVAL;
	if (!(file->f_mode & FMODE_READ))
		return -EACCES;
	if (type != MAP_PRIVATE) {
		if ((*bits & VM_WRITE) && !(file->f_mode & FMODE_WRITE))
			return -EACCES;
		*bits |= VM_SHARED | VM_MAYSHARE;
		if (!(file->f_mode & FMODE_WRITE))
			*bits &= ~(VM_MAYWRITE | VM_SHARED);
	}
	if (!(file->f_mode & FMODE_EXEC)) {
		if (*bits & VM_EXEC)
			return -EPERM;
		*bits &= ~VM_MAYEXEC;
	}
	if (!file->f_mapping && !(file->f_vm_ops && file->f_vm_ops->mmap))
		return -ENODEV;
	return *bits & VM_GROWSDOWN ? -EINVAL : 0;
}

static int check_anonymous(unsigned flags, uint64_t *bits)
{
	switch (flags & MAP_TYPE) {
	case MAP_PRIVATE:
		return 0;
	case MAP_DROPPABLE:
		*bits |=
		    VM_DROPPABLE | VM_NORESERVE | VM_WIPEONFORK | VM_DONTDUMP;
		return flags & MAP_LOCKED || *bits & VM_GROWSDOWN ? -EINVAL : 0;
	case MAP_SHARED:
		*bits |= VM_SHARED | VM_MAYSHARE;
		return *bits & VM_GROWSDOWN ? -EINVAL : 0;
	default:
		return -EINVAL;
	}
}

/*
 * Map type, file and protection: checked and turned into VM_*. Linux looks at
 * the limit of locked memory first.
 */
static int mapping_flags(struct mm_struct *mm, const struct file *file,
			 uint64_t len, pgoff_t pgoff, unsigned prot,
			 unsigned flags, uint64_t *vm_flags)
{
	*vm_flags = calc_vm_prot_bits(prot) | calc_vm_flag_bits(flags) |
		    mm->def_flags | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC;
	if ((flags & MAP_LOCKED) && !mm->limits.memlock)
		return -EPERM;
	if ((*vm_flags & VM_LOCKED) && !may_lock(mm, len >> PAGE_SHIFT))
		return -EAGAIN;
	if ((flags & MAP_NORESERVE) &&
	    sysctl_overcommit_memory != OVERCOMMIT_NEVER)
		*vm_flags |= VM_NORESERVE;
	return file ? check_file(file, len, pgoff, flags, vm_flags)
		    : check_anonymous(flags, vm_flags);
}

/* Private writable memory will need pages of its own. */
static bool is_accountable(uint64_t vm_flags)
{
	return (vm_flags & (VM_NORESERVE | VM_SHARED | VM_WRITE)) == VM_WRITE;
}

/* Bind a new area to its file; the file's reference is the area's. */
static int attach_file(struct vm_area_struct *vma, struct file *file)
{
	vma->vm_file = file_get(file);
	if (file->f_vm_ops && file->f_vm_ops->mmap)
		return file->f_vm_ops->mmap(file, vma);
	return generic_file_mmap(file, vma);
}

/* Make `vma` the area of a new mapping, or free it and say why not. */
static int map_new_area(struct vm_area_struct *vma, struct file *file,
			vaddr_t addr, uint64_t len, uint64_t vm_flags,
			pgoff_t pgoff, struct vm_area_struct *next)
{
	int err = 0;

	store_relaxed(&vma->vm_start, addr);
	store_relaxed(&vma->vm_end, addr + len);
	vma->vm_pgoff = pgoff;
	vm_flags_init(vma, vm_flags);
	if (vma->vm_mm->map_count >= sysctl_max_map_count)
		err = -ENOMEM;
	else if (file)
		err = attach_file(vma, file);
	if (err) {
		file_put(vma->vm_file);
		vm_area_free(vma);
		return err;
	}
	vma_link(vma->vm_mm, vma, next);
	return 0;
}

/* Mapped pages in [start, end), from vma on: a fixed mapping replaces them. */
static uint64_t count_mapped(const struct vm_area_struct *vma, vaddr_t start,
			     vaddr_t end)
{
	uint64_t nr = 0;

	for (; vma && vma->vm_start < end; vma = vma_next(vma))
		nr += (min(vma->vm_end, end) - max(vma->vm_start, start)) >>
		      PAGE_SHIFT;
	return nr;
}

/* Everything is allowed and accounted: put the mapping there. */
static int mmap_commit(struct mm_struct *mm, struct file *file, vaddr_t addr,
		       uint64_t len, uint64_t vm_flags, pgoff_t pgoff,
		       struct vm_area_struct *next)
{
	struct vm_area_struct *spare = NULL;
	int err;

	if (next && next->vm_start < addr + len) {
		/* Reserved now: what was there cannot be brought back. */
		spare = vm_area_alloc(mm);
		err = spare ? munmap_locked(mm, addr, addr + len) : -ENOMEM;
		if (err)
			goto out_free;
		next = find_vma(mm, addr);
	}
	err = 0;
	if (vma_merge_new(mm, addr, addr + len, vm_flags, file, pgoff, next))
		goto out_free;
	if (!spare)
		spare = vm_area_alloc(mm);
	return spare
		   ? map_new_area(spare, file, addr, len, vm_flags, pgoff, next)
		   : -ENOMEM;
out_free:
	if (spare)
		vm_area_free(spare);
	return err;
}

long mmap_region(struct mm_struct *mm, struct file *file, vaddr_t addr,
		 uint64_t len, uint64_t vm_flags, pgoff_t pgoff,
		 struct vm_area_struct *next)
{
	uint64_t npages = len >> PAGE_SHIFT;
	uint64_t more = npages - count_mapped(next, addr, addr + len);
	struct file *shmem = NULL;
	int err;

	if (!may_expand_vm(mm, vm_flags, more))
		return -ENOMEM;
	if (is_accountable(vm_flags)) {
		if (!may_commit(npages))
			return -ENOMEM;
		vm_flags |= VM_ACCOUNT;
	}
	if (!file && (vm_flags & VM_SHARED)) {
		if (!(vm_flags & VM_NORESERVE) && !may_commit(npages))
			return -ENOMEM;
		err = shmem_zero_setup(len, &shmem);
		if (err)
			return err;
		file = shmem;
		pgoff = 0;
	}
	err = mmap_commit(mm, file, addr, len, vm_flags, pgoff, next);
	file_put(shmem); /* the area has its own reference */
	if (err)
		return err;
	vm_stat_account(mm, vm_flags, npages);
	if (vm_flags & VM_LOCKED)
		mm->locked_vm += npages;
	if (unlikely(vm_flags & VM_DROPPABLE))
		lazyfree_join(mm);
	return addr;
}

/* do_mmap under the lock; *populate says whether to fault the pages in. */
static long mmap_locked(struct mm_struct *mm, struct file *file, vaddr_t addr,
			uint64_t len, unsigned prot, unsigned flags,
			pgoff_t pgoff, bool *populate)
{
	struct vm_area_struct *next;
	uint64_t vm_flags;
	long place;
	int err;

	if (mm->map_count > sysctl_max_map_count)
		return -ENOMEM;
	place = get_unmapped_area(mm, addr, len, flags, &next);
	if (place < 0)
		return place;
	addr = place;
	if ((flags & MAP_FIXED_NOREPLACE) && next &&
	    next->vm_start < addr + len)
		return -EEXIST;
	err = mapping_flags(mm, file, len, pgoff, prot, flags, &vm_flags);
	if (!err && map_deny_write_exec(mm, vm_flags, vm_flags))
		err = -EACCES;
	if (err)
		return err;
	if (!file) {
		/* As if mapped from one endless object: so areas can merge. */
		pgoff = (vm_flags & VM_SHARED) ? 0 : addr >> PAGE_SHIFT;
	}
	*populate = (vm_flags & VM_LOCKED) ||
		    (flags & (MAP_POPULATE | MAP_NONBLOCK)) == MAP_POPULATE;
	return mmap_region(mm, file, addr, len, vm_flags, pgoff, next);
}

long do_mmap(struct mm_struct *mm, struct file *file, vaddr_t addr,
	     uint64_t len, unsigned prot, unsigned flags, pgoff_t pgoff)
{
	bool populate = false;
	long res;

	/* There is no pool of huge pages, and no file that has them. */
	if (!len || flags & MAP_HUGETLB)
		return -EINVAL;
	if (flags & MAP_FIXED_NOREPLACE)
		flags |= MAP_FIXED;
	len = PAGE_ALIGN(len);
	if (!len)
		return -ENOMEM;
	if (mmap_write_lock_killable(mm))
		return -EINTR;
	res = mmap_locked(mm, file, addr, len, prot, flags, pgoff, &populate);
	mmap_write_unlock(mm);
	if (res >= 0 && populate)
		mm_populate(mm, res, res + len);
	return res;
}

static vaddr_t brk_locked(struct mm_struct *mm, vaddr_t brk)
{
	vaddr_t old_end = PAGE_ALIGN(mm->brk), new_end = PAGE_ALIGN(brk);
	struct vm_area_struct *next;
	uint64_t flags = VM_READ | VM_WRITE | VM_MAYREAD | VM_MAYWRITE |
			 VM_MAYEXEC | mm->def_flags;
	uint64_t data = mm->end_data - mm->start_data;

	if (brk < mm->start_brk || brk > MM_USER_END)
		return mm->brk;
	if (brk - mm->start_brk > mm->limits.data - min(data, mm->limits.data))
		return mm->brk;
	/* As on Linux the break stays when nothing is there to unmap. */
	if (new_end < old_end &&
	    (!find_vma_intersection(mm, new_end, old_end) ||
	     munmap_locked(mm, new_end, old_end)))
		return mm->brk;
	if (new_end > old_end) {
		next = find_vma(mm, old_end);
		if (next && vm_start_gap(next) < new_end + PAGE_SIZE)
			return mm->brk;
		if ((flags & VM_LOCKED) &&
		    !may_lock(mm, (new_end - old_end) >> PAGE_SHIFT))
			return mm->brk;
		if (mmap_region(mm, NULL, old_end, new_end - old_end, flags,
				old_end >> PAGE_SHIFT, next) < 0)
			return mm->brk;
	}
	mm->brk = brk;
	return brk;
}

__cold vaddr_t do_brk(struct mm_struct *mm, vaddr_t brk)
{
	vaddr_t old, new;
	bool populate;

	if (mmap_write_lock_killable(mm))
		return mm->brk;
	old = mm->brk;
	new = brk_locked(mm, brk);
	populate = mm->def_flags & VM_LOCKED;
	mmap_write_unlock(mm);
	if (populate && new > old)
		mm_populate(mm, PAGE_ALIGN(old), PAGE_ALIGN(new));
	return new;
}

__cold int mm_setup_stack(struct mm_struct *mm, vaddr_t top, uint64_t size,
			  bool executable)
{
	uint64_t flags = VM_READ | VM_WRITE | VM_MAYREAD | VM_MAYWRITE |
			 VM_MAYEXEC | VM_GROWSDOWN | mm->def_flags;
	vaddr_t start = top - PAGE_ALIGN(size);
	long res;

	if (executable)
		flags |= VM_EXEC;
	mmap_write_lock(mm);
	res = mmap_region(mm, NULL, start, top - start, flags,
			  start >> PAGE_SHIFT, find_vma(mm, start));
	mm->start_stack = top;
	mmap_write_unlock(mm);
	return res < 0 ? (int)res : 0;
}

/* What a special mapping shows; vm_private_data of its area. */
struct special_mapping {
	const char *name;
	unsigned npages;
	struct page **pages;
};

static vm_fault_t special_fault(struct vm_fault *vmf)
{
	struct special_mapping *special = vmf->vma->vm_private_data;

	if (vmf->pgoff >= special->npages)
		return vm_fault_make(VM_FAULT_SIGBUS);
	vmf->page = special->pages[vmf->pgoff];
	page_get(vmf->page);
	vmf->report->kind = FAULT_SPECIAL;
	return VM_FAULT_NONE;
}

static const char *special_name(struct vm_area_struct *vma)
{
	struct special_mapping *special = vma->vm_private_data;

	return special->name;
}

/* A copy, in a child or moved by mremap: signal handlers return through it. */
static void special_open(struct vm_area_struct *vma)
{
	store_relaxed(&vma->vm_mm->vdso, vma->vm_start);
}

static int special_no_split(struct vm_area_struct *vma, vaddr_t addr)
{
	(void)vma;
	(void)addr;
	return -EINVAL;
}

static const struct vm_operations_struct special_ops = {
    .open = special_open,
    .fault = special_fault,
    .name = special_name,
    .may_split = special_no_split,
};

/*
 * One description serves every program that maps the same pages: the kernel
 * calls this with the vDSO and nothing else.
 */
static struct special_mapping the_special;

__cold long install_special_mapping(struct mm_struct *mm, struct page **pages,
				    unsigned npages, unsigned prot,
				    const char *name)
{
	struct vm_area_struct *vma = vm_area_alloc(mm), *next;
	uint64_t len = (uint64_t)npages << PAGE_SHIFT;
	long addr;

	if (!vma)
		return -ENOMEM;
	the_special = (struct special_mapping){name, npages, pages};
	mmap_write_lock(mm);
	addr = get_unmapped_area(mm, 0, len, 0, &next);
	if (addr < 0) {
		mmap_write_unlock(mm);
		vm_area_free(vma);
		return addr;
	}
	store_relaxed(&vma->vm_start, (vaddr_t)addr);
	store_relaxed(&vma->vm_end, (vaddr_t)addr + len);
	vma->vm_ops = &special_ops;
	vma->vm_private_data = &the_special;
	vm_flags_init(vma, calc_vm_prot_bits(prot) | VM_MAYREAD | VM_MAYEXEC |
			       VM_MAYWRITE | VM_DONTEXPAND | VM_DONTDUMP);
	vma_link(mm, vma, next);
	special_open(vma);
	vm_stat_account(mm, vma_flags(vma), npages);
	mmap_write_unlock(mm);
	return addr;
}
