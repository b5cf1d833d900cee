/* SPDX-License-Identifier: MIT */
/* The threads that change the address space; see race.h. */
#include <string.h>

#include "test/lock/race.h"

#define FILE_PAGES WINDOW_PAGES

/* Part of a window: pages [first, first + nr). */
struct part {
	enum window_kind w;
	unsigned first, nr;
	vaddr_t at;
	uint64_t len;
};

static struct part part_of(enum window_kind w, struct rng *rng)
{
	struct part p = {.w = w};

	p.first = (unsigned)rng_below(rng, WINDOW_PAGES);
	p.nr = 1 + (unsigned)rng_below(rng, WINDOW_PAGES - p.first);
	p.at = window_page(w, p.first);
	p.len = p.nr * PG;
	return p;
}

/* Of a window that may be unmapped and mapped at any time. */
static struct part any_part(struct rng *rng)
{
	enum window_kind w;

	do
		w = (enum window_kind)rng_below(rng, NR_WINDOWS);
	while (!windows[w].is_remade);
	return part_of(w, rng);
}

static void map(const struct part *p, unsigned prot)
{
	bool is_file = p->w == W_SHARED || p->w == W_PRIVATE;
	unsigned flags =
	    MAP_FIXED | (p->w == W_SHARED ? MAP_SHARED : MAP_PRIVATE);
	long res;

	if (!is_file)
		flags |= MAP_ANONYMOUS;
	res = do_mmap(race.mm, is_file ? race.file : NULL, p->at, p->len, prot,
		      flags, is_file ? p->first : 0);
	BUG_ON(res != (long)p->at);
}

void race_make_window(enum window_kind w)
{
	struct part all = {.w = w,
			   .nr = WINDOW_PAGES,
			   .at = windows[w].start,
			   .len = WINDOW_PAGES * PG};

	if (w == W_BRK)
		BUG_ON(do_brk(race.mm, all.at + all.len) != all.at + all.len);
	else if (w == W_STACK)
		BUG_ON(mm_setup_stack(race.mm, all.at + all.len, PG, false));
	else
		map(&all, RW);
}

static void do_map(struct rng *rng)
{
	struct part p = any_part(rng);

	map(&p, RW);
}

static void do_unmap(struct rng *rng)
{
	struct part p = any_part(rng);

	BUG_ON(do_munmap(race.mm, p.at, p.len));
}

/* -ENOMEM: there is a hole. */
static void do_protect(struct rng *rng)
{
	static const unsigned prots[] = {PROT_NONE, PROT_READ, RW, RW};
	struct part p = any_part(rng);
	int err = do_mprotect(race.mm, p.at, p.len, prots[rng_below(rng, 4)]);

	BUG_ON(err && err != -ENOMEM);
}

static void do_advise(struct rng *rng)
{
	static const int advices[] = {
	    MADV_DONTNEED,   MADV_DONTNEED,   MADV_FREE,
	    MADV_SEQUENTIAL, MADV_NORMAL,     MADV_POPULATE_READ,
	    MADV_DONTFORK,   MADV_DOFORK,     MADV_POPULATE_WRITE,
	    MADV_WIPEONFORK, MADV_KEEPONFORK,
	};
	struct part p = any_part(rng);

	do_madvise(race.mm, p.at, p.len,
		   advices[rng_below(rng, ARRAY_SIZE(advices))]);
}

/* From one window to the other, place for place, and a new one instead. */
static void do_move(struct rng *rng)
{
	enum window_kind to = rng_below(rng, 2) ? W_TO : W_FROM;
	struct part p = part_of(to == W_TO ? W_FROM : W_TO, rng);
	unsigned flags = MREMAP_MAYMOVE | MREMAP_FIXED;

	if (rng_below(rng, 4) == 0)
		flags |= MREMAP_DONTUNMAP;
	do_mremap(race.mm, p.at, p.len, p.len, flags, window_page(to, p.first));
	map(&p, RW);
}

/* Shrink a part to its first page, and let it grow back if it can. */
static void do_resize(struct rng *rng)
{
	struct part p = any_part(rng);

	do_mremap(race.mm, p.at, p.len, PG, 0, 0);
	do_mremap(race.mm, p.at, PG, p.len, 0, 0);
}

static void do_break(struct rng *rng)
{
	do_brk(race.mm,
	       windows[W_BRK].start + rng_below(rng, WINDOW_PAGES * PG + 1));
}

/* Take away the lower part of the stack; it grows again. */
static void do_shrink_stack(struct rng *rng)
{
	unsigned nr = 1 + (unsigned)rng_below(rng, WINDOW_PAGES - 1);

	BUG_ON(do_munmap(race.mm, windows[W_STACK].start, nr * PG));
}

static void do_truncate(struct rng *rng)
{
	struct address_space *mapping = race.file->f_mapping;
	pgoff_t first = rng_below(rng, FILE_PAGES);

	if (rng_below(rng, 3) == 0)
		truncate_hole(mapping, first, FILE_PAGES);
	else
		truncate_setsize(mapping, first * PG);
	truncate_setsize(mapping, FILE_PAGES * PG);
}

static void do_lock(struct rng *rng)
{
	struct part p = any_part(rng);

	do_mlock(race.mm, p.at, p.len, rng_below(rng, 2));
	do_munlock(race.mm, p.at, p.len);
}

/* A page of the child's: only words that belong there, and its own copy. */
static void check_child(struct mm_struct *child, enum window_kind w,
			unsigned page)
{
	vaddr_t va = window_page(w, page);
	uint64_t word[MAX_FAULTERS], mark = CHILD_MARK | va, found = 0;

	if (access_remote_vm(child, va, word, sizeof(word), false, false) !=
	    sizeof(word))
		return;
	for (unsigned who = 0; who < MAX_FAULTERS; who++)
		BUG_ON(!race_belongs(word[who], w, page, who));
	va += MAX_FAULTERS * 8;
	if (access_remote_vm(child, va, &mark, 8, true, false) != 8)
		return;
	BUG_ON(access_remote_vm(child, va, &found, 8, false, false) != 8);
	BUG_ON(found != mark);
}

static void do_fork(struct rng *rng)
{
	struct mm_struct *child;

	if (mm_fork(race.mm, &child))
		return;
	for (unsigned i = 0; i < 8; i++) {
		enum window_kind w =
		    (enum window_kind)rng_below(rng, NR_WINDOWS);

		if (w != W_SHARED && w != W_PRIVATE)
			check_child(child, w,
				    (unsigned)rng_below(rng, WINDOW_PAGES));
	}
	mmput(child);
}

static void do_look(struct rng *rng)
{
	struct vma_info info;
	vaddr_t at = 0;

	(void)rng;
	while (mm_next_area(race.mm, at, &info, true)) {
		BUG_ON(info.end <= at || info.start >= info.end);
		at = info.end;
		file_put(info.file);
	}
}

/* A word of W_FROZEN as the tables have it; 0 for a page that is not there. */
static uint64_t frozen_word(unsigned page, unsigned who)
{
	uint64_t entry = mm_pagemap(race.mm, window_page(W_FROZEN, page));
	uint64_t *words;

	if (!(entry >> 63))
		return 0;
	words = phys_to_virt((entry & ((1ULL << 55) - 1)) << PAGE_SHIFT);
	return load_relaxed(&words[who]);
}

/* Once mprotect has returned, no hart writes any more. */
static void do_freeze(void)
{
	uint64_t words[WINDOW_PAGES][MAX_FAULTERS];
	vaddr_t at = windows[W_FROZEN].start;
	uint64_t len = WINDOW_PAGES * PG;

	BUG_ON(do_mprotect(race.mm, at, len, PROT_READ));
	for (unsigned i = 0; i < 2 * WINDOW_PAGES * MAX_FAULTERS; i++) {
		unsigned page = i / MAX_FAULTERS % WINDOW_PAGES;
		uint64_t *word = &words[page][i % MAX_FAULTERS];

		if (i < WINDOW_PAGES * MAX_FAULTERS)
			*word = frozen_word(page, i % MAX_FAULTERS);
		else
			BUG_ON(*word != frozen_word(page, i % MAX_FAULTERS));
		if (i % WINDOW_PAGES == 0)
			machine_yield();
	}
	BUG_ON(do_mprotect(race.mm, at, len, RW));
}

void race_write_thread(void *arg)
{
	static void (*const operations[])(struct rng * rng) = {
	    do_map,	 do_map,	  do_unmap, do_protect, do_protect,
	    do_advise,	 do_advise,	  do_move,  do_resize,	do_break,
	    do_truncate, do_shrink_stack, do_lock,  do_fork,	do_look,
	};
	unsigned who = (unsigned)(uintptr_t)arg;
	struct rng rng;
	uint64_t i;

	rng_init(&rng, race.seed + 100 + who);
	for (i = 0; load_acquire(&race.nr_faulting); i++) {
		operations[rng_below(&rng, ARRAY_SIZE(operations))](&rng);
		if (who == 0 && i % 8 == 0)
			do_freeze();
	}
	fetch_add_relaxed(&race.nr_done, i);
}
