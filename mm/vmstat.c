/* SPDX-License-Identifier: MIT */
/* Event counters: sums and names. */
#include "mm/vmstat.h"

#include <stdio.h>

struct vm_event_state vm_events[MAX_HARTS];

static uint64_t sum_harts(unsigned event)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < MAX_HARTS; i++)
		sum += load_relaxed(&vm_events[i].event[event]);
	return sum;
}

/* Each fault counts its kind; stack growth is counted besides. */
static uint64_t sum_faults(void)
{
	uint64_t sum = 0;

	for (unsigned kind = 0; kind < NR_FAULT_KINDS; kind++) {
		if (kind != FAULT_STACK_GROWTH)
			sum += sum_harts(kind);
	}
	return sum;
}

uint64_t vm_event_sum(unsigned event)
{
	switch (event) {
	case PGFAULT:
		return sum_faults();
	case VMA_LOCK_SUCCESS:
		return sum_faults() - sum_harts(PGFAULT_MMAP_LOCK);
	default:
		return sum_harts(event);
	}
}

const char *vm_event_name(unsigned event, char *buf, size_t len)
{
	static const char *const names[NR_VM_EVENTS] = {
	    [PGFAULT] = "pgfault",
	    [PGMAJFAULT] = "pgmajfault",
	    [VMA_LOCK_SUCCESS] = "vma_lock_success",
	    [VMA_LOCK_MISS] = "vma_lock_miss",
	    [VMA_LOCK_RETRY] = "vma_lock_retry",
	    [VMA_LOCK_ABORT] = "vma_lock_abort",
	    [MMAP_LOCK_READ] = "mmap_lock_read",
	    [MMAP_LOCK_WRITE] = "mmap_lock_write",
	    [TLB_FENCE_LOCAL] = "tlb_fence_local",
	    [TLB_FENCE_REMOTE] = "tlb_fence_remote",
	    [OOM_KILL] = "oom_kill",
	};

	if (event < (unsigned)NR_FAULT_KINDS)
		snprintf(buf, len, "fault_%s", fault_kind_name(event));
	else
		snprintf(buf, len, "%s", names[event]);
	return buf;
}
