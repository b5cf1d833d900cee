/* SPDX-License-Identifier: MIT */
/*
 * Traps other than system calls and page faults of programs.
 *
 * Exceptions of a program become signals, with the codes and addresses of
 * Linux. A trap in the kernel is legitimate only at an instruction that the
 * exception table knows; anything else is a bug and ends in panic.
 */
#include "kernel/riscv/trap.h"

#include "kernel/kstack.h"
#include "kernel/panic.h"
#include "kernel/riscv/csr.h"
#include "kernel/riscv/fault.h"
#include "kernel/riscv/thread.h"
#include "kernel/riscv/uaccess.h"

#include "abi/signal.h"

/* User mode may read cycle, time and instret. */
#define COUNTERS_FOR_USER 7

extern char trap_entry[];

void trap_init_hart(void)
{
	csr_write(sscratch, 0);
	csr_write(stvec, trap_entry);
	csr_write(scounteren, COUNTERS_FOR_USER);
	csr_write(sie, SIE_SSIE | SIE_STIE);
}

static void handle_interrupts(uint64_t pending)
{
	if (pending & SIE_SSIE) {
		csr_clear(sip, SIE_SSIE);
		panic_check();
		ipi_received();
	}
	if (pending & SIE_STIE)
		timer_tick();
}

/* WFI returns for a pending interrupt that is enabled, taken or not. */
void hart_wait_for_interrupt(void)
{
	__asm__ volatile("wfi" ::: "memory");
	handle_interrupts(csr_read(sip) & csr_read(sie));
}

void user_trap(struct trap_frame *frame, uint64_t cause, uint64_t tval)
{
	(void)tval;
	if (cause & CAUSE_INTERRUPT) {
		handle_interrupts(1UL << (cause & 63));
		return;
	}
	switch (cause) {
	case CAUSE_BREAKPOINT:
		force_sig_fault(SIGTRAP, TRAP_BRKPT, frame->epc);
		break;
	case CAUSE_ILLEGAL:
		force_sig_fault(SIGILL, ILL_ILLOPC, frame->epc);
		break;
	case CAUSE_MISALIGNED_FETCH:
	case CAUSE_MISALIGNED_LOAD:
	case CAUSE_MISALIGNED_STORE:
		force_sig_fault(SIGBUS, BUS_ADRALN, frame->epc);
		break;
	case CAUSE_FETCH_ACCESS:
	case CAUSE_LOAD_ACCESS:
	case CAUSE_STORE_ACCESS:
		force_sig_fault(SIGSEGV, SEGV_ACCERR, frame->epc);
		break;
	default:
		force_sig_fault(SIGILL, ILL_ILLTRP, frame->epc);
		break;
	}
}

static _Noreturn void die(const struct trap_frame *frame)
{
	if (!(frame->sp & (KSTACK_SLOT / 2)) &&
	    frame->sp - FRAME_SIZE < frame->sp)
		panic_frame(frame, "kernel stack overflow");
	if (frame->cause == CAUSE_BREAKPOINT)
		panic_frame(frame, "breakpoint in the kernel");
	if ((CAUSE_PAGE_FAULTS >> frame->cause) & 1)
		panic_frame(frame, frame->tval < PAGE_SIZE
				       ? "null pointer in the kernel"
				       : "page fault in the kernel");
	panic_frame(frame, "exception in the kernel");
}

/* SUM is clear here; the return to the interrupted code sets it again. */
void kernel_trap(struct trap_frame *frame)
{
	vaddr_t fixup = ex_find(frame->epc);

	if (!(frame->status & SSTATUS_SUM) || !fixup)
		die(frame);
	if (!((CAUSE_PAGE_FAULTS >> frame->cause) & 1) ||
	    !kernel_page_fault(frame->cause, frame->tval, frame->epc))
		frame->epc = fixup;
}
