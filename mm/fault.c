/* SPDX-License-Identifier: MIT */
/*
 * The fault path: from an address to a strategy, and from its result to a
 * signal.
 *
 * A user fault first tries the area's own lock (lock_vma_under_rcu) and then
 * touches no lock that another area shares. Whatever that path cannot do
 * (no area found, stack growth, a first anonymous page) is repeated under
 * mmap_lock. The guard says which lock is held; see vma_lock.h.
 */
#include "mm/fault.h"

#include <stdio.h>
#include <string.h>

#include "abi/errno.h"
#include "abi/signal.h"
#include "config.h"
#include "mm/internal.h"
#include "mm/pagetable.h"
#include "mm/rmap.h"
#include "mm/vma.h"
#include "mm/vmstat.h"

#define FAULT_FLAG_ACCESS                                                      \
	(FAULT_FLAG_READ | FAULT_FLAG_WRITE | FAULT_FLAG_INSTRUCTION)

/* Does the area allow the access? PROT_WRITE implies readable, see mmap(2). */
static bool access_allowed(uint64_t vm_flags, uint32_t flags)
{
	if (flags & FAULT_FLAG_WRITE)
		return vm_flags & VM_WRITE;
	if (flags & FAULT_FLAG_INSTRUCTION)
		return vm_flags & VM_EXEC;
	return vm_flags & (VM_READ | VM_WRITE);
}

static vm_fault_t report_signal(struct fault_report *report,
				enum fault_kind kind, int code)
{
	report->kind = kind;
	report->signal = SIGSEGV;
	report->code = code;
	return vm_fault_make(VM_FAULT_SIGSEGV);
}

static void report_area(struct fault_report *report,
			const struct vm_area_struct *vma)
{
	report->vm_start = vma->vm_start;
	report->vm_end = vma->vm_end;
	report->vm_flags = vma_flags(vma);
}

/*
 * addr lies below an area that grows down: let it grow. mmap_lock is held for
 * writing. Returns FAULT_STACK_GROWTH, or why not.
 */
enum fault_kind expand_stack_locked(struct vm_area_struct *vma, vaddr_t addr)
{
	struct mm_struct *mm = vma->vm_mm;
	struct vm_area_struct *prev = vma_prev(vma);
	vaddr_t start = PAGE_ALIGN_DOWN(addr);
	uint64_t grow = (vma->vm_start - start) >> PAGE_SHIFT;

	if (start < MM_USER_START)
		return FAULT_STACK_LIMIT;
	if (prev && !vma_has(prev, VM_GROWSDOWN) &&
	    vma_has(prev, VM_ACCESS_FLAGS) &&
	    start - prev->vm_end < STACK_GUARD_GAP)
		return FAULT_STACK_GUARD;
	if (prev && start < prev->vm_end)
		return FAULT_STACK_GUARD;
	/* As on Linux, what has grown counts as written (it may be moved). */
	if (anon_vma_prepare(vma))
		return FAULT_OOM;
	if (grow > vma->vm_pgoff || vma->vm_end - start > mm->limits.stack ||
	    !may_expand_vm(mm, vma_flags(vma), grow))
		return FAULT_STACK_LIMIT;
	if (vma_has(vma, VM_LOCKED) && !may_lock(mm, grow))
		return FAULT_STACK_LIMIT;
	vma_start_write(vma);
	vma_set_range(vma, start, vma->vm_end);
	vm_stat_account(mm, vma_flags(vma), grow);
	if (vma_has(vma, VM_LOCKED))
		mm->locked_vm += grow;
	return FAULT_STACK_GROWTH;
}

/*
 * No area at addr: grow the stack above it if there is one. Takes mmap_lock
 * for writing; on success the guard holds it, downgraded for reading.
 */
static enum fault_kind expand_stack(struct vma_guard *guard, vaddr_t addr,
				    struct fault_report *report)
{
	struct mm_struct *mm = guard->mm;
	struct vm_area_struct *vma;
	enum fault_kind kind = FAULT_STACK_GROWTH;

	if (mmap_write_lock_killable(mm))
		return FAULT_NONE;
	vma = find_vma(mm, addr);
	if (!vma || (vma->vm_start > addr && !vma_has(vma, VM_GROWSDOWN)))
		kind = FAULT_UNMAPPED;
	else if (vma->vm_start > addr)
		kind = expand_stack_locked(vma, addr);
	if (kind != FAULT_STACK_GROWTH) {
		mmap_write_unlock(mm);
		return kind;
	}
	mmap_write_downgrade(mm);
	guard->vma = vma;
	guard->kind = GUARD_MMAP_READ;
	report->stack_grew = true;
	count_vm_event(FAULT_STACK_GROWTH);
	return kind;
}

/* Is there an area above addr that could grow down to it? */
static bool may_be_stack(const struct vm_area_struct *vma)
{
	return vma && vma_has(vma, VM_GROWSDOWN);
}

/*
 * Find and lock the area under mmap_lock. On success the guard holds it and 0
 * is returned; else nothing is held and the bits say why.
 */
static vm_fault_t lock_mm_and_find_vma(struct vma_guard *guard, vaddr_t addr,
				       uint32_t flags,
				       struct fault_report *report)
{
	struct mm_struct *mm = guard->mm;
	struct vm_area_struct *vma;
	enum fault_kind kind;
	bool is_stack;

	if (flags & FAULT_FLAG_KILLABLE) {
		if (mmap_read_lock_killable(mm))
			return vm_fault_make(VM_FAULT_SIGSEGV);
	} else {
		mmap_read_lock(mm);
	}
	vma = find_vma(mm, addr);
	if (likely(vma && vma->vm_start <= addr)) {
		guard->vma = vma;
		guard->kind = GUARD_MMAP_READ;
		return VM_FAULT_NONE;
	}
	is_stack = may_be_stack(vma);
	mmap_read_unlock(mm);
	if (!is_stack)
		return report_signal(report, FAULT_UNMAPPED, SEGV_MAPERR);
	kind = expand_stack(guard, addr, report);
	if (kind == FAULT_NONE) /* killed while waiting */
		return vm_fault_make(VM_FAULT_SIGSEGV);
	if (kind == FAULT_OOM)
		return vm_fault_make(VM_FAULT_OOM);
	if (kind != FAULT_STACK_GROWTH)
		return report_signal(report, kind, SEGV_MAPERR);
	return VM_FAULT_NONE;
}

/*
 * Check the access, then handle; releases whatever the guard holds. The area
 * is described only to those who look: errors and traces.
 */
static inline vm_fault_t fault_in_area(struct vma_guard *guard, vaddr_t addr,
				       uint32_t flags,
				       struct fault_report *report)
{
	vm_fault_t fault;

	if (unlikely(flags & FAULT_FLAG_TRACE))
		report_area(report, guard->vma);
	if (unlikely(!access_allowed(vma_flags(guard->vma), flags))) {
		report_area(report, guard->vma);
		fault = report_signal(report, FAULT_ACCESS, SEGV_ACCERR);
	} else {
		fault = handle_mm_fault(guard, addr, flags, report);
	}
	if (likely(!vm_fault_released(fault)))
		vma_guard_release(guard);
	return fault;
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
	/* report_signal() has said all about SIGSEGV. */
	if (unlikely(vm_fault_has(fault, (VM_FAULT_ERROR & ~VM_FAULT_SIGSEGV) |
					     VM_FAULT_MAJOR)))
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
		fault = fault_in_area(&guard, addr, flags, report);
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
	struct vma_guard guard = {.mm = mm, .kind = GUARD_VMA};
	vm_fault_t fault;

	fault_report_init(report);
	flags |= FAULT_FLAG_ALLOW_RETRY;
	/* No area holds an address that is not a user's. */
	guard.vma = lock_vma_under_rcu(mm, addr);
	if (likely(guard.vma)) {
		fault = fault_in_area(&guard, addr, flags | FAULT_FLAG_VMA_LOCK,
				      report);
		if (likely(!fault.bits)) {
			count_vm_event(report->kind);
			return fault;
		}
		if (!vm_fault_has(fault, VM_FAULT_RETRY))
			return fault_done(fault, report);
		count_vm_event(VMA_LOCK_RETRY);
	}
	fault = fault_under_mmap_lock(mm, addr, flags, report);
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

const char *fault_kind_name(enum fault_kind kind)
{
	static const char *const names[NR_FAULT_KINDS] = {
	    [FAULT_NONE] = "none",
	    [FAULT_ANON_READ] = "anon_read",
	    [FAULT_ANON_WRITE] = "anon_write",
	    [FAULT_ZERO_UPGRADE] = "zero_upgrade",
	    [FAULT_COW_COPY] = "cow_copy",
	    [FAULT_COW_REUSE] = "cow_reuse",
	    [FAULT_FILE_READ] = "file_read",
	    [FAULT_FILE_WRITE_PRIVATE] = "file_write_private",
	    [FAULT_FILE_WRITE_SHARED] = "file_write_shared",
	    [FAULT_SPECIAL] = "special",
	    [FAULT_SPURIOUS] = "spurious",
	    [FAULT_ACCESSED_DIRTY] = "accessed_dirty",
	    [FAULT_STACK_GROWTH] = "stack_growth",
	    [FAULT_PAST_EOF] = "past_eof",
	    [FAULT_UNMAPPED] = "unmapped",
	    [FAULT_STACK_LIMIT] = "stack_limit",
	    [FAULT_STACK_GUARD] = "stack_guard",
	    [FAULT_ACCESS] = "access",
	    [FAULT_BAD_ADDRESS] = "bad_address",
	    [FAULT_OOM] = "oom",
	};

	return kind < NR_FAULT_KINDS ? names[kind] : "?";
}

void vm_fault_format(vm_fault_t fault, char *buf, size_t len)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} names[] = {
	    {VM_FAULT_OOM, "OOM"},
	    {VM_FAULT_SIGBUS, "SIGBUS"},
	    {VM_FAULT_MAJOR, "MAJOR"},
	    {VM_FAULT_HWPOISON, "HWPOISON"},
	    {VM_FAULT_HWPOISON_LARGE, "HWPOISON_LARGE"},
	    {VM_FAULT_SIGSEGV, "SIGSEGV"},
	    {VM_FAULT_NOPAGE, "NOPAGE"},
	    {VM_FAULT_LOCKED, "LOCKED"},
	    {VM_FAULT_RETRY, "RETRY"},
	    {VM_FAULT_FALLBACK, "FALLBACK"},
	    {VM_FAULT_DONE_COW, "DONE_COW"},
	    {VM_FAULT_NEEDDSYNC, "NEEDDSYNC"},
	    {VM_FAULT_COMPLETED, "COMPLETED"},
	};
	size_t at = 0;

	snprintf(buf, len, "0");
	for (unsigned i = 0; i < ARRAY_SIZE(names) && at < len; i++) {
		if (vm_fault_has(fault, names[i].bit))
			at += snprintf(buf + at, len - at, "%s%s",
				       at ? "|" : "", names[i].name);
	}
}
