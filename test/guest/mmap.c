/* SPDX-License-Identifier: MIT */
/* mmap and munmap: addresses, lengths, flags, errors. mmap(2), munmap(2). */
#include "test/guest/guest.h"

#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

static long map_error(void *at, size_t len, int prot, int flags, int fd,
		      int64_t pos)
{
	return err(mmap(at, len, prot, flags, fd, pos));
}

TEST(anonymous_memory_reads_as_zero)
{
	char *p = anon(4, RW);

	for (int i = 0; i < 4; i++)
		EQ(get(p + i * PAGE + 100), 0);
}

TEST(written_bytes_stay)
{
	char *p = anon(64, RW);

	for (int i = 0; i < 64; i++)
		p[i * PAGE + i] = (char)i;
	for (int i = 0; i < 64; i++)
		EQ(p[i * PAGE + i], i);
}

TEST(addresses_are_page_aligned)
{
	for (size_t len = 1; len < 3 * PAGE; len += 1000)
		EQ((uintptr_t)mmap(NULL, len, RW, ANON, -1, 0) % PAGE, 0);
}

TEST(a_length_is_rounded_up_to_pages)
{
	char *p = island(4, PROT_NONE);

	EQ(err(mmap(p, PAGE + 1, RW, ANON | MAP_FIXED, -1, 0)), 0);
	put(p + 2 * PAGE - 1, 1);
	REFUSED(probe_load(p + 2 * PAGE), SIGSEGV, SEGV_ACCERR);
}

TEST(length_zero_is_invalid)
{
	EQ(map_error(NULL, 0, RW, ANON, -1, 0), -EINVAL);
	EQ(munmap(anon(1, RW), 0), -EINVAL);
}

TEST(a_length_beyond_the_address_space_does_not_fit)
{
	EQ(map_error(NULL, 1UL << 60, RW, ANON, -1, 0), -ENOMEM);
	EQ(map_error(NULL, -PAGE, RW, ANON, -1, 0), -ENOMEM);
	EQ(map_error(NULL, SIZE_MAX, RW, ANON, -1, 0), -ENOMEM);
}

TEST(neither_private_nor_shared_is_invalid)
{
	EQ(map_error(NULL, PAGE, RW, MAP_ANONYMOUS, -1, 0), -EINVAL);
}

TEST(an_unaligned_fixed_address_is_invalid)
{
	char *p = anon(2, RW);

	EQ(map_error(p + 1, PAGE, RW, ANON | MAP_FIXED, -1, 0), -EINVAL);
}

TEST(an_unaligned_file_offset_is_invalid)
{
	EQ(map_error(NULL, PAGE, RW, MAP_PRIVATE, file_of(1), 100), -EINVAL);
}

TEST(a_bad_descriptor_is_refused)
{
	EQ(map_error(NULL, PAGE, RW, MAP_PRIVATE, 999, 0), -EBADF);
	EQ(map_error(NULL, PAGE, RW, MAP_PRIVATE, -1, 0), -EBADF);
}

TEST(a_descriptor_is_ignored_for_anonymous_memory)
{
	EQ(map_error(NULL, PAGE, RW, ANON, 999, 0), 0);
}

TEST(a_pipe_cannot_be_mapped)
{
	int fds[2];

	EQ(pipe(fds), 0);
	EQ(map_error(NULL, PAGE, PROT_READ, MAP_PRIVATE, fds[0], 0), -ENODEV);
}

TEST(a_directory_cannot_be_mapped)
{
	int fd = open("/", O_RDONLY | O_DIRECTORY, 0);

	CHECK(fd >= 0);
	EQ(map_error(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0), -ENODEV);
}

TEST(a_write_only_file_cannot_be_mapped)
{
	int fd = open("/tmp/mmap_wo", O_WRONLY | O_CREAT, 0600);

	CHECK(fd >= 0);
	EQ(map_error(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0), -EACCES);
	unlink("/tmp/mmap_wo");
}

TEST(a_read_only_file_cannot_be_mapped_shared_and_writable)
{
	int fd = open("/tmp/mmap_ro", O_RDWR | O_CREAT, 0600);

	EQ(write(fd, "text", 4), 4);
	EQ(close(fd), 0);
	fd = open("/tmp/mmap_ro", O_RDONLY, 0);
	EQ(map_error(NULL, PAGE, RW, MAP_SHARED, fd, 0), -EACCES);
	EQ(map_error(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0), 0);
	char *p = map_fd(fd, 1, RW, MAP_PRIVATE);
	put(p, 'T');
	unlink("/tmp/mmap_ro");
}

TEST(a_mapping_outlives_its_descriptor)
{
	int fd = file_of(1);
	char *p = map_fd(fd, 1, PROT_READ, MAP_PRIVATE);

	EQ(close(fd), 0);
	EQ(get(p), 'A');
}

TEST(a_hint_is_taken_when_the_place_is_free)
{
	char *p = anon(3, RW);

	EQ(munmap(p, 3 * PAGE), 0);
	EQ((long)mmap(p + PAGE, PAGE, RW, ANON, -1, 0), (long)(p + PAGE));
}

TEST(a_hint_never_replaces)
{
	char *p = anon(1, RW);

	put(p, 'x');
	char *q = mmap(p, PAGE, RW, ANON, -1, 0);
	CHECK(q != p && err(q) == 0);
	EQ(get(p), 'x');
}

TEST(fixed_replaces_what_was_there)
{
	char *p = anon(3, RW);

	memset(p, 'x', 3 * PAGE);
	EQ((long)mmap(p + PAGE, PAGE, RW, ANON | MAP_FIXED, -1, 0),
	   (long)(p + PAGE));
	EQ(get(p + PAGE - 1), 'x');
	EQ(get(p + PAGE), 0);
	EQ(get(p + 2 * PAGE), 'x');
}

TEST(fixed_noreplace_does_not_replace)
{
	char *p = anon(3, RW);

	EQ(map_error(p + PAGE, PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0),
	   -EEXIST);
	EQ(map_error(p - 0, 8 * PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0),
	   -EEXIST);
	EQ(munmap(p + PAGE, PAGE), 0);
	EQ((long)mmap(p + PAGE, PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0),
	   (long)(p + PAGE));
}

TEST(fixed_beyond_user_space_does_not_fit)
{
	EQ(map_error((void *)(1UL << 38), PAGE, RW, ANON | MAP_FIXED, -1, 0),
	   -ENOMEM);
	EQ(map_error((void *)0xffffffff80000000UL, PAGE, RW, ANON | MAP_FIXED,
		     -1, 0),
	   -ENOMEM);
}

TEST(munmap_leaves_a_hole)
{
	char *p = anon(5, RW);

	memset(p, 'x', 5 * PAGE);
	EQ(munmap(p + PAGE, 2 * PAGE), 0);
	EQ(get(p), 'x');
	REFUSED(probe_load(p + PAGE), SIGSEGV, SEGV_MAPERR);
	REFUSED(probe_load(p + 3 * PAGE - 1), SIGSEGV, SEGV_MAPERR);
	EQ(get(p + 3 * PAGE), 'x');
}

TEST(munmap_of_nothing_succeeds)
{
	char *p = anon(2, RW);

	EQ(munmap(p, 2 * PAGE), 0);
	EQ(munmap(p, 2 * PAGE), 0);
}

TEST(munmap_spans_areas_and_holes)
{
	char *p = anon(8, RW);

	EQ(munmap(p + 2 * PAGE, PAGE), 0);
	EQ(mprotect(p + 4 * PAGE, PAGE, PROT_READ), 0);
	EQ(munmap(p + PAGE, 6 * PAGE), 0);
	EQ(areas_in(p + PAGE, 6 * PAGE), 0);
	put(p, 1);
	put(p + 7 * PAGE, 1);
}

TEST(munmap_checks_its_address)
{
	char *p = anon(1, RW);

	EQ(munmap(p + 1, PAGE), -EINVAL);
	EQ(munmap((void *)-PAGE, PAGE), -EINVAL);
	EQ(munmap(p, PAGE - 1), 0);
	REFUSED(probe_load(p + PAGE - 1), SIGSEGV, SEGV_MAPERR);
}

TEST(memory_is_zero_again_after_unmapping)
{
	char *p = anon(16, RW);

	memset(p, 0xff, 16 * PAGE);
	EQ(munmap(p, 16 * PAGE), 0);
	EQ(err(mmap(p, 16 * PAGE, RW, ANON | MAP_FIXED, -1, 0)), 0);
	for (unsigned long i = 0; i < 16 * PAGE; i += 512)
		EQ(get(p + i), 0);
}

TEST(populate_leaves_no_faults)
{
	char *p = mmap(NULL, 8 * PAGE, RW, ANON | MAP_POPULATE, -1, 0);

	EQ(err(p), 0);
	for (int i = 0; i < 8; i++)
		EQ(probe_store(p + i * PAGE, 1).minor, 0);
}

TEST(populate_of_a_file_leaves_no_read_faults)
{
	char *p = map_fd(file_of(4), 4, PROT_READ, MAP_SHARED | MAP_POPULATE);

	for (int i = 0; i < 4; i++) {
		struct probe seen = probe_load(p + i * PAGE);

		EQ(seen.value, 'A' + i);
		EQ(seen.minor, 0);
	}
}

TEST(prot_none_reserves_addresses)
{
	char *p = anon(1, PROT_NONE);

	REFUSED(probe_load(p), SIGSEGV, SEGV_ACCERR);
	REFUSED(probe_store(p, 1), SIGSEGV, SEGV_ACCERR);
	REFUSED(probe_call(p), SIGSEGV, SEGV_ACCERR);
}

TEST(writable_memory_is_readable)
{
	char *p = anon(2, PROT_WRITE);

	EQ(get(p), 0);
	put(p + PAGE, 7);
	EQ(get(p + PAGE), 7);
}

TEST(shared_anonymous_memory_survives_fork)
{
	char *p = mmap(NULL, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	EQ(err(p), 0);
	put(p, 1);
	int pid = fork();
	if (pid == 0) {
		put(p, (char)(get(p) + 41));
		exit(0);
	}
	joined(pid, 0);
	EQ(get(p), 42);
}

TEST(shared_validate_refuses_unknown_flags)
{
	int fd = file_of(1);

	EQ(map_error(NULL, PAGE, RW, MAP_SHARED_VALIDATE, fd, 0), 0);
	EQ(map_error(NULL, PAGE, RW, MAP_SHARED_VALIDATE | MAP_SYNC, fd, 0),
	   -EOPNOTSUPP);
	EQ(map_error(NULL, PAGE, RW, MAP_SHARED_VALIDATE | MAP_ANONYMOUS, -1,
		     0),
	   -EINVAL);
}

TEST(stack_and_noreserve_hints_are_accepted)
{
	EQ(map_error(NULL, PAGE, RW, ANON | MAP_STACK | MAP_NORESERVE, -1, 0),
	   0);
}

TEST(a_growsdown_mapping_grows)
{
	char *p = anon(600, RW);

	EQ(munmap(p, 600 * PAGE), 0);
	char *top = p + 590 * PAGE;
	EQ(err(mmap(top, PAGE, RW, ANON | MAP_FIXED | MAP_GROWSDOWN, -1, 0)),
	   0);
	put(top, 1);
	put(top - PAGE, 2);
	put(top - 4 * PAGE, 3);
	EQ((long)area_at(top).start, (long)(top - 4 * PAGE));
}

TEST(a_large_reservation_costs_nothing)
{
	char *p =
	    mmap(NULL, 16UL << 30, PROT_NONE, ANON | MAP_NORESERVE, -1, 0);

	EQ(err(p), 0);
	EQ(mprotect(p + (8UL << 30), PAGE, RW), 0);
	put(p + (8UL << 30), 1);
	EQ(munmap(p, 16UL << 30), 0);
}

TEST(many_areas)
{
	enum { COUNT = 2000 };
	char *p = anon(COUNT, RW);

	for (int i = 0; i < COUNT; i += 2)
		EQ(mprotect(p + i * PAGE, PAGE, PROT_READ), 0);
	for (int i = 1; i < COUNT; i += 2)
		put(p + i * PAGE, (char)i);
	for (int i = 1; i < COUNT; i += 2)
		EQ(get(p + i * PAGE), (uint8_t)i);
	REFUSED(probe_store(p + 100 * PAGE, 1), SIGSEGV, SEGV_ACCERR);
	EQ(munmap(p, COUNT * PAGE), 0);
	EQ(areas_in(p, COUNT * PAGE), 0);
}

TAP_MAIN
