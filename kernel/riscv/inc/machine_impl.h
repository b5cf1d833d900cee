/* SPDX-License-Identifier: MIT */
/*
 * The inline half of lib/machine.h for the kernel on RISC-V.
 *
 * Contracts are in lib/machine.h. `tp` holds the running thread whenever the
 * kernel runs (kernel/riscv/thread.h says what lies at its start), so both
 * machine_self() and machine_hart() cost one instruction. Reading the hart
 * through memory makes the compiler read it again after a call that may sleep.
 */
#pragma once

#include "lib/types.h"

/* RAM is mapped at pa + this, see docs/address-space.md. */
#define DIRECT_MAP_BASE 0xffffffc000000000UL

/* Where struct arch_thread keeps the hart index; asserted in thread.c. */
#define THREAD_HART_OFFSET 300

struct thread;

static inline void *phys_to_virt(paddr_t pa)
{
	return (void *)(pa + DIRECT_MAP_BASE);
}

static inline paddr_t virt_to_phys(const void *va)
{
	return (paddr_t)va - DIRECT_MAP_BASE;
}

static inline struct thread *machine_self(void)
{
	return __builtin_thread_pointer();
}

static inline unsigned machine_hart(void)
{
	return *(const uint32_t *)((char *)machine_self() + THREAD_HART_OFFSET);
}

/* The PAUSE hint (Zihintpause) is a FENCE that older harts ignore. */
static inline void machine_relax(void)
{
	__asm__ volatile(".4byte 0x0100000f" ::: "memory");
}

/*
 * The kernel is not preempted, so a reader that does not sleep is a reader
 * until its hart's next context switch; only the compiler must be told.
 */
static inline void rcu_read_lock(void)
{
	__asm__ volatile("" ::: "memory");
}

static inline void rcu_read_unlock(void)
{
	__asm__ volatile("" ::: "memory");
}

/* Memory is never made to look scarce here. */
static inline bool machine_fail_alloc(void)
{
	return false;
}

static inline void machine_tlb_fence_here(unsigned asid, vaddr_t va)
{
	if (asid)
		__asm__ volatile("sfence.vma %0, %1" ::"r"(va), "r"(asid)
				 : "memory");
	else
		__asm__ volatile("sfence.vma %0" ::"r"(va) : "memory");
}

/* Unrolled loops in kernel/riscv/page.S: 526 and 1,039 instructions. */
void clear_page(void *page);
void copy_page(void *to, const void *from);
