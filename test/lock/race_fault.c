/* SPDX-License-Identifier: MIT */
/* The threads that fault; see race.h. */
#include <string.h>

#include "test/lock/race.h"

#define MAX_TRIES 10000

struct faulter {
	unsigned who, hart;
	uint64_t count; /* of its stores */
	struct rng rng;
	uint64_t last[NR_WINDOWS][WINDOW_PAGES];
};

/* Kept from one round to the next. */
static struct faulter faulters[MAX_FAULTERS];

void race_forget(void)
{
	memset(faulters, 0, sizeof(faulters));
}

static uint32_t flags_of(enum mmu_cause cause)
{
	uint32_t flags = FAULT_FLAG_USER | FAULT_FLAG_KILLABLE;

	return flags |
	       (cause == MMU_LOAD_PAGE ? FAULT_FLAG_READ : FAULT_FLAG_WRITE);
}

/* As a program would; false when the access ends in a signal. */
static bool touch(struct faulter *f, vaddr_t va, uint64_t *word,
		  enum mmu_access access)
{
	struct fault_report report;
	enum mmu_cause cause;
	vm_fault_t fault;
	vaddr_t stval;

	for (unsigned i = 0; i < MAX_TRIES; i++) {
		cause = mmu_access(f->hart, va, word, 8, access, false, &stval);
		if (cause == MMU_DONE)
			return true;
		BUG_ON(cause != MMU_LOAD_PAGE && cause != MMU_STORE_PAGE);
		fault = mm_fault(race.mm, stval, flags_of(cause), &report);
		BUG_ON(vm_fault_released(fault));
		BUG_ON(vm_fault_has(fault, VM_FAULT_OOM));
		if (vm_fault_has(fault, VM_FAULT_ERROR)) {
			BUG_ON(!report.signal);
			return false;
		}
		if (report.kind == FAULT_SPURIOUS)
			mmu_fence_local(f->hart, race.mm->ctx.asid & 0xffff,
					stval);
	}
	panic("access to %#lx does not get through\n", (unsigned long)va);
}

static void store(struct faulter *f, enum window_kind w, unsigned page)
{
	uint64_t word = race_word(w, page, f->who, ++f->count);

	if (touch(f, window_page(w, page) + 8 * f->who, &word, MMU_STORE))
		f->last[w][page] = word;
}

/* Another thread's word, or the place for a child's mark. */
static void look(struct faulter *f, enum window_kind w, unsigned page)
{
	unsigned who = (unsigned)rng_below(&f->rng, MAX_FAULTERS + 1);
	uint64_t word;

	if (!touch(f, window_page(w, page) + 8 * who, &word, MMU_LOAD))
		return;
	if (!race_belongs(word, w, page, who))
		panic("window %u page %u thread %u: foreign word %#llx\n", w,
		      page, who, (unsigned long long)word);
}

/* One's own must be the last one, or have been thrown away for good. */
static void look_own(struct faulter *f, enum window_kind w, unsigned page)
{
	uint64_t *last = &f->last[w][page], word;

	if (!touch(f, window_page(w, page) + 8 * f->who, &word, MMU_LOAD))
		return;
	if (!race_belongs(word, w, page, f->who) ||
	    (windows[w].is_exact && word && word != *last))
		panic("window %u page %u thread %u: %#llx, wrote %#llx\n", w,
		      page, f->who, (unsigned long long)word,
		      (unsigned long long)*last);
	*last = word;
}

void race_fault_thread(void *arg)
{
	struct faulter *f = &faulters[(uintptr_t)arg];

	f->who = (unsigned)(uintptr_t)arg;
	f->hart = machine_hart();
	rng_init(&f->rng, race.seed + f->who);
	env_switch(f->hart, race.mm);
	for (uint64_t i = 0; i < race.ops; i++) {
		enum window_kind w =
		    (enum window_kind)rng_below(&f->rng, NR_WINDOWS);
		unsigned page = (unsigned)rng_below(&f->rng, WINDOW_PAGES);

		/* Something else runs here for a moment. */
		if (rng_below(&f->rng, 16) == 0) {
			env_switch(f->hart, NULL);
			machine_yield();
			env_switch(f->hart, race.mm);
		}
		switch (rng_below(&f->rng, 4)) {
		case 0:
			look(f, w, page);
			break;
		case 1:
			look_own(f, w, page);
			break;
		default:
			store(f, w, page);
		}
	}
	env_switch(f->hart, NULL);
	fetch_add_relaxed(&race.nr_done, race.ops);
	fetch_sub_acq_rel(&race.nr_faulting, 1);
}
