/* SPDX-License-Identifier: MIT */
/* mremap: shrink, grow, move, duplicate, leave empty. */
#include "test/host/mm_env.h"

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

static long remap(struct mm_struct *mm, unsigned from, unsigned old_n,
		  unsigned new_n, unsigned flags, unsigned to)
{
	return TRY(do_mremap(mm, AT(from), old_n * PG, new_n * PG, flags,
			     flags & MREMAP_FIXED ? AT(to) : 0));
}

static void map_file(struct mm_struct *mm, struct file *file, unsigned at,
		     unsigned npages, unsigned prot, unsigned flags,
		     pgoff_t pgoff)
{
	CHECK_EQ(TRY(do_mmap(mm, file, AT(at), npages * PG, prot,
			     flags | MAP_FIXED, pgoff)),
		 AT(at));
}

MM_TEST(shrinking_unmaps_the_tail)
{
	struct mm_struct *mm = six_pages();

	CHECK_EQ(remap(mm, 0, 6, 4, 0, 0), AT(0));
	CHECK_MAP(mm, "0-4 rw-p");
	CHECK_EQ(remap(mm, 1, 2, 1, 0, 0), AT(1));
	CHECK_MAP(mm, "0-2 rw-p; 3-4 rw-p");
	CHECK_EQ(LOAD(AT(3)), 13);
	CHECK_ACCESS(AT(2), MMU_LOAD, SIGSEGV, SEGV_MAPERR);
}

MM_TEST(the_same_size_changes_nothing)
{
	struct mm_struct *mm = six_pages();

	CHECK_EQ(remap(mm, 1, 3, 3, 0, 0), AT(1));
	CHECK_EQ(remap(mm, 1, 3, 3, MREMAP_MAYMOVE, 0), AT(1));
	CHECK_MAP(mm, "0-6 rw-p");
}

MM_TEST(growing_in_place_needs_room_behind)
{
	struct mm_struct *mm = six_pages();

	CHECK_EQ(remap(mm, 0, 6, 8, 0, 0), AT(0));
	CHECK_MAP(mm, "0-8 rw-p");
	CHECK_EQ(LOAD(AT(5)), 15);
	CHECK_EQ(LOAD(AT(7)), 0);
	env_mmap(mm, AT(9), 1, PROT_READ);
	CHECK_EQ(remap(mm, 0, 8, 9, 0, 0), AT(0));
	CHECK_EQ(do_mremap(mm, AT(0), 9 * PG, 10 * PG, 0, 0), -ENOMEM);
	CHECK_MAP(mm, "0-9 rw-p; 9-10 r--p");
	CHECK_EQ(mm->total_vm, 10);
	/* Only the end of an area can grow where it is. */
	CHECK_EQ(do_mremap(mm, AT(0), 4 * PG, 5 * PG, 0, 0), -ENOMEM);
}

MM_TEST(growing_may_join_the_next_area)
{
	struct mm_struct *mm = env_mm();

	env_mmap(mm, AT(0), 2, RW);
	env_mmap(mm, AT(4), 2, RW);
	CHECK_EQ(remap(mm, 0, 2, 4, 0, 0), AT(0));
	CHECK_MAP(mm, "0-6 rw-p");
}

MM_TEST(growing_moves_when_there_is_no_room)
{
	struct mm_struct *mm = six_pages();
	long to;

	env_mmap(mm, AT(6), 1, PROT_READ);
	to = remap(mm, 2, 4, 8, MREMAP_MAYMOVE, 0);
	CHECK(to > 0 && to != (long)AT(2));
	CHECK_MAP(mm, "0-2 rw-p; 6-7 r--p");
	CHECK_AREAS(mm, to, to + 100 * PG, "0-8 rw-p");
	for (unsigned i = 0; i < 8; i++)
		CHECK_EQ(LOAD(to + i * PG), i < 4 ? 12 + i : 0);
	CHECK_ACCESS(AT(2), MMU_LOAD, SIGSEGV, SEGV_MAPERR);
	CHECK_EQ(get_mm_counter(mm, MM_ANONPAGES), 6);
}

MM_TEST(a_fixed_move_replaces_what_is_there)
{
	struct mm_struct *mm = six_pages();
	unsigned flags = MREMAP_MAYMOVE | MREMAP_FIXED;

	env_mmap(mm, AT(100), 4, PROT_READ);
	CHECK_EQ(remap(mm, 1, 2, 2, flags, 101), AT(101));
	CHECK_MAP(mm, "0-1 rw-p; 3-6 rw-p; 100-101 r--p; 101-103 rw-p; "
		      "103-104 r--p");
	CHECK_EQ(LOAD(AT(101)), 11);
	STORE(AT(102), 99);
	CHECK_EQ(LOAD(AT(102)), 99);
	/* With another size: shrunk or grown on the way. */
	CHECK_EQ(remap(mm, 3, 3, 1, flags, 200), AT(200));
	CHECK_EQ(remap(mm, 200, 1, 3, flags, 300), AT(300));
	CHECK_EQ(LOAD(AT(300)), 13);
	CHECK_EQ(LOAD(AT(301)), 0);
	CHECK_MAP(mm, "0-1 rw-p; 100-101 r--p; 101-103 rw-p; 103-104 r--p; "
		      "300-303 rw-p");
}

/* Moved by whole tables, across their borders, and by odd distances. */
MM_TEST_ONCE(contents_survive_every_kind_of_move)
{
	static const unsigned distance[] = {1024, 512,	513,
					    700,  3000, 512 * 512};
	unsigned flags = MREMAP_MAYMOVE | MREMAP_FIXED;

	for (unsigned d = 0; d < ARRAY_SIZE(distance); d++) {
		struct mm_struct *mm = env_mm();

		env_mmap(mm, AT(0), 700, RW);
		for (unsigned i = 0; i < 700; i += 7)
			STORE(AT(i), i + 1);
		LOAD(AT(3));
		if (distance[d] < 700) {
			CHECK_EQ(remap(mm, 0, 700, 700, flags, distance[d]),
				 -EINVAL);
			CHECK_EQ(
			    remap(mm, 0, 500, 500, flags, distance[d] + 700),
			    AT(distance[d] + 700));
			CHECK_EQ(LOAD(AT(distance[d] + 700 + 490)), 491);
			env_exit(mm);
			continue;
		}
		CHECK_EQ(remap(mm, 0, 700, 700, flags, distance[d]),
			 AT(distance[d]));
		for (unsigned i = 0; i < 700; i++)
			CHECK_EQ(LOAD(AT(distance[d] + i)), i % 7 ? 0 : i + 1);
		CHECK_ACCESS(AT(1), MMU_LOAD, SIGSEGV, SEGV_MAPERR);
		env_exit(mm);
	}
}

MM_TEST(bad_arguments_are_refused)
{
	struct mm_struct *mm = six_pages();
	unsigned may = MREMAP_MAYMOVE, fixed = may | MREMAP_FIXED;

	CHECK_EQ(do_mremap(mm, AT(0) + 1, PG, PG, 0, 0), -EINVAL);
	CHECK_EQ(do_mremap(mm, AT(0), PG, 0, may, 0), -EINVAL);
	CHECK_EQ(do_mremap(mm, AT(0), PG, PG, 8, 0), -EINVAL);
	CHECK_EQ(do_mremap(mm, AT(0), PG, PG, MREMAP_FIXED, AT(9)), -EINVAL);
	CHECK_EQ(do_mremap(mm, AT(0), PG, PG, fixed, AT(9) + 1), -EINVAL);
	CHECK_EQ(do_mremap(mm, AT(0), 4 * PG, 4 * PG, fixed, AT(2)), -EINVAL);
	CHECK_EQ(do_mremap(mm, AT(2), 2 * PG, 3 * PG, fixed, AT(0)), -EINVAL);
	CHECK_EQ(do_mremap(mm, AT(0), PG, PG, fixed, MM_USER_END), -EINVAL);
	CHECK_EQ(do_mremap(mm, AT(0), PG, PG, MREMAP_DONTUNMAP, 0), -EINVAL);
	CHECK_EQ(do_mremap(mm, AT(0), PG, 2 * PG, may | MREMAP_DONTUNMAP, 0),
		 -EINVAL);
	CHECK_EQ(do_mremap(mm, AT(0), PG, 1UL << 40, may, 0), -ENOMEM);
	CHECK_EQ(do_mremap(mm, AT(0), 0, PG, may, 0), -EINVAL); /* private */
	CHECK_EQ(do_mremap(mm, AT(20), PG, 2 * PG, may, 0), -EFAULT);
	CHECK_EQ(do_mremap(mm, AT(5), 2 * PG, 3 * PG, may, 0), -EFAULT);
	env_step(__FILE__, __LINE__);
	CHECK_MAP(mm, "0-6 rw-p");
	CHECK_EQ(LOAD(AT(3)), 13);
}

MM_TEST(old_length_zero_maps_shared_memory_twice)
{
	struct mm_struct *mm = env_mm();
	long to;

	CHECK_EQ(TRY(do_mmap(mm, NULL, AT(0), 2 * PG, RW,
			     MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, 0)),
		 AT(0));
	STORE(AT(1), 5);
	to = remap(mm, 0, 0, 2, MREMAP_MAYMOVE, 0);
	CHECK(to > 0);
	CHECK_EQ(LOAD(to + PG), 5);
	STORE(to, 6);
	CHECK_EQ(LOAD(AT(0)), 6);
}

MM_TEST(dontunmap_leaves_the_old_place_empty)
{
	struct mm_struct *mm = six_pages();
	long to = remap(mm, 0, 6, 6, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0);

	CHECK(to > 0 && to != (long)AT(0));
	CHECK_MAP(mm, "0-6 rw-p");
	CHECK_EQ(LOAD(to + 5 * PG), 15);
	CHECK_EQ(LOAD(AT(5)), 0);
	STORE(AT(5), 1);
	CHECK_EQ(LOAD(to + 5 * PG), 15);
	CHECK_EQ(mm->total_vm, 12);
}

MM_TEST(a_moved_file_area_keeps_its_offsets)
{
	struct mm_struct *mm = env_mm();
	struct file *file = env_file(8 * PG, 0);
	unsigned flags = MREMAP_MAYMOVE | MREMAP_FIXED;

	map_file(mm, file, 0, 6, RW, MAP_PRIVATE, 1);
	STORE(AT(3), 77);
	LOAD(AT(4));
	CHECK_EQ(remap(mm, 2, 3, 3, flags, 50), AT(50));
	CHECK_MAP(mm, "0-2 rw-p 1; 5-6 rw-p 6; 50-53 rw-p 3");
	CHECK_EQ(LOAD(AT(50)), FILE_WORD(3 * PG));
	CHECK_EQ(LOAD(AT(51)), 77);
	CHECK_EQ(LOAD(AT(52)), FILE_WORD(5 * PG));
	CHECK_EQ(TRY(truncate_setsize(file->f_mapping, 0)), 0);
	CHECK_FAULT(AT(50), MMU_LOAD, SIGBUS, BUS_ADRERR, FAULT_PAST_EOF);
	CHECK_ACCESS(AT(51), MMU_LOAD, SIGBUS, BUS_ADRERR);
}

MM_TEST(remap_file_pages_maps_the_same_file_elsewhere)
{
	struct mm_struct *mm = env_mm();
	struct file *file = env_file(8 * PG, 0);

	map_file(mm, file, 0, 4, RW, MAP_SHARED, 0);
	STORE(AT(1), 77);
	TRY_OK(do_remap_file_pages(mm, AT(1), 2 * PG, 0, 5, 0));
	CHECK_MAP(mm, "0-1 rw-s 0; 1-3 rw-s 5; 3-4 rw-s 3");
	CHECK_EQ(LOAD(AT(1)), FILE_WORD(5 * PG));
	TRY_OK(do_remap_file_pages(mm, AT(0), 4 * PG, 0, 0, MAP_NONBLOCK));
	CHECK_MAP(mm, "0-4 rw-s 0");
	CHECK_EQ(LOAD(AT(1)), 77);
	CHECK_EQ(TRY(do_remap_file_pages(mm, AT(3), 2 * PG, 0, 0, 0)), -EINVAL);
	CHECK_EQ(TRY(do_remap_file_pages(mm, AT(0), PG, PROT_READ, 0, 0)),
		 -EINVAL);
	CHECK_EQ(TRY(do_remap_file_pages(mm, AT(0), PG, 0, 1UL << 51, 0)),
		 -EOVERFLOW);
}

/* An untouched anonymous area takes the index of its new place. */
MM_TEST(a_moved_area_merges_where_it_arrives)
{
	struct mm_struct *mm = env_mm();
	unsigned flags = MREMAP_MAYMOVE | MREMAP_FIXED;

	env_mmap(mm, AT(0), 2, RW);
	env_mmap(mm, AT(10), 2, RW);
	CHECK_EQ(remap(mm, 0, 2, 2, flags, 12), AT(12));
	CHECK_MAP(mm, "10-14 rw-p");
	STORE(AT(11), 1);
	STORE(AT(12), 2);
	/* There and back again: the pages' own index fits the old place. */
	CHECK_EQ(remap(mm, 12, 2, 2, flags, 40), AT(40));
	CHECK_EQ(remap(mm, 40, 2, 2, flags, 12), AT(12));
	CHECK_MAP(mm, "10-14 rw-p");
	CHECK_EQ(LOAD(AT(12)), 2);
}

MM_TEST(locked_areas_stay_locked_and_limited)
{
	struct mm_struct *mm = six_pages();
	long to;

	mm->limits.memlock = 8 * PG;
	TRY_OK(do_mlock(mm, AT(0), 6 * PG, false));
	CHECK_EQ(do_mremap(mm, AT(0), 6 * PG, 9 * PG, MREMAP_MAYMOVE, 0),
		 -EAGAIN);
	to = remap(mm, 0, 6, 8, MREMAP_MAYMOVE, 0);
	CHECK_EQ(to, AT(0));
	CHECK_EQ(mm->locked_vm, 8);
	CHECK_EXACT(env_resident(mm, AT(0), AT(8)), 8);
	CHECK_EQ(remap(mm, 0, 8, 2, 0, 0), AT(0));
	CHECK_EQ(mm->locked_vm, 2);
}

MM_TEST(the_limit_of_address_space_is_kept)
{
	struct mm_struct *mm = six_pages();

	mm->limits.as = 7 * PG;
	CHECK_EQ(do_mremap(mm, AT(0), 6 * PG, 8 * PG, MREMAP_MAYMOVE, 0),
		 -ENOMEM);
	CHECK_EQ(remap(mm, 0, 6, 7, MREMAP_MAYMOVE, 0), AT(0));
	CHECK_MAP(mm, "0-7 rw-p");
}

/* The child still finds its page after the parent has moved it. */
MM_TEST(moving_shared_pages_keeps_copy_on_write)
{
	struct mm_struct *mm = six_pages(), *child = env_fork(mm);
	unsigned flags = MREMAP_MAYMOVE | MREMAP_FIXED;

	CHECK_EQ(remap(mm, 0, 6, 6, flags, 1000), AT(1000));
	STORE(AT(1003), 1);
	env_switch(0, child);
	CHECK_EQ(LOAD(AT(3)), 13);
	STORE(AT(4), 2);
	env_switch(0, mm);
	CHECK_EQ(LOAD(AT(1004)), 14);
	CHECK_EQ(LOAD(AT(1003)), 1);
}

static const struct tap_test tests[] = {
    ENTRY(shrinking_unmaps_the_tail),
    ENTRY(the_same_size_changes_nothing),
    ENTRY(growing_in_place_needs_room_behind),
    ENTRY(growing_may_join_the_next_area),
    ENTRY(growing_moves_when_there_is_no_room),
    ENTRY(a_fixed_move_replaces_what_is_there),
    ENTRY(contents_survive_every_kind_of_move),
    ENTRY(bad_arguments_are_refused),
    ENTRY(old_length_zero_maps_shared_memory_twice),
    ENTRY(dontunmap_leaves_the_old_place_empty),
    ENTRY(a_moved_file_area_keeps_its_offsets),
    ENTRY(remap_file_pages_maps_the_same_file_elsewhere),
    ENTRY(a_moved_area_merges_where_it_arrives),
    ENTRY(locked_areas_stay_locked_and_limited),
    ENTRY(the_limit_of_address_space_is_kept),
    ENTRY(moving_shared_pages_keeps_copy_on_write),
};

TAP_MAIN(tests)
