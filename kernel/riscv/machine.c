/* SPDX-License-Identifier: MIT */
/*
 * The rest of lib/machine.h, as far as it is about the hardware: fences, the
 * clock and the instruction counter. Parking is in kernel/sched.c, logging and
 * panic in kernel/panic.c.
 */
#include "lib/machine.h"

#include "kernel/riscv/boot.h"
#include "kernel/riscv/csr.h"
#include "kernel/riscv/smp.h"
#include "lib/spinlock.h"
#include "sbi/sbi.h"

#define NSEC_PER_SEC 1000000000UL

/* The whole address space, as machine_tlb_fence() is told. */
static bool is_everything(vaddr_t start, vaddr_t end)
{
	return start == 0 && end == ~0UL;
}

static void local_fence(unsigned asid, vaddr_t start, vaddr_t end)
{
	if (!is_everything(start, end)) {
		for (vaddr_t va = start; va < end; va += PAGE_SIZE) {
			if (asid)
				local_flush_tlb_page(va, asid);
			else
				local_flush_tlb_page_all(va);
		}
	} else if (asid) {
		local_flush_tlb_asid(asid);
	} else {
		local_flush_tlb_all();
	}
}

void machine_tlb_fence(uint64_t harts, unsigned asid, vaddr_t start,
		       vaddr_t end)
{
	uint64_t self = 1UL << machine_hart(), size;

	if (harts & self)
		local_fence(asid, start, end);
	harts &= ~self;
	if (likely(!harts))
		return;
	size = is_everything(start, end) ? ~0UL : end - start;
	if (asid)
		sbi_remote_sfence_asid(harts, 0, start, size, asid);
	else
		sbi_remote_sfence(harts, 0, start, size);
}

void machine_fence_i(uint64_t harts)
{
	uint64_t others = harts & ~(1UL << machine_hart());

	/* What was stored must be there before others fetch (Zifencei). */
	__asm__ volatile("fence rw, rw" ::: "memory");
	local_fence_i();
	if (others)
		sbi_remote_fence_i(others, 0);
	__asm__ volatile("fence rw, rw" ::: "memory");
}

/*
 * Ticks to nanoseconds and back as fixed-point factors with 32 fractional
 * bits; exact for time bases that divide 10^9.
 */
static uint64_t nsec_per_tick, ticks_per_nsec;

__cold void clock_init(void)
{
	nsec_per_tick = (NSEC_PER_SEC << 32) / boot_info.timebase;
	/* In two steps: a division of 128 bits takes a kilobyte of code. */
	ticks_per_nsec = boot_info.timebase / NSEC_PER_SEC << 32;
	ticks_per_nsec +=
	    (boot_info.timebase % NSEC_PER_SEC << 32) / NSEC_PER_SEC;
}

uint64_t machine_clock(void)
{
	uint64_t ticks = csr_read(time) - boot_ticks;

	return (uint64_t)((unsigned __int128)ticks * nsec_per_tick >> 32);
}

/* A tick late rather than early: early would be one interrupt too many. */
void hart_set_timer(uint64_t deadline)
{
	uint64_t when = ~0UL;

	if (deadline != ~0UL)
		when =
		    (uint64_t)((unsigned __int128)deadline * ticks_per_nsec >>
			       32) +
		    boot_ticks + 1;
	if (boot_info.has_sstc)
		csr_write_stimecmp(when);
	else
		sbi_set_timer(when);
}

uint64_t machine_instret(void)
{
	return csr_read(instret);
}
