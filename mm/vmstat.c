/* SPDX-License-Identifier: MIT */
/* Event counters: sums and names. */
#include "mm/vmstat.h"

#include <stdio.h>

struct vm_event_state vm_events[MAX_HARTS];

uint64_t vm_event_sum(unsigned event)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < MAX_HARTS; i++)
		sum += load_relaxed(&vm_events[i].event[event]);
	return sum;
}

const char *vm_event_name(unsigned event, char *buf, size_t len)
{
	static const char *const names[NR_VM_EVENTS] = {
	    [PGFAULT] = "pgfault",
	    [PGMAJFAULT] = "pgmajfault",
	    [PGALLOC] = "pgalloc",
	    [PGFREE] = "pgfree",
	    [VMA_LOCK_SUCCESS] = "vma_lock_success",
	    [VMA_LOCK_MISS] = "vma_lock_miss",
	    [VMA_LOCK_RETRY] = "vma_lock_retry",
	    [VMA_LOCK_ABORT] = "vma_lock_abort",
	    [MMAP_LOCK_READ] = "mmap_lock_read",
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
