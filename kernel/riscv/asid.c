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
#include "mm/mm_types.h"

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

void asid_init(void)
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
 * What other harts remember stays behind under the old number, which is not
 * given out again before they have flushed. The new number is there before the
 * new mask: who finds the mask (flush_tlb_range) finds the number. One who
 * finds the old mask has changed its entries before, and so we see them.
 */
void mm_leave_harts(struct mm_struct *mm)
{
	if (nr_asids) {
		spin_lock(&asid_lock);
		store_relaxed(&mm->ctx.asid, new_context(0));
		spin_unlock(&asid_lock);
	}
	exchange_acq_rel(&mm->ctx.hart_mask, 1UL << machine_hart());
}

void mm_activate(struct mm_struct *mm)
{
	unsigned hart = machine_hart();
	uint64_t context, running;

	if (!mm) {
		write_satp((paddr_t)kernel_root - kernel_offset, 0);
		if (!nr_asids)
			local_flush_tlb_all();
		return;
	}
	/* Pairs with the look at the mask in flush_tlb_range. */
	if (!(load_relaxed(&mm->ctx.hart_mask) >> hart & 1))
		fetch_or_acq_rel(&mm->ctx.hart_mask, 1UL << hart);
	if (!nr_asids) {
		write_satp(virt_to_phys(mm->pgd), 0);
		local_flush_tlb_all();
		return;
	}
	context = load_relaxed(&mm->ctx.asid);
	running = load_relaxed(&active[hart]);
	if (unlikely((context ^ load_relaxed(&generation)) >> ASID_BITS ||
		     !running ||
		     !cas_acq_rel(&active[hart], &running, context)))
		context = assign_asid(mm, hart);
	write_satp(virt_to_phys(mm->pgd), asid_of(context));
}
