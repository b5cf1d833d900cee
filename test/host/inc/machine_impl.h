/* SPDX-License-Identifier: MIT */
/*
 * The inline part of the seam on the host: RAM is one array, a thread of the
 * kernel is a POSIX thread, and each has a hart of its own.
 *
 * Addresses outside the array are a bug of the code under test and end in
 * bug(), where the real linear map would fault.
 */
#pragma once

#include <sched.h>
#include <string.h>

#include "lib/types.h"

#define HOST_RAM_BASE 0x80000000UL

struct host_thread_view {
	struct thread *self;
	unsigned hart;
	unsigned rcu_depth;
	uint64_t *rcu_count; /* odd inside a section; slot of this hart */
	bool *has_spun;	     /* atomic; see host_thread_has_spun */
};

extern unsigned char *host_ram;
extern size_t host_ram_size;
extern _Thread_local struct host_thread_view host_this;

static inline void *phys_to_virt(paddr_t pa)
{
	BUG_ON(pa - HOST_RAM_BASE >= host_ram_size);
	return host_ram + (pa - HOST_RAM_BASE);
}

static inline paddr_t virt_to_phys(const void *va)
{
	uintptr_t offset = (uintptr_t)va - (uintptr_t)host_ram;

	BUG_ON(offset >= host_ram_size);
	return HOST_RAM_BASE + offset;
}

static inline unsigned machine_hart(void)
{
	return host_this.hart;
}

static inline struct thread *machine_self(void)
{
	return host_this.self;
}

/* The one we wait for may need this core. */
static inline void machine_relax(void)
{
	if (host_this.has_spun)
		__atomic_store_n(host_this.has_spun, true, __ATOMIC_RELEASE);
	sched_yield();
}

/*
 * Sections are numbered by two steps of a counter per hart, which
 * machine_rcu_synchronize() watches. Sequentially consistent: the step in
 * comes before the section's loads, for every observer.
 */
static inline void rcu_read_lock(void)
{
	if (!host_this.rcu_depth++)
		__atomic_fetch_add(host_this.rcu_count, 1, __ATOMIC_SEQ_CST);
}

static inline void rcu_read_unlock(void)
{
	BUG_ON(!host_this.rcu_depth);
	if (!--host_this.rcu_depth)
		__atomic_fetch_add(host_this.rcu_count, 1, __ATOMIC_SEQ_CST);
}

void machine_tlb_fence(uint64_t harts, unsigned asid, vaddr_t start,
		       vaddr_t end);

static inline void machine_tlb_fence_here(unsigned asid, vaddr_t va)
{
	machine_tlb_fence(1ULL << host_this.hart, asid, va, va + PAGE_SIZE);
}

static inline void clear_page(void *page)
{
	memset(page, 0, PAGE_SIZE);
}

/* A program may write to the page of a file while another copies it. */
static inline void copy_page(void *to, const void *from)
{
	const uint64_t *source = (const uint64_t *)from;
	uint64_t *word = (uint64_t *)to;

	for (size_t i = 0; i < PAGE_SIZE / sizeof(*word); i++)
		word[i] = __atomic_load_n(&source[i], __ATOMIC_RELAXED);
}
