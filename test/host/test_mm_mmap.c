/* SPDX-License-Identifier: MIT */
/* mmap: placement, replacing, merging, limits, errors. */
#include "test/host/mm_env.h"

#include "mm/page.h"
#include "mm/vma.h"

#define BASE  0x10000000UL
#define AT(n) (BASE + (n)*PG)
#define GIB   (1UL << 30)

static long map(struct mm_struct *mm, vaddr_t at, uint64_t npages,
		unsigned prot, unsigned flags)
{
	return TRY(do_mmap(mm, NULL, at, npages * PG, prot, flags, 0));
}

static long map_file(struct mm_struct *mm, struct file *file, vaddr_t at,
		     uint64_t npages, unsigned prot, unsigned flags,
		     pgoff_t pgoff)
{
	return TRY(do_mmap(mm, file, at, npages * PG, prot,
			   flags | (at ? MAP_FIXED : 0), pgoff));
}

MM_TEST(mappings_are_placed_from_the_top_down)
{
	struct mm_struct *mm = env_mm();
	vaddr_t a = env_mmap(mm, 0, 1, PROT_READ);
	vaddr_t b = env_mmap(mm, 0, 3, RW);

	CHECK_EQ(a, mm->mmap_base - PG);
	CHECK_EQ(b, a - 3 * PG);
	CHECK_EQ(env_mmap(mm, 0, 1, PROT_READ), b - PG);
	CHECK_EQ(mm->map_count, 3);
	CHECK_EQ(mm->total_vm, 5);
}

MM_TEST(the_highest_hole_that_fits_is_taken)
{
	struct mm_struct *mm = env_mm();
	vaddr_t a = env_mmap(mm, 0, 32, RW);

	TRY_OK(do_munmap(mm, a + 20 * PG, 2 * PG));
	TRY_OK(do_munmap(mm, a + 10 * PG, 4 * PG));
	TRY_OK(do_munmap(mm, a + 2 * PG, 6 * PG));
	CHECK_EQ(env_mmap(mm, 0, 3, PROT_READ), a + 11 * PG);
	CHECK_EQ(env_mmap(mm, 0, 2, PROT_READ), a + 20 * PG);
	CHECK_EQ(env_mmap(mm, 0, 6, PROT_READ), a + 2 * PG);
	CHECK_EQ(env_mmap(mm, 0, 2, PROT_READ), a - 2 * PG);
	CHECK_EQ(env_mmap(mm, 0, 1, PROT_READ), a + 10 * PG);
}

MM_TEST(a_hint_is_taken_when_the_place_is_free)
{
	struct mm_struct *mm = env_mm();

	CHECK_EQ(map(mm, AT(5), 2, RW, ANON), AT(5));
	CHECK_EQ(map(mm, AT(10) + 123, 1, RW, ANON), AT(10));
	CHECK_EQ(map(mm, AT(5), 2, RW, ANON), mm->mmap_base - 2 * PG);
	CHECK_EQ(map(mm, AT(6), 1, PROT_NONE, ANON), mm->mmap_base - 3 * PG);
	CHECK_EQ(map(mm, AT(4), 2, RW, ANON), mm->mmap_base - 5 * PG);
	CHECK_EQ(map(mm, 5 * PG, 1, RW, ANON), MM_USER_START);
	CHECK_EQ(map(mm, MM_USER_END, 1, RW, ANON), mm->mmap_base - 6 * PG);
}

MM_TEST(a_hint_keeps_off_the_guard_of_a_stack)
{
	struct mm_struct *mm = env_mm();
	vaddr_t stack = AT(1024);

	CHECK_EQ(map(mm, stack, 4, RW, ANON | MAP_GROWSDOWN), stack);
	CHECK(map(mm, stack - 4 * PG, 4, RW, ANON) > (long)stack);
	CHECK_EQ(map(mm, stack - STACK_GUARD_GAP - PG, 1, PROT_READ, ANON),
		 stack - STACK_GUARD_GAP - PG);
	CHECK(map(mm, stack - STACK_GUARD_GAP, 1, PROT_READ, ANON) >
	      (long)stack);
}

MM_TEST(a_fixed_mapping_replaces_what_is_there)
{
	struct mm_struct *mm = env_mm();

	env_mmap(mm, AT(0), 6, RW);
	for (unsigned i = 0; i < 6; i++)
		STORE(AT(i), i + 1);
	CHECK_EQ(map(mm, AT(2), 2, PROT_READ, ANON | MAP_FIXED), AT(2));
	CHECK_AREAS(mm, BASE, BASE + GIB, "0-2 rw-p; 2-4 r--p; 4-6 rw-p");
	CHECK_EQ(LOAD(AT(1)), 2);
	CHECK_EQ(LOAD(AT(2)), 0);
	CHECK_EQ(LOAD(AT(3)), 0);
	CHECK_EQ(LOAD(AT(4)), 5);
	CHECK_EQ(map(mm, AT(0), 8, RW, ANON | MAP_FIXED), AT(0));
	CHECK_AREAS(mm, BASE, BASE + GIB, "0-8 rw-p");
	CHECK_EQ(LOAD(AT(5)), 0);
}

MM_TEST(noreplace_refuses_what_is_there)
{
	struct mm_struct *mm = env_mm();
	unsigned flags = ANON | MAP_FIXED_NOREPLACE;

	env_mmap(mm, AT(0), 2, RW);
	STORE(AT(1), 7);
	CHECK_EQ(map(mm, AT(1), 2, RW, flags), -EEXIST);
	CHECK_EQ(map(mm, AT(0), 1, RW, flags | MAP_FIXED), -EEXIST);
	CHECK_EQ(LOAD(AT(1)), 7);
	CHECK_EQ(map(mm, AT(2), 2, PROT_READ, flags), AT(2));
	CHECK_AREAS(mm, BASE, BASE + GIB, "0-2 rw-p; 2-4 r--p");
}

MM_TEST(impossible_places_are_refused)
{
	struct mm_struct *mm = env_mm();
	unsigned flags = ANON | MAP_FIXED;

	CHECK_EQ(map(mm, AT(0) + 1, 1, RW, flags), -EINVAL);
	CHECK_EQ(map(mm, 0, 1, RW, flags), -EPERM);
	CHECK_EQ(map(mm, MM_USER_START - PG, 1, RW, flags), -EPERM);
	CHECK_EQ(map(mm, MM_USER_END - PG, 2, RW, flags), -ENOMEM);
	CHECK_EQ(map(mm, MM_USER_END, 1, RW, flags), -ENOMEM);
	CHECK_EQ(map(mm, ~0UL & PAGE_MASK, 1, RW, flags), -ENOMEM);
	CHECK_EQ(map(mm, MM_USER_END - PG, 1, RW, flags), MM_USER_END - PG);
	CHECK_EQ(map(mm, MM_USER_START, 1, RW, flags), MM_USER_START);
	CHECK_EQ(mm->map_count, 2);
}

MM_TEST(bad_arguments_are_refused)
{
	struct mm_struct *mm = env_mm();
	struct file *file = env_file(PG, 0);
	unsigned odd = 0x8000000;

	CHECK_EQ(map(mm, 0, 0, RW, ANON), -EINVAL);
	CHECK_EQ(map(mm, 0, 1, RW, MAP_ANONYMOUS), -EINVAL);
	CHECK_EQ(map(mm, 0, 1, RW, MAP_ANONYMOUS | 0x0f), -EINVAL);
	CHECK_EQ(map(mm, 0, 1, RW, MAP_ANONYMOUS | MAP_SHARED_VALIDATE),
		 -EINVAL);
	CHECK_EQ(map(mm, 0, 1, RW, MAP_ANONYMOUS | MAP_SHARED | MAP_GROWSDOWN),
		 -EINVAL);
	CHECK_EQ(TRY(do_mmap(mm, NULL, 0, ~0UL, RW, ANON, 0)), -ENOMEM);
	CHECK_EQ(TRY(do_mmap(mm, NULL, 0, ~0UL - PG, RW, ANON, 0)), -ENOMEM);
	CHECK_EQ(TRY(do_mmap(mm, NULL, 0, 256 * GIB, PROT_NONE, ANON, 0)),
		 -ENOMEM);
	CHECK_EQ(TRY(do_mmap(mm, file, 0, 2 * PG, RW, MAP_PRIVATE, ~0UL)),
		 -EOVERFLOW);
	CHECK_EQ(
	    TRY(do_mmap(mm, file, 0, PG, RW, MAP_PRIVATE | MAP_GROWSDOWN, 0)),
	    -EINVAL);
	CHECK_EQ(
	    TRY(do_mmap(mm, file, 0, PG, RW, MAP_SHARED_VALIDATE | odd, 0)),
	    -EOPNOTSUPP);
	CHECK(TRY(do_mmap(mm, file, 0, PG, RW, MAP_SHARED_VALIDATE, 0)) > 0);
	CHECK(TRY(do_mmap(mm, file, 0, PG, RW, MAP_SHARED | odd, 0)) > 0);
}

MM_TEST(files_are_mapped_only_as_they_were_opened)
{
	struct mm_struct *mm = env_mm();
	struct file *file = env_file(PG, 0);
	struct file *ro = env_open(file, FMODE_READ);
	struct file *wo = env_open(file, FMODE_WRITE);
	struct file *none = env_open(file, FMODE_READ);

	none->f_mapping = NULL;
	CHECK_EQ(map_file(mm, wo, 0, 1, PROT_READ, MAP_PRIVATE, 0), -EACCES);
	CHECK_EQ(map_file(mm, wo, 0, 1, PROT_WRITE, MAP_SHARED, 0), -EACCES);
	CHECK_EQ(map_file(mm, ro, 0, 1, RW, MAP_SHARED, 0), -EACCES);
	CHECK_EQ(map_file(mm, ro, 0, 1, PROT_EXEC, MAP_PRIVATE, 0), -EPERM);
	CHECK_EQ(map_file(mm, none, 0, 1, PROT_READ, MAP_PRIVATE, 0), -ENODEV);
	CHECK_EQ(mm->map_count, 0);
	CHECK(map_file(mm, ro, AT(0), 1, PROT_READ, MAP_SHARED, 0) > 0);
	CHECK(map_file(mm, ro, AT(1), 1, RW, MAP_PRIVATE, 0) > 0);
	CHECK_EQ(TRY(do_mprotect(mm, AT(0), PG, RW)), -EACCES);
	CHECK_EQ(TRY(do_mprotect(mm, AT(1), PG, RWX)), -EACCES);
	/* Shared but never to be written: Linux shows it as private. */
	CHECK_AREAS(mm, BASE, BASE + GIB, "0-1 r--p 0; 1-2 rw-p 0");
	CHECK_EQ(file->f_mapping->nr_writable, 0);
}

MM_TEST(equal_neighbours_become_one_area)
{
	struct mm_struct *mm = env_mm();

	env_mmap(mm, AT(0), 1, RW);
	env_mmap(mm, AT(1), 1, RW);
	CHECK_AREAS(mm, BASE, BASE + GIB, "0-2 rw-p");
	env_mmap(mm, AT(4), 1, RW);
	env_mmap(mm, AT(3), 1, RW);
	CHECK_AREAS(mm, BASE, BASE + GIB, "0-2 rw-p; 3-5 rw-p");
	env_mmap(mm, AT(2), 1, RW);
	CHECK_AREAS(mm, BASE, BASE + GIB, "0-5 rw-p");
	CHECK_EQ(mm->map_count, 1);
}

MM_TEST(unequal_neighbours_stay_apart)
{
	struct mm_struct *mm = env_mm();

	env_mmap(mm, AT(0), 1, RW);
	env_mmap(mm, AT(1), 1, PROT_READ);
	env_mmap(mm, AT(2), 1, RWX);
	map(mm, AT(3), 1, RW, ANON | MAP_NORESERVE | MAP_FIXED);
	map(mm, AT(4), 1, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED);
	map(mm, AT(5), 1, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED);
	CHECK_AREAS(mm, BASE, BASE + GIB,
		    "0-1 rw-p; 1-2 r--p; 2-3 rwxp; 3-4 rw-p; "
		    "4-5 rw-s 0; 5-6 rw-s 0");
}

MM_TEST(file_neighbours_merge_when_offsets_continue)
{
	struct mm_struct *mm = env_mm();
	struct file *file = env_file(8 * PG, 0), *other = env_file(8 * PG, 0);

	map_file(mm, file, AT(0), 1, PROT_READ, MAP_PRIVATE, 0);
	map_file(mm, file, AT(1), 1, PROT_READ, MAP_PRIVATE, 1);
	CHECK_AREAS(mm, BASE, BASE + GIB, "0-2 r--p 0");
	map_file(mm, file, AT(2), 1, PROT_READ, MAP_PRIVATE, 3);
	map_file(mm, other, AT(3), 1, PROT_READ, MAP_PRIVATE, 4);
	map_file(mm, file, AT(4), 1, PROT_READ, MAP_SHARED, 5);
	CHECK_AREAS(mm, BASE, BASE + GIB,
		    "0-2 r--p 0; 2-3 r--p 3; 3-4 r--p 4; "
		    "4-5 r--s 5");
	map_file(mm, file, AT(3), 1, PROT_READ, MAP_PRIVATE, 4);
	CHECK_AREAS(mm, BASE, BASE + GIB, "0-2 r--p 0; 2-4 r--p 3; 4-5 r--s 5");
	map_file(mm, file, AT(2), 1, PROT_READ, MAP_PRIVATE, 2);
	CHECK_AREAS(mm, BASE, BASE + GIB, "0-3 r--p 0; 3-4 r--p 4; 4-5 r--s 5");
	map_file(mm, file, AT(3), 1, PROT_READ, MAP_PRIVATE, 3);
	CHECK_AREAS(mm, BASE, BASE + GIB, "0-4 r--p 0; 4-5 r--s 5");
	for (unsigned i = 0; i < 5; i++)
		CHECK_EQ(LOAD(AT(i)), FILE_WORD((i < 4 ? i : 5) * PG));
}

/* Two written areas have different anon_vmas; the gap joins one of them. */
MM_TEST(areas_with_different_anon_vmas_stay_apart)
{
	struct mm_struct *mm = env_mm();

	env_mmap(mm, AT(0), 1, RW);
	env_mmap(mm, AT(2), 1, RW);
	STORE(AT(0), 1);
	STORE(AT(2), 2);
	env_mmap(mm, AT(1), 1, RW);
	CHECK_AREAS(mm, BASE, BASE + GIB, "0-2 rw-p; 2-3 rw-p");
	CHECK_EQ(LOAD(AT(0)), 1);
	CHECK_EQ(LOAD(AT(2)), 2);
}

/* Adjoining areas share an anon_vma from the first fault on. */
MM_TEST(neighbours_that_may_merge_later_share_an_anon_vma)
{
	struct mm_struct *mm = env_mm();

	env_mmap(mm, AT(0), 1, RW);
	env_mmap(mm, AT(1), 1, RWX);
	STORE(AT(0), 1);
	STORE(AT(1), 2);
	TRY_OK(do_mprotect(mm, AT(1), PG, RW));
	CHECK_AREAS(mm, BASE, BASE + GIB, "0-2 rw-p");
	CHECK_EQ(LOAD(AT(1)), 2);
}

MM_TEST(the_limit_of_address_space_is_kept)
{
	struct mm_struct *mm = env_mm();

	mm->limits.as = 4 * PG;
	env_mmap(mm, AT(0), 3, RW);
	CHECK_EQ(map(mm, 0, 2, PROT_NONE, ANON), -ENOMEM);
	env_mmap(mm, AT(3), 1, PROT_NONE);
	CHECK_EQ(map(mm, 0, 1, PROT_NONE, ANON), -ENOMEM);
	TRY_OK(do_munmap(mm, AT(0), PG));
	env_mmap(mm, AT(0), 1, RW);
}

MM_TEST(the_limit_of_data_counts_private_writable_memory)
{
	struct mm_struct *mm = env_mm();

	mm->limits.data = 2 * PG;
	env_mmap(mm, AT(0), 2, RW);
	CHECK_EQ(mm->data_vm, 2);
	CHECK_EQ(map(mm, 0, 1, RW, ANON), -ENOMEM);
	env_mmap(mm, AT(2), 1, PROT_READ);
	CHECK(map(mm, 0, 1, RW, MAP_SHARED | MAP_ANONYMOUS) > 0);
	CHECK_EQ(TRY(do_mprotect(mm, AT(2), PG, RW)), -ENOMEM);
	TRY_OK(do_munmap(mm, AT(0), PG));
	TRY_OK(do_mprotect(mm, AT(2), PG, RW));
}

/* Replacing counts the difference, and a refusal leaves all as it was. */
MM_TEST(a_fixed_mapping_refused_by_a_limit_changes_nothing)
{
	struct mm_struct *mm = env_mm();

	mm->limits.as = 4 * PG;
	env_mmap(mm, AT(0), 4, RW);
	STORE(AT(1), 5);
	CHECK_EQ(map(mm, AT(2), 3, RW, ANON | MAP_FIXED), -ENOMEM);
	CHECK_AREAS(mm, BASE, BASE + GIB, "0-4 rw-p");
	CHECK_EQ(LOAD(AT(1)), 5);
	CHECK_EQ(map(mm, AT(0), 4, PROT_READ, ANON | MAP_FIXED), AT(0));
	CHECK_AREAS(mm, BASE, BASE + GIB, "0-4 r--p");
}

MM_TEST(more_than_all_memory_is_refused_at_once)
{
	struct mm_struct *mm = env_mm();
	uint64_t too_much = page_nr_total() + 1;

	CHECK_EQ(map(mm, 0, too_much, RW, ANON), -ENOMEM);
	CHECK(map(mm, 0, too_much, RW, ANON | MAP_NORESERVE) > 0);
	CHECK(map(mm, 0, too_much, PROT_READ, ANON) > 0);
}

MM_TEST(locked_mappings_are_resident_and_limited)
{
	struct mm_struct *mm = env_mm();

	mm->limits.memlock = 4 * PG;
	CHECK_EQ(map(mm, AT(0), 3, RW, ANON | MAP_LOCKED), AT(0));
	CHECK_AREAS(mm, BASE, BASE + GIB, "0-3 rw-pL");
	CHECK_EXACT(env_resident(mm, AT(0), AT(3)), 3);
	CHECK_EQ(mm->locked_vm, 3);
	CHECK_EQ(map(mm, 0, 2, RW, ANON | MAP_LOCKED), -EAGAIN);
	TRY_OK(do_munmap(mm, AT(0), 2 * PG));
	CHECK_EQ(mm->locked_vm, 1);
}

MM_TEST(populate_makes_every_page_resident)
{
	struct mm_struct *mm = env_mm();
	struct file *file = env_file(4 * PG, 0);

	map(mm, AT(0), 4, RW, ANON | MAP_POPULATE | MAP_FIXED);
	CHECK_EXACT(env_resident(mm, AT(0), AT(4)), 4);
	env_stats_clear();
	STORE(AT(2), 1);
	CHECK_EXACT(env_stats.kind[FAULT_ANON_WRITE], 0);
	CHECK_EXACT(env_stats.kind[FAULT_ZERO_UPGRADE], 0);
	map(mm, AT(8), 2, PROT_READ, ANON | MAP_POPULATE | MAP_FIXED);
	map(mm, AT(10), 2, PROT_NONE, ANON | MAP_POPULATE | MAP_FIXED);
	map_file(mm, file, AT(12), 6, PROT_READ, MAP_SHARED | MAP_POPULATE, 0);
	CHECK_EXACT(env_resident(mm, AT(8), AT(10)), 2);
	CHECK_EXACT(env_resident(mm, AT(10), AT(12)), 0);
	CHECK_EXACT(env_resident(mm, AT(12), AT(18)), 4);
	map(mm, AT(20), 4, RW, ANON | MAP_POPULATE | MAP_NONBLOCK | MAP_FIXED);
	CHECK_EXACT(env_resident(mm, AT(20), AT(24)), 0);
}

/* Fill the address space but for one hole; placement must find it. */
MM_TEST(the_last_hole_of_the_address_space_is_found)
{
	struct mm_struct *mm = env_mm();
	unsigned flags = ANON | MAP_NORESERVE | MAP_FIXED;
	uint64_t all = (MM_USER_END - MM_USER_START) / PG;

	map(mm, MM_USER_START, all, PROT_NONE, flags);
	CHECK_EQ(map(mm, 0, 1, RW, ANON), -ENOMEM);
	TRY_OK(do_munmap(mm, MM_USER_END - 2 * PG, PG));
	CHECK_EQ(map(mm, 0, 1, RW, ANON), MM_USER_END - 2 * PG);
	TRY_OK(do_munmap(mm, AT(7), PG));
	CHECK_EQ(map(mm, 0, 1, RW, ANON), AT(7));
	TRY_OK(do_munmap(mm, MM_USER_START, PG));
	CHECK_EQ(map(mm, 0, 1, RW, ANON), MM_USER_START);
	CHECK_EQ(map(mm, 0, 1, RW, ANON), -ENOMEM);
}

static uint64_t nine_tenths(void)
{
	return vm_commit_limit() / 10 * 9;
}

MM_TEST_ONCE(how_freely_memory_is_promised_can_be_set)
{
	struct mm_struct *mm = env_mm(), *child;
	uint64_t limit = vm_commit_limit(), fifth = limit / 5;
	uint64_t all = page_nr_total();

	vm_memory_committed = nine_tenths;
	sysctl_overcommit_memory = OVERCOMMIT_ALWAYS;
	CHECK_EQ(map(mm, AT(0), all + 1, RW, ANON), AT(0));
	sysctl_overcommit_memory = OVERCOMMIT_NEVER;
	CHECK_EQ(mm_fork(mm, &child), -ENOMEM);
	CHECK_EQ(do_munmap(mm, AT(0), (all + 1) * PG), 0);
	CHECK_EQ(map(mm, AT(0), fifth, RW, ANON | MAP_NORESERVE), -ENOMEM);
	CHECK_EQ(map(mm, AT(0), fifth / 4, RW, ANON), AT(0));
	CHECK_EQ(do_mremap(mm, AT(0), fifth / 4 * PG, fifth * 2 * PG,
			   MREMAP_MAYMOVE, 0),
		 -ENOMEM);
	sysctl_overcommit_kbytes = (long)(limit * 2 * PG / 1024);
	CHECK_EQ(vm_commit_limit(), limit * 2);
	sysctl_overcommit_kbytes = 0;
	sysctl_overcommit_memory = OVERCOMMIT_GUESS;
	CHECK(map(mm, 0, fifth, RW, ANON) > 0);
}

/* No checks in between: 65,530 areas would be looked at 65,530 times. */
MM_TEST_ONCE(the_number_of_areas_is_limited)
{
	struct mm_struct *mm = env_mm();
	unsigned n = 0;

	while (do_mmap(mm, NULL, AT(n), PG, n & 1 ? RW : PROT_READ,
		       ANON | MAP_FIXED, 0) > 0)
		n++;
	CHECK(n >= sysctl_max_map_count && n <= sysctl_max_map_count + 1);
	CHECK_EQ(mm->map_count, n);
	CHECK_EQ(do_mmap(mm, NULL, 0, PG, RW, ANON, 0), -ENOMEM);
	CHECK_EQ(do_munmap(mm, AT(5), PG), 0);
	CHECK_EQ(do_munmap(mm, AT(7), PG), 0);
	/* A split needs an area; what extends a neighbour does not. */
	CHECK(do_mmap(mm, NULL, AT(5), PG, PROT_READ, ANON | MAP_FIXED, 0) > 0);
	CHECK_EQ(do_mprotect(mm, AT(4), PG, RW), 0);
	env_step(__FILE__, __LINE__);
	STORE(AT(9), 1);
	CHECK_EQ(do_munmap(mm, AT(0), (n - 2) * PG), 0);
	CHECK_EQ(mm->map_count, 2);
}

MM_TEST(the_first_stack_grows_and_has_a_name)
{
	struct mm_struct *mm = env_mm();
	vaddr_t top = MM_USER_END - PG;
	struct vma_info info;

	TRY_OK(mm_setup_stack(mm, top, 3 * PG, false));
	CHECK_AREAS(mm, top - 8 * PG, MM_USER_END, "5-8 rw-pG");
	STORE(top - 8, 1);
	CHECK(mm_next_area(mm, top - PG, &info, false));
	CHECK_STR(info.name, "[stack]");
	STORE(top - 40 * PG, 2);
	CHECK_AREAS(mm, top - 40 * PG, MM_USER_END, "0-40 rw-pG");
	CHECK_EQ(LOAD(top - 8), 1);
	CHECK_EQ(mm->stack_vm, 40);
}

MM_TEST(a_special_mapping_shows_the_kernels_pages)
{
	static struct page *pages[2];
	struct mm_struct *mm = env_mm();
	struct vma_info info;
	long va;

	for (unsigned i = 0; i < 2; i++) {
		pages[i] = env_page();
		*(uint64_t *)page_address(pages[i]) = 100 + i;
	}
	va = TRY(install_special_mapping(mm, pages, 2, PROT_READ | PROT_EXEC,
					 "[vdso]"));
	CHECK(va > 0);
	CHECK_FAULT(va, MMU_FETCH, 0, 0, FAULT_SPECIAL);
	CHECK_EQ(LOAD(va + PG), 101);
	CHECK_ACCESS(va, MMU_STORE, SIGSEGV, SEGV_ACCERR);
	CHECK(mm_next_area(mm, va, &info, true));
	CHECK_STR(info.name, "[vdso]");
	CHECK(TRY(do_munmap(mm, va, PG)) < 0);
	CHECK(TRY(do_mremap(mm, va, 2 * PG, 4 * PG, MREMAP_MAYMOVE, 0)) < 0);
	CHECK_EQ(mm->vdso, va);
	va = TRY(do_mremap(mm, va, 2 * PG, 2 * PG,
			   MREMAP_MAYMOVE | MREMAP_FIXED, AT(7)));
	CHECK_EQ(mm->vdso, va);
	env_switch(0, env_fork(mm));
	CHECK_EQ(LOAD(va + PG), 101);
	env_switch(0, mm);
	TRY_OK(do_munmap(mm, va, 2 * PG));
}

MM_TEST(areas_are_reported_with_name_and_use)
{
	struct mm_struct *mm = env_mm();
	struct file *file = env_file(2 * PG, 0);
	struct vma_info info;

	map_file(mm, file, AT(4), 2, PROT_READ, MAP_PRIVATE, 0);
	env_mmap(mm, AT(0), 3, RW);
	STORE(AT(1), 1);
	LOAD(AT(2));
	LOAD(AT(4));
	CHECK(mm_next_area(mm, 0, &info, true));
	CHECK_EQ(info.start, AT(0));
	CHECK_EQ(info.end, AT(3));
	CHECK(!info.file);
	CHECK_EQ(info.anonymous, PG);
	CHECK_EQ(info.private_dirty, PG);
	CHECK(mm_next_area(mm, AT(3), &info, true));
	CHECK(info.file == file);
	CHECK_EQ(info.pgoff, 0);
	CHECK_EXACT(info.rss, 2 * PG);
	file_put(info.file);
	CHECK(!mm_next_area(mm, AT(6), &info, true));
	CHECK_EQ(mm_pagemap(mm, AT(0)) >> 63, 0);
	CHECK_EQ(mm_pagemap(mm, AT(1)) >> 63, 1);
	CHECK_EXACT(mm_rss(mm), 3);
}

/* When there is no room below mmap_base, what is above it serves. */
MM_TEST(the_room_above_mmap_base_comes_last)
{
	struct mm_struct *mm = env_mm();
	vaddr_t base = mm->mmap_base;
	uint64_t above = (MM_USER_END - base) / PG;

	CHECK_EQ(map(mm, MM_USER_START, (base - MM_USER_START) / PG - 2,
		     PROT_EXEC, ANON | MAP_FIXED),
		 MM_USER_START);
	/* From 2 pages below to 1 page above. */
	CHECK_EQ(map(mm, 0, above + 1, PROT_READ, ANON), base - PG);
	CHECK_EQ(map(mm, 0, 2, PROT_READ, ANON), -ENOMEM);
	CHECK_EQ(map(mm, 0, 1, PROT_READ, ANON), base - 2 * PG);
	CHECK_EQ(map(mm, 0, 1, PROT_READ, ANON), -ENOMEM);
	TRY_OK(do_munmap(mm, base + 4 * PG, 2 * PG));
	TRY_OK(do_munmap(mm, base, 3 * PG));
	CHECK_EQ(map(mm, 0, 3, PROT_NONE, ANON), base);
	CHECK_EQ(map(mm, 0, 1, PROT_NONE, ANON), base + 5 * PG);
	CHECK_EQ(map(mm, 0, 2, PROT_NONE, ANON), -ENOMEM);
}

static const struct tap_test tests[] = {
    ENTRY(mappings_are_placed_from_the_top_down),
    ENTRY(the_highest_hole_that_fits_is_taken),
    ENTRY(a_hint_is_taken_when_the_place_is_free),
    ENTRY(a_hint_keeps_off_the_guard_of_a_stack),
    ENTRY(a_fixed_mapping_replaces_what_is_there),
    ENTRY(noreplace_refuses_what_is_there),
    ENTRY(impossible_places_are_refused),
    ENTRY(bad_arguments_are_refused),
    ENTRY(files_are_mapped_only_as_they_were_opened),
    ENTRY(equal_neighbours_become_one_area),
    ENTRY(unequal_neighbours_stay_apart),
    ENTRY(file_neighbours_merge_when_offsets_continue),
    ENTRY(areas_with_different_anon_vmas_stay_apart),
    ENTRY(neighbours_that_may_merge_later_share_an_anon_vma),
    ENTRY(the_limit_of_address_space_is_kept),
    ENTRY(the_limit_of_data_counts_private_writable_memory),
    ENTRY(a_fixed_mapping_refused_by_a_limit_changes_nothing),
    ENTRY(more_than_all_memory_is_refused_at_once),
    ENTRY(locked_mappings_are_resident_and_limited),
    ENTRY(populate_makes_every_page_resident),
    ENTRY(the_last_hole_of_the_address_space_is_found),
    ENTRY(how_freely_memory_is_promised_can_be_set),
    ENTRY(the_room_above_mmap_base_comes_last),
    ENTRY(the_number_of_areas_is_limited),
    ENTRY(the_first_stack_grows_and_has_a_name),
    ENTRY(a_special_mapping_shows_the_kernels_pages),
    ENTRY(areas_are_reported_with_name_and_use),
};

TAP_MAIN(tests)
