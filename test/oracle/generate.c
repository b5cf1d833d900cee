/* SPDX-License-Identifier: MIT */
/*
 * Random sequences.
 *
 * A sequence has a character of its own: which operations it likes, how wide
 * the range is in which it works, whether it uses files, stacks, locks and
 * other processes. So some sequences do one thing over and over in a few pages
 * and reach states that an even mix of everything never would.
 */
#include <string.h>

#include "abi/mman.h"
#include "test/oracle/oracle.h"
#include "test/oracle/sketch.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define PICK(g, a)   ((a)[rng_below(&(g)->rng, ARRAY_LEN(a))])

struct generator {
	struct rng rng;
	struct sequence *seq;
	unsigned weight[NR_OPS], total;
	unsigned base, span; /* the pages most steps are about */
	bool files, stacks, locks, limits, heap, anywhere;
	unsigned nr_actors;
	uint64_t marker;
	struct sketch sketch[NR_ACTORS];
	unsigned actor; /* of the step at hand */
};

static bool one_in(struct generator *g, unsigned n)
{
	return !rng_below(&g->rng, n);
}

/* Mostly in the range, sometimes elsewhere in the window. */
static uint64_t any_page(struct generator *g)
{
	unsigned page = g->base + (unsigned)rng_below(&g->rng, g->span);

	if (g->heap && one_in(g, 3))
		return HEAP_START +
		       rng_below(&g->rng, HEAP_PAGES) * ORACLE_PAGE;
	if (one_in(g, 24))
		page = (unsigned)rng_below(&g->rng, WINDOW_PAGES);
	return WINDOW_START + page % WINDOW_PAGES * ORACLE_PAGE;
}

/* One that is likely to be mapped so; any if none is. */
static uint64_t mapped_page(struct generator *g, unsigned prot)
{
	const struct sketch *sketch = &g->sketch[g->actor];
	unsigned n = sketch_count(sketch, 0, NR_LOOKED_AT, prot);

	if (!n || one_in(g, 8))
		return any_page(g);
	return page_address_of(sketch_find(sketch, 0, NR_LOOKED_AT, prot,
					   (unsigned)rng_below(&g->rng, n)));
}

/* Rarely not the start of a page. */
static uint64_t any_address(struct generator *g)
{
	return any_page(g) + (one_in(g, 60) ? 8 * rng_below(&g->rng, 512) : 0);
}

/* Bytes from va to the end of the window or the heap's room. */
static uint64_t room_at(uint64_t va)
{
	return (va < WINDOW_START ? HEAP_END : WINDOW_END) - va;
}

static uint64_t any_length(struct generator *g, uint64_t va)
{
	uint64_t npages = 1 + rng_below(&g->rng, one_in(g, 3) ? g->span : 4);
	uint64_t len = npages * ORACLE_PAGE;

	if (one_in(g, 40))
		return 0;
	if (one_in(g, 30))
		len -= rng_below(&g->rng, ORACLE_PAGE);
	return len > room_at(va) ? room_at(va) : len;
}

static unsigned any_prot(struct generator *g)
{
	static const unsigned prot[] = {
	    PROT_NONE,
	    PROT_READ,
	    PROT_READ,
	    PROT_READ | PROT_WRITE,
	    PROT_READ | PROT_WRITE,
	    PROT_READ | PROT_WRITE,
	    PROT_READ | PROT_WRITE,
	    PROT_WRITE,
	    PROT_READ | PROT_EXEC,
	    PROT_READ | PROT_WRITE | PROT_EXEC,
	};

	/* Half of them simple, so that areas have a chance to merge. */
	return one_in(g, 2) ? PROT_READ | PROT_WRITE : PICK(g, prot);
}

static void gen_access(struct generator *g, struct step *step)
{
	bool is_store = step->op == OP_STORE || step->op == OP_KERNEL_STORE;
	unsigned prot = is_store ? PROT_WRITE : PROT_READ;

	if (step->op == OP_FETCH)
		prot = PROT_EXEC | (one_in(g, 4) ? 0 : PROT_READ | PROT_WRITE);
	step->arg[0] = mapped_page(g, one_in(g, 6) ? 0 : prot);
	if (step->op != OP_FETCH)
		step->arg[0] += word_offset[rng_below(&g->rng, NR_WORDS)];
	if (is_store)
		step->arg[1] = ++g->marker;
}

static unsigned any_map_type(struct generator *g)
{
	static const unsigned odd[] = {0, MAP_SHARED_VALIDATE,
				       MAP_SHARED_VALIDATE | MAP_SYNC};

	if (one_in(g, 100))
		return PICK(g, odd);
	return one_in(g, 3) ? MAP_SHARED : MAP_PRIVATE;
}

static void gen_mmap(struct generator *g, struct step *step)
{
	static const unsigned place[] = {
	    MAP_FIXED,
	    MAP_FIXED,
	    MAP_FIXED,
	    MAP_FIXED,
	    MAP_FIXED,
	    MAP_FIXED_NOREPLACE,
	    MAP_FIXED_NOREPLACE,
	    MAP_FIXED | MAP_FIXED_NOREPLACE,
	    0,
	};
	static const unsigned extra[] = {MAP_NORESERVE, MAP_POPULATE,
					 MAP_POPULATE | MAP_NONBLOCK, MAP_STACK,
					 MAP_LOCKED};
	static const uint64_t file[] = {0, 0, 0, 0, 0, 1, 1,	2,
					2, 2, 2, 2, 2, 3, -1ULL};
	uint64_t va = any_address(g);
	uint64_t flags = any_map_type(g) | PICK(g, place);

	step->arg[0] = va;
	step->arg[1] = any_length(g, va);
	step->arg[2] = any_prot(g);
	step->arg[4] = -1ULL;
	if (g->files && one_in(g, 2)) {
		step->arg[4] = PICK(g, file);
		step->arg[5] = rng_below(&g->rng, 8) * ORACLE_PAGE;
		if (one_in(g, 40))
			step->arg[5] += 1 + rng_below(&g->rng, 5000);
	} else {
		flags |= MAP_ANONYMOUS;
	}
	if (g->stacks && one_in(g, 3))
		flags |= MAP_GROWSDOWN;
	if (one_in(g, 6))
		flags |= PICK(g, extra);
	if (!g->locks)
		flags &= ~(uint64_t)MAP_LOCKED;
	if (g->anywhere && one_in(g, 3)) {
		flags &= ~(uint64_t)(MAP_FIXED | MAP_FIXED_NOREPLACE);
		if (one_in(g, 2))
			step->arg[0] = 0;
	}
	step->arg[3] = flags;
}

/* A range of memory that is there, or just any. */
static void gen_range(struct generator *g, struct step *step)
{
	uint64_t va = mapped_page(g, 0), run;
	int number = page_number(va);

	step->arg[0] = one_in(g, 60) ? va + 8 : va;
	step->arg[1] = any_length(g, step->arg[0]);
	run = sketch_run(&g->sketch[g->actor], (unsigned)number) * ORACLE_PAGE;
	if (run && one_in(g, 3))
		step->arg[1] = run;
	else if (run && step->arg[1] > run && !one_in(g, 4))
		step->arg[1] = 1 + rng_below(&g->rng, run);
}

static void gen_mprotect(struct generator *g, struct step *step)
{
	gen_range(g, step);
	step->arg[2] = any_prot(g);
	if (g->stacks && one_in(g, 4))
		step->arg[2] |= PROT_GROWSDOWN;
	if (one_in(g, 60))
		step->arg[2] |= one_in(g, 2) ? PROT_SEM : PROT_GROWSUP;
}

static void gen_mremap(struct generator *g, struct step *step)
{
	static const unsigned flags[] = {
	    0,
	    0,
	    MREMAP_MAYMOVE,
	    MREMAP_MAYMOVE,
	    MREMAP_MAYMOVE | MREMAP_FIXED,
	    MREMAP_MAYMOVE | MREMAP_FIXED,
	    MREMAP_MAYMOVE | MREMAP_DONTUNMAP,
	    MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP,
	};

	gen_range(g, step);
	step->arg[1] = (step->arg[1] + ORACLE_PAGE - 1) & -ORACLE_PAGE;
	step->arg[2] = any_length(g, step->arg[0]);
	step->arg[3] = PICK(g, flags);
	if (one_in(g, 60))
		step->arg[3] = rng_below(&g->rng, 16);
	step->arg[4] = any_address(g);
	/* The new place must not leave the window either. */
	if ((step->arg[3] & MREMAP_FIXED) &&
	    step->arg[2] > room_at(step->arg[4]))
		step->arg[2] = room_at(step->arg[4]);
	if ((step->arg[3] & MREMAP_DONTUNMAP) || one_in(g, 4))
		step->arg[1] = step->arg[2];
	if (!g->anywhere && !(step->arg[3] & MREMAP_FIXED))
		step->arg[3] &= ~(uint64_t)(MREMAP_MAYMOVE | MREMAP_DONTUNMAP);
}

static void gen_madvise(struct generator *g, struct step *step)
{
	static const int common[] = {MADV_DONTNEED,	 MADV_DONTNEED,
				     MADV_DONTNEED,	 MADV_FREE,
				     MADV_POPULATE_READ, MADV_POPULATE_WRITE};
	static const int all[] = {
	    MADV_NORMAL,	  MADV_RANDOM,	   MADV_SEQUENTIAL,
	    MADV_WILLNEED,	  MADV_DONTFORK,   MADV_DOFORK,
	    MADV_WIPEONFORK,	  MADV_KEEPONFORK, MADV_DONTDUMP,
	    MADV_DODUMP,	  MADV_COLD,	   MADV_REMOVE,
	    MADV_DONTNEED_LOCKED, MADV_NOHUGEPAGE, MADV_HUGEPAGE,
	    MADV_COLLAPSE,	  MADV_PAGEOUT,	   99,
	};

	gen_range(g, step);
	step->arg[2] =
	    (uint64_t)(one_in(g, 2) ? PICK(g, common) : PICK(g, all));
}

static void gen_file(struct generator *g, struct step *step)
{
	uint64_t file = rng_below(&g->rng, NR_FILES);

	step->arg[0] = one_in(g, 12) ? file : file & 2;
	if (step->op == OP_FTRUNCATE) {
		step->arg[1] = rng_below(&g->rng, 12) * ORACLE_PAGE;
		if (one_in(g, 3))
			step->arg[1] += 8 * rng_below(&g->rng, 512);
		return;
	}
	step->arg[1] = rng_below(&g->rng, 8) * ORACLE_PAGE +
		       word_offset[rng_below(&g->rng, NR_WORDS)];
	if (step->op == OP_PWRITE)
		step->arg[2] = ++g->marker;
	if (step->op == OP_PUNCH_HOLE) {
		step->arg[1] &= -ORACLE_PAGE;
		step->arg[2] = rng_below(&g->rng, 4) * ORACLE_PAGE;
		if (one_in(g, 4))
			step->arg[2] += 8 * rng_below(&g->rng, 512);
	}
}

static void gen_lock(struct generator *g, struct step *step)
{
	static const unsigned lock_all[] = {MCL_FUTURE,
					    MCL_FUTURE,
					    MCL_FUTURE | MCL_ONFAULT,
					    MCL_CURRENT,
					    MCL_CURRENT | MCL_ONFAULT,
					    MCL_CURRENT | MCL_FUTURE,
					    MCL_CURRENT | MCL_FUTURE |
						MCL_ONFAULT,
					    MCL_ONFAULT,
					    0,
					    8};

	if (step->op == OP_MUNLOCKALL)
		return;
	if (step->op == OP_MLOCKALL) {
		step->arg[0] = PICK(g, lock_all);
		return;
	}
	gen_range(g, step);
	if (step->op == OP_MLOCK2)
		step->arg[2] = one_in(g, 30) ? 2 : rng_below(&g->rng, 2);
}

/* The heap has a limit of data of its own, which counts the program's too. */
static void gen_limit(struct generator *g, struct step *step)
{
	static const uint64_t room[] = {0, 1, 2, 4, 8, 16, 30, ~0ULL};

	step->arg[0] = OF_SPACE;
	if (g->locks && one_in(g, 2))
		step->arg[0] = OF_LOCKED;
	else if (!g->heap && one_in(g, 2))
		step->arg[0] = OF_DATA;
	step->arg[1] = PICK(g, room);
	/* Without a limit mlockall can lock what is there. */
	if (step->arg[0] == OF_LOCKED && one_in(g, 2))
		step->arg[1] = ~0ULL;
}

static void gen_msync(struct generator *g, struct step *step)
{
	static const unsigned sync[] = {0,
					MS_ASYNC,
					MS_SYNC,
					MS_SYNC | MS_INVALIDATE,
					MS_INVALIDATE,
					MS_SYNC | MS_ASYNC,
					8};

	gen_range(g, step);
	step->arg[2] = PICK(g, sync);
}

static void gen_fork(struct generator *g, struct step *step)
{
	step->arg[0] = rng_below(&g->rng, g->nr_actors);
	for (unsigned i = 0; i < g->nr_actors; i++)
		if (!g->sketch[i].is_alive)
			step->arg[0] = i;
}

static void gen_brk(struct generator *g, struct step *step)
{
	step->arg[0] =
	    HEAP_START + rng_below(&g->rng, HEAP_PAGES * 8) * (ORACLE_PAGE / 8);
	if (one_in(g, 20))
		step->arg[0] = rng_below(&g->rng, 2) * (HEAP_END + 1);
}

static void gen_nothing(struct generator *g, struct step *step)
{
	(void)g;
	(void)step;
}

static void (*const gen_args[NR_OPS])(struct generator *g,
				      struct step *step) = {
    [OP_LOOK] = gen_nothing,
    [OP_LOAD] = gen_access,
    [OP_STORE] = gen_access,
    [OP_FETCH] = gen_access,
    [OP_KERNEL_LOAD] = gen_access,
    [OP_KERNEL_STORE] = gen_access,
    [OP_FORK] = gen_fork,
    [OP_EXIT] = gen_nothing,
    [OP_MMAP] = gen_mmap,
    [OP_MUNMAP] = gen_range,
    [OP_MPROTECT] = gen_mprotect,
    [OP_MREMAP] = gen_mremap,
    [OP_MADVISE] = gen_madvise,
    [OP_MLOCK2] = gen_lock,
    [OP_MUNLOCK] = gen_lock,
    [OP_MLOCKALL] = gen_lock,
    [OP_MUNLOCKALL] = gen_lock,
    [OP_LIMIT] = gen_limit,
    [OP_BRK] = gen_brk,
    [OP_MSYNC] = gen_msync,
    [OP_MINCORE] = gen_range,
    [OP_FTRUNCATE] = gen_file,
    [OP_PWRITE] = gen_file,
    [OP_PREAD] = gen_file,
    [OP_PUNCH_HOLE] = gen_file,
};

/* How often each operation comes in a sequence without a character. */
static const unsigned char usual_weight[NR_OPS] = {
    [OP_LOOK] = 2,	 [OP_LOAD] = 16,       [OP_STORE] = 24,
    [OP_FETCH] = 4,	 [OP_KERNEL_LOAD] = 3, [OP_KERNEL_STORE] = 3,
    [OP_FORK] = 6,	 [OP_EXIT] = 2,	       [OP_MMAP] = 28,
    [OP_MUNMAP] = 7,	 [OP_MPROTECT] = 16,   [OP_MREMAP] = 14,
    [OP_MADVISE] = 14,	 [OP_MLOCK2] = 5,      [OP_MUNLOCK] = 4,
    [OP_MLOCKALL] = 2,	 [OP_MUNLOCKALL] = 1,  [OP_BRK] = 8,
    [OP_LIMIT] = 5,	 [OP_MSYNC] = 2,       [OP_MINCORE] = 3,
    [OP_FTRUNCATE] = 4,	 [OP_PWRITE] = 3,      [OP_PREAD] = 1,
    [OP_PUNCH_HOLE] = 2,
};

static void silence(struct generator *g, bool is_used, enum op first,
		    enum op last)
{
	for (unsigned op = first; !is_used && op <= last; op++)
		g->weight[op] = 0;
}

static void choose_character(struct generator *g)
{
	static const unsigned spans[] = {5, 8, 16, 32, 48};
	static const unsigned bases[] = {0, 20, 318, WINDOW_PAGES - 12};
	static const unsigned factor[] = {0, 1, 1, 1, 3};

	g->span = PICK(g, spans);
	g->base = PICK(g, bases);
	g->files = one_in(g, 2);
	g->stacks = one_in(g, 4);
	g->locks = one_in(g, 4);
	g->limits = one_in(g, 4);
	g->heap = one_in(g, 5);
	g->anywhere = one_in(g, 2);
	g->nr_actors = one_in(g, 2) ? 2 + (unsigned)rng_below(&g->rng, 2) : 1;
	for (unsigned op = 0; op < NR_OPS; op++)
		g->weight[op] = usual_weight[op] * PICK(g, factor);
	g->weight[OP_MMAP] += 10;
	silence(g, g->files, OP_FTRUNCATE, OP_PUNCH_HOLE);
	silence(g, g->locks, OP_MLOCK2, OP_MUNLOCKALL);
	silence(g, g->limits, OP_LIMIT, OP_LIMIT);
	silence(g, g->heap, OP_BRK, OP_BRK);
	silence(g, g->nr_actors > 1, OP_FORK, OP_EXIT);
	if (g->nr_actors > 1)
		g->weight[OP_FORK] += 4;
	for (unsigned op = 0; op < NR_OPS; op++)
		g->total += g->weight[op];
}

static uint32_t any_op(struct generator *g)
{
	uint64_t at = rng_below(&g->rng, g->total);
	uint32_t op = 0;

	while (at >= g->weight[op])
		at -= g->weight[op++];
	return op;
}

/* One that lives, as far as known. */
static unsigned any_actor(struct generator *g)
{
	for (unsigned i = 0; i < 8; i++) {
		unsigned actor = (unsigned)rng_below(&g->rng, g->nr_actors);

		if (g->sketch[actor].is_alive)
			return actor;
	}
	return g->actor;
}

static unsigned nr_alive(const struct generator *g)
{
	unsigned nr = 0;

	for (unsigned i = 0; i < NR_ACTORS; i++)
		nr += g->sketch[i].is_alive;
	return nr;
}

void generate(struct sequence *seq, uint64_t seed)
{
	static const unsigned lengths[] = {8, 16, 24, 32, 48};
	struct generator g = {.seq = seq};

	rng_init(&g.rng, seed);
	rng_next(&g.rng);
	memset(seq, 0, sizeof(*seq));
	choose_character(&g);
	g.sketch[0].is_alive = true;
	g.sketch[0].brk = HEAP_START;
	seq->nr = PICK(&g, lengths);
	for (unsigned i = 0; i < seq->nr; i++) {
		struct step *step = &seq->step[i];

		g.actor = any_actor(&g);
		step->op = i ? any_op(&g) : OP_MMAP;
		if ((step->op == OP_EXIT && nr_alive(&g) == 1) ||
		    (step->op == OP_FORK && nr_alive(&g) == g.nr_actors))
			step->op = OP_STORE;
		step->actor = g.actor;
		gen_args[step->op](&g, step);
		/* A jump needs something to jump to. */
		if (step->op == OP_FETCH && i + 1 < seq->nr) {
			seq->step[++i] = *step;
			step->op = OP_STORE;
			step->arg[1] = RET_WORD;
		}
		sketch_step(g.sketch, step);
	}
	/* A last, thorough look at everybody. */
	for (unsigned actor = 0; actor < g.nr_actors; actor++)
		if (g.sketch[actor].is_alive)
			seq->step[seq->nr++] =
			    (struct step){.op = OP_LOOK, .actor = actor};
}
