/* SPDX-License-Identifier: MIT */
/* The threads that fault; see race.h. */
#include <string.h>

#include "test/lock/race.h"
#include "test/lock/touch.h"

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

static bool touch(struct faulter *f, vaddr_t va, uint64_t *word,
		  enum mmu_access access)
{
	return touch_word(race.mm, f->hart, va, word, access);
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
