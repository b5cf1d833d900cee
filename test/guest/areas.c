/* SPDX-License-Identifier: MIT */
/* The heap, the limits, and the list of areas in /proc/self/maps. */
#include "test/guest/guest.h"

TEST(the_heap_grows_and_shrinks)
{
	char *start = brk(NULL);

	EQ((long)brk(start + 10 * PAGE), (long)(start + 10 * PAGE));
	put(start, 'x');
	put(start + 10 * PAGE - 1, 'y');
	EQ((long)brk(start + PAGE), (long)(start + PAGE));
	EQ(get(start), 'x');
	EQ((long)brk(start + 10 * PAGE), (long)(start + 10 * PAGE));
	EQ(get(start + 10 * PAGE - 1), 0);
	EQ((long)brk(start), (long)start);
}

TEST(the_heap_ends_where_asked_not_on_a_page)
{
	char *start = brk(NULL);

	EQ((long)brk(start + 100), (long)(start + 100));
	put(start, 1);
	EQ((long)brk(NULL), (long)(start + 100));
	EQ((long)brk(start + 50), (long)(start + 50));
}

TEST(the_heap_does_not_go_below_its_start)
{
	char *start = brk(NULL);

	EQ((long)brk((void *)PAGE), (long)start);
	EQ((long)brk((void *)(1UL << 50)), (long)start);
}

TEST(the_heap_stops_before_another_mapping)
{
	char *start = brk(NULL);
	char *page = (char *)(((uintptr_t)start + 20 * PAGE) & -PAGE);

	EQ((long)mmap(page, PAGE, PROT_READ,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0),
	   (long)page);
	EQ((long)brk(page + PAGE), (long)start);
	EQ((long)brk(page - PAGE), (long)(page - PAGE));
}

TEST(the_heap_obeys_the_data_limit)
{
	char *start = brk(NULL);

	EQ(setrlimit(RLIMIT_DATA, 256 * PAGE, RLIM_INFINITY), 0);
	EQ((long)brk(start + 1024 * PAGE), (long)start);
	EQ((long)brk(start + 64 * PAGE), (long)(start + 64 * PAGE));
}

TEST(the_address_space_limit)
{
	uint64_t used = areas_total();

	EQ(setrlimit(RLIMIT_AS, used + 64 * PAGE, RLIM_INFINITY), 0);
	EQ(err(mmap(NULL, 1024 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
		    -1, 0)),
	   -ENOMEM);
	char *p = anon(32, RW);
	EQ(err(mremap(p, 32 * PAGE, 1024 * PAGE, MREMAP_MAYMOVE, NULL)),
	   -ENOMEM);
	EQ(munmap(p, 32 * PAGE), 0);
	anon(32, RW);
}

TEST(the_data_limit_counts_private_writable_memory)
{
	EQ(setrlimit(RLIMIT_DATA, 256 * PAGE, RLIM_INFINITY), 0);
	EQ(err(mmap(NULL, 1024 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)),
	   -ENOMEM);
	EQ(err(mmap(NULL, 1024 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS,
		    -1, 0)),
	   0);
	EQ(err(mmap(NULL, 1024 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0)),
	   0);
}

TEST(the_limit_on_the_number_of_areas)
{
	enum { COUNT = 70000 };
	char *p = anon(COUNT, PROT_NONE);
	int i, error = 0;

	for (i = 0; i < COUNT && !error; i += 2)
		error = mprotect(p + i * PAGE, PAGE, PROT_READ);
	EQ(error, -ENOMEM);
	CHECK(i > 60000 && i < 66000);
	EQ(munmap(p + i / 2 * PAGE, PAGE), 0);
	EQ(munmap(p, COUNT * PAGE), 0);
}

TEST(maps_shows_a_mapping_as_it_is)
{
	char *p = island(3, RW);
	struct area area = area_at(p + PAGE);

	EQ(area.start, (uintptr_t)p);
	EQ(area.end, (uintptr_t)p + 3 * PAGE);
	EQ(strcmp(area.perms, "rw-p"), 0);
	EQ(area.offset, 0);
	EQ(area.inode, 0);
	EQ(mprotect(p, 3 * PAGE, PROT_READ | PROT_EXEC), 0);
	EQ(strcmp(area_at(p).perms, "r-xp"), 0);
}

TEST(maps_shows_files_with_offset_and_inode)
{
	struct stat st;
	int fd = open("/tmp/areas_file", O_RDWR | O_CREAT, 0600);

	CHECK(fd >= 0);
	EQ(ftruncate(fd, 4 * PAGE), 0);
	EQ(fstat(fd, &st), 0);
	char *p = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd, PAGE);
	EQ(err(p), 0);
	struct area area = area_at(p);
	EQ(strcmp(area.perms, "r--s"), 0);
	EQ(area.offset, PAGE);
	EQ(area.inode, st.st_ino);
	EQ(strcmp(area.name, "/tmp/areas_file"), 0);
	EQ(unlink("/tmp/areas_file"), 0);
}

TEST(maps_names_the_stack_and_the_heap)
{
	char here, *heap = brk(NULL);

	EQ(strcmp(area_at(&here).name, "[stack]"), 0);
	EQ(strcmp(area_at(&here).perms, "rw-p"), 0);
	EQ((long)brk(heap + 4 * PAGE), (long)(heap + 4 * PAGE));
	EQ(strcmp(area_at(heap + 2 * PAGE).name, "[heap]"), 0);
}

TEST(the_program_is_write_xor_execute)
{
	static int data = 1;

	EQ(strcmp(area_at((void *)(uintptr_t)tap_main).perms, "r-xp"), 0);
	EQ(strcmp(area_at("constant").perms, "r--p"), 0);
	EQ(strcmp(area_at(&data).perms, "rw-p"), 0);
}

TEST(shared_and_private_areas_do_not_merge)
{
	char *p = island(2, PROT_NONE);

	EQ(err(mmap(p, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
		    0)),
	   0);
	EQ(err(mmap(p + PAGE, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED,
		    -1, 0)),
	   0);
	EQ(areas_in(p, 2 * PAGE), 2);
}

TEST(advice_and_locks_split_areas)
{
	char *p = island(4, RW);

	memset(p, 'x', 4 * PAGE);
	EQ(madvise(p + PAGE, PAGE, MADV_DONTFORK), 0);
	EQ(areas_in(p, 4 * PAGE), 3);
	EQ(madvise(p + PAGE, PAGE, MADV_DOFORK), 0);
	EQ(areas_in(p, 4 * PAGE), 1);
	EQ(sys(SYS_mlock, p, PAGE), 0);
	EQ(areas_in(p, 4 * PAGE), 2);
	EQ(sys(SYS_munlock, p, PAGE), 0);
	EQ(areas_in(p, 4 * PAGE), 1);
}

TEST(freshly_mapped_neighbours_merge)
{
	char *p = island(3, PROT_NONE);

	for (int i = 0; i < 3; i++)
		EQ(err(mmap(p + i * PAGE, PAGE, RW,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0)),
		   0);
	EQ(areas_in(p, 3 * PAGE), 1);
}

TEST(new_mappings_go_below_the_older_ones)
{
	char *first = anon(16, PROT_READ), *second = anon(16, RW);

	EQ((long)second, (long)(first - 16 * PAGE));
}

TEST(a_freed_gap_that_fits_is_used_again)
{
	char *p = anon(64, RW), *q = anon(4, PROT_READ);

	EQ(munmap(p + 20 * PAGE, 8 * PAGE), 0);
	char *big = anon(16, PROT_READ | PROT_EXEC);
	CHECK(big < q);
	char *fits = anon(8, PROT_READ | PROT_EXEC);
	EQ((long)fits, (long)(p + 20 * PAGE));
}

TAP_MAIN
