/* SPDX-License-Identifier: MIT */
/*
 * Page faults: from an address and an access to a vm_fault_t, and from there
 * to what the program sees.
 *
 * mm_fault() is the whole path: find and lock the area, check the access, call
 * handle_mm_fault(), retry when the lock was given up. The trap handler of the
 * kernel and the software MMU of the host tests call it alike.
 */
#pragma once

#include "mm/mm_types.h"
#include "mm/vma_lock.h"

/* What kind of fault it was, for counters, traces and the tour. */
enum fault_kind {
	FAULT_NONE,
	FAULT_ANON_READ,	  /* shared zero page mapped */
	FAULT_ANON_WRITE,	  /* new zeroed page */
	FAULT_ZERO_UPGRADE,	  /* zero page replaced on write */
	FAULT_COW_COPY,		  /* page shared by others copied */
	FAULT_COW_REUSE,	  /* last owner made it writable */
	FAULT_FILE_READ,	  /* page of a file mapped, with neighbours */
	FAULT_FILE_WRITE_PRIVATE, /* copy of a page of a file */
	FAULT_FILE_WRITE_SHARED,  /* page of a file made writable */
	FAULT_SPECIAL,		  /* kernel page (vDSO) */
	FAULT_SPURIOUS,		  /* entry was right: stale translation */
	FAULT_ACCESSED_DIRTY,	  /* A or D bit set for the hardware */
	FAULT_STACK_GROWTH,	  /* counted besides the kinds above */
	FAULT_PAST_EOF,		  /* SIGBUS: behind the end of the file */
	FAULT_UNMAPPED,		  /* SIGSEGV: no area */
	FAULT_STACK_LIMIT,	  /* SIGSEGV: stack may not grow further */
	FAULT_STACK_GUARD,	  /* SIGSEGV: stack too near to another area */
	FAULT_ACCESS,		  /* SIGSEGV: area forbids it */
	FAULT_BAD_ADDRESS,	  /* SIGSEGV: not a user address */
	FAULT_OOM,		  /* no memory */
	NR_FAULT_KINDS,
};

/* Name as in /proc/vmstat and traces: "anon_read" and so on. */
const char *fault_kind_name(enum fault_kind kind);

/* The bits of a vm_fault_t as text, "MAJOR|LOCKED"; "0" for none. */
void vm_fault_format(vm_fault_t fault, char *buf, size_t len);

/*
 * What mm_fault found out; filled in for the caller. The area is described
 * after errors and with FAULT_FLAG_TRACE only.
 */
struct fault_report {
	union {
		struct {
			uint8_t kind;	 /* enum fault_kind */
			bool major;	 /* getrusage counts it as major */
			bool stack_grew; /* FAULT_STACK_GROWTH as well */
			uint8_t signal;	 /* 0, or SIGSEGV or SIGBUS ... */
			int32_t code;	 /* ... and its si_code */
		};
		uint64_t word; /* all of these, to clear them at once */
	};
	vaddr_t vm_start, vm_end; /* as it was; 0, 0: no area */
	uint64_t vm_flags;
};

_Static_assert(FAULT_NONE == 0, "cleared means no kind yet");

static inline void fault_report_init(struct fault_report *report)
{
	report->word = 0;
}

/* Context of one fault, handed down to the strategies and to vm_ops. */
struct vm_fault {
	struct vma_guard guard; /* holds the area's or the mm's lock */
	struct vm_area_struct *vma;
	struct fault_report *report;
	vaddr_t address;       /* page aligned, for vm_ops */
	pgoff_t pgoff;	       /* in the file or the linear anon index */
	uint32_t flags;	       /* FAULT_FLAG_* */
	pte_t *pte;	       /* entry for address */
	struct spinlock *ptl;  /* lock of its table */
	pte_t orig_pte;	       /* what it was when we looked */
	struct page *page;     /* set by vm_ops->fault, with a reference */
	struct page *cow_page; /* reserved before the file is asked */
};

/*
 * For strategies and vm_ops that return RETRY or COMPLETED: give the lock back
 * first, by this. The area is out of reach from then on.
 */
static inline void vmf_release(struct vm_fault *vmf)
{
	vma_guard_release(&vmf->guard);
	if (CONFIG_DEBUG)
		vmf->vma = NULL;
}

/* The same when another function has given it back already. */
static inline void vmf_released(struct vm_fault *vmf)
{
	vma_guard_consume(&vmf->guard);
	if (CONFIG_DEBUG)
		vmf->vma = NULL;
}

/* mm_fault's result as a scalar; mm/strategy.h says why. */
int64_t mm_fault_bits(struct mm_struct *mm, vaddr_t addr, uint32_t flags,
		      struct fault_report *report);

/*
 * Handle a fault at addr. flags: exactly one of FAULT_FLAG_READ, _WRITE,
 * _INSTRUCTION; plus _USER, _REMOTE, _KILLABLE, and _TRACE. Takes and releases
 * all locks, sleeps, retries. The result has no RETRY or COMPLETED left in it:
 * zero, possibly MAJOR, means that the access can be repeated; VM_FAULT_ERROR
 * bits say why not, and report->signal what to send (0 for OOM: the caller
 * decides; also 0 when a fatal signal ended the wait).
 */
static inline vm_fault_t mm_fault(struct mm_struct *mm, vaddr_t addr,
				  uint32_t flags, struct fault_report *report)
{
	return vm_fault_make(mm_fault_bits(mm, addr, flags, report));
}

/* The same by mmap_lock alone: what it would be without the areas' locks. */
vm_fault_t mm_fault_mmap_lock(struct mm_struct *mm, vaddr_t addr,
			      uint32_t flags, struct fault_report *report);

/*
 * Handle a fault in an area that `guard` holds and that allows the access.
 * The guard is consumed when, and only when, the result has RETRY (which flags
 * must allow: FAULT_FLAG_ALLOW_RETRY) or COMPLETED.
 */
vm_fault_t handle_mm_fault(struct vma_guard *guard, vaddr_t addr,
			   uint32_t flags, struct fault_report *report);
