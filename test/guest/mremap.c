/* SPDX-License-Identifier: MIT */
/* mremap: in place, moved, to a fixed place, and leaving the old one behind. */
#include "test/guest/guest.h"

static long remap_error(void *at, size_t len, size_t new_len, int flags,
			void *to)
{
	return err(mremap(at, len, new_len, flags, to));
}

TEST(shrinking_frees_the_tail)
{
	char *p = anon(4, RW);

	memset(p, 'x', 4 * PAGE);
	EQ((long)mremap(p, 4 * PAGE, 2 * PAGE, 0, NULL), (long)p);
	EQ(get(p + 2 * PAGE - 1), 'x');
	REFUSED(probe_load(p + 2 * PAGE), SIGSEGV, SEGV_MAPERR);
}

TEST(growing_in_place)
{
	char *p = anon(4, RW);

	memset(p, 'x', 2 * PAGE);
	EQ(munmap(p + 2 * PAGE, 2 * PAGE), 0);
	EQ((long)mremap(p, 2 * PAGE, 4 * PAGE, 0, NULL), (long)p);
	EQ(get(p + 2 * PAGE - 1), 'x');
	EQ(get(p + 2 * PAGE), 0);
	EQ(areas_in(p, 4 * PAGE), 1);
}

TEST(without_room_growing_in_place_fails)
{
	char *p = anon(4, RW);

	EQ(mprotect(p + 2 * PAGE, 2 * PAGE, PROT_READ), 0);
	EQ(remap_error(p, 2 * PAGE, 3 * PAGE, 0, NULL), -ENOMEM);
	put(p, 1);
}

TEST(moving_carries_the_contents)
{
	char *p = anon(4, RW);

	for (int i = 0; i < 4; i++)
		memset(p + i * PAGE, 'a' + i, PAGE);
	EQ(mprotect(p + 2 * PAGE, 2 * PAGE, PROT_READ), 0);
	char *q = mremap(p, 2 * PAGE, 64 * PAGE, MREMAP_MAYMOVE, NULL);
	EQ(err(q), 0);
	CHECK(q != p);
	EQ(get(q), 'a');
	EQ(get(q + 2 * PAGE - 1), 'b');
	EQ(get(q + 2 * PAGE), 0);
	put(q + 63 * PAGE, 1);
	REFUSED(probe_load(p), SIGSEGV, SEGV_MAPERR);
	EQ(get(p + 2 * PAGE), 'c');
}

TEST(moving_keeps_holes_of_untouched_pages)
{
	char *p = anon(8, RW), *to = anon(8, PROT_NONE);

	put(p + 3 * PAGE, 'x');
	EQ((long)mremap(p, 8 * PAGE, 8 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
			to),
	   (long)to);
	for (int i = 0; i < 8; i++)
		EQ(get(to + i * PAGE), i == 3 ? 'x' : 0);
	EQ(areas_in(p, 8 * PAGE), 0);
}

TEST(fixed_replaces_the_target)
{
	char *p = anon(2, RW), *to = anon(4, RW);

	memset(p, 'p', 2 * PAGE);
	memset(to, 't', 4 * PAGE);
	EQ((long)mremap(p, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
			to + PAGE),
	   (long)(to + PAGE));
	EQ(get(to), 't');
	EQ(get(to + PAGE), 'p');
	EQ(get(to + 3 * PAGE - 1), 'p');
	EQ(get(to + 3 * PAGE), 't');
}

TEST(protection_moves_along)
{
	char *p = anon(2, RW), *to = anon(2, RW);

	put(p, 'x');
	EQ(mprotect(p, 2 * PAGE, PROT_READ), 0);
	EQ((long)mremap(p, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
			to),
	   (long)to);
	EQ(get(to), 'x');
	REFUSED(probe_store(to, 1), SIGSEGV, SEGV_ACCERR);
}

TEST(dontunmap_leaves_empty_memory_behind)
{
	char *p = anon(2, RW);

	memset(p, 'x', 2 * PAGE);
	char *q = mremap(p, 2 * PAGE, 2 * PAGE,
			 MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);
	EQ(err(q), 0);
	CHECK(q != p);
	EQ(get(q), 'x');
	EQ(get(p), 0);
	put(p, 'y');
	EQ(get(q), 'x');
}

TEST(dontunmap_needs_maymove_and_equal_lengths)
{
	char *p = anon(2, RW);

	EQ(remap_error(p, 2 * PAGE, 2 * PAGE, MREMAP_DONTUNMAP, NULL), -EINVAL);
	EQ(remap_error(p, 2 * PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP,
		       NULL),
	   -EINVAL);
}

TEST(fixed_needs_maymove)
{
	char *p = anon(2, RW), *to = anon(2, RW);

	EQ(remap_error(p, PAGE, PAGE, MREMAP_FIXED, to), -EINVAL);
}

TEST(the_two_ranges_must_not_overlap)
{
	char *p = anon(4, RW);
	int flags = MREMAP_MAYMOVE | MREMAP_FIXED;

	EQ(remap_error(p, 2 * PAGE, 2 * PAGE, flags, p + PAGE), -EINVAL);
	EQ(remap_error(p + PAGE, 2 * PAGE, 2 * PAGE, flags, p), -EINVAL);
	EQ(remap_error(p, 2 * PAGE, 2 * PAGE, flags, p), -EINVAL);
}

TEST(other_errors)
{
	char *p = anon(3, RW);

	EQ(remap_error(p + 1, PAGE, 2 * PAGE, 0, NULL), -EINVAL);
	EQ(remap_error(p, PAGE, 0, 0, NULL), -EINVAL);
	EQ(remap_error(p, PAGE, PAGE, 64, NULL), -EINVAL);
	EQ(remap_error(p, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p + 1),
	   -EINVAL);
	EQ(munmap(p + PAGE, PAGE), 0);
	EQ(remap_error(p + PAGE, PAGE, 2 * PAGE, MREMAP_MAYMOVE, NULL),
	   -EFAULT);
	EQ(remap_error(p, 3 * PAGE, 4 * PAGE, MREMAP_MAYMOVE, NULL), -EFAULT);
}

TEST(old_length_zero_duplicates_shared_memory)
{
	char *p = mmap(NULL, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	EQ(err(p), 0);
	put(p, 'x');
	char *q = mremap(p, 0, PAGE, MREMAP_MAYMOVE, NULL);
	EQ(err(q), 0);
	CHECK(q != p);
	EQ(get(q), 'x');
	put(q, 'y');
	EQ(get(p), 'y');
}

TEST(old_length_zero_of_private_memory_is_invalid)
{
	EQ(remap_error(anon(1, RW), 0, PAGE, MREMAP_MAYMOVE, NULL), -EINVAL);
}

TEST(part_of_an_area_can_move)
{
	char *p = island(6, RW);

	for (int i = 0; i < 6; i++)
		memset(p + i * PAGE, 'a' + i, PAGE);
	char *q =
	    mremap(p + 2 * PAGE, 2 * PAGE, 3 * PAGE, MREMAP_MAYMOVE, NULL);
	EQ(err(q), 0);
	EQ(get(q), 'c');
	EQ(get(q + PAGE), 'd');
	EQ(get(q + 2 * PAGE), 0);
	EQ(areas_in(p, 6 * PAGE), 2);
	EQ(get(p + PAGE), 'b');
	EQ(get(p + 4 * PAGE), 'e');
	REFUSED(probe_load(p + 2 * PAGE), SIGSEGV, SEGV_MAPERR);
}

TEST(a_file_mapping_keeps_its_offset)
{
	int fd = file_of(4);
	char *p = map_fd(fd, 4, RW, MAP_SHARED);

	EQ(get(p + PAGE), 'B');
	char *q = mremap(p + PAGE, PAGE, 2 * PAGE, MREMAP_MAYMOVE, NULL);
	EQ(err(q), 0);
	EQ(get(q), 'B');
	EQ(get(q + PAGE), 'C');
	put(q + PAGE, 'x');
	EQ(get(p + 2 * PAGE), 'x');
	EQ(area_at(q).offset, PAGE);
}

TEST(copy_on_write_survives_a_move)
{
	char *p = anon(2, RW), *to = anon(2, RW);

	memset(p, 'P', 2 * PAGE);
	int pid = fork();
	if (pid == 0) {
		EQ((long)mremap(p, 2 * PAGE, 2 * PAGE,
				MREMAP_MAYMOVE | MREMAP_FIXED, to),
		   (long)to);
		put(to, 'C');
		exit(get(to + PAGE) == 'P' ? 0 : 1);
	}
	joined(pid, 0);
	EQ(get(p), 'P');
	put(p, 'Q');
	EQ(get(p), 'Q');
}

TEST(a_move_of_many_page_tables)
{
	enum { COUNT = 1200 };
	char *p = anon(COUNT, RW), *to = anon(COUNT, PROT_NONE);

	for (int i = 0; i < COUNT; i++)
		*(int *)(p + i * PAGE) = i;
	EQ((long)mremap(p, COUNT * PAGE, COUNT * PAGE,
			MREMAP_MAYMOVE | MREMAP_FIXED, to),
	   (long)to);
	for (int i = 0; i < COUNT; i++)
		EQ(*(int *)(to + i * PAGE), i);
	EQ(areas_in(p, COUNT * PAGE), 0);
}

TAP_MAIN
