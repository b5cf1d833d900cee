/* SPDX-License-Identifier: MIT */
/* mseal(2): what a sealed mapping refuses, and what it does not. */
#include "test/conform/conform.h"

static long mseal(const void *p, size_t len)
{
	return sys(SYS_mseal, p, len, 0);
}

/* npages of private memory, sealed, 'A' + n in page n. */
static char *sealed(unsigned long npages, int prot)
{
	char *p = filled(npages);

	if (prot != RW)
		EQ(mprotect(p, npages * PAGE, prot), 0);
	EQ(mseal(p, npages * PAGE), 0);
	return p;
}

TEST(mseal_refuses_flags)
{
	char *p = filled(1);

	EQ(sys(SYS_mseal, p, PAGE, 1), -EINVAL);
	EQ(munmap(p, PAGE), 0);
}

TEST(mseal_refuses_an_unaligned_address)
{
	EQ(mseal(filled(1) + 1, PAGE), -EINVAL);
}

TEST(mseal_refuses_a_length_that_wraps)
{
	EQ(mseal(filled(1), -1UL), -EINVAL);
	EQ(mseal(filled(1), -PAGE), -EINVAL);
}

TEST(mseal_of_length_zero_does_nothing)
{
	char *p = filled(1);

	EQ(mseal(p, 0), 0);
	EQ(mseal(hole(1), 0), 0);
	EQ(munmap(p, PAGE), 0);
}

TEST(mseal_rounds_the_length_up)
{
	char *p = filled(2);

	EQ(mseal(p, 1), 0);
	EQ(munmap(p, PAGE), -EPERM);
	EQ(munmap(p + PAGE, PAGE), 0);
}

TEST(mseal_of_a_hole_is_enomem)
{
	char *p = filled(3);

	EQ(mseal(hole(1), PAGE), -ENOMEM);
	EQ(munmap(p + PAGE, PAGE), 0);
	EQ(mseal(p, 3 * PAGE), -ENOMEM);
	EQ(mseal(p + PAGE, 2 * PAGE), -ENOMEM);
	EQ(mseal(p, 2 * PAGE), -ENOMEM);
	/* Nothing is sealed then. */
	EQ(munmap(p, PAGE), 0);
	EQ(munmap(p + 2 * PAGE, PAGE), 0);
}

TEST(mseal_twice_is_allowed)
{
	char *p = sealed(2, RW);

	EQ(mseal(p, 2 * PAGE), 0);
	EQ(mseal(p + PAGE, PAGE), 0);
	EQ(munmap(p, PAGE), -EPERM);
}

TEST(mseal_spans_mappings)
{
	char *p = filled(3);

	EQ(mprotect(p + PAGE, PAGE, PROT_READ), 0);
	EQ(mseal(p, 3 * PAGE), 0);
	for (unsigned long i = 0; i < 3; i++)
		EQ(munmap(p + i * PAGE, PAGE), -EPERM);
}

TEST(mseal_of_a_part_leaves_the_rest)
{
	char *p = filled(3);

	EQ(mseal(p + PAGE, PAGE), 0);
	EQ(areas_in(p, 3 * PAGE), 3);
	EQ(mprotect(p, PAGE, PROT_READ), 0);
	EQ(munmap(p + 2 * PAGE, PAGE), 0);
	EQ(munmap(p + PAGE, PAGE), -EPERM);
	EQ(get(p + PAGE), 'B');
}

TEST(mseal_keeps_memory_usable)
{
	char *p = sealed(1, RW);

	EQ(get(p), 'A');
	put(p, 'x');
	EQ(get(p), 'x');
}

TEST(mseal_refuses_munmap)
{
	char *p = sealed(3, RW);

	EQ(munmap(p, 3 * PAGE), -EPERM);
	EQ(munmap(p, PAGE), -EPERM);
	EQ(munmap(p + PAGE, PAGE), -EPERM);
	EQ(munmap(p + 2 * PAGE, PAGE), -EPERM);
	EQ(get(p + PAGE), 'B');
}

TEST(mseal_refuses_munmap_of_all_around)
{
	char *p = filled(3);

	EQ(mseal(p + PAGE, PAGE), 0);
	EQ(munmap(p, 3 * PAGE), -EPERM);
	for (unsigned long i = 0; i < 3; i++)
		EQ(get(p + i * PAGE), 'A' + i);
}

TEST(mseal_refuses_a_fixed_mapping)
{
	char *p = sealed(2, RW);

	EQ(map(p, 2 * PAGE, RW, ANON | MAP_FIXED), -EPERM);
	EQ(map(p + PAGE, PAGE, RW, ANON | MAP_FIXED), -EPERM);
	EQ((long)mmap(p, PAGE, RW, MAP_SHARED | MAP_FIXED, file_of(1), 0),
	   -EPERM);
	EQ(map(p, PAGE, RW, ANON | MAP_FIXED_NOREPLACE), -EEXIST);
	EQ(get(p), 'A');
	EQ(get(p + PAGE), 'B');
}

TEST(mseal_refuses_mprotect)
{
	char *p = sealed(2, RW);

	EQ(mprotect(p, 2 * PAGE, PROT_READ), -EPERM);
	EQ(mprotect(p + PAGE, PAGE, PROT_NONE), -EPERM);
	EQ(mprotect(p, PAGE, PROT_READ | PROT_EXEC), -EPERM);
	PERMS(p, "rw-p");
	put(p, 'x');
}

TEST(mseal_refuses_mprotect_to_the_same_protection)
{
	char *p = sealed(1, RW);

	EQ(mprotect(p, PAGE, RW), -EPERM);
}

TEST(mseal_stops_mprotect_where_it_is)
{
	char *p = filled(3);

	EQ(mseal(p + PAGE, PAGE), 0);
	EQ(mprotect(p, 3 * PAGE, PROT_READ), -EPERM);
	PERMS(p + PAGE, "rw-p");
	PERMS(p + 2 * PAGE, "rw-p");
}

TEST(mseal_refuses_mremap)
{
	char *p = sealed(2, RW), *to = hole(4);

	EQ(err(mremap(p, 2 * PAGE, PAGE, 0, NULL)), -EPERM);
	EQ(err(mremap(p, 2 * PAGE, 3 * PAGE, MREMAP_MAYMOVE, NULL)), -EPERM);
	EQ(err(mremap(p, 2 * PAGE, 3 * PAGE, 0, NULL)), -EPERM);
	EQ(err(mremap(p, 2 * PAGE, 2 * PAGE, 0, NULL)), -EPERM);
	EQ(err(mremap(p, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		      to)),
	   -EPERM);
	EQ(err(mremap(p, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP,
		      NULL)),
	   -EPERM);
	EQ(get(p + PAGE), 'B');
}

TEST(mseal_refuses_mremap_onto_it)
{
	char *p = sealed(1, RW), *from = filled(1);

	put(from, 'x');
	EQ(err(mremap(from, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p)),
	   -EPERM);
	EQ(get(p), 'A');
	EQ(get(from), 'x');
}

static const int discards[] = {MADV_DONTNEED,	MADV_FREE,
			       MADV_REMOVE,	MADV_DONTFORK,
			       MADV_WIPEONFORK, MADV_DONTNEED_LOCKED};

TEST(mseal_refuses_discards_of_read_only_memory)
{
	char *p = sealed(2, PROT_READ);

	for (unsigned i = 0; i < ARRAY_SIZE(discards); i++)
		EQ(madvise(p, PAGE, discards[i]), -EPERM);
	EQ(get(p), 'A');
}

TEST(mseal_refuses_discards_of_prot_none)
{
	char *p = sealed(1, PROT_NONE);

	for (unsigned i = 0; i < ARRAY_SIZE(discards); i++)
		EQ(madvise(p, PAGE, discards[i]), -EPERM);
}

TEST(mseal_allows_discards_of_writable_memory)
{
	char *p = sealed(1, RW);

	EQ(madvise(p, PAGE, MADV_DONTNEED), 0);
	EQ(get(p), 0);
	EQ(madvise(p, PAGE, MADV_DONTFORK), 0);
}

TEST(mseal_allows_discards_of_files_and_shared_memory)
{
	int fd = file_of(1);
	char *p = map_fd(fd, 1, PROT_READ, MAP_PRIVATE);
	char *q = shared(1, PROT_READ);

	EQ(mseal(p, PAGE), 0);
	EQ(madvise(p, PAGE, MADV_DONTNEED), 0);
	EQ(get(p), 'A');
	EQ(mseal(q, PAGE), 0);
	EQ(madvise(q, PAGE, MADV_DONTNEED), 0);
}

TEST(mseal_allows_other_advice)
{
	char *p = sealed(1, PROT_READ);

	EQ(madvise(p, PAGE, MADV_RANDOM), 0);
	EQ(madvise(p, PAGE, MADV_NORMAL), 0);
	EQ(madvise(p, PAGE, MADV_WILLNEED), 0);
	EQ(madvise(p, PAGE, MADV_POPULATE_READ), 0);
	EQ(madvise(p, PAGE, MADV_DONTDUMP), 0);
}

TEST(mseal_allows_mlock)
{
	char *p = sealed(1, RW);

	EQ(mlock(p, PAGE), 0);
	EQ(munlock(p, PAGE), 0);
}

TEST(mseal_of_files_and_shared_memory_refuses_munmap)
{
	char *p = map_fd(file_of(1), 1, RW, MAP_SHARED), *q = shared(1, RW);

	EQ(mseal(p, PAGE), 0);
	EQ(mseal(q, PAGE), 0);
	EQ(munmap(p, PAGE), -EPERM);
	EQ(munmap(q, PAGE), -EPERM);
	EQ(mprotect(q, PAGE, PROT_READ), -EPERM);
}

TEST(mseal_leaves_truncation_alone)
{
	int fd = file_of(2);
	char *p = map_fd(fd, 2, RW, MAP_SHARED);

	EQ(mseal(p, 2 * PAGE), 0);
	EQ(ftruncate(fd, PAGE), 0);
	EQ(get(p), 'A');
	FAULTS(probe_load(p + PAGE), SIGBUS, BUS_ADRERR, p + PAGE);
}

TEST(mseal_is_inherited_by_fork)
{
	char *p = sealed(1, RW);
	int pid = fork();

	if (pid == 0) {
		EQ(munmap(p, PAGE), -EPERM);
		EQ(mprotect(p, PAGE, PROT_READ), -EPERM);
		put(p, 'x');
		exit(0);
	}
	joined(pid, 0);
	EQ(get(p), 'A');
}

TEST(mseal_ends_with_exec)
{
	char *argv[] = {"/bin/echo", "x", NULL};
	int pid = fork();

	if (pid == 0) {
		sealed(1, RW);
		close(1);
		open("/dev/null", O_WRONLY, 0);
		exit((int)execve(argv[0], argv, environ()));
	}
	joined(pid, 0);
}

TEST(mseal_keeps_the_heap_from_shrinking)
{
	char *end = brk(NULL), *start;

	start = (char *)(((uintptr_t)end + PAGE - 1) & ~(PAGE - 1));
	EQ((long)brk(start + 2 * PAGE), (long)(start + 2 * PAGE));
	put(start + PAGE, 'x');
	EQ(mseal(start + PAGE, PAGE), 0);
	EQ((long)brk(start), (long)(start + 2 * PAGE));
	EQ(get(start + PAGE), 'x');
}

TEST(mseal_joins_sealed_neighbours)
{
	char *p = filled(2);

	EQ(mseal(p, PAGE), 0);
	EQ(areas_in(p, 2 * PAGE), 2);
	EQ(mseal(p + PAGE, PAGE), 0);
	EQ(areas_in(p, 2 * PAGE), 1);
}

TAP_MAIN
