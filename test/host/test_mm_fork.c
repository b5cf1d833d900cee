/* SPDX-License-Identifier: MIT */
/* fork: copy-on-write, what is inherited, reverse maps of a family. */
#include "test/host/mm_env.h"

#include "mm/page.h"
#include "mm/pagetable.h"
#include "mm/rmap.h"
#include "mm/vma.h"

#define BASE  0x10000000UL
#define AT(n) (BASE + (n)*PG)

#define CHECK_MAP(mm, text) CHECK_AREAS(mm, BASE, BASE + (1UL << 30), text)

static struct mm_struct *four_pages(void)
{
	struct mm_struct *mm = env_mm();

	env_mmap(mm, AT(0), 4, RW);
	for (unsigned i = 0; i < 4; i++)
		STORE(AT(i), 10 + i);
	return mm;
}

static struct page *page_at(struct mm_struct *mm, vaddr_t va)
{
	pte_t *ptep = pt_walk(mm, va);

	CHECK(ptep && !pte_is_none(pte_load(ptep)));
	return pfn_to_page(pte_pfn(pte_load(ptep)));
}

MM_TEST(each_side_sees_its_own_writes_only)
{
	struct mm_struct *mm = four_pages(), *child = env_fork(mm);

	env_switch(1, child);
	STORE(AT(0), 100);
	env_hart(0);
	STORE(AT(1), 200);
	for (unsigned hart = 0; hart < 2; hart++) {
		env_hart(hart);
		CHECK_EQ(LOAD(AT(0)), hart ? 100 : 10);
		CHECK_EQ(LOAD(AT(1)), hart ? 11 : 200);
		CHECK_EQ(LOAD(AT(2)), 12);
	}
	CHECK_EQ(get_mm_counter(mm, MM_ANONPAGES), 4);
	CHECK_EQ(get_mm_counter(child, MM_ANONPAGES), 4);
}

MM_TEST(the_first_writer_copies_and_the_last_owner_reuses)
{
	struct mm_struct *mm = four_pages(), *child = env_fork(mm);
	struct page *page = page_at(mm, AT(0));

	CHECK(page_at(child, AT(0)) == page);
	CHECK_EQ(page_mapcount(page), 2);
	env_switch(1, child);
	CHECK_FAULT(AT(0), MMU_STORE, 0, 0, FAULT_COW_COPY);
	CHECK(page_at(child, AT(0)) != page);
	CHECK_EQ(page_mapcount(page), 1);
	env_hart(0);
	CHECK_FAULT(AT(0), MMU_STORE, 0, 0, FAULT_COW_REUSE);
	CHECK(page_at(mm, AT(0)) == page);
	CHECK_EQ(page_refcount(page), 1);
}

MM_TEST(the_child_reuses_when_the_parent_is_gone)
{
	struct mm_struct *mm = four_pages(), *child = env_fork(mm);
	struct page *page = page_at(child, AT(2));

	env_exit(mm);
	env_switch(0, child);
	CHECK_FAULT(AT(2), MMU_STORE, 0, 0, FAULT_COW_REUSE);
	CHECK(page_at(child, AT(2)) == page);
	CHECK_EQ(LOAD(AT(3)), 13);
}

/* The parent had the pages writable in its TLB, on two harts. */
MM_TEST(the_parent_loses_its_cached_write_permission)
{
	struct mm_struct *mm = four_pages(), *child;

	env_switch(2, mm);
	STORE(AT(3), 13);
	env_stats_clear();
	child = env_fork(mm);
	CHECK(env_stats.nr_fences > 0);
	STORE(AT(3), 999);
	env_hart(0);
	STORE(AT(2), 998);
	env_switch(1, child);
	CHECK_EQ(LOAD(AT(3)), 13);
	CHECK_EQ(LOAD(AT(2)), 12);
}

MM_TEST(areas_are_inherited_as_they_are)
{
	struct mm_struct *mm = env_mm(), *child;
	struct file *file = env_file(4 * PG, 0);

	env_mmap(mm, AT(0), 2, RW);
	env_mmap(mm, AT(2), 2, PROT_READ);
	CHECK_EQ(TRY(do_mmap(mm, file, AT(4), 2 * PG, RW,
			     MAP_SHARED | MAP_FIXED, 1)),
		 AT(4));
	CHECK_EQ(TRY(do_mmap(mm, NULL, AT(600), 2 * PG, RW,
			     ANON | MAP_GROWSDOWN | MAP_FIXED, 0)),
		 AT(600));
	mm->start_brk = mm->brk = AT(100);
	child = env_fork(mm);
	CHECK_MAP(child, "0-2 rw-p; 2-4 r--p; 4-6 rw-s 1; 600-602 rw-pG");
	CHECK_EQ(child->map_count, mm->map_count);
	CHECK_EQ(child->total_vm, mm->total_vm);
	CHECK_EQ(child->data_vm, mm->data_vm);
	CHECK_EQ(child->stack_vm, mm->stack_vm);
	CHECK_EQ(child->brk, mm->brk);
	CHECK_EQ(child->mmap_base, mm->mmap_base);
	CHECK_EQ(child->limits.stack, mm->limits.stack);
	CHECK_EQ(file->f_count, 3);
	env_exit(child);
	CHECK_EQ(file->f_count, 2);
}

MM_TEST(shared_memory_stays_shared)
{
	struct mm_struct *mm = env_mm();
	struct file *file = env_file(2 * PG, 0);

	CHECK_EQ(TRY(do_mmap(mm, NULL, AT(0), 2 * PG, RW,
			     MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, 0)),
		 AT(0));
	CHECK_EQ(TRY(do_mmap(mm, file, AT(2), 2 * PG, RW,
			     MAP_SHARED | MAP_FIXED, 0)),
		 AT(2));
	STORE(AT(0), 1);
	STORE(AT(2), 2);
	env_switch(1, env_fork(mm));
	CHECK_EQ(LOAD(AT(0)), 1);
	STORE(AT(0), 3);
	STORE(AT(1), 4);
	STORE(AT(2), 5);
	env_hart(0);
	CHECK_EQ(LOAD(AT(0)), 3);
	CHECK_EQ(LOAD(AT(1)), 4);
	CHECK_EQ(LOAD(AT(2)), 5);
}

MM_TEST(private_file_copies_are_inherited)
{
	struct mm_struct *mm = env_mm();
	struct file *file = env_file(2 * PG, 0);

	CHECK_EQ(TRY(do_mmap(mm, file, AT(0), 2 * PG, RW,
			     MAP_PRIVATE | MAP_FIXED, 0)),
		 AT(0));
	STORE(AT(0), 1);
	env_switch(1, env_fork(mm));
	CHECK_EQ(LOAD(AT(0)), 1);
	CHECK_EQ(LOAD(AT(1)), FILE_WORD(PG));
	STORE(AT(0), 2);
	STORE(AT(1), 3);
	env_hart(0);
	CHECK_EQ(LOAD(AT(0)), 1);
	CHECK_EQ(LOAD(AT(1)), FILE_WORD(PG));
}

MM_TEST(dontfork_and_wipeonfork_are_obeyed)
{
	struct mm_struct *mm = four_pages(), *child;

	TRY_OK(do_madvise(mm, AT(1), PG, MADV_DONTFORK));
	TRY_OK(do_madvise(mm, AT(2), PG, MADV_WIPEONFORK));
	child = env_fork(mm);
	CHECK_MAP(child, "0-1 rw-p; 2-3 rw-pW; 3-4 rw-p");
	CHECK_EQ(child->total_vm, 3);
	env_switch(1, child);
	CHECK_EQ(LOAD(AT(0)), 10);
	CHECK_ACCESS(AT(1), MMU_LOAD, SIGSEGV, SEGV_MAPERR);
	CHECK_EQ(LOAD(AT(2)), 0);
	STORE(AT(2), 5);
	env_switch(1, env_fork(child));
	CHECK_EQ(LOAD(AT(2)), 0);
	env_hart(0);
	CHECK_EQ(LOAD(AT(2)), 12);
}

/* mm_verify: whoever has such an area is found when memory is short. */
MM_TEST(droppable_memory_is_wiped)
{
	struct mm_struct *mm = env_mm(), *child;

	CHECK_EQ(TRY(do_mmap(mm, NULL, AT(0), 2 * PG, RW,
			     MAP_DROPPABLE | MAP_ANONYMOUS | MAP_FIXED, 0)),
		 AT(0));
	STORE(AT(0), 7);
	child = env_fork(mm);
	CHECK_MAP(child, "0-2 rw-pW");
	env_switch(1, child);
	CHECK_EQ(LOAD(AT(0)), 0);
	STORE(AT(1), 8);
	env_hart(0);
	CHECK_EQ(LOAD(AT(0)), 7);
	CHECK_EQ(LOAD(AT(1)), 0);
}

MM_TEST(locks_are_not_inherited)
{
	struct mm_struct *mm = four_pages(), *child;

	TRY_OK(do_mlockall(mm, MCL_CURRENT | MCL_FUTURE));
	child = env_fork(mm);
	CHECK_MAP(child, "0-4 rw-p");
	CHECK_EQ(child->locked_vm, 0);
	CHECK_EQ(child->def_flags, 0);
	CHECK_EQ(mm->locked_vm, 4);
}

MM_TEST(the_zero_page_is_inherited_without_a_count)
{
	struct mm_struct *mm = env_mm(), *child;

	env_mmap(mm, AT(0), 2, RW);
	LOAD(AT(0));
	child = env_fork(mm);
	CHECK_EQ(get_mm_counter(child, MM_ANONPAGES), 0);
	env_switch(1, child);
	STORE(AT(0), 1);
	env_hart(0);
	CHECK_EQ(LOAD(AT(0)), 0);
}

static unsigned nr_seen;

static bool count_mapping(void *ctx, struct vm_area_struct *vma, vaddr_t va)
{
	struct page *page = ctx;
	pte_t *ptep = pt_walk(vma->vm_mm, va);

	if (ptep && pte_is_present(pte_load(ptep)) &&
	    pte_pfn(pte_load(ptep)) == page_to_pfn(page))
		nr_seen++;
	return false;
}

/* Every mapping of each page is found from the page. */
MM_TEST(the_reverse_map_finds_every_mapping)
{
	struct mm_struct *mm = four_pages(), *child = env_fork(mm);
	struct mm_struct *grandchild = env_fork(child);
	struct mm_struct *all[3] = {mm, child, grandchild};

	TRY(do_mremap(child, AT(2), 2 * PG, 2 * PG,
		      MREMAP_MAYMOVE | MREMAP_FIXED, AT(700)));
	TRY_OK(do_mprotect(grandchild, AT(1), PG, PROT_READ));
	env_switch(1, child);
	STORE(AT(0), 1);
	env_switch(2, grandchild);
	STORE(AT(3), 2);
	for (unsigned m = 0; m < 3; m++) {
		for (unsigned i = 0; i < 4; i++) {
			bool has_moved = m == 1 && i >= 2;
			vaddr_t va = has_moved ? AT(698 + i) : AT(i);
			struct page *page = page_at(all[m], va);

			nr_seen = 0;
			rmap_walk(page, count_mapping, page);
			CHECK_EQ(nr_seen, page_mapcount(page));
		}
	}
	env_exit(child);
	for (unsigned i = 0; i < 4; i++) {
		struct page *page = page_at(mm, AT(i));

		nr_seen = 0;
		rmap_walk(page, count_mapping, page);
		CHECK_EQ(nr_seen, page_mapcount(page));
	}
}

/* Number of anon_vmas that the area at va is in. */
static unsigned nr_chains(struct mm_struct *mm, vaddr_t va)
{
	const struct vm_area_struct *vma = vma_lookup(mm, va);
	const struct anon_vma_chain *chain;
	unsigned nr = 0;

	list_for_each_entry (chain, &vma->anon_vma_chain, same_vma)
		nr++;
	return nr;
}

/* A line of processes, each forking and exiting, must not pile up. */
MM_TEST_ONCE(a_long_line_of_descendants_costs_no_memory)
{
	struct mm_struct *mm = four_pages(), *child;
	uint64_t after_ten = 0;

	for (unsigned i = 0; i < 60; i++) {
		child = env_fork(mm);
		env_exit(mm);
		mm = child;
		env_switch(0, mm);
		STORE(AT(1), i);
		CHECK_EQ(LOAD(AT(0)), 10);
		if (i == 10)
			after_ten = page_nr_free();
	}
	CHECK(page_nr_free() + 1 >= after_ten);
	CHECK(nr_chains(mm, AT(0)) < 6);
}

MM_TEST(many_children_share_the_pages)
{
	struct mm_struct *mm = four_pages(), *child[8];

	for (unsigned i = 0; i < 8; i++)
		child[i] = env_fork(mm);
	CHECK_EQ(page_mapcount(page_at(mm, AT(0))), 9);
	for (unsigned i = 0; i < 8; i++) {
		env_switch(1, child[i]);
		STORE(AT(0), i);
		CHECK_EQ(LOAD(AT(1)), 11);
	}
	for (unsigned i = 0; i < 8; i++) {
		env_switch(1, child[i]);
		CHECK_EQ(LOAD(AT(0)), i);
	}
	CHECK_EQ(page_mapcount(page_at(mm, AT(0))), 1);
}

static const struct tap_test tests[] = {
    ENTRY(each_side_sees_its_own_writes_only),
    ENTRY(the_first_writer_copies_and_the_last_owner_reuses),
    ENTRY(the_child_reuses_when_the_parent_is_gone),
    ENTRY(the_parent_loses_its_cached_write_permission),
    ENTRY(areas_are_inherited_as_they_are),
    ENTRY(shared_memory_stays_shared),
    ENTRY(private_file_copies_are_inherited),
    ENTRY(dontfork_and_wipeonfork_are_obeyed),
    ENTRY(droppable_memory_is_wiped),
    ENTRY(locks_are_not_inherited),
    ENTRY(the_zero_page_is_inherited_without_a_count),
    ENTRY(the_reverse_map_finds_every_mapping),
    ENTRY(a_long_line_of_descendants_costs_no_memory),
    ENTRY(many_children_share_the_pages),
};

TAP_MAIN(tests)
