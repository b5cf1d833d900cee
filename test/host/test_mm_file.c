/* SPDX-License-Identifier: MIT */
/* File mappings: sharing, fault-around, truncation, holes, the page cache. */
#include "test/host/mm_env.h"

#include "mm/page.h"
#include "mm/vma.h"

#define BASE  0x10000000UL
#define AT(n) (BASE + (n)*PG)

static void map_file(struct mm_struct *mm, struct file *file, unsigned at,
		     unsigned npages, unsigned prot, unsigned flags,
		     pgoff_t pgoff)
{
	CHECK_EQ(TRY(do_mmap(mm, file, AT(at), npages * PG, prot,
			     flags | MAP_FIXED, pgoff)),
		 AT(at));
}

static uint64_t word_at(struct file *file, uint64_t off)
{
	uint64_t word;

	CHECK(env_file_word(file, off, &word));
	return word;
}

MM_TEST(a_read_shows_the_file)
{
	struct mm_struct *mm = env_mm();
	struct file *file = env_file(4 * PG, 0);

	map_file(mm, file, 0, 4, PROT_READ, MAP_PRIVATE, 0);
	CHECK_FAULT(AT(2), MMU_LOAD, 0, 0, FAULT_FILE_READ);
	CHECK_EQ(LOAD(AT(2) + 8), FILE_WORD(2 * PG + 8));
	CHECK_EQ(LOAD(AT(3)), FILE_WORD(3 * PG));
}

MM_TEST(a_read_maps_the_neighbours_that_are_there)
{
	struct mm_struct *mm = env_mm();
	struct file *file = env_file(64 * PG, 1UL << 18 | 1UL << 40);

	map_file(mm, file, 0, 64, PROT_READ, MAP_SHARED, 0);
	LOAD(AT(20));
	CHECK_EXACT(env_resident(mm, AT(16), AT(32)), 15);
	CHECK_EQ(env_resident(mm, AT(0), AT(16)), 0);
	CHECK_EQ(env_resident(mm, AT(32), AT(64)), 0);
	CHECK_EQ(mm_pagemap(mm, AT(18)) >> 63, 0);
	CHECK_EQ(LOAD(AT(18)), 0); /* a hole: filled when touched */
	env_stats_clear();
	for (unsigned i = 16; i < 32; i++)
		CHECK_EQ(LOAD(AT(i)), i == 18 ? 0 : FILE_WORD(i * PG));
	CHECK_EQ(env_stats.kind[FAULT_FILE_READ], 0);
	CHECK_EXACT(get_mm_counter(mm, MM_FILEPAGES), 16);
}

MM_TEST(fault_around_stays_in_the_area_and_the_file)
{
	struct mm_struct *mm = env_mm();
	struct file *file = env_file(8 * PG, 0);
	struct page *page;

	map_file(mm, file, 3, 2, PROT_READ, MAP_SHARED, 2);
	map_file(mm, file, 5, 9, PROT_READ, MAP_PRIVATE, 4);
	LOAD(AT(3));
	CHECK_EQ(env_resident(mm, AT(0), AT(5)), 2);
	CHECK_EQ(env_resident(mm, AT(5), AT(14)), 0);
	LOAD(AT(6));
	CHECK_EQ(env_resident(mm, AT(5), AT(14)), 4);
	/* A page behind the end may be in the cache: on its way in or out. */
	page = filemap_find_or_add(file->f_mapping, 9, GFP_NOFAIL_INJECT);
	if (!page)
		return;
	page_put(page);
	LOAD(AT(7));
	TRY_OK(do_munmap(mm, AT(5), 9 * PG));
	map_file(mm, file, 5, 9, PROT_READ, MAP_PRIVATE, 4);
	LOAD(AT(8));
	CHECK_EQ(env_resident(mm, AT(5), AT(14)), 4);
}

/* Mapped near the start of a table, with an offset that would go below it. */
MM_TEST(fault_around_does_not_leave_its_table)
{
	struct mm_struct *mm = env_mm();
	struct file *file = env_file(40 * PG, 0);
	unsigned first = 512 - 5;

	map_file(mm, file, first, 30, PROT_READ, MAP_SHARED, 3);
	for (unsigned i = 0; i < 30; i += 5)
		CHECK_EQ(LOAD(AT(first + i)), FILE_WORD((i + 3) * PG));
	CHECK_EXACT(env_resident(mm, AT(first), AT(first + 30)), 30);
}

MM_TEST(a_private_write_copies)
{
	struct mm_struct *mm = env_mm();
	struct file *file = env_file(2 * PG, 0);

	map_file(mm, file, 0, 2, RW, MAP_PRIVATE, 0);
	CHECK_FAULT(AT(0), MMU_STORE, 0, 0, FAULT_FILE_WRITE_PRIVATE);
	CHECK_EQ(LOAD(AT(0)), 0x1234);
	CHECK_EQ(LOAD(AT(0) + 8), FILE_WORD(8));
	CHECK_EQ(word_at(file, 0), FILE_WORD(0));
	/* Read first: the page of the file is replaced. */
	LOAD(AT(1));
	CHECK_FAULT(AT(1), MMU_STORE, 0, 0, FAULT_FILE_WRITE_PRIVATE);
	CHECK_EQ(LOAD(AT(1)), 0x1234);
	CHECK_EQ(word_at(file, PG), FILE_WORD(PG));
	CHECK_EQ(get_mm_counter(mm, MM_ANONPAGES), 2);
	CHECK_EQ(get_mm_counter(mm, MM_FILEPAGES), 0);
}

MM_TEST(a_shared_write_reaches_the_file_and_other_programs)
{
	struct mm_struct *mm = env_mm(), *other;
	struct file *file = env_file(2 * PG, 0);

	map_file(mm, file, 0, 2, RW, MAP_SHARED, 0);
	CHECK_FAULT(AT(0), MMU_STORE, 0, 0, FAULT_FILE_WRITE_SHARED);
	CHECK_EQ(word_at(file, 0), 0x1234);
	CHECK_EQ(env_inode(file)->nr_mkwrite, 1);
	LOAD(AT(1));
	CHECK_FAULT(AT(1), MMU_STORE, 0, 0, FAULT_FILE_WRITE_SHARED);
	other = env_mm();
	env_switch(1, other);
	map_file(other, file, 50, 1, PROT_READ, MAP_PRIVATE, 0);
	CHECK_EQ(LOAD(AT(50)), 0x1234);
	env_switch(0, mm);
	STORE(AT(0), 5);
	env_hart(1);
	CHECK_EQ(LOAD(AT(50)), 5);
	env_exit(mm);
	CHECK_EQ(LOAD(AT(50)), 5);
}

/* The owner need not be told: the page is mapped as by fault-around, alone. */
MM_TEST(a_shared_write_that_nobody_hears_of_maps_one_page)
{
	struct mm_struct *mm = env_mm();
	struct file *file = env_file(32 * PG, 1UL << 9);
	struct page *page = filemap_find(file->f_mapping, 5);

	page_put(page); /* the file keeps it */
	env_inode(file)->mapping.page_mkwrite = NULL;
	map_file(mm, file, 0, 32, RW, MAP_SHARED, 0);
	CHECK_FAULT(AT(5), MMU_STORE, 0, 0, FAULT_FILE_WRITE_SHARED);
	CHECK_EXACT(env_resident(mm, AT(0), AT(32)), 1);
	CHECK_EQ(word_at(file, 5 * PG), 0x1234);
	STORE(AT(9), 7); /* a hole */
	CHECK_EQ(word_at(file, 9 * PG), 7);
	CHECK(!page_test_flag(page, PG_DIRTY));
	CHECK_EQ(TRY(do_munmap(mm, AT(0), 32 * PG)), 0);
	CHECK(page_test_flag(page, PG_DIRTY));
}

MM_TEST(the_file_may_refuse_a_write)
{
	struct mm_struct *mm = env_mm();
	struct file *file = env_file(2 * PG, 0);

	map_file(mm, file, 0, 2, RW, MAP_SHARED, 0);
	env_inode(file)->forbid_mkwrite = true;
	CHECK_ACCESS(AT(0), MMU_STORE, SIGBUS, BUS_ADRERR);
	LOAD(AT(0));
	CHECK_ACCESS(AT(0), MMU_STORE, SIGBUS, BUS_ADRERR);
	CHECK_EQ(word_at(file, 0), FILE_WORD(0));
	env_inode(file)->forbid_mkwrite = false;
	STORE(AT(0), 1);
	CHECK_EQ(word_at(file, 0), 1);
}

MM_TEST(behind_the_end_of_the_file_is_sigbus)
{
	struct mm_struct *mm = env_mm();
	struct file *file = env_file(PG + 16, 0);
	struct file *empty = env_file(0, 0);

	map_file(mm, file, 0, 4, RW, MAP_SHARED, 0);
	map_file(mm, file, 4, 4, RW, MAP_PRIVATE, 0);
	map_file(mm, empty, 8, 1, RW, MAP_SHARED, 0);
	for (unsigned i = 0; i < 8; i += 4) {
		CHECK_EQ(LOAD(AT(i + 1) + 8), FILE_WORD(PG + 8));
		CHECK_EQ(LOAD(AT(i + 1) + 16), 0); /* rest of the last page */
		CHECK_FAULT(AT(i + 2), MMU_LOAD, SIGBUS, BUS_ADRERR,
			    FAULT_PAST_EOF);
		CHECK_FAULT(AT(i + 3), MMU_STORE, SIGBUS, BUS_ADRERR,
			    FAULT_PAST_EOF);
	}
	CHECK_FAULT(AT(8), MMU_LOAD, SIGBUS, BUS_ADRERR, FAULT_PAST_EOF);
	CHECK_EQ(TRY(truncate_setsize(file->f_mapping, 4 * PG)), 0);
	CHECK_EQ(LOAD(AT(3)), 0);
	STORE(AT(2), 7);
	CHECK_EQ(LOAD(AT(6)), 7);
}

MM_TEST(holes_read_as_zeros_and_can_be_written)
{
	struct mm_struct *mm = env_mm();
	struct file *file = env_file(4 * PG, 0xf);
	uint64_t word;

	map_file(mm, file, 0, 4, RW, MAP_SHARED, 0);
	map_file(mm, file, 4, 4, RW, MAP_PRIVATE, 0);
	CHECK_EQ(LOAD(AT(0)), 0);
	STORE(AT(1), 1);
	CHECK_EQ(LOAD(AT(5)), 1);
	STORE(AT(6), 2);
	CHECK_EQ(LOAD(AT(2)), 0);
	CHECK(!env_file_word(file, 3 * PG, &word));
}

MM_TEST(truncation_takes_pages_from_every_program)
{
	struct mm_struct *mm = env_mm(), *child;
	struct file *file = env_file(6 * PG, 0);

	map_file(mm, file, 0, 6, RW, MAP_SHARED, 0);
	map_file(mm, file, 10, 6, RW, MAP_PRIVATE, 0);
	STORE(AT(13), 99); /* a private copy goes as well */
	LOAD(AT(4));
	child = env_fork(mm);
	env_switch(1, child);
	LOAD(AT(3));
	LOAD(AT(13));
	CHECK_EQ(TRY(truncate_setsize(file->f_mapping, 2 * PG + 8)), 0);
	for (unsigned hart = 0; hart < 2; hart++) {
		env_hart(hart);
		CHECK_EQ(LOAD(AT(1)), FILE_WORD(PG));
		CHECK_EQ(LOAD(AT(2)), FILE_WORD(2 * PG));
		CHECK_EQ(LOAD(AT(2) + 8), 0);
		CHECK_FAULT(AT(3), MMU_LOAD, SIGBUS, BUS_ADRERR,
			    FAULT_PAST_EOF);
		CHECK_FAULT(AT(13), MMU_LOAD, SIGBUS, BUS_ADRERR,
			    FAULT_PAST_EOF);
		CHECK_FAULT(AT(4), MMU_STORE, SIGBUS, BUS_ADRERR,
			    FAULT_PAST_EOF);
	}
	CHECK_EQ(file->f_mapping->nr_pages, 3);
	/* Grown again, what was cut off reads as zeros. */
	CHECK_EQ(TRY(truncate_setsize(file->f_mapping, 6 * PG)), 0);
	CHECK_EQ(LOAD(AT(4)), 0);
	CHECK_EQ(LOAD(AT(2) + 8), 0);
	CHECK_EQ(LOAD(AT(13)), 0);
}

MM_TEST(truncation_reaches_areas_by_their_offset)
{
	struct mm_struct *mm = env_mm();
	struct file *file = env_file(64 * PG, 0);

	for (unsigned i = 0; i < 60; i++)
		map_file(mm, file, 2 * i, 2, PROT_READ, MAP_SHARED, i);
	for (unsigned i = 0; i < 60; i++)
		LOAD(AT(2 * i));
	CHECK_EQ(TRY(truncate_setsize(file->f_mapping, 30 * PG)), 0);
	for (unsigned i = 0; i < 60; i++) {
		CHECK_EQ(env_resident(mm, AT(2 * i), AT(2 * i + 2)),
			 env_injected()
			     ? env_resident(mm, AT(2 * i), AT(2 * i + 2))
			 : i < 29  ? 2
			 : i == 29 ? 1
				   : 0);
	}
}

MM_TEST(unmap_mapping_range_can_spare_private_copies)
{
	struct mm_struct *mm = env_mm();
	struct file *file = env_file(4 * PG, 0);

	map_file(mm, file, 0, 4, RW, MAP_PRIVATE, 0);
	STORE(AT(1), 9);
	LOAD(AT(2));
	unmap_mapping_range(file->f_mapping, 1, 3, false);
	env_step(__FILE__, __LINE__);
	CHECK_EQ(mm_pagemap(mm, AT(2)) >> 63, 0);
	CHECK_EQ(LOAD(AT(1)), 9);
	unmap_mapping_range(file->f_mapping, 1, 3, true);
	env_step(__FILE__, __LINE__);
	CHECK_EQ(LOAD(AT(1)), FILE_WORD(PG));
	unmap_mapping_range(file->f_mapping, 3, 3, true);
}

MM_TEST(writable_mappings_are_counted)
{
	struct mm_struct *mm = env_mm();
	struct file *file = env_file(4 * PG, 0);
	struct address_space *mapping = file->f_mapping;

	map_file(mm, file, 0, 4, PROT_READ, MAP_SHARED, 0);
	map_file(mm, file, 4, 4, RW, MAP_PRIVATE, 0);
	CHECK_EQ(mapping->nr_writable, 1);
	TRY_OK(do_munmap(mm, AT(1), PG));
	CHECK_EQ(mapping->nr_writable, 2);
	env_exit(env_fork(mm));
	CHECK_EQ(mapping->nr_writable, 2);
	TRY_OK(do_munmap(mm, AT(0), 8 * PG));
	CHECK_EQ(mapping->nr_writable, 0);
}

MM_TEST(the_cache_finds_adds_and_adopts_pages)
{
	struct file *file = env_file(0, 0);
	struct address_space *mapping = file->f_mapping;
	struct page *page, *same, *own;

	CHECK(!filemap_find(mapping, 3));
	page = filemap_find_or_add(mapping, 3, GFP_USER);
	if (!page) {
		CHECK(env_injected());
		return;
	}
	CHECK_EQ(*(uint64_t *)page_address(page), 0);
	same = filemap_find_or_add(mapping, 3, GFP_USER);
	CHECK(same == page);
	CHECK_EQ(page_refcount(page), 3);
	page_put(page);
	page_put(same);
	CHECK_EQ(mapping->nr_pages, 1);

	own = page_alloc(0, GFP_KERNEL | GFP_NOFAIL_INJECT);
	CHECK_EQ(filemap_adopt(mapping, 3, own), -EEXIST);
	if (filemap_adopt(mapping, 1000, own)) {
		CHECK(env_injected());
		page_put(own);
		return;
	}
	page = filemap_find(mapping, 1000);
	CHECK(page == own);
	page_put(page);
	CHECK_EQ(mapping->nr_pages, 2);
}

MM_TEST(a_poisoned_page_is_sigbus_and_its_neighbours_are_not)
{
	struct mm_struct *mm = env_mm();
	struct file *file = env_file(3 * PG, 0);
	struct page *page = filemap_find(file->f_mapping, 1);

	page_set_flag(page, PG_HWPOISON);
	page_put(page);
	map_file(mm, file, 0, 3, RW, MAP_PRIVATE, 0);
	LOAD(AT(0));
	CHECK_EQ(LOAD(AT(2)), FILE_WORD(2 * PG));
	CHECK_ACCESS(AT(1), MMU_LOAD, SIGBUS, BUS_MCEERR_AR);
	CHECK_ACCESS(AT(1), MMU_STORE, SIGBUS, BUS_MCEERR_AR);
}

static struct mm_struct *the_mm;
static struct file *the_file;
static vm_fault_t result;
static struct fault_report report;

static void fault_page_2(void *flags)
{
	result =
	    mm_fault(the_mm, AT(2),
		     FAULT_FLAG_USER | (uint32_t)(uintptr_t)flags, &report);
}

static void truncate_to_1(void *unused)
{
	(void)unused;
	truncate_setsize(the_file->f_mapping, PG);
}

static void wait_until_parked(struct thread *t)
{
	while (!host_thread_is_parked(t))
		machine_yield();
}

/* Somebody holds the page's lock: the fault lets go of the area and waits. */
MM_TEST_ONCE(a_fault_waits_for_a_locked_page_without_holding_the_area)
{
	struct page *page;
	struct thread *t;

	the_mm = env_mm();
	the_file = env_file(4 * PG, 0);
	map_file(the_mm, the_file, 0, 4, RW, MAP_SHARED, 0);
	page = filemap_find(the_file->f_mapping, 2);
	page_lock(page);
	t = host_thread_start(fault_page_2, (void *)FAULT_FLAG_WRITE);
	wait_until_parked(t);
	/* Nobody is in our way. */
	CHECK_EQ(do_mprotect(the_mm, AT(0), PG, PROT_READ), 0);
	page_unlock(page);
	host_thread_join(t);
	CHECK_EQ(result.bits, 0);
	CHECK_EQ(report.kind, FAULT_FILE_WRITE_SHARED);
	page_put(page);
	env_step(__FILE__, __LINE__);
	CHECK_EQ(LOAD(AT(2)), FILE_WORD(2 * PG));
}

/* A file that does not want to hear of it: the lock is in nobody's way. */
MM_TEST_ONCE(a_shared_write_that_nobody_hears_of_does_not_wait)
{
	struct mm_struct *mm = env_mm();
	struct file *file = env_file(4 * PG, 0);
	struct page *page = filemap_find(file->f_mapping, 2);

	env_inode(file)->mapping.page_mkwrite = NULL;
	map_file(mm, file, 0, 4, RW, MAP_SHARED, 0);
	page_lock(page);
	CHECK_FAULT(AT(2), MMU_STORE, 0, 0, FAULT_FILE_WRITE_SHARED);
	page_unlock(page);
	page_put(page);
}

/* Meanwhile the area goes, or the page: the second look finds out. */
MM_TEST_ONCE(what_changed_while_a_fault_waited_is_seen)
{
	struct page *page;
	struct thread *t;

	the_mm = env_mm();
	the_file = env_file(4 * PG, 0);
	map_file(the_mm, the_file, 0, 4, RW, MAP_SHARED, 0);
	page = filemap_find(the_file->f_mapping, 2);
	page_lock(page);
	t = host_thread_start(fault_page_2, (void *)FAULT_FLAG_WRITE);
	wait_until_parked(t);
	CHECK_EQ(do_munmap(the_mm, AT(0), 4 * PG), 0);
	page_unlock(page);
	host_thread_join(t);
	CHECK_EQ(report.kind, FAULT_UNMAPPED);
	CHECK_EQ(report.code, SEGV_MAPERR);
	page_put(page);
}

MM_TEST_ONCE(truncation_and_a_waiting_fault_agree)
{
	for (unsigned i = 0; i < 2; i++) {
		struct thread *faulter, *truncator;
		struct page *page;

		the_mm = env_mm();
		the_file = env_file(4 * PG, 0);
		map_file(the_mm, the_file, 0, 4, RW,
			 i ? MAP_PRIVATE : MAP_SHARED, 0);
		page = filemap_find(the_file->f_mapping, 2);
		page_lock(page);
		faulter =
		    host_thread_start(fault_page_2, (void *)FAULT_FLAG_WRITE);
		wait_until_parked(faulter);
		truncator = host_thread_start(truncate_to_1, NULL);
		wait_until_parked(truncator);
		page_unlock(page);
		host_thread_join(truncator);
		host_thread_join(faulter);
		page_put(page);
		env_step(__FILE__, __LINE__);
		CHECK_FAULT(AT(2), MMU_LOAD, SIGBUS, BUS_ADRERR,
			    FAULT_PAST_EOF);
		CHECK_EQ(env_resident(the_mm, AT(1), AT(4)), 0);
		env_exit(the_mm);
	}
}

/* Without FAULT_FLAG_ALLOW_RETRY it sleeps where it is. */
static void fault_in_place(void *unused)
{
	struct vma_guard guard = {.mm = the_mm, .kind = GUARD_MMAP_READ};

	(void)unused;
	mmap_read_lock(the_mm);
	guard.vma = vma_lookup(the_mm, AT(2));
	result = handle_mm_fault(&guard, AT(2), FAULT_FLAG_WRITE, &report);
	vma_guard_release(&guard);
}

/* As truncation does it, for one page whose lock the caller has. */
static void page_leaves_the_file(struct page *page, uint64_t new_size)
{
	struct address_space *mapping = the_file->f_mapping;

	mapping->i_size = new_size;
	spin_lock(&mapping->pages_lock);
	page_index_remove(&mapping->pages, page->index);
	mapping->nr_pages--;
	page->mapping = NULL;
	spin_unlock(&mapping->pages_lock);
	page_unlock(page);
	page_put(page);
}

/* The page it waited for may have left the file when it gets the lock. */
MM_TEST_ONCE(a_page_that_was_truncated_is_not_mapped)
{
	for (unsigned i = 0; i < 2; i++) {
		struct thread *faulter;
		struct page *page;

		the_mm = env_mm();
		the_file = env_file(4 * PG, 0);
		map_file(the_mm, the_file, 0, 4, RW,
			 i ? MAP_PRIVATE : MAP_SHARED, 0);
		page = filemap_find(the_file->f_mapping, 2);
		page_lock(page);
		faulter = host_thread_start(fault_in_place, NULL);
		wait_until_parked(faulter);
		page_leaves_the_file(page, PG);
		host_thread_join(faulter);
		CHECK(vm_fault_has(result, VM_FAULT_SIGBUS));
		CHECK_EQ(env_resident(the_mm, AT(1), AT(4)), 0);
		CHECK_EQ(page_refcount(page), 1);
		page_put(page);
		env_step(__FILE__, __LINE__);
		env_exit(the_mm);
	}
}

MM_TEST(shared_anonymous_memory_is_a_file_of_its_own)
{
	struct mm_struct *mm = env_mm();
	struct vma_info info;
	char name[32];
	uint64_t dev, ino;

	map_file(mm, NULL, 0, 4, RW, MAP_SHARED | MAP_ANONYMOUS, 0);
	STORE(AT(1), 1);
	CHECK_EQ(LOAD(AT(0)), 0);
	CHECK(get_mm_counter(mm, MM_SHMEMPAGES) >= 1);
	CHECK_EQ(get_mm_counter(mm, MM_FILEPAGES), 0);
	CHECK(mm_next_area(mm, AT(0), &info, true));
	CHECK(info.file && info.file->f_vm_ops->describe);
	info.file->f_vm_ops->describe(info.file, name, sizeof(name), &dev,
				      &ino);
	CHECK_STR(name, "/dev/zero (deleted)");
	file_put(info.file);
	/* Its pages outlive an unmapping while another program has it. */
	env_switch(1, env_fork(mm));
	env_exit(mm);
	CHECK_EQ(LOAD(AT(1)), 1);
}

static const struct tap_test tests[] = {
    ENTRY(a_read_shows_the_file),
    ENTRY(a_read_maps_the_neighbours_that_are_there),
    ENTRY(fault_around_stays_in_the_area_and_the_file),
    ENTRY(fault_around_does_not_leave_its_table),
    ENTRY(a_private_write_copies),
    ENTRY(a_shared_write_reaches_the_file_and_other_programs),
    ENTRY(a_shared_write_that_nobody_hears_of_maps_one_page),
    ENTRY(the_file_may_refuse_a_write),
    ENTRY(behind_the_end_of_the_file_is_sigbus),
    ENTRY(holes_read_as_zeros_and_can_be_written),
    ENTRY(truncation_takes_pages_from_every_program),
    ENTRY(truncation_reaches_areas_by_their_offset),
    ENTRY(unmap_mapping_range_can_spare_private_copies),
    ENTRY(writable_mappings_are_counted),
    ENTRY(the_cache_finds_adds_and_adopts_pages),
    ENTRY(a_poisoned_page_is_sigbus_and_its_neighbours_are_not),
    ENTRY(a_fault_waits_for_a_locked_page_without_holding_the_area),
    ENTRY(a_shared_write_that_nobody_hears_of_does_not_wait),
    ENTRY(what_changed_while_a_fault_waited_is_seen),
    ENTRY(truncation_and_a_waiting_fault_agree),
    ENTRY(a_page_that_was_truncated_is_not_mapped),
    ENTRY(shared_anonymous_memory_is_a_file_of_its_own),
};

TAP_MAIN(tests)
