/* SPDX-License-Identifier: MIT */
/*
 * msync(2): flags, ranges, and what must be in the file afterwards.
 */
#include "test/conform/conform.h"

static char *mapped_file(void)
{
	return map_fd(file_of(3), 3, RW, MAP_SHARED);
}

TEST(msync_sync_writes_the_file)
{
	int fd = file_of(1);
	char *p = map_fd(fd, 1, RW, MAP_SHARED), c = 0;

	put(p, 'x');
	EQ(msync(p, PAGE, MS_SYNC), 0);
	EQ(pread(fd, &c, 1, 0), 1);
	EQ(c, 'x');
}

TEST(msync_async_succeeds)
{
	EQ(msync(mapped_file(), PAGE, MS_ASYNC), 0);
}

TEST(msync_without_flags_succeeds)
{
	EQ(msync(mapped_file(), PAGE, 0), 0);
}

TEST(msync_invalidate_keeps_the_contents)
{
	char *p = mapped_file();

	put(p, 'x');
	EQ(msync(p, PAGE, MS_SYNC | MS_INVALIDATE), 0);
	EQ(get(p), 'x');
	EQ(msync(p, PAGE, MS_INVALIDATE), 0);
	EQ(get(p), 'x');
}

TEST(msync_refuses_sync_and_async_together)
{
	EQ(msync(mapped_file(), PAGE, MS_SYNC | MS_ASYNC), -EINVAL);
}

TEST(msync_refuses_unknown_flags)
{
	EQ(msync(mapped_file(), PAGE, 8), -EINVAL);
	EQ(msync(mapped_file(), PAGE, -1), -EINVAL);
}

TEST(msync_refuses_an_unaligned_address)
{
	EQ(msync(mapped_file() + 1, PAGE, MS_SYNC), -EINVAL);
}

TEST(msync_rounds_the_length_up)
{
	char *p = mapped_file();

	EQ(msync(p, 1, MS_SYNC), 0);
	EQ(munmap(p + PAGE, PAGE), 0);
	EQ(msync(p, PAGE + 1, MS_SYNC), -ENOMEM);
}

TEST(msync_of_length_zero_succeeds)
{
	EQ(msync(mapped_file(), 0, MS_SYNC), 0);
	EQ(msync(hole(1), 0, MS_SYNC), 0);
}

TEST(msync_of_nothing_is_enomem)
{
	EQ(msync(hole(1), PAGE, MS_SYNC), -ENOMEM);
	EQ(msync(hole(1), PAGE, MS_ASYNC), -ENOMEM);
}

TEST(msync_across_a_hole_is_enomem)
{
	char *p = mapped_file();

	EQ(munmap(p + PAGE, PAGE), 0);
	EQ(msync(p, 3 * PAGE, MS_SYNC), -ENOMEM);
	EQ(msync(p, 3 * PAGE, MS_ASYNC), -ENOMEM);
}

TEST(msync_of_addresses_outside_is_enomem)
{
	EQ(msync((void *)AN_END, PAGE, MS_SYNC), -ENOMEM);
}

TEST(msync_of_a_range_that_wraps_is_enomem)
{
	EQ(msync(mapped_file(), -PAGE, MS_SYNC), -ENOMEM);
}

TEST(msync_invalidate_of_locked_memory_is_ebusy)
{
	char *p = mapped_file();

	EQ(mlock(p, PAGE), 0);
	EQ(msync(p, PAGE, MS_INVALIDATE), -EBUSY);
	EQ(msync(p, PAGE, MS_SYNC | MS_INVALIDATE), -EBUSY);
	EQ(msync(p, PAGE, MS_ASYNC | MS_INVALIDATE), -EBUSY);
}

TEST(msync_of_locked_memory_without_invalidate_succeeds)
{
	char *p = mapped_file();

	EQ(mlock(p, PAGE), 0);
	EQ(msync(p, PAGE, MS_SYNC), 0);
}

TEST(msync_of_anonymous_memory_succeeds)
{
	EQ(msync(filled(1), PAGE, MS_SYNC), 0);
	EQ(msync(shared(1, RW), PAGE, MS_SYNC), 0);
}

TEST(msync_of_a_private_mapping_does_not_write_the_file)
{
	int fd = file_of(1);
	char *p = map_fd(fd, 1, RW, MAP_PRIVATE), c = 0;

	put(p, 'x');
	EQ(msync(p, PAGE, MS_SYNC), 0);
	EQ(pread(fd, &c, 1, 0), 1);
	EQ(c, 'A');
}

TEST(msync_of_a_read_only_mapping_succeeds)
{
	EQ(msync(map_fd(file_of(1), 1, PROT_READ, MAP_SHARED), PAGE, MS_SYNC),
	   0);
}

TEST(msync_spans_mappings)
{
	char *p = mapped_file();

	EQ(mprotect(p + PAGE, PAGE, PROT_NONE), 0);
	EQ(msync(p, 3 * PAGE, MS_SYNC), 0);
}

TEST(msync_behind_the_end_of_the_file_succeeds)
{
	EQ(msync(map_fd(file_of(1), 3, RW, MAP_SHARED), 3 * PAGE, MS_SYNC), 0);
}

TAP_MAIN
