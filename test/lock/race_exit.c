/* SPDX-License-Identifier: MIT */
/*
 * Address spaces that end while others look at them, in host threads: built
 * with ASan and UBSan, and with TSan.
 *
 * Each of some threads, the owners, is one program after the other: a fork of a
 * common parent or of the program before it, perhaps locked in memory, touches
 * its pages and ends. Meanwhile watchers find these programs as /proc and
 * ptrace do, by a pointer that may be at its end, and read, write, list, empty
 * and walk them; sometimes theirs is the last reference. And one thread
 * truncates the file that all programs map, and lets memory be short.
 *
 * Every word that anybody finds must be zero or say which page it is in: a page
 * that was freed too early would show another one's. In the first area only the
 * owner writes, and nobody throws anything away: there a program must find what
 * it wrote last, or what its parent had.
 *
 * At the end as many pages are free as before. FAULTLINE_RACE_OPS in the
 * environment: accesses of each owner. FAULTLINE_SEED repeats the choices.
 */
#include <stdlib.h>

#include "lib/spinlock.h"
#include "mm/internal.h"
#include "mm/pagetable.h"
#include "mm/rmap.h"
#include "mm/vma.h"
#include "test/lock/touch.h"

#define DEFAULT_OPS 3000
#define OPS_OF_LIFE 24
#define NR_OWNERS   3
#define NR_WATCHERS 2
#define NR_PAGES    8
#define LAST_ASID   0xffffu

/* Far apart, so that each has tables of its own. */
enum area { OWN, ANY, LAZY, FILE_SHARED, FILE_PRIVATE, SHMEM, NR_AREAS };
#define PLACE(area, page) (((area) + 1UL) * 0x40000000UL + (page)*PG)

/* A word of a page; count is below 2^32. */
#define WORD(area, page, count)                                                \
	((area) + 1ULL) << 56 | (uint64_t)(page) << 40 | (count)

static struct mm_struct *parent;
static struct file *file;
static uint64_t ops;
static uint32_t nr_owning; /* atomic; the others go on while it is not 0 */
static uint32_t last_asid; /* atomic */
static uint32_t nr_lives;  /* atomic */

/* Where watchers find the program of an owner. */
static struct slot {
	struct spinlock lock;
	struct mm_struct *mm; /* lock; NULL: none at the moment */
} slots[NR_OWNERS];

struct owner {
	unsigned hart;
	struct slot *slot;
	struct mm_struct *mm;
	uint64_t count;		 /* of its stores */
	uint64_t last[NR_PAGES]; /* in OWN */
	struct rng rng;
};

static bool belongs(uint64_t word, enum area area, unsigned page)
{
	uint64_t any = WORD(area == FILE_PRIVATE ? FILE_SHARED : area, page, 0);

	return !word || (word ^ any) >> 40 == 0;
}

static uint64_t new_word(enum area area, unsigned page, uint64_t count)
{
	return WORD(area == FILE_PRIVATE ? FILE_SHARED : area, page, count);
}

/* Numbers come round, so what harts remember of an earlier one must go. */
static void give_asid(struct mm_struct *mm)
{
	uint32_t asid = fetch_add_relaxed(&last_asid, 1) % (LAST_ASID - 1) + 2;

	mmu_fence(~0ULL, asid, 0, ~0ULL);
	mm->ctx.asid = asid;
}

static void publish(struct owner *o, struct mm_struct *mm)
{
	give_asid(mm);
	spin_lock(&o->slot->lock);
	o->slot->mm = mm;
	spin_unlock(&o->slot->lock);
	o->mm = mm;
}

/* The program ends; watchers that have it may go on for a while. */
static void retire(struct owner *o)
{
	spin_lock(&o->slot->lock);
	o->slot->mm = NULL;
	spin_unlock(&o->slot->lock);
	env_switch(o->hart, NULL);
	mmput(o->mm);
	o->mm = NULL;
}

static void begin_life(struct owner *o)
{
	struct mm_struct *mm;

	BUG_ON(mm_fork(parent, &mm));
	publish(o, mm);
	for (unsigned i = 0; i < NR_PAGES; i++)
		o->last[i] = WORD(OWN, i, 1);
}

/* The child goes on and its parent ends. */
static void fork_away(struct owner *o)
{
	struct mm_struct *child;

	BUG_ON(mm_fork(o->mm, &child));
	retire(o);
	publish(o, child);
}

static void lock_all(struct owner *o)
{
	static const int flags[] = {MCL_CURRENT, MCL_CURRENT | MCL_FUTURE,
				    MCL_CURRENT | MCL_ONFAULT};

	BUG_ON(
	    do_mlockall(o->mm, flags[rng_below(&o->rng, ARRAY_SIZE(flags))]));
	if (rng_below(&o->rng, 2))
		BUG_ON(do_munlockall(o->mm));
}

static void use_own(struct owner *o, unsigned page)
{
	uint64_t word = WORD(OWN, page, ++o->count);
	bool is_store = rng_below(&o->rng, 2);

	BUG_ON(!touch_word(o->mm, o->hart, PLACE(OWN, page), &word,
			   is_store ? MMU_STORE : MMU_LOAD));
	if (is_store)
		o->last[page] = word;
	else if (word != o->last[page])
		panic("page %u: %#lx, wrote %#lx\n", page, (unsigned long)word,
		      (unsigned long)o->last[page]);
}

/* Accesses end in a signal behind the end of the file. */
static void use_other(struct owner *o, enum area area, unsigned page)
{
	uint64_t word = new_word(area, page, ++o->count);
	enum mmu_access access = rng_below(&o->rng, 2) ? MMU_STORE : MMU_LOAD;

	if (touch_word(o->mm, o->hart, PLACE(area, page), &word, access))
		BUG_ON(!belongs(word, area, page));
}

static void live(struct owner *o)
{
	begin_life(o);
	if (rng_below(&o->rng, 4) == 0)
		lock_all(o);
	for (unsigned i = 0; i < OPS_OF_LIFE; i++) {
		enum area area = (enum area)rng_below(&o->rng, NR_AREAS);
		unsigned page = (unsigned)rng_below(&o->rng, NR_PAGES);

		env_switch(o->hart, o->mm);
		if (area == OWN)
			use_own(o, page);
		else
			use_other(o, area, page);
		if (rng_below(&o->rng, OPS_OF_LIFE) == 0)
			fork_away(o);
	}
	retire(o);
	fetch_add_relaxed(&nr_lives, 1);
}

static void own(void *arg)
{
	unsigned who = (unsigned)(uintptr_t)arg;
	struct owner o = {.hart = machine_hart(), .slot = &slots[who]};

	rng_init(&o.rng, tap_seed() + who);
	for (uint64_t done = 0; done < ops; done += OPS_OF_LIFE)
		live(&o);
	fetch_sub_acq_rel(&nr_owning, 1);
}

static void remote_access(struct mm_struct *mm, struct rng *rng)
{
	enum area area = (enum area)rng_below(rng, NR_AREAS);
	unsigned page = (unsigned)rng_below(rng, NR_PAGES);
	uint64_t word = new_word(area, page, rng_below(rng, 1000));
	bool write = area != OWN && rng_below(rng, 2);

	if (access_remote_vm(mm, PLACE(area, page), &word, 8, write, false))
		BUG_ON(!belongs(word, area, page));
}

static void list_areas(struct mm_struct *mm, struct rng *rng)
{
	struct vma_info info;
	vaddr_t at = 0;

	while (mm_next_area(mm, at, &info, rng_below(rng, 2))) {
		BUG_ON(info.end <= at || info.start >= info.end);
		at = info.end;
		file_put(info.file);
	}
}

static void empty(struct mm_struct *mm, struct rng *rng)
{
	enum area area = ANY + (enum area)rng_below(rng, NR_AREAS - 1);
	int advice = area == LAZY ? MADV_FREE : MADV_DONTNEED;

	/* -EINVAL: locked. */
	do_madvise(mm, PLACE(area, 0), NR_PAGES * PG, advice);
}

static bool look_at_area(void *ctx, struct vm_area_struct *vma, vaddr_t va)
{
	const struct mm_struct *mm = ctx;

	BUG_ON(va < vma->vm_start || va >= vma->vm_end);
	return load_relaxed(&vma->vm_mm) == mm;
}

/* From a page to all programs that may have it, whoever of them ends. */
static void walk_family(struct mm_struct *mm, struct rng *rng)
{
	vaddr_t va = PLACE(OWN, rng_below(rng, NR_PAGES));
	struct page *page = NULL;
	const pte_t *ptep;

	if (mmap_read_lock_killable(mm))
		return;
	ptep = pt_walk(mm, va);
	if (ptep && pte_is_present(pte_load(ptep))) {
		spin_lock(pte_lockptr(ptep));
		page = pfn_to_page(pte_pfn(pte_load(ptep)));
		page_get(page);
		spin_unlock(pte_lockptr(ptep));
		BUG_ON(!rmap_walk(page, look_at_area, mm));
		page_put(page);
	}
	mmap_read_unlock(mm);
}

static void look_at_numbers(struct mm_struct *mm, struct rng *rng)
{
	mm_pagemap(mm, PLACE(ANY, rng_below(rng, NR_PAGES)));
	mm_clear_refs(mm, true, true);
	BUG_ON(mm_rss(mm) > 2UL * NR_AREAS * NR_PAGES);
}

/* Any program, kept as a struct; it may end at any time. NULL: none. */
static struct mm_struct *find_program(struct rng *rng)
{
	struct slot *slot = &slots[rng_below(rng, NR_OWNERS)];
	struct mm_struct *mm;

	spin_lock(&slot->lock);
	mm = slot->mm;
	if (mm)
		mmgrab(mm);
	spin_unlock(&slot->lock);
	return mm;
}

/* As long as it lives, and sometimes not that long. */
static void watch_program(struct mm_struct *mm, struct rng *rng)
{
	static void (*const ways[])(struct mm_struct * mm, struct rng * rng) = {
	    remote_access, remote_access, remote_access,   list_areas,
	    empty,	   walk_family,	  look_at_numbers,
	};

	do {
		if (!mmget_not_zero(mm))
			break;
		ways[rng_below(rng, ARRAY_SIZE(ways))](mm, rng);
		mmput(mm);
	} while (rng_below(rng, 16));
	BUG_ON(!load_relaxed(&mm->mm_count)); /* ended twice */
	mmdrop(mm);
}

static void watch(void *arg)
{
	struct rng rng;

	rng_init(&rng, tap_seed() + 100 + (uintptr_t)arg);
	while (load_acquire(&nr_owning)) {
		struct mm_struct *mm = find_program(&rng);

		if (mm)
			watch_program(mm, &rng);
		else
			machine_yield();
	}
}

static void truncate_and_shrink(void *unused)
{
	struct address_space *mapping = file->f_mapping;
	struct rng rng;

	(void)unused;
	rng_init(&rng, tap_seed() + 200);
	while (load_acquire(&nr_owning)) {
		pgoff_t first = rng_below(&rng, NR_PAGES);

		if (rng_below(&rng, 2))
			truncate_setsize(mapping, first * PG);
		else
			truncate_hole(mapping, first, NR_PAGES);
		truncate_setsize(mapping, NR_PAGES * PG);
		page_shrink();
		machine_yield();
	}
}

static void map(enum area area, unsigned flags, struct file *of)
{
	BUG_ON(do_mmap(parent, of, PLACE(area, 0), NR_PAGES * PG, RW,
		       flags | MAP_FIXED, 0) != (long)PLACE(area, 0));
}

static void set_up(void)
{
	uint64_t word;

	env_begin(false);
	host_tlb_fence_hook = mmu_fence; /* the one that counts is not atomic */
	parent = env_mm();
	parent->ctx.asid = 1;
	env_switch(0, NULL);
	file = env_file(0, 0);
	truncate_setsize(file->f_mapping, NR_PAGES * PG);
	map(OWN, ANON, NULL);
	map(ANY, ANON, NULL);
	map(LAZY, ANON, NULL);
	map(FILE_SHARED, MAP_SHARED, file);
	map(FILE_PRIVATE, MAP_PRIVATE, file);
	map(SHMEM, MAP_SHARED | MAP_ANONYMOUS, NULL);
	for (unsigned i = 0; i < NR_PAGES; i++) {
		word = WORD(OWN, i, 1);
		BUG_ON(access_remote_vm(parent, PLACE(OWN, i), &word, 8, true,
					false) != 8);
	}
	for (unsigned i = 0; i < NR_OWNERS; i++)
		spin_init(&slots[i].lock);
	nr_lives = last_asid = 0;
}

static void programs_end_while_others_look_at_them(void)
{
	struct thread *threads[NR_OWNERS + NR_WATCHERS + 1];
	const char *text = getenv("FAULTLINE_RACE_OPS");
	unsigned nr = 0;

	set_up();
	ops = text ? strtoull(text, NULL, 0) : DEFAULT_OPS;
	store_release(&nr_owning, NR_OWNERS);
	for (uintptr_t i = 0; i < NR_OWNERS; i++)
		threads[nr++] = host_thread_start(own, (void *)i);
	for (uintptr_t i = 0; i < NR_WATCHERS; i++)
		threads[nr++] = host_thread_start(watch, (void *)i);
	threads[nr++] = host_thread_start(truncate_and_shrink, NULL);
	while (nr)
		host_thread_join(threads[--nr]);
	tap_note("%u programs", nr_lives);
	mm_verify(parent);
	env_end();
}

static const struct tap_test tests[] = {
    TEST(programs_end_while_others_look_at_them),
};

TAP_MAIN(tests)
