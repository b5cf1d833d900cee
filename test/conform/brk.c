/* SPDX-License-Identifier: MIT */
/*
 * brk(2), the system call: it returns the new break, or the old one when it
 * cannot do what was asked.
 */
#include "test/conform/conform.h"

/* The break, moved to the start of a page. */
static char *page_break(void)
{
	char *p = (char *)(((uintptr_t)brk(NULL) + PAGE - 1) & -PAGE);

	EQ((long)brk(p), (long)p);
	return p;
}

static void moves_to(char *to)
{
	EQ((long)brk(to), (long)to);
	EQ((long)brk(NULL), (long)to);
}

static void stays_at(char *at, const void *asked)
{
	EQ((long)brk(asked), (long)at);
	EQ((long)brk(NULL), (long)at);
}

TEST(brk_of_zero_returns_the_break)
{
	char *p = brk(NULL);

	CHECK(p != NULL);
	EQ((long)brk(NULL), (long)p);
}

TEST(brk_grows_the_heap)
{
	char *p = page_break();

	moves_to(p + 4 * PAGE);
	put(p, 'x');
	put(p + 4 * PAGE - 1, 'y');
	EQ(get(p), 'x');
}

TEST(brk_memory_is_zero)
{
	char *p = page_break();

	moves_to(p + 2 * PAGE);
	for (unsigned long i = 0; i < 2 * PAGE; i += 8)
		EQ(*(long *)(p + i), 0);
}

TEST(brk_may_end_inside_a_page)
{
	char *p = page_break();

	moves_to(p + 100);
	put(p + PAGE - 1, 1);
	UNMAPPED(p + PAGE);
}

TEST(brk_shrinks_the_heap)
{
	char *p = page_break();

	moves_to(p + 4 * PAGE);
	put(p, 'x');
	put(p + 2 * PAGE, 'y');
	moves_to(p + PAGE);
	EQ(get(p), 'x');
	UNMAPPED(p + PAGE);
	UNMAPPED(p + 2 * PAGE);
}

TEST(brk_grown_again_is_zero)
{
	char *p = page_break();

	moves_to(p + 2 * PAGE);
	put(p + PAGE, 'x');
	moves_to(p + PAGE);
	moves_to(p + 2 * PAGE);
	EQ(get(p + PAGE), 0);
}

TEST(brk_shrunk_inside_a_page_keeps_the_page)
{
	char *p = page_break();

	moves_to(p + 200);
	put(p + 150, 'x');
	moves_to(p + 100);
	moves_to(p + 200);
	EQ(get(p + 150), 'x');
}

TEST(brk_below_the_start_does_nothing)
{
	char *p = brk(NULL);

	stays_at(p, (void *)PAGE);
	stays_at(p, (char *)((uintptr_t)tap_main & -PAGE));
}

TEST(brk_beyond_the_address_space_does_nothing)
{
	char *p = brk(NULL);

	stays_at(p, (void *)AN_END);
	stays_at(p, (void *)-PAGE);
}

TEST(brk_of_more_than_there_is_does_nothing)
{
	char *p = brk(NULL);

	stays_at(p, p + (1UL << 36));
}

TEST(brk_stops_before_another_mapping)
{
	char *p = page_break();

	EQ(map(p + 8 * PAGE, PAGE, RW, ANON | MAP_FIXED_NOREPLACE),
	   (long)(p + 8 * PAGE));
	stays_at(p, p + 9 * PAGE);
	moves_to(p + 4 * PAGE);
}

TEST(brk_over_the_data_limit_does_nothing)
{
	char *p = brk(NULL);

	limit(RLIMIT_DATA, 128 * PAGE);
	stays_at(p, p + 1024 * PAGE);
	moves_to(p + 8 * PAGE);
}

TEST(brk_over_the_address_space_limit_does_nothing)
{
	char *p = brk(NULL);

	limit(RLIMIT_AS, areas_total() + 8 * PAGE);
	stays_at(p, p + 64 * PAGE);
	moves_to(p + 4 * PAGE);
}

TEST(brk_shrinks_when_over_the_limit)
{
	char *p = page_break();

	moves_to(p + 64 * PAGE);
	limit(RLIMIT_AS, PAGE);
	moves_to(p + 8 * PAGE);
}

TEST(brk_memory_can_be_read_and_written_only)
{
	char *p = page_break();

	moves_to(p + PAGE);
	PERMS(p, "rw-p");
	FAULTS(probe_call(p), SIGSEGV, SEGV_ACCERR, p);
}

TEST(brk_is_named_heap_in_maps)
{
	char *p = page_break();

	moves_to(p + PAGE);
	EQ(strcmp(area_at(p).name, "[heap]"), 0);
}

TEST(brk_of_a_child_is_its_own)
{
	char *p = page_break();
	int pid;

	moves_to(p + PAGE);
	put(p, 'x');
	pid = fork();
	if (pid == 0) {
		EQ((long)brk(NULL), (long)(p + PAGE));
		EQ(get(p), 'x');
		moves_to(p + 8 * PAGE);
		put(p, 'y');
		exit(0);
	}
	joined(pid, 0);
	EQ((long)brk(NULL), (long)(p + PAGE));
	EQ(get(p), 'x');
	UNMAPPED(p + 4 * PAGE);
}

TEST(brk_memory_may_be_unmapped)
{
	char *p = page_break();

	moves_to(p + 4 * PAGE);
	EQ(munmap(p + PAGE, PAGE), 0);
	UNMAPPED(p + PAGE);
	put(p + 2 * PAGE, 1);
	EQ((long)brk(NULL), (long)(p + 4 * PAGE));
}

TEST(brk_shrinks_across_a_protected_part)
{
	char *p = page_break();

	moves_to(p + 8 * PAGE);
	EQ(mprotect(p + 3 * PAGE, PAGE, PROT_READ), 0);
	moves_to(p + PAGE);
	UNMAPPED(p + 3 * PAGE);
	moves_to(p + 8 * PAGE);
	put(p + 3 * PAGE, 1);
}

TEST(brk_grows_behind_a_protected_end)
{
	char *p = page_break();

	moves_to(p + 2 * PAGE);
	EQ(mprotect(p + PAGE, PAGE, PROT_READ), 0);
	moves_to(p + 4 * PAGE);
	IS_READONLY(p + PAGE);
	put(p + 2 * PAGE, 1);
}

TEST(brk_to_the_same_place_changes_nothing)
{
	char *p = brk(NULL);

	moves_to(p);
}

TEST(brk_in_many_small_steps_is_one_area)
{
	char *p = page_break();

	for (unsigned long i = 1; i <= 200; i++)
		moves_to(p + i * 1000);
	EQ(areas_in(p, 200 * 1000), 1);
}

TEST(brk_over_the_data_limit_inside_a_page_does_nothing)
{
	char *p = page_break();

	moves_to(p + 10);
	limit(RLIMIT_DATA, 1);
	stays_at(p + 10, p + 20);
}

TAP_MAIN
