/* SPDX-License-Identifier: MIT */
/*
 * Harts: start, interrupts, end. Time and fences are in machine.c.
 *
 * The firmware starts a hart at secondary_start (head.S) with its idle thread
 * in a1. The boot hart waits for each one in turn, so that their messages and
 * first allocations come in a fixed order.
 */
#include "kernel/riscv/smp.h"

#include "kernel/riscv/boot.h"
#include "kernel/riscv/csr.h"
#include "kernel/riscv/mmu.h"
#include "kernel/riscv/trap.h"
#include "kernel/sched.h"
#include "mm/page.h"
#include "sbi/sbi.h"

#define EMERGENCY_ORDER 1
#define EMERGENCY_SIZE	(PAGE_SIZE << EMERGENCY_ORDER)
#define START_TIMEOUT	1000000000UL /* nanoseconds */

/* Values for sifive,test0: the low half says what, the high half the code. */
#define FINISHER_PASS 0x5555
#define FINISHER_FAIL 0x3333

uint64_t emergency_stack[MAX_HARTS];

static char boot_emergency_stack[EMERGENCY_SIZE] __aligned(16);
static uint64_t started_harts; /* atomic */

extern char boot_stack_top[], secondary_start[];
_Noreturn void secondary_main(void);

void smp_init_boot_hart(unsigned hart)
{
	boot_thread.arch.hart = hart;
	boot_thread.arch.kstack_top = (uint64_t)boot_stack_top;
	emergency_stack[hart] = (uint64_t)boot_emergency_stack + EMERGENCY_SIZE;
	trap_init_hart();
}

_Noreturn void secondary_main(void)
{
	trap_init_hart();
	mm_activate(NULL);
	/* Pairs with the acquire in start_hart. */
	fetch_or_acq_rel(&started_harts, 1UL << machine_hart());
	sched_idle();
}

static bool start_hart(unsigned hart)
{
	struct page *stack = page_alloc(EMERGENCY_ORDER, GFP_KERNEL);
	struct thread *idle = sched_new_idle(hart);
	uint64_t deadline;

	if (!stack || !idle)
		return false;
	emergency_stack[hart] = (uint64_t)page_address(stack) + EMERGENCY_SIZE;
	idle->arch.hart = hart;
	if (sbi_hart_start(hart, (paddr_t)secondary_start - kernel_offset,
			   (uint64_t)idle))
		return false;
	deadline = machine_clock() + START_TIMEOUT;
	while (!(load_acquire(&started_harts) >> hart & 1)) {
		if (machine_clock() > deadline)
			return false;
		machine_relax();
	}
	return true;
}

void smp_start(void)
{
	for (unsigned hart = 0; hart < MAX_HARTS; hart++) {
		if (hart == machine_hart() || !(boot_info.harts >> hart & 1))
			continue;
		if (!start_hart(hart))
			kprintf("hart %u does not start\n", hart);
	}
}

void hart_send_ipi(uint64_t harts)
{
	sbi_send_ipi(harts, 0);
}

_Noreturn void hart_stop(void)
{
	csr_write(sie, 0);
	for (;;)
		__asm__ volatile("wfi");
}

/* QEMU's finisher tells the host a status; the firmware's reset cannot. */
static volatile uint32_t *finisher;

void power_init(void)
{
	if (boot_info.finisher)
		finisher = device_map(boot_info.finisher, sizeof(*finisher));
}

_Noreturn void power_off(int status)
{
	if (!finisher)
		power_init();
	if (finisher)
		*finisher = status ? (uint32_t)status << 16 | FINISHER_FAIL
				   : FINISHER_PASS;
	sbi_shutdown(status != 0);
	hart_stop();
}
