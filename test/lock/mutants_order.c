/* SPDX-License-Identifier: MIT */
/*
 * As mutants.c, for what the locks of reverse maps and page tables guard and
 * for the order of steps in a shootdown. Most tests hold the lock, or are at a
 * point where it must be held, and let another hart do what has to wait for it:
 * that thread is seen to wait, or has not waited.
 *
 * Where a program has no hook, what hangs on it is not asked for.
 */
#include "test/lock/mutants.h"

#include "mm/internal.h"
#include "mm/page.h"
#include "mm/pagetable.h"
#include "mm/rmap.h"

#define FILE_AT AT(16)

static bool was_called, waits;
static void (*work)(void *unused);
static struct file *the_file;

static struct page *page_at(vaddr_t va)
{
	const pte_t *ptep = pt_walk(the_mm, va);

	CHECK(ptep && pte_is_present(pte_load(ptep)));
	return pfn_to_page(pte_pfn(pte_load(ptep)));
}

static void do_work(void *unused)
{
	work(unused);
	store_release(&step, 1);
}

/* Let another hart begin; the caller holds something that it needs. */
static void begin(void (*fn)(void *unused))
{
	work = fn;
	writer = host_thread_start(do_work, NULL);
	waits = writer_waits(1);
}

static void end(void)
{
	host_thread_join(writer);
	env_step(__FILE__, __LINE__);
}

static void discard_it(void *unused)
{
	(void)unused;
	CHECK_EQ(do_madvise(the_mm, AT(0), 4 * PG, MADV_DONTNEED), 0);
}

static void unmap_it(void *unused)
{
	(void)unused;
	CHECK_EQ(do_munmap(the_mm, AT(0), 4 * PG), 0);
}

static void shrink_it(void *unused)
{
	(void)unused;
	CHECK_EQ(do_munmap(the_mm, AT(2), 2 * PG), 0);
}

static void protect_it(void *unused)
{
	(void)unused;
	CHECK_EQ(do_mprotect(the_mm, AT(0), 4 * PG, PROT_READ), 0);
}

static void move_it(void *unused)
{
	(void)unused;
	CHECK_EQ(do_mremap(the_mm, AT(0), 4 * PG, 4 * PG,
			   MREMAP_MAYMOVE | MREMAP_FIXED, AT(8)),
		 AT(8));
}

static void fork_it(void *unused)
{
	struct mm_struct *child;

	(void)unused;
	CHECK_EQ(mm_fork(the_mm, &child), 0);
	store_release(&step, 1); /* the child's end waits in any case */
	mmput(child);
}

static void fault_at(vaddr_t va)
{
	struct fault_report report;

	CHECK_EQ(
	    mm_fault(the_mm, va, FAULT_FLAG_WRITE | FAULT_FLAG_USER, &report)
		.bits,
	    0);
}

static void fault_in_it(void *unused)
{
	(void)unused;
	fault_at(AT(2));
}

/* The walk is inside an area while another hart does its work. */
static bool begin_in_walk(void *fn, struct vm_area_struct *vma, vaddr_t va)
{
	(void)vma, (void)va;
	begin(*(void (**)(void *))fn);
	return true; /* the next area may be gone */
}

static void check_walk(void (*fn)(void *unused))
{
	CHECK(rmap_walk(page_at(AT(1)), begin_in_walk, &fn));
	end();
	CHECK(waits);
}

/* A child keeps the family, so that it is the area that is looked at. */
MM_TEST_ONCE(areas_stay_while_they_are_walked)
{
	make();
	STORE(AT(1), 1);
	env_fork(the_mm);
	check_walk(unmap_it);
}

MM_TEST_ONCE(no_child_is_born_into_a_family_that_is_walked)
{
	make();
	STORE(AT(1), 1);
	check_walk(fork_it);
}

MM_TEST_ONCE(no_area_shrinks_while_it_is_walked)
{
	make();
	STORE(AT(1), 1);
	check_walk(shrink_it);
}

static void fault_next_door(void *unused)
{
	(void)unused;
	fault_at(AT(5));
}

/* The neighbour takes over the anon_vma: they could merge one day. */
MM_TEST_ONCE(no_area_joins_a_family_that_is_walked)
{
	make();
	STORE(AT(1), 1);
	env_mmap(the_mm, AT(4), 4, RWX);
	check_walk(fault_next_door);
	CHECK(vma_lookup(the_mm, AT(4))->anon_vma == the_vma->anon_vma);
}

static struct page *the_page;
static unsigned nr_found;

static bool count_if_mapped(void *unused, struct vm_area_struct *vma,
			    vaddr_t va)
{
	const pte_t *ptep = pt_walk(vma->vm_mm, va);

	(void)unused;
	nr_found += ptep && pte_pfn(pte_load(ptep)) == page_to_pfn(the_page);
	return false;
}

static void look_for_it(void *unused)
{
	(void)unused;
	rmap_walk(the_page, count_if_mapped, NULL);
}

static void truncate_it(void *unused)
{
	(void)unused;
	truncate_setsize(the_file->f_mapping, 0);
}

static void (*rival)(void *unused);

static void begin_when_moving(enum lock_point point)
{
	if (point != HOOK_MOVING)
		return;
	hook = NULL;
	was_called = true;
	begin(rival);
}

MM_TEST_ONCE(a_page_that_moves_is_not_looked_for)
{
	make();
	STORE(AT(1), 1);
	the_page = page_at(AT(1));
	was_called = false;
	nr_found = 0;
	rival = look_for_it;
	hook = begin_when_moving;
	move_it(NULL);
	if (!was_called)
		return;
	end();
	CHECK(waits);
	CHECK_EQ(nr_found, 1);
}

/* A page of a file at FILE_AT, written to if it is private. */
static void make_file(unsigned flags)
{
	make();
	the_file = env_file(4 * PG, 0);
	CHECK_EQ(TRY(do_mmap(the_mm, the_file, FILE_AT, 4 * PG, RW,
			     flags | MAP_FIXED, 0)),
		 FILE_AT);
	STORE(FILE_AT, 1);
}

static void move_file(void)
{
	CHECK_EQ(do_mremap(the_mm, FILE_AT, 4 * PG, 4 * PG,
			   MREMAP_MAYMOVE | MREMAP_FIXED, FILE_AT + 8 * PG),
		 FILE_AT + 8 * PG);
}

MM_TEST_ONCE(truncation_waits_for_pages_that_move)
{
	make_file(MAP_SHARED);
	was_called = false;
	rival = truncate_it;
	hook = begin_when_moving;
	move_file();
	if (!was_called)
		return;
	end();
	CHECK(waits);
	CHECK_EQ(env_resident(the_mm, FILE_AT, FILE_AT + 16 * PG), 0);
}

static bool was_held;

static void look_at_file_lock(void)
{
	was_held |= rwsem_is_mine(&the_file->f_mapping->i_mmap_rwsem);
}

MM_TEST_ONCE(pages_that_move_are_fenced_under_the_file_lock)
{
	make_file(MAP_SHARED);
	was_held = false;
	env_before_fence = look_at_file_lock;
	move_file();
	env_before_fence = NULL;
	CHECK(was_held);
}

/* What changes entries waits for who has locked their table. */
static void check_table_lock(void (*fn)(void *unused))
{
	struct spinlock *ptl;
	pte_t *ptep;
	bool is_untouched;

	make();
	STORE(AT(1), 1);
	ptep = pt_walk(the_mm, AT(1));
	ptl = pte_lockptr(ptep);
	spin_lock(ptl);
	begin(fn);
	/* What comes later may wait in any case. */
	is_untouched = pte_has(pte_load(ptep), PTE_W);
	spin_unlock(ptl);
	end();
	CHECK(waits);
	CHECK(is_untouched);
}

MM_TEST_ONCE(mremap_waits_for_the_table_lock)
{
	check_table_lock(move_it);
}

MM_TEST_ONCE(fork_waits_for_the_table_lock)
{
	check_table_lock(fork_it);
}

MM_TEST_ONCE(discarding_waits_for_the_table_lock)
{
	check_table_lock(discard_it);
}

MM_TEST_ONCE(mprotect_waits_for_the_table_lock)
{
	check_table_lock(protect_it);
}

static void read_it(void *unused)
{
	uint64_t word;

	(void)unused;
	CHECK_EQ(access_remote_vm(the_mm, AT(1), &word, 8, false, false), 8);
}

MM_TEST_ONCE(a_remote_access_waits_for_the_table_lock)
{
	check_table_lock(read_it);
}

MM_TEST_ONCE(a_fault_waits_for_the_table_lock)
{
	check_table_lock(fault_in_it);
}

static struct page *came_first;

static void fault_first(void *unused)
{
	fault_in_it(unused);
	came_first = page_at(AT(2));
}

static void be_second_when_reserved(enum lock_point point)
{
	if (point != HOOK_RESERVED)
		return;
	hook = NULL;
	elsewhere(fault_first);
}

static void fault_when_made(enum lock_point point)
{
	if (point != HOOK_FAMILY_MADE)
		return;
	hook = NULL;
	elsewhere(fault_in_it);
}

MM_TEST_ONCE(an_area_gets_one_anon_vma)
{
	make();
	hook = fault_when_made;
	fault_at(AT(1));
	hook = NULL;
	env_step(__FILE__, __LINE__);
}

MM_TEST_ONCE(the_second_page_is_given_back)
{
	make();
	STORE(AT(1), 1);
	came_first = NULL;
	hook = be_second_when_reserved;
	fault_in_it(NULL);
	hook = NULL;
	CHECK(!came_first || page_at(AT(2)) == came_first);
	env_step(__FILE__, __LINE__);
}

static void wait_when_released(enum lock_point point)
{
	if (point != HOOK_RELEASED)
		return;
	hook = NULL;
	store_release(&step, 1);
	while (load_acquire(&step) != 2)
		machine_yield();
}

static vm_fault_t the_fault;

static void fault_in_vain(void *unused)
{
	struct fault_report report;

	(void)unused;
	the_fault = mm_fault(the_mm, AT(1), FAULT_FLAG_WRITE | FAULT_FLAG_USER,
			     &report);
}

/* The area's lock is given back, and the area becomes one of another mm. */
MM_TEST_ONCE(a_fault_goes_on_where_it_began)
{
	struct mm_struct *other;

	make();
	other = env_mm();
	hook = wait_when_released;
	CHECK_EQ(mmap_write_lock_killable(the_mm), 0);
	writer = host_thread_start(fault_in_vain, NULL);
	/* Without hooks it waits for the lock instead. */
	was_called = !writer_waits(1);
	mmap_write_unlock(the_mm);
	if (was_called) {
		CHECK_EQ(do_munmap(the_mm, AT(0), 4 * PG), 0);
		env_mmap(other, AT(0), 4, RW);
		CHECK(vma_lookup(other, AT(0)) == the_vma);
		store_release(&step, 2);
	}
	host_thread_join(writer);
	CHECK_EQ(the_fault.bits, was_called ? VM_FAULT_SIGSEGV : 0);
	CHECK_EQ(env_resident(other, AT(0), AT(4)), 0);
}

static void use_more(void *unused)
{
	(void)unused;
	for (unsigned i = 8; i < 16; i++)
		fault_at(AT(i));
	CHECK_EQ(do_madvise(the_mm, AT(8), 8 * PG, MADV_DONTNEED), 0);
}

static void use_more_when_counted(enum lock_point point)
{
	if (point != HOOK_COUNTED)
		return;
	hook = NULL;
	was_called = true;
	elsewhere(use_more);
}

/* Eight pages beside the one that is just going, and still counts. */
MM_TEST_ONCE(no_peak_is_lost)
{
	make();
	env_mmap(the_mm, AT(8), 8, RW);
	STORE(AT(1), 1);
	was_called = false;
	hook = use_more_when_counted;
	discard_it(NULL);
	hook = NULL;
	CHECK_EQ(mm_hiwater_rss(the_mm), was_called ? 9 : 1);
}

static void begin_when_none_is_seen(enum lock_point point)
{
	if (point != HOOK_TABLE_SEEN)
		return;
	hook = NULL;
	was_called = true;
	begin(fault_in_it);
}

/* The first page of the area: no table is there. */
MM_TEST_ONCE(a_table_waits_for_one_that_is_being_hooked_in)
{
	make();
	was_called = false;
	hook = begin_when_none_is_seen;
	fault_at(AT(1));
	hook = NULL;
	if (!was_called)
		return;
	end();
	CHECK(waits);
}

static void be_second_when_made(enum lock_point point)
{
	if (point != HOOK_TABLE_MADE)
		return;
	hook = NULL;
	elsewhere(fault_first);
}

MM_TEST_ONCE(the_second_table_is_given_back)
{
	make();
	came_first = NULL;
	hook = be_second_when_made;
	fault_at(AT(1));
	hook = NULL;
	CHECK(!came_first || page_at(AT(2)) == came_first);
	env_step(__FILE__, __LINE__);
}

static struct fault_report report;

static void fault_in_file(void *unused)
{
	(void)unused;
	mm_fault(the_mm, FILE_AT + PG, FAULT_FLAG_WRITE | FAULT_FLAG_USER,
		 &report);
}

static void fault_when_unmapped(enum lock_point point)
{
	if (point != HOOK_UNMAPPED)
		return;
	hook = NULL;
	elsewhere(fault_in_file);
}

MM_TEST_ONCE(truncation_finds_what_was_mapped_meanwhile)
{
	make_file(MAP_SHARED);
	hook = fault_when_unmapped;
	truncate_hole(the_file->f_mapping, 0, 4);
	hook = NULL;
	CHECK_EQ(env_resident(the_mm, FILE_AT, FILE_AT + 4 * PG), 0);
}

MM_TEST_ONCE(truncation_waits_for_the_page_lock)
{
	make_file(MAP_SHARED);
	the_page = filemap_find(the_file->f_mapping, 0);
	page_lock(the_page);
	begin(truncate_it);
	CHECK(the_page->mapping == the_file->f_mapping);
	page_unlock(the_page);
	end();
	CHECK(waits);
	page_put(the_page);
}

MM_TEST_ONCE(no_hole_is_filled_during_truncation)
{
	struct rwsem *lock;

	make_file(MAP_SHARED);
	lock = &the_file->f_mapping->invalidate_lock;
	truncate_hole(the_file->f_mapping, 0, 4);
	down_write(lock);
	begin(fault_in_file);
	up_write(lock);
	end();
	CHECK(waits);
}

static void truncate_when_found(enum lock_point point)
{
	if (point != HOOK_PAGE_FOUND)
		return;
	hook = NULL;
	was_called = true;
	page_unlock(the_page);
	elsewhere(truncate_it);
}

/* The page is locked, so the fault goes the long way to it. */
MM_TEST_ONCE(no_copy_is_made_of_a_page_that_is_gone)
{
	make_file(MAP_PRIVATE);
	the_page = filemap_find(the_file->f_mapping, 1);
	page_lock(the_page);
	was_called = false;
	hook = truncate_when_found;
	begin(fault_in_file);
	hook = NULL;
	if (waits) /* for the page */
		page_unlock(the_page);
	end();
	page_put(the_page);
	if (was_called)
		CHECK_EQ(report.signal, SIGBUS);
}

static unsigned nr_forked;

static void truncate_when_file_is_copied(enum lock_point point)
{
	if (point == HOOK_FORKED && nr_forked++ == 1)
		elsewhere(truncate_it);
}

/* The second area is the file's; its copy is in the child by now. */
MM_TEST_ONCE(truncation_finds_a_child_being_made)
{
	struct mm_struct *child;

	make_file(MAP_PRIVATE);
	nr_forked = 0;
	hook = truncate_when_file_is_copied;
	CHECK_EQ(mm_fork(the_mm, &child), 0);
	hook = NULL;
	if (!nr_forked)
		truncate_it(NULL);
	CHECK_EQ(env_resident(the_mm, FILE_AT, FILE_AT + 4 * PG), 0);
	CHECK_EQ(env_resident(child, FILE_AT, FILE_AT + 4 * PG), 0);
	mmput(child);
}

/* Another hart knows the page, and has other things to do. */
static void make_with_memory_elsewhere(void)
{
	make();
	STORE(AT(1), 1);
	env_switch(1, the_mm);
	CHECK_EQ(LOAD(AT(1)), 1);
	env_switch(1, NULL);
	env_hart(0);
}

static enum lock_point moment;

static void come_back(enum lock_point point)
{
	if (point != moment)
		return;
	hook = NULL;
	env_switch(1, the_mm);
	env_hart(0);
}

static void check_that_it_forgets(enum lock_point when)
{
	make_with_memory_elsewhere();
	moment = when;
	hook = come_back;
	discard_it(NULL);
	hook = NULL;
	env_switch(1, the_mm);
	CHECK_EQ(LOAD(AT(1)), 0);
}

MM_TEST_ONCE(a_hart_that_comes_during_a_fence_is_fenced)
{
	check_that_it_forgets(HOOK_HARTS_SEEN);
}

MM_TEST_ONCE(a_hart_that_comes_late_finds_its_mark)
{
	check_that_it_forgets(HOOK_MARKED);
}

static bool is_there, is_shown;

static void look_at_page(void)
{
	is_there = the_page->type == PAGE_ANON && page_mapcount(the_page) == 1;
	is_shown = pte_is_present(pte_load(pt_walk(the_mm, AT(1))));
}

MM_TEST_ONCE(pages_are_kept_until_the_fence)
{
	make();
	STORE(AT(1), 1);
	the_page = page_at(AT(1));
	is_there = false;
	env_before_fence = look_at_page;
	discard_it(NULL);
	env_before_fence = NULL;
	CHECK(is_there);
}

MM_TEST_ONCE(a_copy_does_not_show_before_the_fence)
{
	make();
	STORE(AT(1), 1);
	the_page = page_at(AT(1));
	env_fork(the_mm);
	is_shown = true;
	env_before_fence = look_at_page;
	fault_at(AT(1));
	env_before_fence = NULL;
	CHECK(!is_shown);
	CHECK(page_at(AT(1)) != the_page);
}

static const struct tap_test tests[] = {
    ENTRY(areas_stay_while_they_are_walked),
    ENTRY(no_child_is_born_into_a_family_that_is_walked),
    ENTRY(no_area_shrinks_while_it_is_walked),
    ENTRY(no_area_joins_a_family_that_is_walked),
    ENTRY(a_page_that_moves_is_not_looked_for),
    ENTRY(truncation_waits_for_pages_that_move),
    ENTRY(pages_that_move_are_fenced_under_the_file_lock),
    ENTRY(mremap_waits_for_the_table_lock),
    ENTRY(fork_waits_for_the_table_lock),
    ENTRY(discarding_waits_for_the_table_lock),
    ENTRY(mprotect_waits_for_the_table_lock),
    ENTRY(a_fault_waits_for_the_table_lock),
    ENTRY(the_second_page_is_given_back),
    ENTRY(a_fault_goes_on_where_it_began),
    ENTRY(no_peak_is_lost),
    ENTRY(a_table_waits_for_one_that_is_being_hooked_in),
    ENTRY(the_second_table_is_given_back),
    ENTRY(truncation_finds_what_was_mapped_meanwhile),
    ENTRY(truncation_waits_for_the_page_lock),
    ENTRY(no_hole_is_filled_during_truncation),
    ENTRY(a_remote_access_waits_for_the_table_lock),
    ENTRY(an_area_gets_one_anon_vma),
    ENTRY(no_copy_is_made_of_a_page_that_is_gone),
    ENTRY(truncation_finds_a_child_being_made),
    ENTRY(a_hart_that_comes_during_a_fence_is_fenced),
    ENTRY(a_hart_that_comes_late_finds_its_mark),
    ENTRY(pages_are_kept_until_the_fence),
    ENTRY(a_copy_does_not_show_before_the_fence),
};

TAP_MAIN(tests)
