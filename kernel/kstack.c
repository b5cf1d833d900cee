/* SPDX-License-Identifier: MIT */
/*
 * Kernel stacks in the vmap area.
 *
 * A slot is named by its number. Slots that have no stack are found by a bit
 * map; mapped stacks that nobody uses are linked through their lowest word and
 * kept until memory is short: a fence of all harts for each process that ends
 * would take longer than the process did.
 * Hardware may remember that an address was not mapped (Priv. 1.12, 4.2.1), so
 * all harts are fenced after a stack was mapped as well as before its pages
 * are freed. (A hart that comes online later has fenced for itself.)
 */
#include "kernel/kstack.h"

#include "kernel/riscv/boot.h"
#include "kernel/sched.h"
#include "lib/spinlock.h"
#include "mm/page.h"

#define NR_SLOTS  (VMAP_SIZE / KSTACK_SLOT)
#define STACK_LEN (KSTACK_SLOT / 2)
#define BATCH	  8 /* stacks mapped at a time */

static struct spinlock kstack_lock;
static uint64_t used[NR_SLOTS / 64]; /* bit: slot has a stack mapped */
static unsigned first_free;	     /* no free bit in words below */
static void *pool;		     /* mapped, unused; lowest address */

static vaddr_t slot_stack(unsigned slot)
{
	return VMAP_BASE + slot * KSTACK_SLOT + STACK_LEN;
}

static unsigned stack_slot(vaddr_t stack)
{
	return (unsigned)((stack - VMAP_BASE) / KSTACK_SLOT);
}

static void fence_all(void)
{
	machine_tlb_fence(sched_online_harts() | 1UL << machine_hart(), 0, 0,
			  ~0UL);
}

/* Unmap the first n pages of a stack and free them. */
static void unmap(vaddr_t stack, unsigned n)
{
	paddr_t pa[STACK_LEN / PAGE_SIZE];

	for (unsigned i = 0; i < n; i++)
		pa[i] = kernel_unmap_page(stack + i * PAGE_SIZE);
	fence_all();
	for (unsigned i = 0; i < n; i++)
		page_free_virt(phys_to_virt(pa[i]));
}

static bool map(vaddr_t stack)
{
	for (unsigned i = 0; i < STACK_LEN / PAGE_SIZE; i++) {
		void *page = page_alloc_virt(GFP_KERNEL);

		if (!page ||
		    !kernel_map(stack + i * PAGE_SIZE, virt_to_phys(page),
				PAGE_SIZE, KERNEL_RW)) {
			if (page)
				page_free_virt(page);
			unmap(stack, i);
			return false;
		}
	}
	return true;
}

/* Map a stack in the lowest free slot, not yet fenced. False: no memory. */
static bool map_slot(vaddr_t *stack)
{
	unsigned slot;

	while (first_free < ARRAY_SIZE(used) && used[first_free] == ~0UL)
		first_free++;
	if (first_free == ARRAY_SIZE(used))
		return false;
	slot = first_free * 64 + (unsigned)__builtin_ctzl(~used[first_free]);
	*stack = slot_stack(slot);
	if (!map(*stack))
		return false;
	used[slot / 64] |= 1UL << slot % 64;
	return true;
}

static void push(void *stack)
{
	*(void **)stack = pool;
	pool = stack;
}

/* Several stacks for one fence; the lowest is the next to be used. */
static void refill(void)
{
	vaddr_t fresh[BATCH];
	unsigned n = 0;

	while (n < BATCH && map_slot(&fresh[n]))
		n++;
	if (n)
		fence_all();
	while (n)
		push((void *)fresh[--n]);
}

__called_once void *kstack_alloc(void)
{
	char *stack;

	spin_lock(&kstack_lock);
	if (!pool)
		refill();
	stack = pool;
	if (stack)
		pool = *(void **)stack;
	spin_unlock(&kstack_lock);
	return stack ? stack + STACK_LEN : NULL;
}

void kstack_free(void *top)
{
	char *stack = (char *)top - STACK_LEN;

	spin_lock(&kstack_lock);
	push(stack);
	spin_unlock(&kstack_lock);
}

/* Unmap all pooled stacks; their pages come back as a list. */
static void **unmap_pool(void)
{
	void **pages = NULL;

	while (pool) {
		vaddr_t stack = (vaddr_t)pool;
		unsigned slot = stack_slot(stack);

		pool = *(void **)pool;
		for (unsigned i = 0; i < STACK_LEN / PAGE_SIZE; i++) {
			void **page = phys_to_virt(
			    kernel_unmap_page(stack + i * PAGE_SIZE));

			*page = pages;
			pages = page;
		}
		used[slot / 64] &= ~(1UL << slot % 64);
		first_free = min(first_free, slot / 64);
	}
	return pages;
}

uint64_t kstack_drain(void)
{
	uint64_t freed = 0;
	void **pages;

	/* A shrinker: it may be called by our own page_alloc in map(). */
	if (!spin_trylock(&kstack_lock))
		return 0;
	pages = unmap_pool();
	if (pages)
		fence_all();
	spin_unlock(&kstack_lock);
	for (; pages; freed++) {
		void **next = *pages;

		page_free_virt(pages);
		pages = next;
	}
	return freed;
}

void kstack_init(void)
{
	page_add_shrinker(kstack_drain);
}
