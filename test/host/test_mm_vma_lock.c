/* SPDX-License-Identifier: MIT */
/* The areas' locks: reference count, sequence number, guards, waiting. */
#include "test/host/mm_env.h"

#include "mm/vma.h"
#include "mm/vmstat.h"

#define BASE  0x10000000UL
#define AT(n) (BASE + (n)*PG)

static struct mm_struct *the_mm;
static struct vm_area_struct *the_vma;

/* One area of four pages. */
static void make(void)
{
	the_mm = env_mm();
	env_mmap(the_mm, AT(0), 4, RW);
	the_vma = vma_lookup(the_mm, AT(0));
	CHECK(the_vma);
}

MM_TEST(readers_share_an_area)
{
	make();
	CHECK_EQ(the_vma->vm_refcnt, 1);
	CHECK(vma_start_read(the_mm, the_vma));
	CHECK(vma_start_read(the_mm, the_vma));
	CHECK_EQ(the_vma->vm_refcnt, 3);
	vma_assert_locked(the_vma);
	vma_end_read(the_vma);
	vma_end_read(the_vma);
	CHECK_EQ(the_vma->vm_refcnt, 1);
}

MM_TEST(a_write_locked_area_refuses_readers_until_the_mm_is_unlocked)
{
	make();
	mmap_write_lock(the_mm);
	CHECK(!vma_is_write_locked(the_vma));
	vma_start_write(the_vma);
	vma_start_write(the_vma);
	vma_assert_write_locked(the_vma);
	CHECK(vma_is_write_locked(the_vma));
	CHECK(!vma_start_read(the_mm, the_vma));
	CHECK(!lock_vma_under_rcu(the_mm, AT(0)));
	mmap_write_unlock(the_mm);
	CHECK(vma_start_read(the_mm, the_vma));
	vma_end_read(the_vma);

	mmap_write_lock(the_mm);
	vma_start_write(the_vma);
	mmap_write_downgrade(the_mm);
	CHECK(vma_start_read(the_mm, the_vma));
	vma_end_read(the_vma);
	mmap_assert_locked(the_mm);
	mmap_read_unlock(the_mm);
}

MM_TEST(a_detached_area_or_one_of_another_mm_is_refused)
{
	struct mm_struct *other;
	struct vm_area_struct *vma;

	make();
	other = env_mm();
	CHECK(!vma_start_read(other, the_vma));
	CHECK_EQ(the_vma->vm_refcnt, 1);
	vma = vm_area_alloc(the_mm);
	if (!vma) {
		CHECK(env_injected());
		return;
	}
	vma_assert_detached(vma);
	CHECK(!vma_start_read(the_mm, vma));
	vm_area_free(vma);
}

MM_TEST(the_number_of_readers_is_bounded)
{
	make();
	store_relaxed(&the_vma->vm_refcnt, VMA_REF_LIMIT);
	CHECK(!vma_start_read(the_mm, the_vma));
	store_relaxed(&the_vma->vm_refcnt, VMA_REF_LIMIT - 1);
	CHECK(vma_start_read(the_mm, the_vma));
	store_relaxed(&the_vma->vm_refcnt, 2);
	vma_end_read(the_vma);
}

/* After 2^32 write locks an old number comes again: slow, not wrong. */
MM_TEST(overflow_of_the_sequence_costs_only_the_slow_path)
{
	make();
	mmap_write_lock(the_mm);
	vma_start_write(the_vma);
	store_relaxed(&the_mm->mm_lock_seq, ~0U);
	store_relaxed(&the_vma->vm_lock_seq, 0);
	mmap_write_unlock(the_mm);
	CHECK_EQ(the_mm->mm_lock_seq, 0);
	CHECK(vma_is_write_locked(the_vma)); /* it only looks so */
	CHECK(!vma_start_read(the_mm, the_vma));
	STORE(AT(1), 5); /* under mmap_lock */
	CHECK_EQ(LOAD(AT(1)), 5);
	mmap_write_lock(the_mm);
	mmap_write_unlock(the_mm);
	CHECK(vma_start_read(the_mm, the_vma));
	vma_end_read(the_vma);
}

MM_TEST(the_lockless_search_finds_or_misses)
{
	struct vm_area_struct *vma;
	uint64_t misses, aborts;

	make();
	env_mmap(the_mm, AT(10), 2, PROT_READ);
	env_mmap(the_mm, AT(20), 2, PROT_READ);
	misses = vm_event_sum(VMA_LOCK_MISS);
	aborts = vm_event_sum(VMA_LOCK_ABORT);
	for (unsigned i = 0; i < 24; i++) {
		bool there = i < 4 || i == 10 || i == 11 || i == 20 || i == 21;

		vma = lock_vma_under_rcu(the_mm, AT(i) + 100);
		CHECK_EQ(vma != NULL, there);
		if (vma) {
			CHECK(vma->vm_start <= AT(i) && vma->vm_end > AT(i));
			vma_end_read(vma);
		}
	}
	CHECK_EQ(vm_event_sum(VMA_LOCK_MISS), misses + 16);
	CHECK_EQ(vm_event_sum(VMA_LOCK_ABORT), aborts);
	mmap_write_lock(the_mm);
	vma_start_write(the_vma);
	CHECK(!lock_vma_under_rcu(the_mm, AT(0)));
	mmap_write_unlock(the_mm);
	CHECK_EQ(vm_event_sum(VMA_LOCK_ABORT), aborts + 1);
}

MM_TEST(a_guard_releases_what_it_holds_once)
{
	struct vma_guard guard;

	make();
	guard = (struct vma_guard){.mm = the_mm, .kind = GUARD_VMA};
	guard.vma = lock_vma_under_rcu(the_mm, AT(0));
	CHECK(guard.vma);
	vma_guard_release(&guard);
	CHECK_EQ(guard.kind, GUARD_CONSUMED);
	CHECK(!guard.vma);
	CHECK_EQ(the_vma->vm_refcnt, 1);
	CHECK(EXPECT_BUG(vma_guard_release(&guard)));

	mmap_read_lock(the_mm);
	guard = (struct vma_guard){the_mm, the_vma, GUARD_MMAP_READ};
	vma_guard_release(&guard);
	mmap_write_lock(the_mm);
	guard = (struct vma_guard){the_mm, the_vma, GUARD_MMAP_WRITE};
	vma_guard_release(&guard);
	CHECK(mmap_read_trylock(the_mm));
	CHECK(mmap_read_trylock(the_mm));
	mmap_read_unlock(the_mm);
	mmap_read_unlock(the_mm);
}

MM_TEST_ONCE(changes_without_the_lock_are_bugs)
{
	make();
	CHECK(EXPECT_BUG(vma_start_write(the_vma)));
	CHECK(EXPECT_BUG(vm_flags_set(the_vma, VM_LOCKED)));
	CHECK(EXPECT_BUG(vm_flags_init(the_vma, VM_READ)));
	CHECK(EXPECT_BUG(mmap_assert_locked(the_mm)));
	CHECK(EXPECT_BUG(vma_mark_attached(the_vma)));
	CHECK(EXPECT_BUG(vma_assert_detached(the_vma)));
	mmap_write_lock(the_mm);
	CHECK(EXPECT_BUG(vma_assert_write_locked(the_vma)));
	CHECK(EXPECT_BUG(vm_flags_clear(the_vma, VM_WRITE)));
	mmap_write_unlock(the_mm);
	mmap_read_lock(the_mm);
	CHECK(EXPECT_BUG(mmap_assert_write_locked(the_mm)));
	mmap_read_unlock(the_mm);
}

static uint32_t has_changed; /* atomic */

static void change(void *unused)
{
	(void)unused;
	mmap_write_lock(the_mm);
	vma_start_write(the_vma);
	store_release(&has_changed, 1);
	mmap_write_unlock(the_mm);
}

MM_TEST_ONCE(a_writer_waits_for_the_readers_of_the_area)
{
	struct thread *writer;

	make();
	has_changed = 0;
	CHECK(vma_start_read(the_mm, the_vma));
	CHECK(vma_start_read(the_mm, the_vma));
	writer = host_thread_start(change, NULL);
	while (!host_thread_is_parked(writer))
		machine_yield();
	CHECK(!vma_start_read(the_mm, the_vma)); /* no more readers */
	CHECK(load_relaxed(&the_vma->vm_refcnt) & VMA_LOCK_OFFSET);
	vma_end_read(the_vma);
	CHECK_EQ(load_acquire(&has_changed), 0);
	vma_end_read(the_vma);
	host_thread_join(writer);
	CHECK_EQ(has_changed, 1);
	CHECK_EQ(the_vma->vm_refcnt, 1);
}

static void unmap(void *unused)
{
	(void)unused;
	do_munmap(the_mm, AT(0), 4 * PG);
	store_release(&has_changed, 1);
}

MM_TEST_ONCE(unmapping_waits_for_a_fault_in_the_area)
{
	struct vm_area_struct *vma;
	struct thread *writer;

	make();
	has_changed = 0;
	vma = lock_vma_under_rcu(the_mm, AT(1));
	CHECK(vma);
	writer = host_thread_start(unmap, NULL);
	while (!host_thread_is_parked(writer))
		machine_yield();
	CHECK_EQ(load_acquire(&has_changed), 0);
	CHECK_EQ(vma->vm_start, AT(0));
	vma_end_read(vma);
	host_thread_join(writer);
	CHECK_EQ(the_mm->map_count, 0);
}

static int result;

/* The calls that change the address space, and ... */
static int change_killably(unsigned what)
{
	struct mm_struct *child;

	switch (what) {
	case 0:
		return mmap_write_lock_killable(the_mm);
	case 1:
		return do_munmap(the_mm, AT(0), PG);
	case 2:
		return do_mprotect(the_mm, AT(0), PG, PROT_NONE);
	case 3:
		return (int)do_mmap(the_mm, NULL, 0, PG, RW, ANON, 0);
	case 4:
		return (int)do_mremap(the_mm, AT(0), 4 * PG, 2 * PG, 0, 0);
	case 5:
		return do_mlock(the_mm, AT(0), PG, false);
	case 6:
		return do_munlock(the_mm, AT(0), PG);
	case 7:
		return do_mlockall(the_mm, MCL_CURRENT);
	case 8:
		return do_munlockall(the_mm);
	case 9:
		return do_madvise(the_mm, AT(0), PG, MADV_DONTFORK);
	case 10:
		return do_remap_file_pages(the_mm, AT(0), PG, 0, 0, 0);
	default:
		return mm_fork(the_mm, &child);
	}
}

/* ... those that do not. */
static int read_killably(unsigned what)
{
	uint64_t object, offset;

	switch (what) {
	case 0:
		return mmap_read_lock_killable(the_mm);
	case 1:
		return do_madvise(the_mm, AT(0), PG, MADV_DONTNEED);
	case 2:
		return do_madvise(the_mm, AT(0), PG, MADV_POPULATE_READ);
	case 3:
		return do_madvise(the_mm, AT(0), PG, MADV_POPULATE_WRITE);
	case 4:
		return do_mincore(the_mm, AT(0), PG, NULL, NULL);
	case 5:
		return do_msync(the_mm, AT(0), PG, MS_SYNC);
	default:
		return mm_futex_key(the_mm, AT(0), true, &object, &offset);
	}
}

#define NR_CHANGING 12
#define NR_KILLABLE (NR_CHANGING + 7)

static void try_killable(void *arg)
{
	unsigned what = (unsigned)(uintptr_t)arg;

	result = what < NR_CHANGING ? change_killably(what)
				    : read_killably(what - NR_CHANGING);
}

/* Somebody else has mmap_lock; fn(arg) waits for it and is killed. */
static void kill_while_waiting(void (*fn)(void *arg), void *arg)
{
	struct thread *t;

	mmap_write_lock(the_mm);
	t = host_thread_start(fn, arg);
	while (!host_thread_is_parked(t))
		machine_yield();
	host_thread_kill(t);
	host_thread_join(t);
	mmap_write_unlock(the_mm);
}

MM_TEST_ONCE(waiting_for_the_lock_ends_when_killed)
{
	make();
	for (uintptr_t i = 0; i < NR_KILLABLE; i++) {
		result = 1;
		kill_while_waiting(try_killable, (void *)i);
		CHECK_EQ(result, -EINTR);
	}
	CHECK_AREAS(the_mm, BASE, AT(100), "0-4 rw-p");
	CHECK_EQ(mmap_read_lock_killable(the_mm), 0);
	CHECK(!down_write_trylock(&the_mm->mmap_lock));
	mmap_read_unlock(the_mm);
	CHECK_EQ(mmap_write_lock_killable(the_mm), 0);
	CHECK(!mmap_read_trylock(the_mm));
	mmap_write_unlock(the_mm);
}

/* What has no error number to give: as if nothing were there. */
static void look_killably(void *what)
{
	uint64_t word = 0;
	struct vma_info info;

	switch ((uintptr_t)what) {
	case 0:
		result = (int)do_brk(the_mm, AT(20));
		break;
	case 1:
		result = mm_next_area(the_mm, AT(0), &info, true);
		break;
	case 2:
		result = mm_pagemap(the_mm, AT(0)) != 0;
		break;
	case 3:
		result = (int)access_remote_vm(the_mm, AT(0), &word, 8, false,
					       false);
		break;
	}
}

MM_TEST_ONCE(whoever_looks_at_a_program_can_be_killed_meanwhile)
{
	make();
	STORE(AT(0), 1);
	for (uintptr_t i = 0; i <= 3; i++) {
		result = 1;
		kill_while_waiting(look_killably, (void *)i);
		CHECK_EQ(result, 0);
	}
}

static vm_fault_t fault_result;
static struct fault_report fault_report;

static void store_fault(void *va)
{
	fault_result =
	    mm_fault(the_mm, (vaddr_t)va,
		     FAULT_FLAG_WRITE | FAULT_FLAG_USER | FAULT_FLAG_KILLABLE,
		     &fault_report);
}

/* A first anonymous page needs the neighbours, and so mmap_lock. */
MM_TEST_ONCE(a_fault_that_needs_mmap_lock_retries_under_it)
{
	uint64_t retries = vm_event_sum(VMA_LOCK_RETRY);
	struct thread *t;

	make();
	mmap_write_lock(the_mm);
	t = host_thread_start(store_fault, (void *)AT(1));
	while (!host_thread_is_parked(t))
		machine_yield();
	CHECK_EQ(the_vma->vm_refcnt, 1);
	mmap_write_unlock(the_mm);
	host_thread_join(t);
	CHECK_EQ(fault_result.bits, 0);
	CHECK_EQ(fault_report.kind, FAULT_ANON_WRITE);
	CHECK_EQ(vm_event_sum(VMA_LOCK_RETRY), retries + 1);
	env_step(__FILE__, __LINE__);
}

/* No signal is asked for: the one that kills is on its way. */
MM_TEST_ONCE(a_fault_that_waits_ends_when_killed)
{
	static const unsigned pages[] = {1, 100};

	make();
	for (unsigned i = 0; i < ARRAY_SIZE(pages); i++) {
		kill_while_waiting(store_fault, (void *)AT(pages[i]));
		CHECK(vm_fault_has(fault_result, VM_FAULT_SIGSEGV));
		CHECK_EQ(fault_report.signal, 0);
	}
	CHECK_EQ(mm_rss(the_mm), 0);
}

MM_TEST_ONCE(users_and_holders_of_an_mm_are_counted)
{
	make();
	mmget(the_mm);
	mmput(the_mm);
	CHECK(mmget_not_zero(the_mm));
	mmgrab(the_mm);
	mmput(the_mm);
	STORE(AT(0), 1);
	env_exit(the_mm); /* the last user: unmapped, but still there */
	CHECK_EQ(the_mm->map_count, 0);
	CHECK(!mmget_not_zero(the_mm));
	mmdrop(the_mm);
}

/* The writer that has mmap_lock may wait for the area. */
MM_TEST_ONCE(waiting_for_mmap_lock_with_an_area_is_a_bug)
{
	make();
	mmap_write_lock(the_mm);
	vma_start_write(the_vma);
	mmap_write_unlock(the_mm);
	CHECK(lock_vma_under_rcu(the_mm, AT(0)) == the_vma);
	CHECK(mmap_read_trylock(the_mm));
	mmap_read_unlock(the_mm);
	CHECK(EXPECT_BUG(mmap_read_lock(the_mm)));
	vma_end_read(the_vma);
	CHECK_EQ(machine_held_locks()->nr, 0);
}

static const struct tap_test tests[] = {
    ENTRY(readers_share_an_area),
    ENTRY(a_write_locked_area_refuses_readers_until_the_mm_is_unlocked),
    ENTRY(a_detached_area_or_one_of_another_mm_is_refused),
    ENTRY(the_number_of_readers_is_bounded),
    ENTRY(overflow_of_the_sequence_costs_only_the_slow_path),
    ENTRY(the_lockless_search_finds_or_misses),
    ENTRY(a_guard_releases_what_it_holds_once),
    ENTRY(changes_without_the_lock_are_bugs),
    ENTRY(waiting_for_mmap_lock_with_an_area_is_a_bug),
    ENTRY(a_writer_waits_for_the_readers_of_the_area),
    ENTRY(unmapping_waits_for_a_fault_in_the_area),
    ENTRY(waiting_for_the_lock_ends_when_killed),
    ENTRY(whoever_looks_at_a_program_can_be_killed_meanwhile),
    ENTRY(a_fault_that_needs_mmap_lock_retries_under_it),
    ENTRY(a_fault_that_waits_ends_when_killed),
    ENTRY(users_and_holders_of_an_mm_are_counted),
};

TAP_MAIN(tests)
