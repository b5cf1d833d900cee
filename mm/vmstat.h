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
	PGALLOC,
	PGFREE,
	VMA_LOCK_SUCCESS,
	VMA_LOCK_MISS,
	VMA_LOCK_RETRY,
	VMA_LOCK_ABORT,
	MMAP_LOCK_READ,
	TLB_FENCE_LOCAL,
	TLB_FENCE_REMOTE,
	OOM_KILL,
	NR_VM_EVENTS,
};

struct vm_event_state {
	uint64_t event[NR_VM_EVENTS];
} __aligned(CACHE_LINE);

extern struct vm_event_state vm_events[MAX_HARTS];

/* Relaxed accesses: another hart may read while we count. */
static inline void count_vm_event(unsigned event)
{
	uint64_t *counter = &vm_events[machine_hart()].event[event];

	store_relaxed(counter, load_relaxed(counter) + 1);
}

static inline void count_vm_events(unsigned event, uint64_t n)
{
	uint64_t *counter = &vm_events[machine_hart()].event[event];

	store_relaxed(counter, load_relaxed(counter) + n);
}

uint64_t vm_event_sum(unsigned event);

/* Name as /proc/vmstat shows it; fault kinds as "fault_anon_read". */
const char *vm_event_name(unsigned event, char *buf, size_t len);
