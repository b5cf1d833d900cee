/* SPDX-License-Identifier: MIT */
/* An access until it is done; see touch.h. */
#include "test/lock/touch.h"

/*
 * An access to a page that truncation has taken from the file, but not yet from
 * the program, faults again and again until that has happened.
 */
#define MAX_TRIES     100000
#define TRIES_AT_ONCE 16

static uint32_t flags_of(enum mmu_cause cause)
{
	uint32_t flags = FAULT_FLAG_USER | FAULT_FLAG_KILLABLE;

	return flags |
	       (cause == MMU_LOAD_PAGE ? FAULT_FLAG_READ : FAULT_FLAG_WRITE);
}

bool touch_word(struct mm_struct *mm, unsigned hart, vaddr_t va, uint64_t *word,
		enum mmu_access access)
{
	struct fault_report report;
	enum mmu_cause cause;
	vm_fault_t fault;
	vaddr_t stval;

	for (unsigned i = 0; i < MAX_TRIES; i++) {
		cause = mmu_access(hart, va, word, 8, access, false, &stval);
		if (cause == MMU_DONE)
			return true;
		BUG_ON(cause != MMU_LOAD_PAGE && cause != MMU_STORE_PAGE);
		fault = mm_fault(mm, stval, flags_of(cause), &report);
		BUG_ON(vm_fault_released(fault));
		BUG_ON(vm_fault_has(fault, VM_FAULT_OOM));
		if (vm_fault_has(fault, VM_FAULT_ERROR)) {
			BUG_ON(!report.signal);
			return false;
		}
		if (report.kind == FAULT_SPURIOUS)
			mmu_fence_local(hart, mm->ctx.asid & 0xffff, stval);
		if (i % TRIES_AT_ONCE == TRIES_AT_ONCE - 1)
			machine_yield();
	}
	panic("access to %#lx does not get through\n", (unsigned long)va);
}
