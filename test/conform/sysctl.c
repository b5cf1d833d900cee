/* SPDX-License-Identifier: MIT */
/*
 * proc_sys_vm(5): how freely memory is promised, and how many mappings there
 * may be. Each check sets a value for all processes and puts it back.
 */
#include "test/conform/conform.h"

#define OVERCOMMIT "/proc/sys/vm/overcommit_memory"
#define MAP_COUNT  "/proc/sys/vm/max_map_count"

#define HUGE (1UL << 36) /* more than there is */

static long set(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY, 0);
	long done = fd < 0 ? fd : write(fd, value, strlen(value));

	close(fd);
	return done;
}

/* Run a function while the knob has this value; no check in it may fail. */
static void with(const char *path, const char *value, void (*run)(void *))
{
	char old[32];
	int status;

	CHECK(read_file(path, old, sizeof(old)) > 0);
	EQ(set(path, value), strlen(value));
	status = in_child(run, NULL);
	CHECK(set(path, old) > 0);
	EQ(status, 0);
}

static void always(void *arg)
{
	(void)arg;
	char *p = (char *)map(NULL, HUGE, RW, ANON);
	CHECK(!err(p));
	put(p + HUGE / 2, 'x');
	CHECK(map(NULL, HUGE, RW, SHARED_ANON) > 0);
}

TEST(overcommit_always_refuses_nothing)
{
	with(OVERCOMMIT, "1", always);
}

static void guess(void *arg)
{
	(void)arg;
	EQ(map(NULL, HUGE, RW, ANON), -ENOMEM);
	CHECK(map(NULL, HUGE, RW, ANON | MAP_NORESERVE) > 0);
}

TEST(overcommit_by_guess_refuses_obvious_ones)
{
	with(OVERCOMMIT, "0", guess);
}

static void never(void *arg)
{
	uint64_t most = meminfo("CommitLimit:");

	(void)arg;
	CHECK(most > 0);
	EQ(map(NULL, most, RW, ANON), -ENOMEM);
	EQ(map(NULL, most, RW, ANON | MAP_NORESERVE), -ENOMEM);
	CHECK(map(NULL, most, PROT_READ, ANON) > 0);
	CHECK(map(NULL, 16 * PAGE, RW, ANON) > 0);
}

TEST(overcommit_never_keeps_the_limit)
{
	with(OVERCOMMIT, "2", never);
}

static void never_by_parts(void *arg)
{
	uint64_t most = meminfo("CommitLimit:") / 8;
	long p = 0;
	int parts = 0;

	(void)arg;
	while (parts < 9 && (p = map(NULL, most & -PAGE, RW, ANON)) > 0)
		parts++;
	EQ(p, -ENOMEM);
	CHECK(parts >= 4);
}

TEST(overcommit_never_adds_up)
{
	with(OVERCOMMIT, "2", never_by_parts);
}

static void never_mprotect(void *arg)
{
	uint64_t most = meminfo("CommitLimit:") & -PAGE;
	char *p = (char *)map(NULL, most, PROT_READ, ANON);

	(void)arg;
	EQ(mprotect(p, most, RW), -ENOMEM);
	EQ(mprotect(p, 16 * PAGE, RW), 0);
}

TEST(overcommit_never_counts_what_becomes_writable)
{
	with(OVERCOMMIT, "2", never_mprotect);
}

static void counts(void *arg)
{
	uint64_t before = meminfo("Committed_AS:");
	char *p = anon(1024, RW);

	(void)arg;
	CHECK(meminfo("Committed_AS:") >= before + 900 * PAGE);
	EQ(munmap(p, 1024 * PAGE), 0);
	CHECK(meminfo("Committed_AS:") < before + 124 * PAGE);
}

TEST(committed_memory_is_counted)
{
	counts(NULL);
}

TEST(overcommit_has_three_modes)
{
	EQ(set(OVERCOMMIT, "3"), -EINVAL);
	EQ(set(OVERCOMMIT, "-1"), -EINVAL);
	EQ(set(OVERCOMMIT, "x"), -EINVAL);
}

static void few(void *arg)
{
	int parts = 0;
	long p = 0;

	(void)arg;
	while (parts < 100 &&
	       (p = map(NULL, PAGE, parts % 2 ? RW : PROT_READ, ANON)) > 0)
		parts++;
	EQ(p, -ENOMEM);
	CHECK(parts > 20);
}

TEST(max_map_count_is_obeyed)
{
	with(MAP_COUNT, "60", few);
}

TAP_MAIN
