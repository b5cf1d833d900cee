/* SPDX-License-Identifier: MIT */
/*
 * mmap(2): what it returns and refuses, and what each flag does. Files are in
 * mmap_file.c, limits in limits.c.
 */
#include "test/conform/conform.h"

TEST(mmap_returns_a_page_aligned_address)
{
	EQ(map(NULL, 100, RW, ANON) & (long)(PAGE - 1), 0);
}

TEST(mmap_anonymous_contents_are_zero)
{
	char *p = anon(3, RW);

	for (unsigned long i = 0; i < 3 * PAGE; i += 8)
		EQ(*(long *)(p + i), 0);
}

TEST(mmap_shared_anonymous_contents_are_zero)
{
	char *p = shared(2, RW);

	EQ(get(p), 0);
	EQ(get(p + 2 * PAGE - 1), 0);
}

TEST(mmap_zeroes_memory_that_was_used_before)
{
	char *p = filled(2);

	EQ(map(p, 2 * PAGE, RW, ANON | MAP_FIXED), (long)p);
	EQ(get(p), 0);
	EQ(get(p + 2 * PAGE - 1), 0);
}

TEST(mmap_rounds_the_length_up)
{
	char *at = hole(2), *p = (char *)map(at, PAGE + 1, RW, ANON);

	EQ((long)p, (long)at);
	put(p + 2 * PAGE - 1, 1);
}

TEST(mmap_maps_nothing_behind_the_rounded_length)
{
	char *at = hole(3);

	EQ(map(at, PAGE + 1, RW, ANON), (long)at);
	UNMAPPED(at + 2 * PAGE);
}

TEST(mmap_refuses_length_zero)
{
	EQ(map(NULL, 0, RW, ANON), -EINVAL);
}

TEST(mmap_refuses_length_zero_with_a_file)
{
	EQ(map_file(file_of(1), 0, RW, MAP_SHARED, 0), -EINVAL);
}

TEST(mmap_refuses_a_length_that_wraps)
{
	EQ(map(NULL, -1UL, RW, ANON), -ENOMEM);
	EQ(map(NULL, -PAGE, RW, ANON), -ENOMEM);
}

TEST(mmap_refuses_more_than_the_address_space)
{
	EQ(map(NULL, AN_END, PROT_NONE, ANON | MAP_NORESERVE), -ENOMEM);
}

TEST(mmap_refuses_flags_without_a_type)
{
	EQ(map(NULL, PAGE, RW, MAP_ANONYMOUS), -EINVAL);
	EQ(map_file(file_of(1), PAGE, RW, 0, 0), -EINVAL);
}

TEST(mmap_refuses_unknown_types)
{
	EQ(map(NULL, PAGE, RW, MAP_ANONYMOUS | 0x0f), -EINVAL);
	EQ(map_file(file_of(1), PAGE, RW, 0x0f, 0), -EINVAL);
	EQ(map_file(file_of(1), PAGE, RW, 0x04, 0), -EINVAL);
}

TEST(mmap_refuses_anonymous_shared_validate)
{
	EQ(map(NULL, PAGE, RW, MAP_SHARED_VALIDATE | MAP_ANONYMOUS), -EINVAL);
}

TEST(mmap_private_ignores_unknown_flags)
{
	CHECK(map(NULL, PAGE, RW, ANON | 0x200) > 0);
}

TEST(mmap_shared_ignores_unknown_flags)
{
	CHECK(map_file(file_of(1), PAGE, RW, MAP_SHARED | 0x200, 0) > 0);
}

TEST(mmap_shared_validate_refuses_unknown_flags)
{
	EQ(map_file(file_of(1), PAGE, RW, MAP_SHARED_VALIDATE | 0x200, 0),
	   -EOPNOTSUPP);
}

TEST(mmap_shared_validate_is_shared)
{
	char *p =
	    (char *)map_file(file_of(1), PAGE, RW, MAP_SHARED_VALIDATE, 0);

	PERMS(p, "rw-s");
}

TEST(mmap_sync_needs_a_file_that_can)
{
	EQ(map_file(file_of(1), PAGE, RW, MAP_SHARED_VALIDATE | MAP_SYNC, 0),
	   -EOPNOTSUPP);
}

TEST(mmap_huge_pages_of_an_ordinary_file_are_refused)
{
	EQ(map_file(file_of(1), PAGE, RW, MAP_SHARED | MAP_HUGETLB, 0),
	   -EINVAL);
}

TEST(mmap_huge_pages_need_a_pool_of_them)
{
	long p = map(NULL, PAGE, RW, ANON | MAP_HUGETLB);

	CHECK(p == -EINVAL || p == -ENOMEM); /* EINVAL when not configured */
}

TEST(mmap_takes_a_free_hint)
{
	char *at = hole(2);

	EQ(map(at, PAGE, RW, ANON), (long)at);
}

TEST(mmap_rounds_a_hint_to_its_page)
{
	char *at = hole(2);

	EQ(map(at + 123, PAGE, RW, ANON), (long)at);
}

TEST(mmap_goes_elsewhere_when_the_hint_is_taken)
{
	char *p = filled(1);
	long q = map(p, PAGE, RW, ANON);

	CHECK(q > 0);
	CHECK(q != (long)p);
	EQ(get(p), 'A');
}

TEST(mmap_goes_elsewhere_when_the_hint_is_partly_taken)
{
	char *at = hole(1);
	long q = map(at, 2 * PAGE, RW, ANON); /* a PROT_NONE page is behind */

	CHECK(q > 0);
	CHECK(q != (long)at);
	PERMS(at + PAGE, "---p");
}

TEST(mmap_accepts_a_hint_outside_the_address_space)
{
	CHECK(map((void *)AN_END, PAGE, RW, ANON) > 0);
	CHECK(map((void *)-PAGE, PAGE, RW, ANON) > 0);
}

TEST(mmap_raises_a_hint_below_the_minimum)
{
	CHECK(map((void *)1, PAGE, RW, ANON) > 0);
}

TEST(mmap_never_picks_address_zero)
{
	CHECK(map(NULL, PAGE, RW, ANON) != 0);
}

TEST(mmap_fixed_uses_exactly_the_address)
{
	char *at = hole(3);

	EQ(map(at + PAGE, PAGE, RW, ANON | MAP_FIXED), (long)(at + PAGE));
	UNMAPPED(at);
	UNMAPPED(at + 2 * PAGE);
}

TEST(mmap_fixed_refuses_an_unaligned_address)
{
	EQ(map(hole(2) + 1, PAGE, RW, ANON | MAP_FIXED), -EINVAL);
	EQ(map(hole(2) + PAGE / 2, PAGE, RW, ANON | MAP_FIXED), -EINVAL);
}

TEST(mmap_fixed_discards_the_overlapped_part_only)
{
	char *p = filled(3);

	EQ(map(p + PAGE, PAGE, RW, ANON | MAP_FIXED), (long)(p + PAGE));
	EQ(get(p), 'A');
	EQ(get(p + PAGE), 0);
	EQ(get(p + 2 * PAGE), 'C');
}

TEST(mmap_fixed_replaces_several_mappings)
{
	char *p = filled(4);

	EQ(mprotect(p + PAGE, PAGE, PROT_READ), 0);
	EQ(munmap(p + 2 * PAGE, PAGE), 0);
	EQ(map(p, 4 * PAGE, RW, ANON | MAP_FIXED), (long)p);
	EQ(areas_in(p, 4 * PAGE), 1);
	for (int i = 0; i < 4; i++)
		EQ(get(p + i * PAGE), 0);
}

TEST(mmap_fixed_replaces_a_file_mapping)
{
	int fd = file_of(1);
	char *p = map_fd(fd, 1, RW, MAP_SHARED), c = 0;

	EQ(map(p, PAGE, RW, ANON | MAP_FIXED), (long)p);
	EQ(get(p), 0);
	put(p, 'x');
	EQ(pread(fd, &c, 1, 0), 1);
	EQ(c, 'A');
}

TEST(mmap_fixed_beyond_the_address_space_is_enomem)
{
	EQ(map((void *)AN_END, PAGE, RW, ANON | MAP_FIXED), -ENOMEM);
	EQ(map((void *)-PAGE, PAGE, RW, ANON | MAP_FIXED), -ENOMEM);
}

TEST(mmap_fixed_across_the_end_is_enomem)
{
	EQ(map((void *)(AN_END - PAGE), 2 * PAGE, RW, ANON | MAP_FIXED),
	   -ENOMEM);
}

TEST(mmap_fixed_at_address_zero_needs_privileges)
{
	drop_root();
	EQ(map(NULL, PAGE, RW, ANON | MAP_FIXED), -EPERM);
}

TEST(mmap_a_refused_fixed_mapping_removes_nothing)
{
	char *p = filled(1);

	EQ(map(p, PAGE, RW, MAP_ANONYMOUS | MAP_FIXED), -EINVAL);
	EQ((long)mmap(p, PAGE, RW, MAP_SHARED | MAP_FIXED, 77, 0), -EBADF);
	EQ(get(p), 'A');
}

TEST(mmap_noreplace_uses_a_free_address)
{
	char *at = hole(2);

	EQ(map(at, 2 * PAGE, RW, ANON | MAP_FIXED_NOREPLACE), (long)at);
}

TEST(mmap_noreplace_refuses_an_occupied_address)
{
	char *p = filled(1);

	EQ(map(p, PAGE, RW, ANON | MAP_FIXED_NOREPLACE), -EEXIST);
	EQ(get(p), 'A');
}

TEST(mmap_noreplace_refuses_a_partial_overlap)
{
	char *at = hole(2); /* a PROT_NONE page before and behind */

	EQ(map(at - PAGE, 2 * PAGE, RW, ANON | MAP_FIXED_NOREPLACE), -EEXIST);
	EQ(map(at + PAGE, 2 * PAGE, RW, ANON | MAP_FIXED_NOREPLACE), -EEXIST);
	EQ(map(at - PAGE, 4 * PAGE, RW, ANON | MAP_FIXED_NOREPLACE), -EEXIST);
	UNMAPPED(at);
}

TEST(mmap_noreplace_refuses_an_unaligned_address)
{
	EQ(map(hole(2) + 1, PAGE, RW, ANON | MAP_FIXED_NOREPLACE), -EINVAL);
}

TEST(mmap_noreplace_with_fixed_does_not_replace)
{
	char *p = filled(1);

	EQ(map(p, PAGE, RW, ANON | MAP_FIXED | MAP_FIXED_NOREPLACE), -EEXIST);
	EQ(get(p), 'A');
}

TEST(mmap_prot_none_refuses_every_access)
{
	char *p = anon(1, PROT_NONE);

	FAULTS(probe_load(p), SIGSEGV, SEGV_ACCERR, p);
	FAULTS(probe_store(p, 1), SIGSEGV, SEGV_ACCERR, p);
	FAULTS(probe_call(p), SIGSEGV, SEGV_ACCERR, p);
}

TEST(mmap_prot_read_refuses_stores)
{
	char *p = anon(1, PROT_READ);

	IS_READONLY(p);
}

TEST(mmap_prot_read_refuses_atomic_updates)
{
	char *p = anon(1, PROT_READ);

	FAULTS(probe_amo(p, 1), SIGSEGV, SEGV_ACCERR, p);
}

TEST(mmap_prot_write_may_be_written)
{
	char *p = anon(1, PROT_WRITE);

	EQ(probe_store(p, 'x').signal, 0);
	PERMS(p, "-w-p");
}

TEST(mmap_without_prot_exec_refuses_to_execute)
{
	char *p = anon(1, RW);

	FAULTS(probe_call(p), SIGSEGV, SEGV_ACCERR, p);
}

TEST(mmap_prot_exec_executes)
{
	char *p = anon(1, RW | PROT_EXEC);

	*(uint32_t *)p = 0x00008067; /* ret */
	sys(SYS_riscv_flush_icache, p, p + PAGE, 0);
	EQ(probe_call(p).signal, 0);
}

TEST(mmap_protection_shows_in_maps)
{
	PERMS(anon(1, PROT_NONE), "---p");
	PERMS(anon(1, PROT_READ), "r--p");
	PERMS(anon(1, PROT_READ | PROT_EXEC), "r-xp");
	PERMS(anon(1, RW | PROT_EXEC), "rwxp");
	PERMS(shared(1, RW), "rw-s");
}

TEST(mmap_ignores_unknown_protection_bits)
{
	char *p = (char *)map(NULL, PAGE, RW | 0x100, ANON);

	PERMS(p, "rw-p");
}

TEST(mmap_anonymous_ignores_the_descriptor)
{
	CHECK((long)mmap(NULL, PAGE, RW, ANON, 12345, 0) > 0);
}

TEST(mmap_anonymous_ignores_the_offset)
{
	char *p = mmap(NULL, PAGE, RW, ANON, -1, (int64_t)(16 * PAGE));

	EQ(err(p), 0);
	EQ(get(p), 0);
}

TEST(mmap_private_stays_private_after_fork)
{
	char *p = anon(1, RW);
	int pid;

	put(p, 'x');
	pid = fork();
	if (pid == 0) {
		EQ(get(p), 'x');
		put(p, 'y');
		exit(0);
	}
	joined(pid, 0);
	EQ(get(p), 'x');
}

TEST(mmap_shared_anonymous_is_shared_with_children)
{
	char *p = shared(1, RW);
	int pid = fork();

	if (pid == 0) {
		put(p, 'y');
		exit(0);
	}
	joined(pid, 0);
	EQ(get(p), 'y');
}

TEST(mmap_populate_brings_in_private_memory)
{
	char *p = (char *)map(NULL, 8 * PAGE, RW, ANON | MAP_POPULATE);

	EQ(resident(p, 8), 8);
}

TEST(mmap_populate_brings_in_read_only_memory)
{
	char *p = (char *)map(NULL, 4 * PAGE, PROT_READ, ANON | MAP_POPULATE);

	EQ(resident(p, 4), 4);
}

TEST(mmap_populate_brings_in_shared_memory)
{
	char *p = (char *)map(NULL, 4 * PAGE, RW, SHARED_ANON | MAP_POPULATE);

	EQ(smaps_kib(p, "Rss:"), 16);
}

TEST(mmap_populate_of_prot_none_succeeds)
{
	char *p = (char *)map(NULL, 4 * PAGE, PROT_NONE, ANON | MAP_POPULATE);

	CHECK((long)p > 0);
	EQ(resident(p, 4), 0);
}

TEST(mmap_populate_with_nonblock_brings_in_nothing)
{
	char *p =
	    (char *)map(NULL, 4 * PAGE, RW, ANON | MAP_POPULATE | MAP_NONBLOCK);

	EQ(resident(p, 4), 0);
}

TEST(mmap_without_populate_brings_in_nothing)
{
	EQ(resident(anon(4, RW), 4), 0);
}

TEST(mmap_locked_brings_in_and_locks)
{
	char *p = (char *)map(NULL, 4 * PAGE, RW, ANON | MAP_LOCKED);

	EQ(resident(p, 4), 4);
	CHECK(has_vm_flag(p, "lo"));
}

TEST(mmap_noreserve_maps_more_than_there_is)
{
	CHECK(map(NULL, 1UL << 36, RW, ANON | MAP_NORESERVE) > 0);
}

TEST(mmap_refuses_obvious_overcommits)
{
	EQ(map(NULL, 1UL << 36, RW, ANON), -ENOMEM);
}

TEST(mmap_does_not_count_what_cannot_be_written)
{
	CHECK(map(NULL, 1UL << 36, PROT_READ, ANON) > 0);
	CHECK(map(NULL, 1UL << 36, PROT_NONE, ANON) > 0);
}

TEST(mmap_accepts_hints_without_effect)
{
	char *p = (char *)map(NULL, PAGE, RW,
			      ANON | MAP_STACK | MAP_DENYWRITE |
				  MAP_EXECUTABLE | MAP_NONBLOCK);

	PERMS(p, "rw-p");
	put(p, 1);
}

TEST(mmap_growsdown_must_be_private)
{
	EQ(map(NULL, PAGE, RW, SHARED_ANON | MAP_GROWSDOWN), -EINVAL);
	EQ(map_file(file_of(1), PAGE, RW, MAP_SHARED | MAP_GROWSDOWN, 0),
	   -EINVAL);
}

TEST(mmap_prot_exec_alone_refuses_loads_and_stores)
{
	char *p = anon(1, PROT_EXEC);

	FAULTS(probe_load(p), SIGSEGV, SEGV_ACCERR, p);
	FAULTS(probe_store(p, 1), SIGSEGV, SEGV_ACCERR, p);
}

TEST(mmap_write_without_read_may_be_read_on_this_machine)
{
	char *p = anon(1, PROT_WRITE);

	put(p, 'x');
	EQ(get(p), 'x');
}

TEST(mmap_memory_written_with_atomics)
{
	uint32_t *p = (uint32_t *)shared(1, RW);

	EQ(probe_amo(p, 5).signal, 0);
	EQ(probe_amo(p, 7).value, 5);
	EQ(*p, 12);
}

TEST(mmap_misaligned_access_across_two_pages)
{
	char *p = anon(2, RW);

	EQ(probe_store64(p + PAGE - 4, 0x1122334455667788).signal, 0);
	EQ(probe_load64(p + PAGE - 4).value, 0x1122334455667788);
	EQ(resident(p, 2), 2);
}

TEST(mmap_aliases_of_one_page_agree)
{
	int fd = file_of(1);
	char *p[16];

	for (int i = 0; i < 16; i++)
		p[i] = map_fd(fd, 1, RW, MAP_SHARED);
	for (int i = 0; i < 16; i++) {
		put(p[i] + i, 'a' + i);
		EQ(get(p[15 - i] + i), 'a' + i);
	}
}

TEST(mmap_of_a_large_range_touches_no_memory)
{
	long before = status_kib("VmRSS:");
	char *p = (char *)map(NULL, 1UL << 34, RW, ANON | MAP_NORESERVE);

	CHECK(!err(p));
	put(p + (1UL << 33), 'x');
	CHECK(status_kib("VmRSS:") < before + 1024);
	EQ(munmap(p, 1UL << 34), 0);
}

TEST(mmap_many_times_and_unmapped_leaves_nothing)
{
	long before = status_kib("VmSize:");

	for (int i = 0; i < 1000; i++) {
		char *p = anon(3, RW);
		*p = 1;
		EQ(munmap(p, 3 * PAGE), 0);
	}
	EQ(status_kib("VmSize:"), before);
}

TAP_MAIN
