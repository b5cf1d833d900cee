/* SPDX-License-Identifier: MIT */
/*
 * One test for each safeguard of areas and translations that mutate.py can take
 * out (mutants_order.c has the others): it passes with all
 * of them in place and fails, each time, without its own. Other harts' work is
 * put where it hurts by lock_hook(); see mutants.py for how this is run.
 */
#include "test/lock/mutants.h"

#include "mm/internal.h"
#include "mm/page.h"
#include "mm/pagetable.h"
#include "mm/slab.h"

#define SOON 200000000UL /* ns */

static struct mm_struct *other_mm;

static void wait_for_step(uint32_t n)
{
	while (load_acquire(&step) < n)
		machine_yield();
}

static void unmap_last_page(void *unused)
{
	(void)unused;
	do_munmap(the_mm, AT(3), PG);
}

static void shrink_when_found(enum lock_point point)
{
	if (point == HOOK_FOUND)
		elsewhere(unmap_last_page);
}

MM_TEST_ONCE(an_area_that_shrank_is_a_miss)
{
	struct vm_area_struct *vma;

	make();
	hook = shrink_when_found;
	vma = lock_vma_under_rcu(the_mm, AT(3));
	hook = NULL;
	CHECK(!vma);
}

static void move_to_other_mm(void *unused)
{
	(void)unused;
	do_munmap(the_mm, AT(0), 4 * PG);
	do_mmap(other_mm, NULL, AT(0), 4 * PG, RW, ANON | MAP_FIXED, 0);
}

static void reuse_when_found(enum lock_point point)
{
	if (point == HOOK_FOUND)
		elsewhere(move_to_other_mm);
}

MM_TEST_ONCE(an_area_of_another_mm_is_refused)
{
	struct vm_area_struct *vma;

	other_mm = env_mm();
	make();
	mmap_write_lock(the_mm); /* so that the two numbers differ */
	mmap_write_unlock(the_mm);
	hook = reuse_when_found;
	vma = lock_vma_under_rcu(the_mm, AT(1));
	hook = NULL;
	CHECK(vma_lookup(other_mm, AT(0)) == the_vma);
	CHECK(!vma);
	CHECK_EQ(the_vma->vm_refcnt, 1);
}

static void hold_for_writing(void *unused)
{
	(void)unused;
	mmap_write_lock(the_mm);
	vma_start_write(the_vma);
	store_release(&step, 1);
	wait_for_step(2);
	mmap_write_unlock(the_mm);
}

static void lock_when_looked(enum lock_point point)
{
	if (point == HOOK_LOOKED) {
		writer = host_thread_start(hold_for_writing, NULL);
		wait_for_step(1);
	}
}

MM_TEST_ONCE(an_area_locked_meanwhile_is_refused)
{
	struct vm_area_struct *vma;

	make();
	hook = lock_when_looked;
	vma = lock_vma_under_rcu(the_mm, AT(1));
	hook = NULL;
	store_release(&step, 2);
	host_thread_join(writer);
	CHECK(!vma);
}

static void write_lock(void *unused)
{
	(void)unused;
	mmap_write_lock(the_mm);
	vma_start_write(the_vma);
	store_release(&step, 1);
	mmap_write_unlock(the_mm);
}

MM_TEST_ONCE(a_writer_waits_for_readers)
{
	bool waits;

	make();
	CHECK(vma_start_read(the_mm, the_vma));
	writer = host_thread_start(write_lock, NULL);
	waits = writer_waits(1);
	vma_end_read(the_vma);
	host_thread_join(writer);
	CHECK(waits);
}

static void fork_it(void *unused)
{
	struct mm_struct *child;

	(void)unused;
	BUG_ON(mm_fork(the_mm, &child));
	store_release(&step, 1);
	mmput(child);
}

MM_TEST_ONCE(fork_waits_for_readers)
{
	bool waits;

	make();
	STORE(AT(1), 1);
	CHECK(vma_start_read(the_mm, the_vma));
	writer = host_thread_start(fork_it, NULL);
	waits = writer_waits(1);
	vma_end_read(the_vma);
	host_thread_join(writer);
	CHECK(waits);
}

static void move_it(void *unused)
{
	(void)unused;
	BUG_ON(do_mremap(the_mm, AT(0), 4 * PG, 4 * PG,
			 MREMAP_MAYMOVE | MREMAP_FIXED, AT(8)) != (long)AT(8));
	store_release(&step, 1);
}

/* It waits in any case before it unmaps the old place: that is too late. */
MM_TEST_ONCE(nothing_moves_before_the_readers_have_left)
{
	const pte_t *ptep;
	bool is_there;

	make();
	STORE(AT(1), 1);
	CHECK(vma_start_read(the_mm, the_vma));
	writer = host_thread_start(move_it, NULL);
	writer_waits(1);
	ptep = pt_walk(the_mm, AT(1));
	is_there = ptep && pte_is_present(pte_load(ptep));
	vma_end_read(the_vma);
	host_thread_join(writer);
	CHECK(is_there);
	CHECK_EQ(LOAD(AT(9)), 1);
}

static void lock_then_detach(void *unused)
{
	(void)unused;
	mmap_write_lock(the_mm);
	vma_start_write(the_vma);
	store_release(&step, 1);
	wait_for_step(2);
	vma_mark_detached(the_vma);
	store_release(&step, 3);
	vma_mark_attached(the_vma); /* it is in the tree still */
	mmap_write_unlock(the_mm);
}

static bool did_wait;

static void detach_around(enum lock_point point)
{
	if (point == HOOK_LOOKED) {
		writer = host_thread_start(lock_then_detach, NULL);
		wait_for_step(1);
	} else if (point == HOOK_TAKEN) {
		store_release(&step, 2);
		did_wait = writer_waits(3);
	}
}

/* The reader that came too late to be waited for by vma_start_write. */
MM_TEST_ONCE(detaching_waits_for_a_passing_reader)
{
	struct vm_area_struct *vma;

	make();
	hook = detach_around;
	vma = lock_vma_under_rcu(the_mm, AT(1));
	hook = NULL;
	wait_for_step(3);
	host_thread_join(writer);
	CHECK(!vma);
	CHECK(did_wait);
}

MM_TEST_ONCE(unmapped_pages_are_forgotten)
{
	make();
	STORE(AT(1), 1);
	env_mmap(the_mm, AT(4), 4, RW); /* the table stays */
	TRY_OK(do_munmap(the_mm, AT(0), 4 * PG));
	CHECK_ACCESS(AT(1), MMU_LOAD, SIGSEGV, SEGV_MAPERR);
}

/* Stays in the TLB as a pointer; pages alone are fenced in no_fence... */
MM_TEST_ONCE(freed_tables_are_forgotten)
{
	make();
	STORE(AT(1), 1);
	TRY_OK(do_munmap(the_mm, AT(0), 4 * PG));
	env_mmap(the_mm, AT(0), 4, RW);
	CHECK_EQ(LOAD(AT(1)), 0);
}

MM_TEST_ONCE(a_copied_page_is_forgotten)
{
	struct mm_struct *child;

	make();
	STORE(AT(1), 1);
	child = env_fork(the_mm);
	CHECK(child);
	env_switch(1, the_mm);
	CHECK_EQ(LOAD(AT(1)), 1);
	env_hart(0);
	STORE(AT(1), 2);
	env_hart(1);
	CHECK_EQ(LOAD(AT(1)), 2);
}

MM_TEST_ONCE(write_permission_is_forgotten_at_fork)
{
	struct mm_struct *child;

	make();
	STORE(AT(1), 1);
	child = env_fork(the_mm);
	STORE(AT(1), 2);
	env_switch(0, child);
	CHECK_EQ(LOAD(AT(1)), 1);
}

MM_TEST_ONCE(a_hart_elsewhere_forgets_later)
{
	make();
	STORE(AT(1), 1);
	env_switch(1, the_mm);
	LOAD(AT(1));
	env_switch(1, NULL);
	env_hart(0);
	TRY(do_madvise(the_mm, AT(1), PG, MADV_DONTNEED));
	env_switch(1, the_mm);
	CHECK_EQ(LOAD(AT(1)), 0);
}

/* Another thread has emptied the entry, and not fenced yet. */
MM_TEST_ONCE(whoever_finds_nothing_waits_for_the_fence)
{
	struct tlb_gather other;
	uint64_t word = 0, stval;

	make();
	STORE(AT(1), 1);
	tlb_gather_init(&other, the_mm, false);
	mmap_read_lock(the_mm);
	unmap_page_range(&other, the_vma, AT(1), AT(2));
	mmap_read_unlock(the_mm);
	CHECK_EQ(do_madvise(the_mm, AT(1), PG, MADV_DONTNEED), 0);
	CHECK_EQ(mmu_access(0, AT(1), &word, 8, MMU_LOAD, false, &stval),
		 MMU_LOAD_PAGE);
	tlb_gather_finish(&other);
}

static struct file *the_file;

static void truncate_file(void *unused)
{
	(void)unused;
	truncate_setsize(the_file->f_mapping, 0);
	store_release(&step, 1);
}

/* Until the truncation waits for the page, or is over. */
static void truncate_when_copied(enum lock_point point)
{
	if (point != HOOK_COPIED)
		return;
	hook = NULL;
	writer = host_thread_start(truncate_file, NULL);
	writer_waits(1);
}

static void copy_and_truncate(void)
{
	struct fault_report report;

	CHECK_EQ(TRY(do_mmap(the_mm, the_file, AT(8), PG, RW,
			     MAP_PRIVATE | MAP_FIXED, 0)),
		 AT(8));
	writer = NULL;
	hook = truncate_when_copied;
	CHECK_EQ(
	    mm_fault(the_mm, AT(8), FAULT_FLAG_WRITE | FAULT_FLAG_USER, &report)
		.bits,
	    0);
	hook = NULL;
	if (writer)
		host_thread_join(writer);
	else
		truncate_file(NULL); /* no hook in this program */
	CHECK_ACCESS(AT(8), MMU_LOAD, SIGBUS, BUS_ADRERR);
}

MM_TEST_ONCE(truncation_finds_a_copy_that_is_being_made)
{
	make();
	the_file = env_file(PG, 0);
	copy_and_truncate();
}

/* By file_write_private(): the owner need not be told. */
MM_TEST_ONCE(truncation_finds_a_copy_of_a_page_that_is_there)
{
	make();
	the_file = env_file(PG, 0);
	the_file->f_mapping->page_mkwrite = NULL;
	copy_and_truncate();
}

static void shrink_stable(void *unused)
{
	(void)unused;
	kmem_shrink_stable();
	store_release(&step, 1);
}

/* Memory of one type may change its type when no reader is left. */
MM_TEST_ONCE(type_stable_memory_waits_for_rcu)
{
	uint64_t end;
	bool waits;

	make();
	rcu_read_lock();
	writer = host_thread_start(shrink_stable, NULL);
	end = machine_clock() + SOON;
	while (machine_clock() < end && !load_acquire(&step))
		machine_yield();
	waits = !load_acquire(&step);
	rcu_read_unlock();
	host_thread_join(writer);
	CHECK(waits);
}

static const struct tap_test tests[] = {
    ENTRY(an_area_that_shrank_is_a_miss),
    ENTRY(an_area_of_another_mm_is_refused),
    ENTRY(an_area_locked_meanwhile_is_refused),
    ENTRY(a_writer_waits_for_readers),
    ENTRY(fork_waits_for_readers),
    ENTRY(nothing_moves_before_the_readers_have_left),
    ENTRY(detaching_waits_for_a_passing_reader),
    ENTRY(unmapped_pages_are_forgotten),
    ENTRY(freed_tables_are_forgotten),
    ENTRY(a_copied_page_is_forgotten),
    ENTRY(write_permission_is_forgotten_at_fork),
    ENTRY(a_hart_elsewhere_forgets_later),
    ENTRY(whoever_finds_nothing_waits_for_the_fence),
    ENTRY(truncation_finds_a_copy_that_is_being_made),
    ENTRY(truncation_finds_a_copy_of_a_page_that_is_there),
    ENTRY(type_stable_memory_waits_for_rcu),
};

TAP_MAIN(tests)
