/* SPDX-License-Identifier: MIT */
/*
 * ASIDs with generations.
 *
 * ctx.asid of an mm holds a generation above ASID_BITS and the ASID below.
 * Numbers are handed out in order. When none is left a new generation begins:
 * every hart flushes its TLB once, at its next switch, and mms get new numbers
 * as they are activated. A hart that goes on running an mm meanwhile keeps its
 * number: it is reserved for that mm in the new generation.
 *
 * active[h] is what hart h runs, 0 after a generation has ended until its next
 * switch. The fast path replaces it by compare-and-swap, the end of a
 * generation by exchange, so one of the two sees the other; everything else is
 * under asid_lock. ASID 0 is the kernel's own table.
 *
 * Without ASIDs (satp holds none, or fewer than harts) every switch flushes.
 */
#include "kernel/riscv/mmu.h"

#include "kernel/riscv/boot.h"
#include "kernel/riscv/csr.h"
#include "lib/spinlock.h"
#include "mm/tlb.h"

#define ASID_BITS  16
#define GENERATION (1UL << ASID_BITS)

static struct spinlock asid_lock;
static uint64_t generation = GENERATION; /* atomic to read */
static uint64_t nr_asids;		 /* 0: not supported */
static uint64_t next_asid = 1;
static uint64_t active[MAX_HARTS];
static uint64_t reserved[MAX_HARTS];
static uint64_t flush_pending; /* bit n: hart n flushes before its next mm */

static uint64_t asid_of(uint64_t context)
{
	return context & (GENERATION - 1);
}

static void write_satp(paddr_t root, uint64_t asid)
{
	csr_write(satp,
		  SATP_SV39 | asid << SATP_ASID_SHIFT | root >> PAGE_SHIFT);
}

__cold void asid_init(void)
{
	uint64_t satp = csr_read(satp);

	csr_write(satp, satp | SATP_ASID_MASK << SATP_ASID_SHIFT);
	nr_asids = (csr_read(satp) >> SATP_ASID_SHIFT & SATP_ASID_MASK) + 1;
	csr_write(satp, satp);
	local_flush_tlb_all();
	if (nr_asids <= 2 * MAX_HARTS)
		nr_asids = 0;
}

static void new_generation(void)
{
	store_relaxed(&generation, generation + GENERATION);
	next_asid = 1;
	for (unsigned h = 0; h < MAX_HARTS; h++) {
		uint64_t context = exchange_acq_rel(&active[h], 0);

		if (context)
			reserved[h] = context;
	}
	flush_pending = ~0UL;
}

static bool is_reserved(uint64_t asid)
{
	for (unsigned h = 0; h < MAX_HARTS; h++) {
		if (asid_of(reserved[h]) == asid)
			return true;
	}
	return false;
}

/* If a hart still runs mm with its old number, mm keeps it. */
static bool keep_reserved(uint64_t old, uint64_t new)
{
	bool kept = false;

	for (unsigned h = 0; h < MAX_HARTS; h++) {
		if (reserved[h] == old) {
			reserved[h] = new;
			kept = true;
		}
	}
	return kept;
}

/* Nothing is reserved in the first generation, so its search is skipped. */
static uint64_t new_context(uint64_t old)
{
	uint64_t asid;

	if (old && keep_reserved(old, generation | asid_of(old)))
		return generation | asid_of(old);
	do {
		if (next_asid == nr_asids)
			new_generation();
		asid = next_asid++;
	} while (generation != GENERATION && is_reserved(asid));
	return generation | asid;
}

static __noinline uint64_t assign_asid(struct mm_struct *mm, unsigned hart)
{
	uint64_t context;

	spin_lock(&asid_lock);
	context = mm->ctx.asid;
	if ((context ^ generation) >> ASID_BITS) {
		context = new_context(context);
		store_relaxed(&mm->ctx.asid, context);
	}
	if (flush_pending >> hart & 1) {
		flush_pending &= ~(1UL << hart);
		local_flush_tlb_all();
	}
	store_relaxed(&active[hart], context);
	spin_unlock(&asid_lock);
	return context;
}

/*
 * The number comes before the bit in hart_mask: who finds the bit and fences
 * finds the number. The bit of prev goes only when satp has another root.
 */
static inline void activate(struct mm_struct *mm, uint64_t asid,
			    struct mm_struct *prev)
{
	if (mm_hart_enter(mm) && asid)
		local_flush_tlb_asid(asid);
	write_satp(virt_to_phys(mm->pgd), asid);
	if (likely(prev))
		mm_hart_leave(prev);
}

/* The kernel's own table, an mm that needs a number, or no ASIDs at all. */
static __noinline void activate_slow(struct mm_struct *mm,
				     struct mm_struct *prev)
{
	uint64_t asid = 0;

	if (mm && nr_asids)
		asid = asid_of(assign_asid(mm, machine_hart()));
	if (mm) {
		activate(mm, asid, prev);
	} else {
		write_satp((paddr_t)kernel_root - kernel_offset, 0);
		if (prev)
			mm_hart_leave(prev);
	}
	if (!nr_asids)
		local_flush_tlb_all();
}

/* Without ASIDs no mm is of this generation. */
void mm_activate(struct mm_struct *mm, struct mm_struct *prev)
{
	uint64_t *running = &active[machine_hart()], context, old;

	if (likely(mm)) {
		context = load_relaxed(&mm->ctx.asid);
		old = load_relaxed(running);
		if (likely(
			!((context ^ load_relaxed(&generation)) >> ASID_BITS) &&
			old && cas_relaxed(running, &old, context))) {
			activate(mm, asid_of(context), prev);
			return;
		}
	}
	activate_slow(mm, prev);
}
