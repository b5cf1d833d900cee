/* SPDX-License-Identifier: MIT */
/*
 * Threads of one address space, each on a hart of its own with a TLB of its
 * own, while the main thread changes the address space under them. What a
 * thread wrote it must read again, wherever the page has gone meanwhile.
 */
#include "test/host/mm_env.h"

#define BASE	   0x10000000UL
#define AT(n)	   (BASE + (n)*PG)
#define NR_THREADS 3
#define NR_ROUNDS  12
#define NR_PAGES   16

static struct mm_struct *the_mm;
static uint32_t is_over;  /* atomic */
static uint32_t nr_tries; /* atomic: accesses, in vain or not */

/* A thread's word in each page, and what it must be. */
struct worker {
	struct thread *thread;
	unsigned number;
	vaddr_t base, other; /* where the pages are: here or there */
	bool may_vanish;     /* words may become 0 at any time */
	uint64_t value[NR_PAGES];
};

static struct worker workers[NR_THREADS];

/* As the trap handler goes about it. False: a signal. */
static bool touch(vaddr_t va, uint64_t *word, enum mmu_access access)
{
	uint32_t flags =
	    FAULT_FLAG_USER |
	    (access == MMU_LOAD ? FAULT_FLAG_READ : FAULT_FLAG_WRITE);
	struct fault_report report;
	uint64_t stval;

	while (mmu_access(machine_hart(), va, word, 8, access, false, &stval) !=
	       MMU_DONE) {
		vm_fault_t fault = mm_fault(the_mm, stval, flags, &report);

		if (vm_fault_has(fault, VM_FAULT_ERROR))
			return false;
	}
	return true;
}

static vaddr_t word_of(const struct worker *w, vaddr_t base, unsigned page)
{
	return base + page * PG + w->number * 8;
}

static void load_word(struct worker *w, vaddr_t base, unsigned page)
{
	uint64_t word = 0;

	if (!touch(word_of(w, base, page), &word, MMU_LOAD))
		return;
	if (w->may_vanish && !word)
		w->value[page] = 0;
	CHECK_EQ(word, w->value[page]);
}

static void store_word(struct worker *w, vaddr_t base, unsigned page)
{
	uint64_t next = w->value[page] + 1, word = next;

	if (touch(word_of(w, base, page), &word, MMU_STORE))
		w->value[page] = next;
}

static void work(void *arg)
{
	struct worker *w = arg;
	struct rng rng;

	rng_init(&rng, tap_seed() + w->number);
	env_switch(machine_hart(), the_mm);
	while (!load_acquire(&is_over)) {
		unsigned page = rng_below(&rng, NR_PAGES);
		vaddr_t base = rng_below(&rng, 2) ? w->other : w->base;

		if (rng_below(&rng, 2))
			load_word(w, base, page);
		else
			store_word(w, base, page);
		fetch_add_relaxed(&nr_tries, 1);
	}
	env_switch(machine_hart(), NULL);
}

static void start(vaddr_t base, vaddr_t other, bool may_vanish)
{
	is_over = 0;
	nr_tries = 0;
	for (unsigned i = 0; i < NR_THREADS; i++) {
		workers[i] = (struct worker){
		    .number = i,
		    .base = base,
		    .other = other,
		    .may_vanish = may_vanish,
		};
		workers[i].thread = host_thread_start(work, &workers[i]);
	}
}

/* Let the threads do something between two changes. */
static void let_them(unsigned nr)
{
	uint32_t until = load_relaxed(&nr_tries) + nr;

	while (load_relaxed(&nr_tries) < until)
		machine_yield();
}

static void stop(void)
{
	store_release(&is_over, 1);
	for (unsigned i = 0; i < NR_THREADS; i++)
		host_thread_join(workers[i].thread);
	env_step(__FILE__, __LINE__);
}

/* Every word of every thread, found at `base`. */
static void check_words(vaddr_t base)
{
	for (unsigned i = 0; i < NR_THREADS; i++)
		for (unsigned page = 0; page < NR_PAGES; page++)
			CHECK_EQ(LOAD(word_of(&workers[i], base, page)),
				 workers[i].value[page]);
}

MM_TEST_ONCE(neighbours_come_and_go)
{
	the_mm = env_mm();
	env_mmap(the_mm, AT(100), NR_PAGES, RW);
	start(AT(100), AT(100), false);
	for (unsigned i = 0; i < NR_ROUNDS; i++) {
		vaddr_t va = i & 1 ? AT(100 + NR_PAGES) : AT(90);

		CHECK_EQ(do_mmap(the_mm, NULL, va, 10 * PG, RW,
				 ANON | MAP_FIXED | MAP_POPULATE, 0),
			 va);
		let_them(20);
		CHECK_EQ(do_munmap(the_mm, va, 10 * PG), 0);
	}
	stop();
	check_words(AT(100));
}

MM_TEST_ONCE(permissions_come_and_go)
{
	the_mm = env_mm();
	env_mmap(the_mm, AT(100), NR_PAGES, RW);
	start(AT(100), AT(100), false);
	for (unsigned i = 0; i < NR_ROUNDS; i++) {
		unsigned first = i % NR_PAGES;

		CHECK_EQ(do_mprotect(the_mm, AT(100 + first),
				     (NR_PAGES - first) * PG,
				     i & 1 ? PROT_READ : PROT_NONE),
			 0);
		let_them(10);
		CHECK_EQ(do_mprotect(the_mm, AT(100), NR_PAGES * PG, RW), 0);
		let_them(10);
	}
	stop();
	check_words(AT(100));
}

/* No write may be lost to a copy that is being made. */
MM_TEST_ONCE(children_are_born)
{
	the_mm = env_mm();
	env_mmap(the_mm, AT(100), NR_PAGES, RW);
	start(AT(100), AT(100), false);
	for (unsigned i = 0; i < NR_ROUNDS; i++) {
		struct mm_struct *child;

		CHECK_EQ(mm_fork(the_mm, &child), 0);
		let_them(30);
		mm_verify(child);
		mmput(child);
		let_them(10);
	}
	stop();
	check_words(AT(100));
}

MM_TEST_ONCE(the_pages_are_moved)
{
	unsigned flags = MREMAP_MAYMOVE | MREMAP_FIXED;

	the_mm = env_mm();
	env_mmap(the_mm, AT(100), NR_PAGES, RW);
	start(AT(100), AT(1000), false);
	for (unsigned i = 0; i < NR_ROUNDS; i++) {
		CHECK_EQ(do_mremap(the_mm, AT(100), NR_PAGES * PG,
				   NR_PAGES * PG, flags, AT(1000)),
			 AT(1000));
		let_them(20);
		CHECK_EQ(do_mremap(the_mm, AT(1000), NR_PAGES * PG,
				   NR_PAGES * PG, flags, AT(100)),
			 AT(100));
		let_them(20);
	}
	stop();
	check_words(AT(100));
}

MM_TEST_ONCE(the_pages_are_dropped)
{
	the_mm = env_mm();
	env_mmap(the_mm, AT(100), NR_PAGES, RW);
	start(AT(100), AT(100), true);
	for (unsigned i = 0; i < NR_ROUNDS; i++) {
		CHECK_EQ(
		    do_madvise(the_mm, AT(100 + i % 8), 8 * PG, MADV_DONTNEED),
		    0);
		let_them(20);
	}
	stop();
}

MM_TEST_ONCE(the_area_comes_and_goes)
{
	the_mm = env_mm();
	start(AT(100), AT(100), true);
	for (unsigned i = 0; i < NR_ROUNDS; i++) {
		CHECK_EQ(do_mmap(the_mm, NULL, AT(100), NR_PAGES * PG, RW,
				 ANON | MAP_FIXED, 0),
			 AT(100));
		let_them(20);
		CHECK_EQ(do_munmap(the_mm, AT(100), NR_PAGES * PG), 0);
	}
	CHECK_EQ(do_mmap(the_mm, NULL, AT(100), NR_PAGES * PG, RW,
			 ANON | MAP_FIXED, 0),
		 AT(100));
	let_them(20);
	stop();
}

/* is_told: the file hears of writes; else they are mapped without its lock. */
static void shrink_and_grow(bool is_told)
{
	struct file *file = env_file(0, 0);

	if (!is_told)
		env_inode(file)->mapping.page_mkwrite = NULL;
	the_mm = env_mm();
	CHECK_EQ(do_mmap(the_mm, file, AT(100), NR_PAGES * PG, RW,
			 MAP_SHARED | MAP_FIXED, 0),
		 AT(100));
	CHECK_EQ(do_mmap(the_mm, file, AT(200), NR_PAGES * PG, RW,
			 MAP_PRIVATE | MAP_FIXED, 0),
		 AT(200));
	start(AT(100), AT(100), true);
	for (unsigned i = 0; i < NR_ROUNDS; i++) {
		truncate_setsize(file->f_mapping, NR_PAGES * PG);
		let_them(20);
		truncate_setsize(file->f_mapping, i % NR_PAGES * PG);
		let_them(5);
	}
	truncate_setsize(file->f_mapping, 0);
	stop();
	CHECK_EQ(env_resident(the_mm, AT(100), AT(100 + NR_PAGES)), 0);
}

MM_TEST_ONCE(the_file_shrinks_and_grows)
{
	shrink_and_grow(true);
}

MM_TEST_ONCE(a_file_that_hears_of_no_write_shrinks_and_grows)
{
	shrink_and_grow(false);
}

static const struct tap_test tests[] = {
    ENTRY(neighbours_come_and_go),
    ENTRY(permissions_come_and_go),
    ENTRY(children_are_born),
    ENTRY(the_pages_are_moved),
    ENTRY(the_pages_are_dropped),
    ENTRY(the_area_comes_and_goes),
    ENTRY(the_file_shrinks_and_grows),
    ENTRY(a_file_that_hears_of_no_write_shrinks_and_grows),
};

TAP_MAIN(tests)
