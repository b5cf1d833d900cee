/* SPDX-License-Identifier: MIT */
/*
 * mremap(2): resizing in place, moving, and what is refused.
 */
#include "test/conform/conform.h"

#define MOVE_TO (MREMAP_MAYMOVE | MREMAP_FIXED)

static long remap(const void *p, size_t len, size_t new_len, int flags,
		  const void *to)
{
	return (long)mremap((void *)(uintptr_t)p, len, new_len, flags,
			    (void *)(uintptr_t)to);
}

TEST(mremap_shrinks_in_place)
{
	char *p = filled(3);

	EQ(remap(p, 3 * PAGE, PAGE, 0, NULL), (long)p);
	EQ(get(p), 'A');
	UNMAPPED(p + PAGE);
	UNMAPPED(p + 2 * PAGE);
}

TEST(mremap_to_the_same_size_does_nothing)
{
	char *p = filled(2);

	EQ(remap(p, 2 * PAGE, 2 * PAGE, 0, NULL), (long)p);
	EQ(remap(p, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE, NULL), (long)p);
	EQ(get(p + PAGE), 'B');
}

TEST(mremap_grows_in_place_when_there_is_room)
{
	char *p = filled(3);

	EQ(munmap(p + PAGE, 2 * PAGE), 0);
	EQ(remap(p, PAGE, 3 * PAGE, 0, NULL), (long)p);
	EQ(get(p), 'A');
	EQ(get(p + PAGE), 0);
	put(p + 3 * PAGE - 1, 1);
}

TEST(mremap_without_room_and_maymove_is_enomem)
{
	char *p = filled(2);

	EQ(remap(p, 2 * PAGE, 3 * PAGE, 0, NULL), -ENOMEM);
	EQ(get(p + PAGE), 'B');
}

TEST(mremap_of_a_part_cannot_grow_in_place)
{
	char *p = filled(2);

	EQ(remap(p, PAGE, 2 * PAGE, 0, NULL), -ENOMEM);
	EQ(get(p + PAGE), 'B');
}

TEST(mremap_moves_when_there_is_no_room)
{
	char *p = filled(2);
	long q = remap(p, 2 * PAGE, 8 * PAGE, MREMAP_MAYMOVE, NULL);

	CHECK(q > 0);
	CHECK(q != (long)p);
	EQ(get((char *)q), 'A');
	EQ(get((char *)q + PAGE), 'B');
	EQ(get((char *)q + 2 * PAGE), 0);
	UNMAPPED(p);
}

TEST(mremap_moves_a_part_of_a_mapping)
{
	char *p = filled(3);
	long q = remap(p + PAGE, PAGE, 2 * PAGE, MREMAP_MAYMOVE, NULL);

	CHECK(q > 0);
	EQ(get((char *)q), 'B');
	EQ(get(p), 'A');
	UNMAPPED(p + PAGE);
	EQ(get(p + 2 * PAGE), 'C');
}

TEST(mremap_rounds_both_lengths_up)
{
	char *p = filled(2);

	EQ(remap(p, PAGE + 1, 1, 0, NULL), (long)p);
	EQ(get(p), 'A');
	UNMAPPED(p + PAGE);
}

TEST(mremap_refuses_an_unaligned_address)
{
	char *p = filled(1);

	EQ(remap(p + 1, PAGE, 2 * PAGE, MREMAP_MAYMOVE, NULL), -EINVAL);
	EQ(get(p), 'A');
}

TEST(mremap_refuses_new_length_zero)
{
	char *p = filled(1);

	EQ(remap(p, PAGE, 0, 0, NULL), -EINVAL);
	EQ(get(p), 'A');
}

TEST(mremap_refuses_unknown_flags)
{
	EQ(remap(filled(1), PAGE, PAGE, 8, NULL), -EINVAL);
	EQ(remap(filled(1), PAGE, PAGE, -1, NULL), -EINVAL);
}

TEST(mremap_of_nothing_is_efault)
{
	EQ(remap(hole(1), PAGE, 2 * PAGE, MREMAP_MAYMOVE, NULL), -EFAULT);
	EQ(remap(hole(2), 2 * PAGE, PAGE, 0, NULL), -EFAULT);
}

TEST(mremap_across_the_end_of_a_mapping_is_efault)
{
	char *p = filled(2);

	EQ(munmap(p + PAGE, PAGE), 0);
	EQ(remap(p, 2 * PAGE, 3 * PAGE, MREMAP_MAYMOVE, NULL), -EFAULT);
	EQ(get(p), 'A');
}

TEST(mremap_across_two_mappings_is_efault)
{
	char *p = filled(2);

	EQ(mprotect(p + PAGE, PAGE, PROT_READ), 0);
	EQ(remap(p, 2 * PAGE, 3 * PAGE, MREMAP_MAYMOVE, NULL), -EFAULT);
	EQ(get(p), 'A');
}

TEST(mremap_to_more_than_the_address_space_is_enomem)
{
	char *p = filled(1);

	EQ(remap(p, PAGE, AN_END, MREMAP_MAYMOVE, NULL), -ENOMEM);
	EQ(get(p), 'A');
}

TEST(mremap_fixed_moves_exactly_there)
{
	char *p = filled(2), *to = hole(2);

	EQ(remap(p, 2 * PAGE, 2 * PAGE, MOVE_TO, to), (long)to);
	EQ(get(to), 'A');
	EQ(get(to + PAGE), 'B');
	UNMAPPED(p);
}

TEST(mremap_fixed_replaces_what_is_there)
{
	char *p = filled(1), *to = filled(3);

	EQ(remap(p, PAGE, PAGE, MOVE_TO, to + PAGE), (long)(to + PAGE));
	EQ(get(to), 'A');
	EQ(get(to + PAGE), 'A');
	EQ(get(to + 2 * PAGE), 'C');
	UNMAPPED(p);
}

TEST(mremap_fixed_shrinks_on_the_way)
{
	char *p = filled(3), *to = hole(3);

	EQ(remap(p, 3 * PAGE, PAGE, MOVE_TO, to), (long)to);
	EQ(get(to), 'A');
	UNMAPPED(to + PAGE);
	UNMAPPED(p);
	UNMAPPED(p + 2 * PAGE);
}

TEST(mremap_fixed_grows_on_the_way)
{
	char *p = filled(1), *to = hole(3);

	EQ(remap(p, PAGE, 3 * PAGE, MOVE_TO, to), (long)to);
	EQ(get(to), 'A');
	EQ(get(to + 2 * PAGE), 0);
}

TEST(mremap_fixed_needs_maymove)
{
	char *p = filled(1);

	EQ(remap(p, PAGE, PAGE, MREMAP_FIXED, hole(1)), -EINVAL);
	EQ(get(p), 'A');
}

TEST(mremap_fixed_refuses_an_unaligned_new_address)
{
	EQ(remap(filled(1), PAGE, PAGE, MOVE_TO, hole(2) + 1), -EINVAL);
}

TEST(mremap_fixed_refuses_a_new_range_that_contains_the_old)
{
	char *p = filled(3);

	EQ(remap(p + PAGE, PAGE, 3 * PAGE, MOVE_TO, p), -EINVAL);
	EQ(get(p + PAGE), 'B');
}

TEST(mremap_fixed_refuses_a_new_range_that_overlaps_the_start)
{
	char *p = filled(4);

	EQ(remap(p + PAGE, 2 * PAGE, 2 * PAGE, MOVE_TO, p), -EINVAL);
	EQ(get(p), 'A');
	EQ(get(p + PAGE), 'B');
}

TEST(mremap_fixed_refuses_a_new_range_that_overlaps_the_end)
{
	char *p = filled(4);

	EQ(remap(p, 2 * PAGE, 2 * PAGE, MOVE_TO, p + PAGE), -EINVAL);
	EQ(get(p + 2 * PAGE), 'C');
}

TEST(mremap_fixed_refuses_its_own_address)
{
	char *p = filled(1);

	EQ(remap(p, PAGE, PAGE, MOVE_TO, p), -EINVAL);
	EQ(get(p), 'A');
}

TEST(mremap_fixed_refuses_addresses_outside)
{
	char *p = filled(1);

	EQ(remap(p, PAGE, PAGE, MOVE_TO, (void *)AN_END), -EINVAL);
	EQ(remap(p, PAGE, PAGE, MOVE_TO, (void *)-PAGE), -EINVAL);
	EQ(get(p), 'A');
}

TEST(mremap_ignores_the_new_address_without_fixed)
{
	char *p = filled(2);

	EQ(remap(p, 2 * PAGE, PAGE, MREMAP_MAYMOVE, filled(1)), (long)p);
}

TEST(mremap_keeps_the_protection)
{
	char *p = filled(1), *to = hole(1);

	EQ(mprotect(p, PAGE, PROT_READ), 0);
	EQ(remap(p, PAGE, PAGE, MOVE_TO, to), (long)to);
	IS_READONLY(to);
	PERMS(to, "r--p");
}

TEST(mremap_keeps_a_shared_mapping_shared)
{
	int fd = file_of(1);
	char *p = map_fd(fd, 1, RW, MAP_SHARED), *to = hole(1), c = 0;

	EQ(remap(p, PAGE, PAGE, MOVE_TO, to), (long)to);
	put(to, 'x');
	EQ(pread(fd, &c, 1, 0), 1);
	EQ(c, 'x');
}

TEST(mremap_growth_shows_more_of_the_file)
{
	char *p = map_fd(file_of(3), 1, PROT_READ, MAP_SHARED);
	char *q = mremap(p, PAGE, 3 * PAGE, MREMAP_MAYMOVE, NULL);

	EQ(err(q), 0);
	EQ(get(q), 'A');
	EQ(get(q + 2 * PAGE), 'C');
}

TEST(mremap_growth_behind_the_end_of_the_file_is_sigbus)
{
	char *p = map_fd(file_of(1), 1, PROT_READ, MAP_SHARED);
	char *q = mremap(p, PAGE, 2 * PAGE, MREMAP_MAYMOVE, NULL);

	EQ(get(q), 'A');
	FAULTS(probe_load(q + PAGE), SIGBUS, BUS_ADRERR, q + PAGE);
}

TEST(mremap_keeps_file_offsets)
{
	char *p = map_fd(file_of(3), 3, PROT_READ, MAP_SHARED), *to = hole(1);

	EQ(remap(p + 2 * PAGE, PAGE, PAGE, MOVE_TO, to), (long)to);
	EQ(get(to), 'C');
	EQ(area_at(to).offset, 2 * PAGE);
}

TEST(mremap_keeps_private_changes_of_a_file)
{
	char *p = map_fd(file_of(2), 2, RW, MAP_PRIVATE), *to = hole(2);

	put(p, 'x');
	EQ(remap(p, 2 * PAGE, 2 * PAGE, MOVE_TO, to), (long)to);
	EQ(get(to), 'x');
	EQ(get(to + PAGE), 'B');
}

TEST(mremap_of_length_zero_duplicates_a_shared_mapping)
{
	char *p = shared(2, RW), *q;

	put(p, 'x');
	q = mremap(p, 0, 2 * PAGE, MREMAP_MAYMOVE, NULL);
	EQ(err(q), 0);
	EQ(get(q), 'x');
	put(q + PAGE, 'y');
	EQ(get(p + PAGE), 'y');
}

TEST(mremap_of_length_zero_needs_maymove)
{
	char *p = shared(1, RW);

	EQ(remap(p, 0, PAGE, 0, NULL), -ENOMEM);
	put(p, 1);
}

TEST(mremap_of_length_zero_refuses_private_memory)
{
	char *p = filled(1);

	EQ(remap(p, 0, PAGE, MREMAP_MAYMOVE, NULL), -EINVAL);
	EQ(get(p), 'A');
}

TEST(mremap_of_length_zero_duplicates_to_a_fixed_place)
{
	char *p = map_fd(file_of(1), 1, RW, MAP_SHARED), *to = hole(1);

	EQ(remap(p, 0, PAGE, MOVE_TO, to), (long)to);
	put(to, 'x');
	EQ(get(p), 'x');
}

TEST(mremap_dontunmap_leaves_zeros_behind)
{
	char *p = filled(2);
	char *q = mremap(p, 2 * PAGE, 2 * PAGE,
			 MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);

	EQ(err(q), 0);
	CHECK(q != p);
	EQ(get(q), 'A');
	EQ(get(q + PAGE), 'B');
	EQ(get(p), 0);
	put(p + PAGE, 'x');
	EQ(get(q + PAGE), 'B');
}

TEST(mremap_dontunmap_needs_maymove)
{
	EQ(remap(filled(1), PAGE, PAGE, MREMAP_DONTUNMAP, NULL), -EINVAL);
}

TEST(mremap_dontunmap_refuses_another_size)
{
	int flags = MREMAP_MAYMOVE | MREMAP_DONTUNMAP;

	EQ(remap(filled(2), 2 * PAGE, PAGE, flags, NULL), -EINVAL);
	EQ(remap(filled(1), PAGE, 2 * PAGE, flags, NULL), -EINVAL);
}

TEST(mremap_dontunmap_goes_to_a_fixed_place)
{
	char *p = filled(1), *to = filled(1);

	EQ(remap(p, PAGE, PAGE, MOVE_TO | MREMAP_DONTUNMAP, to), (long)to);
	EQ(get(to), 'A');
	EQ(get(p), 0);
}

TEST(mremap_dontunmap_of_shared_memory_keeps_both)
{
	char *p = map_fd(file_of(1), 1, RW, MAP_SHARED);
	char *q =
	    mremap(p, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);

	EQ(err(q), 0);
	put(q, 'x');
	EQ(get(p), 'x');
}

TEST(mremap_dontunmap_keeps_the_protection_of_the_old_range)
{
	char *p = filled(1);

	EQ(mprotect(p, PAGE, PROT_READ), 0);
	char *q =
	    mremap(p, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);
	EQ(err(q), 0);
	PERMS(p, "r--p");
	IS_READONLY(p);
	EQ(get(q), 'A');
}

TEST(mremap_does_not_touch_what_was_never_touched)
{
	char *p = island(4, RW), *to = hole(4);

	put(p + 2 * PAGE, 'x');
	EQ(remap(p, 4 * PAGE, 4 * PAGE, MOVE_TO, to), (long)to);
	EQ(resident(to, 4), 1);
	EQ(get(to + 2 * PAGE), 'x');
}

TEST(mremap_moves_the_lock)
{
	char *p = filled(2), *to = hole(2);
	long before = status_kib("VmLck:");

	EQ(mlock(p, 2 * PAGE), 0);
	EQ(remap(p, 2 * PAGE, 2 * PAGE, MOVE_TO, to), (long)to);
	EQ(status_kib("VmLck:"), before + 8);
	CHECK(has_vm_flag(to, "lo"));
}

TEST(mremap_growth_of_locked_memory_is_brought_in)
{
	char *p = filled(4);

	EQ(munmap(p + PAGE, 3 * PAGE), 0);
	EQ(mlock(p, PAGE), 0);
	EQ(remap(p, PAGE, 4 * PAGE, 0, NULL), (long)p);
	EQ(resident(p, 4), 4);
}

TEST(mremap_growth_of_locked_memory_over_the_limit_is_eagain)
{
	char *p = filled(1);

	limit(RLIMIT_MEMLOCK, PAGE);
	drop_root();
	EQ(mlock(p, PAGE), 0);
	EQ(remap(p, PAGE, 2 * PAGE, MREMAP_MAYMOVE, NULL), -EAGAIN);
	EQ(get(p), 'A');
}

TEST(mremap_growth_over_the_address_space_limit_is_enomem)
{
	char *p = filled(1);

	limit(RLIMIT_AS, areas_total() + 4 * PAGE);
	EQ(remap(p, PAGE, 64 * PAGE, MREMAP_MAYMOVE, NULL), -ENOMEM);
	EQ(get(p), 'A');
}

TEST(mremap_after_fork_keeps_pages_apart)
{
	char *p = filled(1), *to = hole(1);
	int pid = fork();

	if (pid == 0) {
		EQ(remap(p, PAGE, PAGE, MOVE_TO, to), (long)to);
		put(to, 'x');
		exit(0);
	}
	joined(pid, 0);
	EQ(get(p), 'A');
	UNMAPPED(to);
}

TEST(mremap_moves_many_pages)
{
	char *p = anon(1500, RW), *to = hole(1500);

	for (int i = 0; i < 1500; i++)
		*(int *)(p + (unsigned long)i * PAGE) = i;
	EQ(remap(p, 1500 * PAGE, 1500 * PAGE, MOVE_TO, to), (long)to);
	for (int i = 0; i < 1500; i++)
		EQ(*(int *)(to + (unsigned long)i * PAGE), i);
}

TEST(mremap_down_by_one_page_and_back)
{
	char *at = hole(4), *p = at + PAGE;

	EQ(map(p, PAGE, RW, ANON | MAP_FIXED), (long)p);
	put(p, 'x');
	EQ(remap(p, PAGE, PAGE, MOVE_TO, at), (long)at);
	EQ(get(at), 'x');
	EQ(remap(at, PAGE, PAGE, MOVE_TO, p), (long)p);
	EQ(get(p), 'x');
	UNMAPPED(at);
}

TEST(mremap_growth_into_a_hole_joins_the_neighbour)
{
	char *p = filled(3);

	EQ(munmap(p + PAGE, PAGE), 0);
	EQ(remap(p, PAGE, 2 * PAGE, 0, NULL), (long)p);
	EQ(areas_in(p, 3 * PAGE), 1);
	EQ(get(p + PAGE), 0);
	EQ(get(p + 2 * PAGE), 'C');
}

TEST(mremap_growth_at_the_end_of_a_larger_mapping)
{
	char *p = filled(4);

	EQ(munmap(p + 3 * PAGE, PAGE), 0);
	EQ(remap(p + 2 * PAGE, PAGE, 2 * PAGE, 0, NULL), (long)(p + 2 * PAGE));
	EQ(area_at(p).end, (uintptr_t)p + 4 * PAGE);
	EQ(get(p), 'A');
	EQ(get(p + 2 * PAGE), 'C');
}

TEST(mremap_back_to_its_place_joins_again)
{
	char *p = filled(3), *to = hole(1);

	EQ(remap(p + PAGE, PAGE, PAGE, MOVE_TO, to), (long)to);
	EQ(areas_in(p, 3 * PAGE), 2);
	EQ(remap(to, PAGE, PAGE, MOVE_TO, p + PAGE), (long)(p + PAGE));
	EQ(areas_in(p, 3 * PAGE), 1);
	EQ(get(p + PAGE), 'B');
}

TEST(mremap_of_whole_page_tables)
{
	const unsigned long big = 512;
	char *from = hole(4 * big), *to = hole(4 * big);

	from = (char *)(((uintptr_t)from + big * PAGE) & -(big * PAGE));
	to = (char *)(((uintptr_t)to + big * PAGE) & -(big * PAGE));
	EQ(map(from, 2 * big * PAGE, RW, ANON | MAP_FIXED), (long)from);
	for (unsigned long i = 0; i < 2 * big; i++)
		from[i * PAGE] = (char)i;
	EQ(remap(from, 2 * big * PAGE, 2 * big * PAGE, MOVE_TO, to), (long)to);
	for (unsigned long i = 0; i < 2 * big; i++)
		EQ(to[i * PAGE], (char)i);
	UNMAPPED(from);
}

TEST(mremap_leaves_what_is_before_the_target)
{
	char *p = filled(2), *to = filled(4);

	EQ(remap(p, 2 * PAGE, 2 * PAGE, MOVE_TO, to + PAGE), (long)(to + PAGE));
	EQ(get(to), 'A');
	EQ(get(to + PAGE), 'A');
	EQ(get(to + 2 * PAGE), 'B');
	EQ(get(to + 3 * PAGE), 'D');
}

TEST(mremap_within_one_mapping)
{
	char *p = filled(8);

	EQ(remap(p, 2 * PAGE, 2 * PAGE, MOVE_TO, p + 4 * PAGE),
	   (long)(p + 4 * PAGE));
	UNMAPPED(p);
	EQ(get(p + 2 * PAGE), 'C');
	EQ(get(p + 4 * PAGE), 'A');
	EQ(get(p + 5 * PAGE), 'B');
	EQ(get(p + 6 * PAGE), 'G');
}

TEST(mremap_of_advice_and_name_moves_them_along)
{
	char *p = filled(1), *to = hole(1);

	EQ(madvise(p, PAGE, MADV_DONTFORK), 0);
	EQ(remap(p, PAGE, PAGE, MOVE_TO, to), (long)to);
	CHECK(has_vm_flag(to, "dc"));
}

TEST(mremap_of_the_zero_page_keeps_zeros)
{
	char *p = island(2, RW), *to = hole(2);

	EQ(get(p), 0);
	EQ(remap(p, 2 * PAGE, 2 * PAGE, MOVE_TO, to), (long)to);
	EQ(get(to), 0);
	put(to, 'x');
	EQ(get(anon(1, RW)), 0);
}

TEST(mremap_growth_of_shared_anonymous_memory_is_sigbus)
{
	char *p = shared(1, RW);
	char *q = mremap(p, PAGE, 2 * PAGE, MREMAP_MAYMOVE, NULL);

	put(q, 'x');
	FAULTS(probe_store(q + PAGE, 1), SIGBUS, BUS_ADRERR, q + PAGE);
}

TEST(mremap_dontunmap_moves_the_lock)
{
	char *p = filled(2), *to = hole(2);
	long before = status_kib("VmLck:");

	EQ(mlock(p, 2 * PAGE), 0);
	EQ(remap(p, 2 * PAGE, 2 * PAGE, MOVE_TO | MREMAP_DONTUNMAP, to),
	   (long)to);
	EQ(status_kib("VmLck:"), before + 8);
	CHECK(has_vm_flag(to, "lo"));
	CHECK(!has_vm_flag(p, "lo"));
}

TEST(mremap_of_the_vdso_moves_but_does_not_grow)
{
	char *to = hole(1);

	EQ(remap(vdso(), PAGE, 4 * PAGE, MREMAP_MAYMOVE, NULL), -EFAULT);
	EQ(remap(vdso(), PAGE, PAGE, MOVE_TO, to), (long)to);
	EQ((long)vdso(), (long)to);
	MAPPED(to);
}

TEST(mremap_growth_of_locked_memory_that_moves_is_brought_in)
{
	char *p = filled(2), *to = hole(4);

	EQ(mlock(p, 2 * PAGE), 0);
	EQ(remap(p, 2 * PAGE, 4 * PAGE, MOVE_TO, to), (long)to);
	EQ(resident(to, 4), 4);
	EQ(get(to + PAGE), 'B');
}

TEST(mremap_dontunmap_over_the_address_space_limit_is_enomem)
{
	char *p = filled(8);

	limit(RLIMIT_AS, areas_total() + 4 * PAGE);
	EQ(remap(p, 8 * PAGE, 8 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP,
		 NULL),
	   -ENOMEM);
	EQ(get(p + 7 * PAGE), 'H');
}

TAP_MAIN
