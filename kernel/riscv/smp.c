/* SPDX-License-Identifier: MIT */
/*
 * Harts: start, interrupts, end. Time and fences are in machine.c.
 *
 * The firmware starts a hart at secondary_start (head.S), where it takes its
 * idle thread from secondary_thread. The boot hart waits for each one in turn,
 * so that their first steps come in a fixed order.
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
#define OFF_TIMEOUT	10000000000UL
#define START_TIMEOUT	10000000000UL /* nanoseconds */

/* Values for sifive,test0: the low half says what, the high half the code. */
#define FINISHER_PASS 0x5555
#define FINISHER_FAIL 0x3333

uint64_t emergency_stack[MAX_HARTS];

static char boot_emergency_stack[EMERGENCY_SIZE] __aligned(16);

/* Whether a hart that was started has come; the boot hart waits so long. */
enum { AWAITED, ARRIVED, GIVEN_UP };
static uint32_t arrival[MAX_HARTS]; /* atomic */

extern char boot_stack_top[], secondary_start[];
extern struct thread *secondary_thread[MAX_HARTS]; /* head.S */
_Static_assert(MAX_HARTS == 64, "as in head.S");
_Noreturn void secondary_main(void);

void smp_init_boot_hart(unsigned hart)
{
	boot_thread.arch.hart = hart;
	boot_thread.arch.kstack_top = (uint64_t)boot_stack_top;
	emergency_stack[hart] = (uint64_t)boot_emergency_stack + EMERGENCY_SIZE;
	trap_init_hart();
}

/* A hart that comes too late must not find work. */
_Noreturn void secondary_main(void)
{
	trap_init_hart();
	boot_allow_clear_blocks();
	mm_activate(NULL, NULL);
	if (exchange_acq_rel(&arrival[machine_hart()], ARRIVED) == GIVEN_UP)
		hart_stop();
	sched_idle();
}

static bool wait_for(unsigned hart)
{
	uint64_t deadline = machine_clock() + START_TIMEOUT;

	while (load_acquire(&arrival[hart]) != ARRIVED) {
		if (machine_clock() > deadline)
			return exchange_acq_rel(&arrival[hart], GIVEN_UP) ==
			       ARRIVED;
		machine_relax();
	}
	return true;
}

static bool start_hart(unsigned hart)
{
	struct page *stack = page_alloc(EMERGENCY_ORDER, GFP_KERNEL);
	struct thread *idle = sched_new_idle(hart);

	if (!stack || !idle)
		return false;
	emergency_stack[hart] = (uint64_t)page_address(stack) + EMERGENCY_SIZE;
	idle->arch.hart = hart;
	store_release(&secondary_thread[hart], idle);
	if (sbi_hart_start(hart, (paddr_t)secondary_start - kernel_offset, 0))
		return false;
	return wait_for(hart);
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
	if (finisher) {
		uint64_t deadline = machine_clock() + OFF_TIMEOUT;

		/* Later QEMUs go on for a while, and a reset would count. */
		*finisher = status ? (uint32_t)status << 16 | FINISHER_FAIL
				   : FINISHER_PASS;
		while (machine_clock() < deadline)
			machine_relax();
	}
	sbi_shutdown(status != 0);
	hart_stop();
}
