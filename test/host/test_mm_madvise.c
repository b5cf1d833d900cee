/* SPDX-License-Identifier: MIT */
/* madvise: what each advice does, and to whom it may be given. */
#include "test/host/mm_env.h"

#include "mm/page.h"
#include "mm/vma.h"

#define BASE  0x10000000UL
#define AT(n) (BASE + (n)*PG)

#define CHECK_MAP(mm, text) CHECK_AREAS(mm, BASE, BASE + (1UL << 30), text)

static struct mm_struct *six_pages(void)
{
	struct mm_struct *mm = env_mm();

	env_mmap(mm, AT(0), 6, RW);
	for (unsigned i = 0; i < 6; i++)
		STORE(AT(i), 10 + i);
	return mm;
}

static int advise(struct mm_struct *mm, unsigned first, unsigned npages,
		  int advice)
{
	return TRY(do_madvise(mm, AT(first), npages * PG, advice));
}

static void map_file(struct mm_struct *mm, struct file *file, unsigned at,
		     unsigned npages, unsigned prot, unsigned flags)
{
	CHECK_EQ(TRY(do_mmap(mm, file, AT(at), npages * PG, prot,
			     flags | MAP_FIXED, 0)),
		 AT(at));
}

MM_TEST(dontneed_drops_private_pages)
{
	struct mm_struct *mm = six_pages();

	CHECK_EQ(advise(mm, 1, 2, MADV_DONTNEED), 0);
	CHECK_MAP(mm, "0-6 rw-p");
	CHECK_EQ(get_mm_counter(mm, MM_ANONPAGES), 4);
	CHECK_EQ(LOAD(AT(0)), 10);
	CHECK_EQ(LOAD(AT(1)), 0);
	CHECK_EQ(LOAD(AT(2)), 0);
	CHECK_EQ(LOAD(AT(3)), 13);
}

static uint64_t lazy_bytes(struct mm_struct *mm)
{
	struct vma_info info;

	CHECK(mm_next_area(mm, BASE, &info, true));
	CHECK_EQ(info.private_clean + info.shared_clean, info.lazyfree);
	return info.lazyfree;
}

MM_TEST(free_leaves_pages_until_memory_is_short)
{
	struct mm_struct *mm = six_pages();

	CHECK_EQ(advise(mm, 1, 4, MADV_FREE), 0);
	CHECK_EQ(get_mm_counter(mm, MM_ANONPAGES), 6);
	CHECK_EQ(lazy_bytes(mm), 4 * PG);
	CHECK_EQ(LOAD(AT(1)), 11);
	STORE(AT(2), 102);
	CHECK_EQ(lazy_bytes(mm), 3 * PG);
	CHECK_EQ(LOAD(AT(3)), 13);
	page_shrink();
	env_step(__FILE__, __LINE__);
	CHECK_EQ(get_mm_counter(mm, MM_ANONPAGES), 3);
	CHECK_EQ(LOAD(AT(0)), 10);
	CHECK_EQ(LOAD(AT(1)), 0);
	CHECK_EQ(LOAD(AT(2)), 102);
	CHECK_EQ(LOAD(AT(3)), 0);
	CHECK_EQ(LOAD(AT(5)), 15);
	STORE(AT(3), 103);
	page_shrink();
	CHECK_EQ(LOAD(AT(3)), 103);
	/* And once more: it has left the list of those who have such pages. */
	CHECK_EQ(advise(mm, 3, 1, MADV_FREE), 0);
	page_shrink();
	CHECK_EQ(LOAD(AT(3)), 0);
}

/* Each way to write takes the page back. */
MM_TEST(a_page_freed_lazily_is_kept_by_a_write)
{
	struct mm_struct *mm = six_pages();
	uint64_t word = 77;

	CHECK_EQ(advise(mm, 0, 6, MADV_FREE), 0);
	TRY_OK(do_mprotect(mm, AT(0), PG, PROT_READ));
	TRY_OK(do_mprotect(mm, AT(0), 2 * PG, RW));
	STORE(AT(0), 100);
	CHECK_EQ(access_remote_vm(mm, AT(1), &word, 8, true, false), 8);
	TRY_OK(do_mprotect(mm, AT(2), PG, PROT_READ));
	CHECK_EQ(access_remote_vm(mm, AT(2), &word, 8, true, true), 8);
	TRY_OK(do_madvise(mm, AT(3), PG, MADV_POPULATE_WRITE));
	TRY_OK(do_mlock(mm, AT(4), PG, true)); /* does not write it */
	page_shrink();
	env_step(__FILE__, __LINE__);
	CHECK_EQ(LOAD(AT(0)), 100);
	CHECK_EQ(LOAD(AT(1)), 77);
	CHECK_EQ(LOAD(AT(2)), 77);
	CHECK_EQ(LOAD(AT(3)), 13);
	CHECK_EQ(LOAD(AT(4)), 14);
	CHECK_EQ(LOAD(AT(5)), 0);
}

MM_TEST(free_is_for_one_process)
{
	struct mm_struct *mm = six_pages(), *child = env_fork(mm);

	CHECK_EQ(advise(mm, 0, 2, MADV_FREE), 0);
	STORE(AT(1), 101);
	page_shrink();
	env_step(__FILE__, __LINE__);
	CHECK_EQ(LOAD(AT(0)), 0);
	CHECK_EQ(LOAD(AT(1)), 101);
	env_switch(0, child);
	CHECK_EQ(LOAD(AT(0)), 10);
	CHECK_EQ(LOAD(AT(1)), 11);
}

MM_TEST(a_short_allocation_takes_pages_freed_lazily)
{
	struct mm_struct *mm = six_pages();
	struct page *page, *all = NULL;

	CHECK_EQ(advise(mm, 0, 6, MADV_FREE), 0);
	while ((page = page_alloc(0, GFP_KERNEL | GFP_NOFAIL_INJECT |
					 GFP_NOSHRINK))) {
		page->private = (uint64_t)all;
		all = page;
	}
	CHECK_EQ(LOAD(AT(0)), 10);
	page = page_alloc(0, GFP_KERNEL | GFP_NOFAIL_INJECT);
	CHECK(page);
	CHECK_EQ(mm_rss(mm), 0);
	page_put(page);
	while ((page = all)) {
		all = (struct page *)page->private;
		page_put(page);
	}
	CHECK_EQ(LOAD(AT(0)), 0);
}

MM_TEST(dontneed_shows_the_file_again)
{
	struct mm_struct *mm = env_mm();
	struct file *file = env_file(4 * PG, 0);

	map_file(mm, file, 0, 2, RW, MAP_PRIVATE);
	map_file(mm, file, 2, 2, RW, MAP_SHARED);
	STORE(AT(0), 1);
	STORE(AT(3), 2);
	CHECK_EQ(advise(mm, 0, 4, MADV_DONTNEED), 0);
	CHECK_EQ(env_resident(mm, AT(0), AT(4)), 0);
	CHECK_EQ(LOAD(AT(0)), FILE_WORD(0));
	CHECK_EQ(LOAD(AT(3)), 2);
	CHECK_EQ(advise(mm, 0, 2, MADV_FREE), -EINVAL);
}

MM_TEST(locked_pages_are_not_dropped_unasked)
{
	struct mm_struct *mm = six_pages();

	TRY_OK(do_mlock(mm, AT(2), PG, false));
	CHECK_EQ(advise(mm, 2, 1, MADV_DONTNEED), -EINVAL);
	CHECK_EQ(advise(mm, 2, 1, MADV_FREE), -EINVAL);
	CHECK_EQ(LOAD(AT(2)), 12);
	CHECK_EQ(advise(mm, 2, 1, MADV_DONTNEED_LOCKED), 0);
	CHECK_EQ(LOAD(AT(2)), 0);
}

MM_TEST(a_hole_is_reported_but_the_rest_is_done)
{
	struct mm_struct *mm = six_pages();

	TRY_OK(do_munmap(mm, AT(2), PG));
	CHECK_EQ(do_madvise(mm, AT(0), 6 * PG, MADV_DONTNEED), -ENOMEM);
	env_step(__FILE__, __LINE__);
	CHECK_EQ(LOAD(AT(1)), 0);
	CHECK_EQ(LOAD(AT(5)), 0);
	CHECK_EQ(do_madvise(mm, AT(10), PG, MADV_DONTNEED), -ENOMEM);
	CHECK_EQ(do_madvise(mm, AT(5), 2 * PG, MADV_WILLNEED), -ENOMEM);
}

MM_TEST(bad_arguments_are_refused)
{
	struct mm_struct *mm = six_pages();

	CHECK_EQ(TRY(do_madvise(mm, AT(0) + 1, PG, MADV_DONTNEED)), -EINVAL);
	CHECK_EQ(TRY(do_madvise(mm, AT(0), PG, 5)), -EINVAL);
	CHECK_EQ(TRY(do_madvise(mm, AT(0), PG, -1)), -EINVAL);
	CHECK_EQ(TRY(do_madvise(mm, AT(0), ~0UL, MADV_DONTNEED)), -EINVAL);
	CHECK_EQ(TRY(do_madvise(mm, AT(0), ~0UL & PAGE_MASK, MADV_DONTNEED)),
		 -EINVAL);
	CHECK_EQ(TRY(do_madvise(mm, AT(0), 0, MADV_DONTNEED)), 0);
	CHECK_EQ(TRY(do_madvise(mm, AT(50), 0, MADV_NORMAL)), 0);
	CHECK_EQ(LOAD(AT(0)), 10);
}

MM_TEST(hints_do_no_harm)
{
	static const int hints[] = {MADV_WILLNEED,  MADV_COLD,	 MADV_PAGEOUT,
				    MADV_NORMAL,    MADV_DOFORK, MADV_DODUMP,
				    MADV_KEEPONFORK};
	struct mm_struct *mm = six_pages();

	for (unsigned i = 0; i < ARRAY_SIZE(hints); i++)
		CHECK_EQ(advise(mm, 1, 3, hints[i]), 0);
	CHECK_MAP(mm, "0-6 rw-p");
	for (unsigned i = 0; i < 6; i++)
		CHECK_EQ(LOAD(AT(i)), 10 + i);
}

/* Advice that is a property of the area splits it, and its inverse merges. */
MM_TEST(properties_split_and_merge)
{
	static const struct {
		int on, off;
		uint64_t flag;
	} pairs[] = {
	    {MADV_DONTFORK, MADV_DOFORK, VM_DONTCOPY},
	    {MADV_WIPEONFORK, MADV_KEEPONFORK, VM_WIPEONFORK},
	    {MADV_DONTDUMP, MADV_DODUMP, VM_DONTDUMP},
	    {MADV_SEQUENTIAL, MADV_NORMAL, VM_SEQ_READ},
	    {MADV_RANDOM, MADV_NORMAL, VM_RAND_READ},
	};
	struct mm_struct *mm = six_pages();
	struct vma_info info;

	for (unsigned i = 0; i < ARRAY_SIZE(pairs); i++) {
		CHECK_EQ(advise(mm, 2, 2, pairs[i].on), 0);
		CHECK_EQ(mm->map_count, 3);
		CHECK(mm_next_area(mm, AT(2), &info, false));
		CHECK(info.flags & pairs[i].flag);
		CHECK_EQ(info.start, AT(2));
		CHECK_EQ(info.end, AT(4));
		CHECK_EQ(advise(mm, 0, 6, pairs[i].off), 0);
		CHECK_EQ(mm->map_count, 1);
	}
	CHECK_EQ(LOAD(AT(3)), 13);
}

MM_TEST(huge_page_advice_excludes_its_opposite)
{
	struct mm_struct *mm = six_pages();
	struct vma_info info;

	CHECK_EQ(advise(mm, 0, 6, MADV_HUGEPAGE), 0);
	CHECK_EQ(advise(mm, 0, 6, MADV_NOHUGEPAGE), 0);
	CHECK(mm_next_area(mm, AT(0), &info, false));
	CHECK(!(info.flags & VM_HUGEPAGE));
	CHECK(info.flags & VM_NOHUGEPAGE);
}

MM_TEST(wipeonfork_is_for_private_anonymous_memory)
{
	struct mm_struct *mm = env_mm();
	struct file *file = env_file(PG, 0);

	map_file(mm, file, 0, 1, RW, MAP_PRIVATE);
	map_file(mm, NULL, 1, 1, RW, MAP_SHARED | MAP_ANONYMOUS);
	CHECK_EQ(advise(mm, 0, 1, MADV_WIPEONFORK), -EINVAL);
	CHECK_EQ(advise(mm, 1, 1, MADV_WIPEONFORK), -EINVAL);
	CHECK_EQ(advise(mm, 0, 1, MADV_DONTFORK), 0);
}

MM_TEST(remove_punches_a_hole_into_the_file)
{
	struct mm_struct *mm = env_mm();
	struct file *file = env_file(4 * PG, 0);
	uint64_t word;

	map_file(mm, file, 0, 4, RW, MAP_SHARED);
	map_file(mm, file, 10, 4, RW, MAP_PRIVATE);
	STORE(AT(10), 3);
	LOAD(AT(12));
	LOAD(AT(1));
	CHECK_EQ(advise(mm, 0, 3, MADV_REMOVE), 0);
	CHECK(!env_file_word(file, PG, &word));
	CHECK_EQ(LOAD(AT(1)), 0);
	CHECK_EQ(LOAD(AT(3)), FILE_WORD(3 * PG));
	CHECK_EQ(LOAD(AT(12)), 0);
	CHECK_EQ(LOAD(AT(10)), 3); /* a private copy stays */
	CHECK_EQ(advise(mm, 10, 1, MADV_REMOVE), -EACCES);
	env_mmap(mm, AT(20), 1, RW);
	CHECK_EQ(advise(mm, 20, 1, MADV_REMOVE), -EINVAL);
	TRY_OK(do_mlock(mm, AT(3), PG, false));
	CHECK_EQ(advise(mm, 3, 1, MADV_REMOVE), -EINVAL);
}

MM_TEST(populate_faults_in_for_reading_or_writing)
{
	struct mm_struct *mm = env_mm();
	struct file *file = env_file(2 * PG, 0);

	env_mmap(mm, AT(0), 4, RW);
	CHECK_EQ(advise(mm, 0, 2, MADV_POPULATE_READ), 0);
	CHECK_EQ(env_resident(mm, AT(0), AT(4)), 2);
	CHECK_EQ(get_mm_counter(mm, MM_ANONPAGES), 0);
	CHECK_EQ(advise(mm, 1, 2, MADV_POPULATE_WRITE), 0);
	CHECK_EQ(get_mm_counter(mm, MM_ANONPAGES), 2);
	env_stats_clear();
	STORE(AT(1), 1);
	CHECK_EQ(env_stats.kind[FAULT_ZERO_UPGRADE], 0);
	map_file(mm, file, 8, 4, RW, MAP_SHARED);
	CHECK_EQ(advise(mm, 8, 2, MADV_POPULATE_WRITE), 0);
	CHECK_EQ(env_inode(file)->nr_mkwrite, 2);
	CHECK_EQ(advise(mm, 8, 3, MADV_POPULATE_READ), -EFAULT);
}

MM_TEST(populate_says_what_stopped_it)
{
	struct mm_struct *mm = env_mm();

	env_mmap(mm, AT(0), 1, PROT_READ);
	env_mmap(mm, AT(1), 1, PROT_NONE);
	CHECK_EQ(advise(mm, 0, 1, MADV_POPULATE_WRITE), -EINVAL);
	CHECK_EQ(advise(mm, 1, 1, MADV_POPULATE_READ), -EINVAL);
	CHECK_EQ(do_madvise(mm, AT(5), PG, MADV_POPULATE_READ), -ENOMEM);
	CHECK_EQ(do_madvise(mm, AT(0), 4 * PG, MADV_POPULATE_READ) < 0, 1);
	env_step(__FILE__, __LINE__);
}

static const struct tap_test tests[] = {
    ENTRY(dontneed_drops_private_pages),
    ENTRY(free_leaves_pages_until_memory_is_short),
    ENTRY(a_page_freed_lazily_is_kept_by_a_write),
    ENTRY(free_is_for_one_process),
    ENTRY(a_short_allocation_takes_pages_freed_lazily),
    ENTRY(dontneed_shows_the_file_again),
    ENTRY(locked_pages_are_not_dropped_unasked),
    ENTRY(a_hole_is_reported_but_the_rest_is_done),
    ENTRY(bad_arguments_are_refused),
    ENTRY(hints_do_no_harm),
    ENTRY(properties_split_and_merge),
    ENTRY(huge_page_advice_excludes_its_opposite),
    ENTRY(wipeonfork_is_for_private_anonymous_memory),
    ENTRY(remove_punches_a_hole_into_the_file),
    ENTRY(populate_faults_in_for_reading_or_writing),
    ENTRY(populate_says_what_stopped_it),
};

TAP_MAIN(tests)
