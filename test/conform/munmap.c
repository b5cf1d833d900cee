/* SPDX-License-Identifier: MIT */
/*
 * munmap(2): what it removes, what it leaves, what it refuses.
 */
#include "test/conform/conform.h"

TEST(munmap_makes_later_accesses_fault)
{
	char *p = filled(1);

	EQ(munmap(p, PAGE), 0);
	FAULTS(probe_load(p), SIGSEGV, SEGV_MAPERR, p);
	FAULTS(probe_store(p, 1), SIGSEGV, SEGV_MAPERR, p);
}

TEST(munmap_makes_later_fetches_fault)
{
	char *p = filled(1);

	EQ(mprotect(p, PAGE, PROT_READ | PROT_EXEC), 0);
	EQ(munmap(p, PAGE), 0);
	FAULTS(probe_call(p), SIGSEGV, SEGV_MAPERR, p);
}

TEST(munmap_refuses_length_zero)
{
	EQ(munmap(anon(1, RW), 0), -EINVAL);
}

TEST(munmap_refuses_an_unaligned_address)
{
	char *p = filled(1);

	EQ(munmap(p + 1, PAGE), -EINVAL);
	EQ(munmap(p + 100, 1), -EINVAL);
	EQ(get(p), 'A');
}

TEST(munmap_takes_an_unaligned_length)
{
	char *p = filled(2);

	EQ(munmap(p, 1), 0);
	UNMAPPED(p);
	EQ(get(p + PAGE), 'B');
}

TEST(munmap_removes_every_page_it_touches)
{
	char *p = filled(3);

	EQ(munmap(p, PAGE + 1), 0);
	UNMAPPED(p);
	UNMAPPED(p + PAGE);
	EQ(get(p + 2 * PAGE), 'C');
}

TEST(munmap_of_nothing_is_no_error)
{
	char *at = hole(4);

	EQ(munmap(at, 4 * PAGE), 0);
	EQ(munmap(at, 4 * PAGE), 0);
}

TEST(munmap_refuses_addresses_outside)
{
	EQ(munmap((void *)AN_END, PAGE), -EINVAL);
	EQ(munmap((void *)(AN_END - PAGE), 2 * PAGE), -EINVAL);
	EQ(munmap((void *)-PAGE, PAGE), -EINVAL);
}

TEST(munmap_refuses_a_length_that_wraps)
{
	char *p = filled(1);

	EQ(munmap(p, -PAGE), -EINVAL);
	EQ(munmap(p, -1UL), -EINVAL);
	EQ(get(p), 'A');
}

TEST(munmap_of_the_start)
{
	char *p = filled(3);

	EQ(munmap(p, PAGE), 0);
	UNMAPPED(p);
	EQ(get(p + PAGE), 'B');
	EQ(area_at(p + PAGE).start, (uintptr_t)p + PAGE);
}

TEST(munmap_of_the_end)
{
	char *p = filled(3);

	EQ(munmap(p + 2 * PAGE, PAGE), 0);
	UNMAPPED(p + 2 * PAGE);
	EQ(get(p + PAGE), 'B');
	EQ(area_at(p).end, (uintptr_t)p + 2 * PAGE);
}

TEST(munmap_of_the_middle_splits)
{
	char *p = filled(3);

	EQ(munmap(p + PAGE, PAGE), 0);
	EQ(get(p), 'A');
	UNMAPPED(p + PAGE);
	EQ(get(p + 2 * PAGE), 'C');
	EQ(areas_in(p, 3 * PAGE), 2);
}

TEST(munmap_spans_mappings_and_holes)
{
	char *p = filled(6);

	EQ(mprotect(p + PAGE, PAGE, PROT_READ), 0);
	EQ(munmap(p + 2 * PAGE, PAGE), 0);
	EQ(mprotect(p + 4 * PAGE, PAGE, PROT_NONE), 0);
	EQ(munmap(p + PAGE, 4 * PAGE), 0);
	EQ(get(p), 'A');
	EQ(areas_in(p + PAGE, 4 * PAGE), 0);
	EQ(get(p + 5 * PAGE), 'F');
}

TEST(munmap_discards_private_changes)
{
	int fd = file_of(1);
	char *p = map_fd(fd, 1, RW, MAP_PRIVATE);

	put(p, 'x');
	EQ(munmap(p, PAGE), 0);
	EQ(get(map_fd(fd, 1, RW, MAP_PRIVATE)), 'A');
}

TEST(munmap_keeps_what_a_shared_mapping_wrote)
{
	int fd = file_of(1);
	char *p = map_fd(fd, 1, RW, MAP_SHARED), c = 0;

	put(p, 'x');
	EQ(munmap(p, PAGE), 0);
	EQ(pread(fd, &c, 1, 0), 1);
	EQ(c, 'x');
}

TEST(munmap_of_file_pages_in_the_middle_keeps_offsets)
{
	char *p = map_fd(file_of(3), 3, PROT_READ, MAP_SHARED);

	EQ(munmap(p + PAGE, PAGE), 0);
	EQ(area_at(p + 2 * PAGE).offset, 2 * PAGE);
	EQ(get(p + 2 * PAGE), 'C');
}

TEST(munmap_leaves_the_childs_mapping)
{
	char *p = filled(1), c;
	int fds[2], pid;

	EQ(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		EQ(read(fds[0], &c, 1), 1);
		EQ(get(p), 'A');
		exit(0);
	}
	EQ(munmap(p, PAGE), 0);
	EQ(write(fds[1], "x", 1), 1);
	joined(pid, 0);
}

TEST(munmap_removes_locks)
{
	char *p = filled(2);
	long before = status_kib("VmLck:");

	EQ(mlock(p, 2 * PAGE), 0);
	EQ(status_kib("VmLck:"), before + 8);
	EQ(munmap(p, PAGE), 0);
	EQ(status_kib("VmLck:"), before + 4);
	EQ(munmap(p + PAGE, PAGE), 0);
	EQ(status_kib("VmLck:"), before);
}

TEST(munmap_of_prot_none_memory)
{
	char *p = anon(2, PROT_NONE);

	EQ(munmap(p, PAGE), 0);
	UNMAPPED(p);
	FAULTS(probe_load(p + PAGE), SIGSEGV, SEGV_ACCERR, p + PAGE);
}

TEST(munmap_gives_memory_back)
{
	char *p = anon(256, RW);
	long before = status_kib("VmRSS:");

	memset(p, 1, 256 * PAGE);
	CHECK(status_kib("VmRSS:") >= before + 1024);
	EQ(munmap(p, 256 * PAGE), 0);
	CHECK(status_kib("VmRSS:") < before + 512);
}

TEST(munmap_shrinks_the_size_in_status)
{
	char *p = anon(256, PROT_READ);
	long before = status_kib("VmSize:");

	EQ(munmap(p, 256 * PAGE), 0);
	EQ(status_kib("VmSize:"), before - 1024);
}

TEST(munmap_frees_the_addresses_for_others)
{
	char *p = filled(2);

	EQ(munmap(p, 2 * PAGE), 0);
	EQ(map(p, 2 * PAGE, RW, ANON | MAP_FIXED_NOREPLACE), (long)p);
	EQ(get(p), 0);
}

TEST(munmap_system_calls_get_efault)
{
	char *p = filled(1);
	int fd = memfd_create("to", 0);

	EQ(munmap(p, PAGE), 0);
	EQ(write(fd, p, 1), -EFAULT);
	EQ(read(file_of(1), p, 1), -EFAULT);
}

TEST(munmap_of_the_vdso_is_allowed)
{
	char *p = vdso();

	EQ(munmap(p, PAGE), 0);
	PERMS(p, "none");
}

TAP_MAIN
