/* SPDX-License-Identifier: MIT */
/*
 * remap_file_pages(2): pages of a file in another order.
 */
#include "test/conform/conform.h"

static long remap(const void *p, size_t len, int prot, unsigned long pgoff)
{
	return sys(SYS_remap_file_pages, p, len, prot, pgoff, 0);
}

static char *mapped_file(int *fd)
{
	*fd = file_of(4);
	return map_fd(*fd, 4, RW, MAP_SHARED);
}

TEST(remap_shows_another_page_of_the_file)
{
	int fd;
	char *p = mapped_file(&fd);

	EQ(remap(p, PAGE, 0, 2), 0);
	EQ(get(p), 'C');
	EQ(get(p + PAGE), 'B');
}

TEST(remap_turns_the_order_of_pages_round)
{
	int fd;
	char *p = mapped_file(&fd);

	for (unsigned long i = 0; i < 4; i++)
		EQ(remap(p + i * PAGE, PAGE, 0, 3 - i), 0);
	for (int i = 0; i < 4; i++)
		EQ(get(p + i * PAGE), 'D' - i);
}

TEST(remap_stores_go_to_that_page)
{
	int fd;
	char *p = mapped_file(&fd), c = 0;

	EQ(remap(p, PAGE, 0, 3), 0);
	put(p, 'x');
	EQ(pread(fd, &c, 1, 3 * PAGE), 1);
	EQ(c, 'x');
	EQ(get(p + 3 * PAGE), 'x');
}

TEST(remap_of_several_pages)
{
	int fd;
	char *p = mapped_file(&fd);

	EQ(remap(p, 2 * PAGE, 0, 2), 0);
	EQ(get(p), 'C');
	EQ(get(p + PAGE), 'D');
	EQ(get(p + 2 * PAGE), 'C');
}

TEST(remap_across_mappings_of_the_same_file)
{
	int fd;
	char *p = mapped_file(&fd);

	EQ(remap(p, PAGE, 0, 2), 0);
	EQ(areas_in(p, 4 * PAGE), 2);
	EQ(remap(p, 4 * PAGE, 0, 0), 0);
	EQ(areas_in(p, 4 * PAGE), 1);
	EQ(get(p), 'A');
}

TEST(remap_refuses_mappings_with_different_protection)
{
	int fd;
	char *p = mapped_file(&fd);

	EQ(mprotect(p + PAGE, PAGE, PROT_READ), 0);
	EQ(remap(p, 4 * PAGE, 0, 0), -EINVAL);
	EQ(munmap(p + PAGE, PAGE), 0);
	EQ(remap(p, 3 * PAGE, 0, 0), -EINVAL);
}

TEST(remap_of_shared_anonymous_memory)
{
	char *p = shared(2, RW);

	put(p + PAGE, 'x');
	EQ(remap(p, PAGE, 0, 1), 0);
	EQ(get(p), 'x');
}

TEST(remap_rounds_the_address_down)
{
	int fd;
	char *p = mapped_file(&fd);

	EQ(remap(p + 7, PAGE, 0, 1), 0);
	EQ(get(p), 'B');
}

TEST(remap_keeps_the_protection)
{
	int fd;
	char *p = mapped_file(&fd);

	EQ(mprotect(p, PAGE, PROT_READ), 0);
	EQ(remap(p, PAGE, 0, 2), 0);
	EQ(get(p), 'C');
	IS_READONLY(p);
}

TEST(remap_behind_the_end_of_the_file_is_sigbus)
{
	int fd;
	char *p = mapped_file(&fd);

	EQ(remap(p, PAGE, 0, 9), 0);
	FAULTS(probe_load(p), SIGBUS, BUS_ADRERR, p);
}

TEST(remap_shows_in_maps)
{
	int fd;
	char *p = mapped_file(&fd);

	EQ(remap(p, PAGE, 0, 2), 0);
	EQ(area_at(p).offset, 2 * PAGE);
	EQ(remap(p, PAGE, 0, 0), 0);
	EQ(areas_in(p, 4 * PAGE), 1);
}

TEST(remap_keeps_the_lock)
{
	int fd;
	char *p = mapped_file(&fd);
	long before = status_kib("VmLck:");

	EQ(mlock(p, 4 * PAGE), 0);
	EQ(remap(p, PAGE, 0, 2), 0);
	EQ(status_kib("VmLck:"), before + 16);
	CHECK(has_vm_flag(p, "lo"));
}

TEST(remap_refuses_a_protection)
{
	int fd;
	char *p = mapped_file(&fd);

	EQ(remap(p, PAGE, PROT_READ, 1), -EINVAL);
	EQ(get(p), 'A');
}

TEST(remap_refuses_private_mappings)
{
	EQ(remap(map_fd(file_of(2), 2, RW, MAP_PRIVATE), PAGE, 0, 1), -EINVAL);
	EQ(remap(filled(2), PAGE, 0, 1), -EINVAL);
}

TEST(remap_refuses_what_is_not_mapped)
{
	EQ(remap(hole(1), PAGE, 0, 0), -EINVAL);
}

TEST(remap_refuses_ranges_beyond_the_mapping)
{
	EQ(remap(map_fd(file_of(1), 1, RW, MAP_SHARED), 2 * PAGE, 0, 0),
	   -EINVAL);
}

TEST(remap_refuses_lengths_without_a_page)
{
	int fd;
	char *p = mapped_file(&fd);

	EQ(remap(p, 0, 0, 1), -EINVAL);
	EQ(remap(p, 100, 0, 1), -EINVAL);
	EQ(remap(p, -PAGE, 0, 1), -EINVAL);
}

TEST(remap_refuses_offsets_that_overflow)
{
	int fd;
	char *p = mapped_file(&fd);

	EQ(remap(p, PAGE, 0, -1UL), -EINVAL);
	EQ(remap(p, PAGE, 0, 1UL << 51), -EOVERFLOW);
}

TAP_MAIN
