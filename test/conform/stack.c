/* SPDX-License-Identifier: MIT */
/*
 * MAP_GROWSDOWN of mmap(2), and the stack of a process, which is such a
 * mapping: growth, its guard gap, RLIMIT_STACK of getrlimit(2), and
 * sigaltstack(2) for those who run out of it.
 */
#include "test/conform/conform.h"

#define GAP (256 * PAGE) /* kept free below a mapping that grows */

/* A growing mapping of one page, with room for `below` pages below it. */
static char *growing(unsigned long below)
{
	char *at = hole(below + 1) + below * PAGE;

	EQ(map(at, PAGE, RW, ANON | MAP_GROWSDOWN | MAP_FIXED), (long)at);
	return at;
}

TEST(growsdown_grows_by_a_touch_below)
{
	char *p = growing(2 * 256);

	put(p - 1, 'x');
	EQ(get(p - 1), 'x');
	EQ(area_at(p).start, (uintptr_t)p - PAGE);
}

TEST(growsdown_grows_by_a_load)
{
	char *p = growing(2 * 256);

	EQ(get(p - PAGE), 0);
	EQ(area_at(p).start, (uintptr_t)p - PAGE);
}

TEST(growsdown_grows_by_several_pages_at_once)
{
	char *p = growing(2 * 256);

	put(p - 10 * PAGE, 'x');
	EQ(area_at(p).start, (uintptr_t)p - 10 * PAGE);
	EQ(get(p - 5 * PAGE), 0);
}

TEST(growsdown_grows_page_by_page)
{
	char *p = growing(2 * 256);

	for (int i = 1; i <= 20; i++)
		put(p - (unsigned long)i * PAGE, i);
	EQ(areas_in(p - 20 * PAGE, 21 * PAGE), 1);
	EQ(get(p - 7 * PAGE), 7);
}

TEST(growsdown_grows_for_system_calls)
{
	char *p = growing(2 * 256);

	EQ(pread(file_of(1), p - 8, 8, 0), 8);
	EQ(get(p - 8), 'A');
}

TEST(growsdown_stops_at_the_gap_above_another_mapping)
{
	char *p = growing(2 * 256);

	EQ(map(p - 2 * 256 * PAGE, PAGE, RW, ANON | MAP_FIXED),
	   (long)(p - 2 * 256 * PAGE));
	put(p - 255 * PAGE, 1);
	FAULTS(probe_load(p - 256 * PAGE), SIGSEGV, SEGV_MAPERR,
	       p - 256 * PAGE);
}

TEST(growsdown_needs_no_gap_above_prot_none)
{
	char *p = growing(8); /* a PROT_NONE page is below */

	put(p - 8 * PAGE, 1);
	EQ(area_at(p).start, (uintptr_t)p - 8 * PAGE);
}

TEST(growsdown_obeys_the_stack_limit)
{
	char *p = growing(2 * 256);

	limit(RLIMIT_STACK, 16 * PAGE);
	put(p - 15 * PAGE, 1);
	FAULTS(probe_store(p - 16 * PAGE, 1), SIGSEGV, SEGV_MAPERR,
	       p - 16 * PAGE);
}

TEST(growsdown_obeys_the_address_space_limit)
{
	char *p = growing(2 * 256);

	limit(RLIMIT_AS, areas_total() + 8 * PAGE);
	put(p - 4 * PAGE, 1);
	REFUSED(probe_store(p - 64 * PAGE, 1), SIGSEGV, SEGV_MAPERR);
}

TEST(growsdown_keeps_its_protection)
{
	char *p = growing(2 * 256);

	EQ(mprotect(p, PAGE, PROT_READ), 0);
	EQ(get(p - PAGE), 0);
	IS_READONLY(p - PAGE);
}

TEST(growsdown_shows_in_smaps)
{
	CHECK(has_vm_flag(growing(2), "gd"));
}

TEST(growsdown_is_inherited_by_fork)
{
	char *p = growing(2 * 256);
	int pid = fork();

	if (pid == 0) {
		put(p - 3 * PAGE, 'x');
		exit(0);
	}
	joined(pid, 0);
	EQ(area_at(p).start, (uintptr_t)p);
}

TEST(growsdown_of_locked_memory_counts)
{
	char *p = growing(2 * 256);
	long before = status_kib("VmLck:");

	EQ(mlock(p, PAGE), 0);
	put(p - 4 * PAGE, 1);
	EQ(status_kib("VmLck:"), before + 20);
}

TEST(growsdown_of_locked_memory_obeys_the_limit)
{
	char *p = growing(2 * 256);

	limit(RLIMIT_MEMLOCK, 4 * PAGE);
	drop_root();
	EQ(mlock(p, PAGE), 0);
	put(p - 2 * PAGE, 1);
	REFUSED(probe_store(p - 8 * PAGE, 1), SIGSEGV, SEGV_MAPERR);
}

TEST(growsdown_hints_keep_off_the_gap)
{
	char *p = growing(2 * 256);
	long q = map(p - 2 * PAGE, PAGE, RW, ANON);

	CHECK(q > 0);
	CHECK(q != (long)(p - 2 * PAGE));
}

TEST(growsdown_fixed_mappings_may_use_the_gap)
{
	char *p = growing(2 * 256);

	EQ(map(p - 2 * PAGE, PAGE, PROT_NONE, ANON | MAP_FIXED),
	   (long)(p - 2 * PAGE));
	put(p - PAGE, 1);
}

/* The stack of the process itself. */

static int deep(int levels)
{
	volatile char room[1024];

	room[0] = (char)levels;
	room[1023] = room[0];
	return levels ? deep(levels - 1) + (room[1023] == (char)levels) : 0;
}

TEST(stack_grows_when_it_is_used)
{
	char here = 0;
	uint64_t before = area_at(&here).start;

	EQ(deep(1000), 1000);
	CHECK(area_at(&here).start < before);
}

TEST(stack_is_not_executable)
{
	uint32_t code = 0x00008067;

	FAULTS(probe_call(&code), SIGSEGV, SEGV_ACCERR, &code);
}

TEST(stack_is_named_in_maps)
{
	char here = 0;

	EQ(strcmp(area_at(&here).name, "[stack]"), 0);
	PERMS(&here, "rw-p");
}

static void endless(void *arg)
{
	limit(RLIMIT_STACK, 64 * PAGE);
	deep((int)(uintptr_t)arg);
}

TEST(stack_overflow_is_sigsegv)
{
	EQ(in_child(endless, (void *)4000) & 0x7f, SIGSEGV);
}

TEST(stack_within_its_limit_is_no_overflow)
{
	EQ(in_child(endless, (void *)100), 0);
}

static void on_other_stack(int sig, struct siginfo *info, struct ucontext *uc)
{
	(void)sig;
	(void)uc;
	exit(info->si_code == SEGV_MAPERR ? 9 : 1);
}

TEST(stack_overflow_is_handled_on_another_stack)
{
	char *other = anon(16, RW);
	struct sigaltstack stack = {.ss_sp = (uintptr_t)other,
				    .ss_size = 16 * PAGE};
	int pid = fork();

	if (pid == 0) {
		EQ(sigaltstack(&stack, NULL), 0);
		EQ(handle(SIGSEGV, on_other_stack, SA_ONSTACK), 0);
		endless((void *)4000);
		exit(2);
	}
	joined(pid, 9);
}

static void without_stack(int sig, struct siginfo *info, struct ucontext *uc)
{
	(void)sig;
	(void)info;
	(void)uc;
	exit(9);
}

static void overflow_with_handler(void *arg)
{
	handle(SIGSEGV, without_stack, 0);
	endless(arg);
}

TEST(stack_overflow_without_another_stack_kills)
{
	EQ(in_child(overflow_with_handler, (void *)4000) & 0x7f, SIGSEGV);
}

TEST(stack_limit_raised_allows_more)
{
	char here = 0;

	limit(RLIMIT_STACK, 64 * PAGE);
	limit(RLIMIT_STACK, 2048 * PAGE);
	EQ(deep(1000), 1000);
	CHECK((uintptr_t)&here - area_at(&here).start > 200 * PAGE);
}

TAP_MAIN
