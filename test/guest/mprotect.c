/* SPDX-License-Identifier: MIT */
/* mprotect: what may be done to a page, and how areas split and merge. */
#include "test/guest/guest.h"

#define RET 0x8082 /* c.jr ra */

TEST(read_only_refuses_writes)
{
	char *p = anon(1, RW);

	put(p, 'x');
	EQ(mprotect(p, PAGE, PROT_READ), 0);
	EQ(get(p), 'x');
	REFUSED(probe_store(p, 'y'), SIGSEGV, SEGV_ACCERR);
	EQ(get(p), 'x');
}

TEST(contents_survive_every_change)
{
	static const int prots[] = {
	    PROT_NONE, PROT_READ, RW, PROT_READ | PROT_EXEC, PROT_EXEC, RW};
	char *p = anon(2, RW);

	memset(p, 'x', 2 * PAGE);
	for (unsigned i = 0; i < ARRAY_SIZE(prots); i++)
		EQ(mprotect(p, 2 * PAGE, prots[i]), 0);
	for (unsigned long i = 0; i < 2 * PAGE; i++)
		EQ(p[i], 'x');
}

TEST(a_page_made_writable_again_needs_no_copy)
{
	char *p = anon(1, RW);

	put(p, 'x');
	EQ(mprotect(p, PAGE, PROT_READ), 0);
	EQ(mprotect(p, PAGE, RW), 0);
	put(p, 'y');
	EQ(get(p), 'y');
}

TEST(the_zero_page_stays_zero)
{
	char *p = anon(2, PROT_READ);

	EQ(get(p), 0);
	EQ(get(p + PAGE), 0);
	EQ(mprotect(p, 2 * PAGE, RW), 0);
	put(p, 'x');
	EQ(get(p + PAGE), 0);
	char *q = anon(1, PROT_READ);
	EQ(get(q), 0);
}

TEST(no_exec_refuses_fetches)
{
	uint16_t *code = (uint16_t *)anon(1, RW);

	code[0] = RET;
	REFUSED(probe_call(code), SIGSEGV, SEGV_ACCERR);
	EQ(mprotect(code, PAGE, PROT_READ | PROT_EXEC), 0);
	__asm__ volatile("fence.i" ::: "memory");
	EQ(probe_call(code).signal, 0);
	EQ(mprotect(code, PAGE, PROT_READ), 0);
	REFUSED(probe_call(code), SIGSEGV, SEGV_ACCERR);
}

TEST(untouched_memory_obeys_too)
{
	char *p = anon(3, RW);

	EQ(mprotect(p + PAGE, PAGE, PROT_READ), 0);
	put(p, 1);
	REFUSED(probe_store(p + PAGE, 1), SIGSEGV, SEGV_ACCERR);
	EQ(get(p + PAGE), 0);
	put(p + 2 * PAGE, 1);
}

TEST(errors)
{
	char *p = anon(3, RW);

	EQ(mprotect(p + 1, PAGE, PROT_READ), -EINVAL);
	EQ(mprotect(p, 0, PROT_READ), 0);
	EQ(mprotect(p, -PAGE, PROT_READ), -ENOMEM);
	EQ(munmap(p + PAGE, PAGE), 0);
	EQ(mprotect(p + PAGE, PAGE, PROT_READ), -ENOMEM);
	EQ(mprotect(p, PAGE, 0x100), -EINVAL);
	EQ(mprotect(p, PAGE, PROT_GROWSDOWN | PROT_READ), -EINVAL);
}

TEST(a_hole_stops_the_change_where_it_is)
{
	char *p = anon(3, RW);

	EQ(munmap(p + PAGE, PAGE), 0);
	EQ(mprotect(p, 3 * PAGE, PROT_READ), -ENOMEM);
	REFUSED(probe_store(p, 1), SIGSEGV, SEGV_ACCERR);
	put(p + 2 * PAGE, 1);
}

TEST(a_length_is_rounded_up)
{
	char *p = anon(3, RW);

	EQ(mprotect(p, PAGE + 1, PROT_READ), 0);
	REFUSED(probe_store(p + PAGE, 1), SIGSEGV, SEGV_ACCERR);
	put(p + 2 * PAGE, 1);
}

TEST(a_change_in_the_middle_makes_three_areas)
{
	char *p = island(6, RW);

	EQ(areas_in(p, 6 * PAGE), 1);
	EQ(mprotect(p + 2 * PAGE, 2 * PAGE, PROT_READ), 0);
	EQ(areas_in(p, 6 * PAGE), 3);
	struct area middle = area_at(p + 2 * PAGE);
	EQ(middle.start, (uintptr_t)p + 2 * PAGE);
	EQ(middle.end, (uintptr_t)p + 4 * PAGE);
	EQ(strcmp(middle.perms, "r--p"), 0);
}

TEST(changing_back_merges_them)
{
	char *p = island(6, RW);

	EQ(mprotect(p + 2 * PAGE, 2 * PAGE, PROT_READ), 0);
	EQ(mprotect(p + 2 * PAGE, 2 * PAGE, RW), 0);
	EQ(areas_in(p, 6 * PAGE), 1);
}

TEST(touched_areas_merge_as_well)
{
	char *p = island(6, RW);

	memset(p, 'x', 6 * PAGE);
	EQ(mprotect(p + 2 * PAGE, 2 * PAGE, PROT_READ), 0);
	EQ(areas_in(p, 6 * PAGE), 3);
	EQ(mprotect(p + 2 * PAGE, 2 * PAGE, RW), 0);
	EQ(areas_in(p, 6 * PAGE), 1);
}

TEST(changes_at_either_end_merge_with_the_neighbour)
{
	char *p = island(6, RW);

	EQ(mprotect(p, 3 * PAGE, PROT_READ), 0);
	EQ(areas_in(p, 6 * PAGE), 2);
	EQ(mprotect(p + 3 * PAGE, PAGE, PROT_READ), 0);
	EQ(areas_in(p, 6 * PAGE), 2);
	EQ(area_at(p).end, (uintptr_t)p + 4 * PAGE);
	EQ(mprotect(p + PAGE, 3 * PAGE, RW), 0);
	EQ(areas_in(p, 6 * PAGE), 2);
	EQ(area_at(p).end, (uintptr_t)p + PAGE);
}

TEST(a_hole_filled_with_the_same_merges_three)
{
	char *p = island(3, RW);

	memset(p, 'x', 3 * PAGE);
	EQ(munmap(p + PAGE, PAGE), 0);
	EQ(areas_in(p, 3 * PAGE), 2);
	EQ(err(mmap(p + PAGE, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
		    -1, 0)),
	   0);
	EQ(areas_in(p, 3 * PAGE), 1);
	EQ(get(p + PAGE), 0);
	EQ(get(p + 2 * PAGE), 'x');
}

TEST(file_areas_merge_when_their_offsets_meet)
{
	int fd = file_of(4);
	char *p = island(4, PROT_NONE);

	for (int i = 0; i < 4; i++)
		EQ(err(mmap(p + i * PAGE, PAGE, PROT_READ,
			    MAP_SHARED | MAP_FIXED, fd, i * (int64_t)PAGE)),
		   0);
	EQ(areas_in(p, 4 * PAGE), 1);
	EQ(get(p + 3 * PAGE), 'D');
}

TEST(file_areas_stay_apart_when_they_do_not)
{
	int fd = file_of(4);
	char *p = island(2, PROT_NONE);

	EQ(err(mmap(p, PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0)), 0);
	EQ(err(mmap(p + PAGE, PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, fd,
		    2 * PAGE)),
	   0);
	EQ(areas_in(p, 2 * PAGE), 2);
}

TEST(a_read_only_descriptor_keeps_a_shared_mapping_read_only)
{
	int fd = open("/tmp/mprotect_ro", O_RDWR | O_CREAT, 0600);

	EQ(write(fd, "text", 4), 4);
	EQ(close(fd), 0);
	fd = open("/tmp/mprotect_ro", O_RDONLY, 0);
	char *p = map_fd(fd, 1, PROT_READ, MAP_SHARED);
	EQ(mprotect(p, PAGE, RW), -EACCES);
	char *q = map_fd(fd, 1, PROT_READ, MAP_PRIVATE);
	EQ(mprotect(q, PAGE, RW), 0);
	put(q, 'T');
	EQ(get(p), 't');
	unlink("/tmp/mprotect_ro");
}

TEST(copy_on_write_survives_protection)
{
	char *p = anon(1, RW);

	put(p, 'P');
	int pid = fork();
	if (pid == 0) {
		EQ(mprotect(p, PAGE, PROT_READ), 0);
		EQ(mprotect(p, PAGE, RW), 0);
		put(p, 'C');
		exit(get(p) == 'C' ? 0 : 1);
	}
	EQ(mprotect(p, PAGE, PROT_READ), 0);
	EQ(mprotect(p, PAGE, RW), 0);
	joined(pid, 0);
	EQ(get(p), 'P');
	put(p, 'Q');
	EQ(get(p), 'Q');
}

TEST(a_private_page_made_writable_stays_private)
{
	int fd = file_of(1);
	char *shared = map_fd(fd, 1, RW, MAP_SHARED);
	char *p = map_fd(fd, 1, PROT_READ, MAP_PRIVATE);

	EQ(get(p), 'A');
	EQ(mprotect(p, PAGE, RW), 0);
	put(p, 'x');
	EQ(get(shared), 'A');
}

TEST(grows_down_changes_to_the_start_of_the_stack)
{
	char *stack = (char *)((uintptr_t)__builtin_frame_address(0) & -PAGE);
	struct area area = area_at(stack);

	EQ(mprotect(stack + PAGE, 0, PROT_READ), 0);
	EQ(mprotect(stack, PAGE, RW | PROT_GROWSDOWN), 0);
	EQ(mprotect(stack, PAGE, RW | PROT_EXEC | PROT_GROWSDOWN), 0);
	struct area after = area_at(stack);
	EQ(after.start, area.start);
	EQ(strcmp(after.perms, "rwxp"), 0);
}

TAP_MAIN
