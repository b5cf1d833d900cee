/* SPDX-License-Identifier: MIT */
/*
 * Event counters for /proc/vmstat: one array for each hart, summed when read.
 * Counting is one load, add and store without a lock: the kernel is not
 * preempted, so a hart's counters have one writer.
 */
#pragma once

#include "lib/machine.h"
#include "mm/fault.h"

enum vm_event {
	PGFAULT = NR_FAULT_KINDS, /* the kinds of faults come first */
	PGMAJFAULT,
	VMA_LOCK_SUCCESS,
	PGFAULT_MMAP_LOCK, /* faults that did not succeed by the area's lock */
	VMA_LOCK_MISS,
	VMA_LOCK_RETRY,
	VMA_LOCK_ABORT,
	MMAP_LOCK_READ,
	MMAP_LOCK_WRITE,
	TLB_FENCE_LOCAL,
	TLB_FENCE_REMOTE,
	OOM_KILL,
	NR_VM_EVENTS,
};

/* A power of two, so that finding a hart's counters is a shift. */
struct vm_event_state {
	uint64_t event[64];
} __aligned(CACHE_LINE);

_Static_assert(NR_VM_EVENTS <= 64, "room for each event");

extern struct vm_event_state vm_events[MAX_HARTS];

/*
 * Relaxed accesses: another hart may read while we count. As a number: else gcc
 * makes the address twice, which is four instructions more.
 */
static inline void count_vm_events(unsigned event, uint64_t n)
{
	uint64_t *counter = (uint64_t *)((uint64_t)vm_events +
					 machine_hart() * sizeof(vm_events[0]) +
					 event * sizeof(vm_events[0].event[0]));

	store_relaxed(counter, load_relaxed(counter) + n);
}

static inline void count_vm_event(unsigned event)
{
	count_vm_events(event, 1);
}

/*
 * All harts' count. PGFAULT and VMA_LOCK_SUCCESS are not counted but computed
 * from the others, which saves the common fault two counters.
 */
uint64_t vm_event_sum(unsigned event);

/* Name as /proc/vmstat shows it; fault kinds as "fault_anon_read". */
const char *vm_event_name(unsigned event, char *buf, size_t len);
