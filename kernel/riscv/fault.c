/* SPDX-License-Identifier: MIT */
/*
 * Page faults on user memory: hand them to mm/, turn the answer into a signal,
 * count and trace.
 *
 * The path of a fault that succeeds is user_page_fault and mm_fault, with one
 * predicted branch for everything else.
 */
#include "kernel/riscv/fault.h"

#include <stdio.h>

#include "abi/errno.h"
#include "kernel/console.h"
#include "kernel/oom.h"
#include "kernel/riscv/csr.h"
#include "kernel/riscv/trap.h"
#include "kernel/signal.h"
#include "kernel/thread.h"
#include "mm/fault.h"

static bool trace_faults, only_mmap_lock;
static bool is_unusual; /* one of the two is set */

void fault_set_trace(bool on)
{
	trace_faults = on;
	is_unusual = trace_faults || only_mmap_lock;
}

void fault_set_vma_locks(bool on)
{
	only_mmap_lock = !on;
	is_unusual = trace_faults || only_mmap_lock;
}

static uint32_t access_of(uint64_t cause)
{
	if (cause == CAUSE_STORE_PAGE)
		return FAULT_FLAG_WRITE | FAULT_FLAG_KILLABLE;
	if (cause == CAUSE_LOAD_PAGE)
		return FAULT_FLAG_READ | FAULT_FLAG_KILLABLE;
	return FAULT_FLAG_INSTRUCTION | FAULT_FLAG_KILLABLE;
}

static void format_area(const struct fault_report *report, char *buf,
			size_t len)
{
	uint64_t flags = report->vm_flags;

	if (!report->vm_end)
		snprintf(buf, len, "none");
	else
		snprintf(buf, len, "0x%lx-0x%lx/%c%c%c%c", report->vm_start,
			 report->vm_end, flags & VM_READ ? 'r' : '-',
			 flags & VM_WRITE ? 'w' : '-',
			 flags & VM_EXEC ? 'x' : '-',
			 flags & VM_MAYSHARE ? 's' : 'p');
}

static __cold void trace(uint64_t cause, vaddr_t addr, vaddr_t pc,
			 vm_fault_t fault, const struct fault_report *report,
			 uint64_t cost)
{
	char area[64], bits[64];

	format_area(report, area, sizeof(area));
	vm_fault_format(fault, bits, sizeof(bits));
	console_print("fault pid=%d comm=%s scause=%lu addr=0x%lx ip=0x%lx "
		      "kind=%s area=%s result=%s signal=%d code=%d cost=%lu\n",
		      current_pid(), current_comm(), cause, addr, pc,
		      fault_kind_name(report->kind), area, bits, report->signal,
		      report->code, cost);
}

static __noinline vm_fault_t unusual_fault(uint64_t cause, vaddr_t addr,
					   vaddr_t pc, uint32_t flags,
					   struct fault_report *report)
{
	uint64_t start = machine_instret();
	vm_fault_t fault;

	if (trace_faults)
		flags |= FAULT_FLAG_TRACE;
	if (only_mmap_lock)
		fault = mm_fault_mmap_lock(current_mm(), addr, flags, report);
	else
		fault = mm_fault(current_mm(), addr, flags, report);
	/* The kernel's own access raises no signal: its caller gets -EFAULT. */
	if (!(flags & FAULT_FLAG_USER) && report->signal) {
		report->signal = 0;
		report->code = -EFAULT;
	}
	if (trace_faults)
		trace(cause, addr, pc, fault, report,
		      machine_instret() - start);
	return fault;
}

/* Both kinds of faults, without a call between trap and mm_fault. */
static inline vm_fault_t resolve(uint64_t cause, vaddr_t addr,
				 const vaddr_t *pc, uint32_t flags,
				 struct fault_report *report)
{
	flags |= access_of(cause);
	if (unlikely(load_relaxed(&is_unusual)))
		return unusual_fault(cause, addr, *pc, flags, report);
	return mm_fault(current_mm(), addr, flags, report);
}

/*
 * A fault that took long or failed. Without memory some program dies, and the
 * others repeat their fault.
 */
static __cold void user_fault_rest(vm_fault_t fault, vaddr_t addr,
				   const struct fault_report *report)
{
	if (!vm_fault_has(fault, VM_FAULT_ERROR))
		thread_count_fault(report->major);
	else if (report->signal)
		force_sig_fault(report->signal, report->code, addr);
	else if (vm_fault_has(fault, VM_FAULT_OOM))
		oom_kill();
}

void user_page_fault(struct trap_frame *frame, uint64_t cause, vaddr_t addr)
{
	struct fault_report report;
	vm_fault_t fault =
	    resolve(cause, addr, &frame->epc, FAULT_FLAG_USER, &report);

	if (likely(!fault.bits))
		thread_count_fault(false);
	else
		user_fault_rest(fault, addr, &report);
}

bool kernel_page_fault(uint64_t cause, vaddr_t addr, vaddr_t pc)
{
	struct fault_report report;
	vm_fault_t fault;

	if (!current_mm() || addr >= MM_USER_END)
		return false;
	fault = resolve(cause, addr, &pc, 0, &report);
	if (vm_fault_has(fault, VM_FAULT_OOM)) {
		oom_kill();
		return !must_die(current);
	}
	if (vm_fault_has(fault, VM_FAULT_ERROR))
		return false;
	thread_count_fault(fault.bits && report.major);
	return true;
}
