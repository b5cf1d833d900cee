/* SPDX-License-Identifier: MIT */
/*
 * Control and status registers: the bits the kernel uses and the accessors.
 *
 * Names and numbers: Priv. 1.12, chapter 4 (supervisor level); stimecmp: Sstc
 * 1.0. Assembly includes this file for the numbers alone.
 */
#pragma once

/* sstatus */
#define SSTATUS_SIE	 (1 << 1)
#define SSTATUS_SPIE	 (1 << 5)
#define SSTATUS_SPP	 (1 << 8)
#define SSTATUS_FS	 (3 << 13)
#define SSTATUS_FS_CLEAN (2 << 13)
#define SSTATUS_FS_DIRTY (3 << 13)
#define SSTATUS_SUM	 (1 << 18)

/* sie and sip */
#define SIE_SSIE (1 << 1)
#define SIE_STIE (1 << 5)

/* scause: exceptions; interrupts have the top bit set. */
#define CAUSE_MISALIGNED_FETCH 0
#define CAUSE_FETCH_ACCESS     1
#define CAUSE_ILLEGAL	       2
#define CAUSE_BREAKPOINT       3
#define CAUSE_MISALIGNED_LOAD  4
#define CAUSE_LOAD_ACCESS      5
#define CAUSE_MISALIGNED_STORE 6
#define CAUSE_STORE_ACCESS     7
#define CAUSE_USER_ECALL       8
#define CAUSE_FETCH_PAGE       12
#define CAUSE_LOAD_PAGE	       13
#define CAUSE_STORE_PAGE       15
#define CAUSE_IRQ_SOFT	       1
#define CAUSE_IRQ_TIMER	       5

/* One bit for each of the three page faults: (PAGE_FAULTS >> cause) & 1. */
#define CAUSE_PAGE_FAULTS 0xb000

/* senvcfg: user mode may use cbo.zero (Zicboz) */
#define SENVCFG_CBZE (1 << 7)

/* satp */
#define SATP_SV39	(8UL << 60)
#define SATP_ASID_SHIFT 44
#define SATP_ASID_MASK	0xffffUL

#ifndef __ASSEMBLER__

#include "lib/types.h"

#define CAUSE_INTERRUPT (1UL << 63)

#define csr_read(csr)                                                          \
	({                                                                     \
		unsigned long csr_v_;                                          \
		__asm__ volatile("csrr %0, " #csr : "=r"(csr_v_)::"memory");   \
		csr_v_;                                                        \
	})
#define csr_write(csr, v)                                                      \
	__asm__ volatile("csrw " #csr ", %0" ::"rK"(v) : "memory")
#define csr_clear(csr, v)                                                      \
	__asm__ volatile("csrc " #csr ", %0" ::"rK"(v) : "memory")

/* Forget every cached translation of this hart. */
static inline void local_flush_tlb_all(void)
{
	__asm__ volatile("sfence.vma" ::: "memory");
}

/* The assembler does not know these names yet. */
#define csr_write_stimecmp(v) csr_write(0x14d, v)
#define csr_write_senvcfg(v)  csr_write(0x10a, v)

/* Forget this page in every address space, kernel's included. */
static inline void local_flush_tlb_page_all(vaddr_t va)
{
	__asm__ volatile("sfence.vma %0" ::"r"(va) : "memory");
}

/* Let this hart fetch what it stored. */
static inline void local_fence_i(void)
{
	__asm__ volatile("fence.i" ::: "memory");
}

/* Forget what this hart caches for user address va in space asid. */
static inline void local_flush_tlb_page(vaddr_t va, unsigned long asid)
{
	__asm__ volatile("sfence.vma %0, %1" ::"r"(va), "r"(asid) : "memory");
}

/* Forget the user translations of one address space on this hart. */
static inline void local_flush_tlb_asid(unsigned long asid)
{
	__asm__ volatile("sfence.vma zero, %0" ::"r"(asid) : "memory");
}

#endif
