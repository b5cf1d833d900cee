/* SPDX-License-Identifier: MIT */
/*
 * mincore(2). Only bit 0 of each byte has a meaning.
 */
#include "test/conform/conform.h"

TEST(mincore_of_untouched_memory_is_zero)
{
	EQ(resident(anon(4, RW), 4), 0);
}

TEST(mincore_sees_what_was_written)
{
	char *p = anon(4, RW);
	uint8_t map[4];

	put(p + 2 * PAGE, 1);
	EQ(mincore(p, 4 * PAGE, map), 0);
	EQ(map[0] & 1, 0);
	EQ(map[1] & 1, 0);
	EQ(map[2] & 1, 1);
	EQ(map[3] & 1, 0);
}

TEST(mincore_sees_what_was_read)
{
	char *p = anon(2, RW);

	EQ(get(p), 0);
	EQ(resident(p, 2), 1);
}

TEST(mincore_sees_file_pages_in_the_cache)
{
	EQ(resident(map_fd(file_of(3), 3, PROT_READ, MAP_SHARED), 3), 3);
}

TEST(mincore_sees_shared_memory_that_others_touched)
{
	char *p = shared(2, RW);
	int pid = fork();

	if (pid == 0) {
		put(p, 1);
		exit(0);
	}
	joined(pid, 0);
	EQ(resident(p, 2), 1);
}

TEST(mincore_of_a_hole_in_a_file_is_zero)
{
	int fd = memfd_create("holes", 0);

	EQ(ftruncate(fd, 2 * PAGE), 0);
	EQ(resident(map_fd(fd, 2, RW, MAP_SHARED), 2), 0);
}

TEST(mincore_of_locked_memory_is_one)
{
	char *p = anon(4, RW);

	EQ(mlock(p, 4 * PAGE), 0);
	EQ(resident(p, 4), 4);
}

TEST(mincore_refuses_an_unaligned_address)
{
	uint8_t map[1];

	EQ(mincore(filled(1) + 1, 1, map), -EINVAL);
}

TEST(mincore_rounds_the_length_up)
{
	uint8_t map[3] = {7, 7, 7};

	EQ(mincore(filled(3), PAGE + 1, map), 0);
	EQ(map[0] & 1, 1);
	EQ(map[1] & 1, 1);
	EQ(map[2], 7);
}

TEST(mincore_of_length_zero_writes_nothing)
{
	uint8_t map[1] = {7};

	EQ(mincore(filled(1), 0, map), 0);
	EQ(map[0], 7);
}

TEST(mincore_of_nothing_is_enomem)
{
	uint8_t map[1];

	EQ(mincore(hole(1), PAGE, map), -ENOMEM);
}

TEST(mincore_across_a_hole_is_enomem)
{
	char *p = filled(3);
	uint8_t map[3];

	EQ(munmap(p + PAGE, PAGE), 0);
	EQ(mincore(p, 3 * PAGE, map), -ENOMEM);
}

TEST(mincore_of_addresses_outside_is_enomem)
{
	uint8_t map[1];

	EQ(mincore((void *)AN_END, PAGE, map), -ENOMEM);
}

TEST(mincore_of_a_length_that_wraps_is_enomem)
{
	uint8_t map[1];

	EQ(mincore(filled(1), -1UL, map), -ENOMEM);
}

TEST(mincore_to_a_bad_vector_is_efault)
{
	EQ(mincore(filled(1), PAGE, (uint8_t *)hole(1)), -EFAULT);
}

TEST(mincore_to_a_read_only_vector_is_efault)
{
	EQ(mincore(filled(1), PAGE, (uint8_t *)anon(1, PROT_READ)), -EFAULT);
}

TEST(mincore_spans_mappings)
{
	char *p = filled(4);

	EQ(mprotect(p + PAGE, PAGE, PROT_NONE), 0);
	EQ(madvise(p + 2 * PAGE, PAGE, MADV_DONTNEED), 0);
	EQ(resident(p, 4), 3);
}

TEST(mincore_of_many_pages)
{
	char *p = anon(1500, RW);
	uint8_t *map = (uint8_t *)anon(1, RW);

	put(p + 1499 * PAGE, 1);
	EQ(mincore(p, 1500 * PAGE, map), 0);
	EQ(map[1498] & 1, 0);
	EQ(map[1499] & 1, 1);
}

TEST(mincore_does_not_bring_pages_in)
{
	char *p = anon(2, RW);

	EQ(resident(p, 2), 0);
	EQ(resident(p, 2), 0);
}

TAP_MAIN
