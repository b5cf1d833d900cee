/* SPDX-License-Identifier: MIT */
/*
 * madvise(2): errors, and advice about pages. Advice about fork is in fork.c.
 */
#include "test/conform/conform.h"

/* All advice that private anonymous memory can be given. */
static const int advice[] = {
    MADV_NORMAL,   MADV_RANDOM,		 MADV_SEQUENTIAL,
    MADV_WILLNEED, MADV_DONTNEED,	 MADV_FREE,
    MADV_DONTFORK, MADV_DOFORK,		 MADV_DONTDUMP,
    MADV_DODUMP,   MADV_WIPEONFORK,	 MADV_KEEPONFORK,
    MADV_COLD,	   MADV_POPULATE_READ,	 MADV_POPULATE_WRITE,
    MADV_PAGEOUT,  MADV_DONTNEED_LOCKED,
};

TEST(madvise_takes_all_advice_for_private_memory)
{
	for (unsigned i = 0; i < ARRAY_SIZE(advice); i++)
		EQ(madvise(filled(2), 2 * PAGE, advice[i]), 0);
}

TEST(madvise_refuses_an_unaligned_address)
{
	char *p = filled(1);

	for (unsigned i = 0; i < ARRAY_SIZE(advice); i++)
		EQ(madvise(p + 1, PAGE, advice[i]), -EINVAL);
	EQ(get(p), 'A');
}

TEST(madvise_refuses_unknown_advice)
{
	EQ(madvise(filled(1), PAGE, 5), -EINVAL);
	EQ(madvise(filled(1), PAGE, 99), -EINVAL);
	EQ(madvise(filled(1), PAGE, -1), -EINVAL);
}

TEST(madvise_refuses_unknown_advice_for_length_zero)
{
	EQ(madvise(filled(1), 0, 99), -EINVAL);
}

TEST(madvise_of_length_zero_does_nothing)
{
	char *p = filled(1);

	for (unsigned i = 0; i < ARRAY_SIZE(advice); i++)
		EQ(madvise(p, 0, advice[i]), 0);
	EQ(get(p), 'A');
}

TEST(madvise_refuses_a_length_that_wraps)
{
	EQ(madvise(filled(1), -PAGE, MADV_NORMAL), -EINVAL);
	EQ(madvise(filled(1), -1UL, MADV_NORMAL), -EINVAL);
}

TEST(madvise_of_nothing_is_enomem)
{
	for (unsigned i = 0; i < ARRAY_SIZE(advice); i++)
		EQ(madvise(hole(1), PAGE, advice[i]), -ENOMEM);
}

TEST(madvise_of_addresses_outside_is_enomem)
{
	EQ(madvise((void *)AN_END, PAGE, MADV_NORMAL), -ENOMEM);
}

TEST(madvise_goes_on_behind_a_hole)
{
	char *p = filled(3);

	EQ(munmap(p + PAGE, PAGE), 0);
	EQ(madvise(p, 3 * PAGE, MADV_DONTNEED), -ENOMEM);
	EQ(get(p), 0);
	EQ(get(p + 2 * PAGE), 0);
}

TEST(madvise_rounds_the_length_up)
{
	char *p = filled(2);

	EQ(madvise(p, 1, MADV_DONTNEED), 0);
	EQ(get(p + PAGE - 1), 0);
	EQ(get(p + PAGE), 'B');
}

TEST(madvise_hints_keep_the_contents)
{
	static const int hints[] = {MADV_NORMAL,   MADV_RANDOM, MADV_SEQUENTIAL,
				    MADV_WILLNEED, MADV_COLD,	MADV_DONTDUMP,
				    MADV_DODUMP,   MADV_PAGEOUT};
	char *p = filled(1), *f = map_fd(file_of(1), 1, RW, MAP_SHARED);

	put(f, 'x');
	for (unsigned i = 0; i < ARRAY_SIZE(hints); i++) {
		EQ(madvise(p, PAGE, hints[i]), 0);
		EQ(madvise(f, PAGE, hints[i]), 0);
	}
	EQ(get(p), 'A');
	EQ(get(f), 'x');
}

TEST(madvise_dontneed_zeroes_private_memory)
{
	char *p = filled(3);

	EQ(madvise(p + PAGE, PAGE, MADV_DONTNEED), 0);
	EQ(get(p), 'A');
	EQ(get(p + PAGE), 0);
	EQ(get(p + 2 * PAGE), 'C');
}

TEST(madvise_dontneed_takes_pages_at_once)
{
	char *p = filled(3);

	EQ(resident(p, 3), 3);
	EQ(madvise(p, 3 * PAGE, MADV_DONTNEED), 0);
	EQ(resident(p, 3), 0);
}

TEST(madvise_dontneed_lowers_the_resident_size)
{
	char *p = filled(4);

	EQ(smaps_kib(p, "Rss:"), 16);
	EQ(madvise(p, 3 * PAGE, MADV_DONTNEED), 0);
	EQ(smaps_kib(p, "Rss:"), 4);
}

TEST(madvise_dontneed_keeps_shared_memory)
{
	char *p = shared(1, RW);

	put(p, 'x');
	EQ(madvise(p, PAGE, MADV_DONTNEED), 0);
	EQ(get(p), 'x');
}

TEST(madvise_dontneed_keeps_a_shared_file)
{
	char *p = map_fd(file_of(1), 1, RW, MAP_SHARED);

	put(p, 'x');
	EQ(madvise(p, PAGE, MADV_DONTNEED), 0);
	EQ(get(p), 'x');
}

TEST(madvise_dontneed_reverts_a_private_file)
{
	int fd = file_of(1);
	char *p = map_fd(fd, 1, RW, MAP_PRIVATE);

	put(p, 'x');
	EQ(pwrite(fd, "yz", 2, 0), 2);
	EQ(madvise(p, PAGE, MADV_DONTNEED), 0);
	EQ(get(p), 'y');
	EQ(get(p + 1), 'z');
}

TEST(madvise_dontneed_leaves_the_child_its_pages)
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
	EQ(madvise(p, PAGE, MADV_DONTNEED), 0);
	EQ(write(fds[1], "x", 1), 1);
	joined(pid, 0);
	EQ(get(p), 0);
}

TEST(madvise_dontneed_keeps_the_mapping)
{
	char *p = filled(1);

	EQ(mprotect(p, PAGE, PROT_READ), 0);
	EQ(madvise(p, PAGE, MADV_DONTNEED), 0);
	IS_READONLY(p);
	EQ(get(p), 0);
}

TEST(madvise_dontneed_of_prot_none_zeroes_too)
{
	char *p = filled(1);

	EQ(mprotect(p, PAGE, PROT_NONE), 0);
	EQ(madvise(p, PAGE, MADV_DONTNEED), 0);
	EQ(mprotect(p, PAGE, RW), 0);
	EQ(get(p), 0);
}

TEST(madvise_dontneed_refuses_locked_memory)
{
	char *p = filled(1);

	EQ(mlock(p, PAGE), 0);
	EQ(madvise(p, PAGE, MADV_DONTNEED), -EINVAL);
	EQ(get(p), 'A');
}

TEST(madvise_dontneed_works_up_to_locked_memory)
{
	char *p = filled(2);

	EQ(mlock(p + PAGE, PAGE), 0);
	EQ(madvise(p, 2 * PAGE, MADV_DONTNEED), -EINVAL);
	EQ(get(p), 0);
	EQ(get(p + PAGE), 'B');
}

TEST(madvise_dontneed_locked_takes_locked_memory)
{
	char *p = filled(1);

	EQ(mlock(p, PAGE), 0);
	EQ(madvise(p, PAGE, MADV_DONTNEED_LOCKED), 0);
	EQ(get(p), 0);
	CHECK(has_vm_flag(p, "lo"));
}

TEST(madvise_cold_refuses_locked_memory)
{
	char *p = filled(1);

	EQ(mlock(p, PAGE), 0);
	EQ(madvise(p, PAGE, MADV_COLD), -EINVAL);
}

TEST(madvise_pageout_refuses_locked_memory)
{
	char *p = filled(1);

	EQ(mlock(p, PAGE), 0);
	EQ(madvise(p, PAGE, MADV_PAGEOUT), -EINVAL);
}

TEST(madvise_remove_punches_a_hole)
{
	int fd = file_of(3);
	char *p = map_fd(fd, 3, RW, MAP_SHARED), c = 1;

	EQ(madvise(p + PAGE, PAGE, MADV_REMOVE), 0);
	EQ(get(p), 'A');
	EQ(get(p + PAGE), 0);
	EQ(get(p + 2 * PAGE), 'C');
	EQ(pread(fd, &c, 1, PAGE), 1);
	EQ(c, 0);
}

TEST(madvise_remove_keeps_the_size_of_the_file)
{
	struct stat st;
	int fd = file_of(2);
	char *p = map_fd(fd, 2, RW, MAP_SHARED);

	EQ(madvise(p, 2 * PAGE, MADV_REMOVE), 0);
	EQ(fstat(fd, &st), 0);
	EQ(st.st_size, 2 * PAGE);
}

TEST(madvise_remove_frees_the_blocks)
{
	struct stat st;
	int fd = file_of(4);
	char *p = map_fd(fd, 4, RW, MAP_SHARED);

	EQ(madvise(p, 3 * PAGE, MADV_REMOVE), 0);
	EQ(fstat(fd, &st), 0);
	EQ(st.st_blocks, 8);
}

TEST(madvise_remove_honours_the_offset)
{
	int fd = file_of(3);
	char *p = (char *)map_file(fd, 2 * PAGE, RW, MAP_SHARED, PAGE);

	EQ(madvise(p + PAGE, PAGE, MADV_REMOVE), 0);
	char *all = map_fd(fd, 3, RW, MAP_SHARED);
	EQ(get(all + PAGE), 'B');
	EQ(get(all + 2 * PAGE), 0);
}

TEST(madvise_remove_of_shared_anonymous_memory)
{
	char *p = shared(2, RW);

	put(p, 'x');
	put(p + PAGE, 'y');
	EQ(madvise(p, PAGE, MADV_REMOVE), 0);
	EQ(get(p), 0);
	EQ(get(p + PAGE), 'y');
}

TEST(madvise_remove_refuses_private_anonymous_memory)
{
	EQ(madvise(filled(1), PAGE, MADV_REMOVE), -EINVAL);
}

TEST(madvise_remove_refuses_a_private_file)
{
	char *p = map_fd(file_of(1), 1, RW, MAP_PRIVATE);

	EQ(madvise(p, PAGE, MADV_REMOVE), -EACCES);
	EQ(get(p), 'A');
}

TEST(madvise_remove_refuses_locked_memory)
{
	char *p = map_fd(file_of(1), 1, RW, MAP_SHARED);

	EQ(mlock(p, PAGE), 0);
	EQ(madvise(p, PAGE, MADV_REMOVE), -EINVAL);
	EQ(get(p), 'A');
}

TEST(madvise_remove_needs_a_writable_descriptor)
{
	int fd = open("/tmp/madvise", O_RDWR | O_CREAT, 0600), readable;

	EQ(write(fd, "x", 1), 1);
	readable = open("/tmp/madvise", O_RDONLY, 0);
	unlink("/tmp/madvise");
	char *p = map_fd(readable, 1, PROT_READ, MAP_SHARED);
	EQ(madvise(p, PAGE, MADV_REMOVE), -EACCES);
	EQ(get(p), 'x');
}

TEST(madvise_remove_takes_private_views_too)
{
	int fd = file_of(1);
	char *p = map_fd(fd, 1, RW, MAP_SHARED);
	char *q = map_fd(fd, 1, PROT_READ, MAP_PRIVATE);

	EQ(get(q), 'A');
	EQ(madvise(p, PAGE, MADV_REMOVE), 0);
	EQ(get(q), 0);
}

TEST(madvise_populate_read_brings_pages_in)
{
	char *p = island(4, RW);

	EQ(madvise(p, 4 * PAGE, MADV_POPULATE_READ), 0);
	EQ(resident(p, 4), 4);
}

TEST(madvise_populate_write_brings_pages_in)
{
	char *p = island(4, RW);

	EQ(madvise(p, 4 * PAGE, MADV_POPULATE_WRITE), 0);
	EQ(resident(p, 4), 4);
	EQ(smaps_kib(p, "Anonymous:"), 16);
}

TEST(madvise_populate_keeps_contents)
{
	char *p = filled(2);

	EQ(madvise(p, 2 * PAGE, MADV_POPULATE_WRITE), 0);
	EQ(madvise(p, 2 * PAGE, MADV_POPULATE_READ), 0);
	EQ(get(p), 'A');
	EQ(get(p + PAGE), 'B');
}

TEST(madvise_populate_write_makes_private_copies)
{
	int fd = file_of(2);
	char *p = map_fd(fd, 2, RW, MAP_PRIVATE);

	EQ(madvise(p, 2 * PAGE, MADV_POPULATE_WRITE), 0);
	EQ(smaps_kib(p, "Anonymous:"), 8);
	EQ(pwrite(fd, "x", 1, 0), 1);
	EQ(get(p), 'A');
}

TEST(madvise_populate_read_makes_no_private_copies)
{
	int fd = file_of(2);
	char *p = map_fd(fd, 2, RW, MAP_PRIVATE);

	EQ(madvise(p, 2 * PAGE, MADV_POPULATE_READ), 0);
	EQ(smaps_kib(p, "Anonymous:"), 0);
	EQ(pwrite(fd, "x", 1, 0), 1);
	EQ(get(p), 'x');
}

TEST(madvise_populate_write_allocates_holes_of_files)
{
	struct stat st;
	int fd = memfd_create("holes", 0);

	EQ(ftruncate(fd, 4 * PAGE), 0);
	char *p = map_fd(fd, 4, RW, MAP_SHARED);
	EQ(madvise(p, 4 * PAGE, MADV_POPULATE_WRITE), 0);
	EQ(fstat(fd, &st), 0);
	EQ(st.st_blocks, 32);
}

TEST(madvise_populate_write_refuses_read_only_memory)
{
	char *p = filled(1);

	EQ(mprotect(p, PAGE, PROT_READ), 0);
	EQ(madvise(p, PAGE, MADV_POPULATE_WRITE), -EINVAL);
}

TEST(madvise_populate_read_refuses_prot_none)
{
	char *p = filled(1);

	EQ(mprotect(p, PAGE, PROT_NONE), 0);
	EQ(madvise(p, PAGE, MADV_POPULATE_READ), -EINVAL);
	EQ(madvise(p, PAGE, MADV_POPULATE_WRITE), -EINVAL);
}

TEST(madvise_populate_stops_at_a_hole)
{
	char *p = island(3, RW);

	EQ(munmap(p + PAGE, PAGE), 0);
	EQ(madvise(p, 3 * PAGE, MADV_POPULATE_WRITE), -ENOMEM);
	EQ(resident(p, 1), 1);
	EQ(resident(p + 2 * PAGE, 1), 0);
}

TEST(madvise_populate_behind_the_end_is_efault)
{
	char *p = map_fd(file_of(1), 2, RW, MAP_SHARED);

	EQ(madvise(p, 2 * PAGE, MADV_POPULATE_READ), -EFAULT);
	EQ(madvise(p, 2 * PAGE, MADV_POPULATE_WRITE), -EFAULT);
	EQ(madvise(p, PAGE, MADV_POPULATE_READ), 0);
}

TEST(madvise_willneed_of_a_file)
{
	char *p = map_fd(file_of(2), 2, PROT_READ, MAP_PRIVATE);

	EQ(madvise(p, 2 * PAGE, MADV_WILLNEED), 0);
	EQ(get(p + PAGE), 'B');
}

TEST(madvise_willneed_goes_beyond_the_end_of_the_file)
{
	char *p = map_fd(file_of(1), 4, PROT_READ, MAP_SHARED);

	EQ(madvise(p, 4 * PAGE, MADV_WILLNEED), 0);
}

TEST(madvise_access_pattern_shows_in_smaps)
{
	char *p = filled(1);

	EQ(madvise(p, PAGE, MADV_SEQUENTIAL), 0);
	CHECK(has_vm_flag(p, "sr"));
	EQ(madvise(p, PAGE, MADV_RANDOM), 0);
	CHECK(has_vm_flag(p, "rr"));
	CHECK(!has_vm_flag(p, "sr"));
	EQ(madvise(p, PAGE, MADV_NORMAL), 0);
	CHECK(!has_vm_flag(p, "rr"));
}

TEST(madvise_dontdump_shows_in_smaps)
{
	char *p = filled(1);

	EQ(madvise(p, PAGE, MADV_DONTDUMP), 0);
	CHECK(has_vm_flag(p, "dd"));
	EQ(madvise(p, PAGE, MADV_DODUMP), 0);
	CHECK(!has_vm_flag(p, "dd"));
}

TEST(madvise_huge_pages_are_a_hint)
{
	char *p = filled(2);

	EQ(madvise(p, 2 * PAGE, MADV_HUGEPAGE), 0);
	EQ(madvise(p, 2 * PAGE, MADV_NOHUGEPAGE), 0);
	EQ(get(p + PAGE), 'B');
}

TEST(madvise_of_a_part_splits_and_merges)
{
	char *p = filled(3);

	EQ(madvise(p + PAGE, PAGE, MADV_SEQUENTIAL), 0);
	EQ(areas_in(p, 3 * PAGE), 3);
	EQ(madvise(p + PAGE, PAGE, MADV_NORMAL), 0);
	EQ(areas_in(p, 3 * PAGE), 1);
}

TEST(madvise_hwpoison_needs_privileges)
{
	char *p = filled(1);
	int error;

	drop_root();
	error = madvise(p, PAGE, MADV_HWPOISON);
	CHECK(error == -EPERM || error == -EINVAL); /* when not configured */
	EQ(get(p), 'A');
}

TEST(madvise_advice_that_is_not_configured_is_einval)
{
	char *p = filled(1);
	int merge = madvise(p, PAGE, MADV_MERGEABLE);

	CHECK(merge == 0 || merge == -EINVAL);
	EQ(madvise(p, PAGE, MADV_UNMERGEABLE), merge);
	EQ(get(p), 'A');
}

TEST(madvise_works_on_several_mappings)
{
	char *p = filled(4);

	EQ(mprotect(p + PAGE, PAGE, PROT_READ), 0);
	EQ(mprotect(p + 2 * PAGE, PAGE, PROT_NONE), 0);
	EQ(madvise(p, 4 * PAGE, MADV_DONTNEED), 0);
	EQ(mprotect(p, 4 * PAGE, RW), 0);
	for (int i = 0; i < 4; i++)
		EQ(get(p + i * PAGE), 0);
}

TEST(madvise_dontneed_of_many_pages)
{
	char *p = anon(1500, RW);

	memset(p, 1, 1500 * PAGE);
	EQ(madvise(p + PAGE, 1498 * PAGE, MADV_DONTNEED), 0);
	EQ(smaps_kib(p, "Rss:"), 8);
	EQ(get(p), 1);
	EQ(get(p + 700 * PAGE), 0);
	EQ(get(p + 1499 * PAGE), 1);
}

TEST(madvise_dontneed_of_the_heap_and_the_stack)
{
	char *p = brk(NULL);

	p = (char *)(((uintptr_t)p + PAGE - 1) & -PAGE);
	EQ((long)brk(p + PAGE), (long)(p + PAGE));
	put(p, 'x');
	EQ(madvise(p, PAGE, MADV_DONTNEED), 0);
	EQ(get(p), 0);
}

TEST(madvise_populate_works_on_several_mappings)
{
	char *p = island(4, RW);

	EQ(mprotect(p + PAGE, PAGE, PROT_READ), 0);
	EQ(madvise(p, 4 * PAGE, MADV_POPULATE_READ), 0);
	EQ(resident(p, 4), 4);
}

TEST(madvise_populate_write_works_up_to_read_only_memory)
{
	char *p = island(4, RW);

	EQ(mprotect(p + 2 * PAGE, PAGE, PROT_READ), 0);
	EQ(madvise(p, 4 * PAGE, MADV_POPULATE_WRITE), -EINVAL);
	EQ(resident(p, 2), 2);
	EQ(resident(p + 2 * PAGE, 2), 0);
}

TEST(madvise_cold_and_pageout_of_shared_memory)
{
	char *p = shared(2, RW);

	put(p, 'x');
	EQ(madvise(p, 2 * PAGE, MADV_COLD), 0);
	EQ(madvise(p, 2 * PAGE, MADV_PAGEOUT), 0);
	EQ(get(p), 'x');
}

TEST(madvise_of_the_vdso)
{
	EQ(madvise(vdso(), PAGE, MADV_DODUMP), -EINVAL);
	EQ(madvise(vdso(), PAGE, MADV_DONTNEED), 0);
	EQ(madvise(vdso(), PAGE, MADV_FREE), -EINVAL);
	MAPPED(vdso());
}

TAP_MAIN
