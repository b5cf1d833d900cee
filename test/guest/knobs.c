/* SPDX-License-Identifier: MIT */
/*
 * Files of /proc that are written: /proc/sys, and what a process may say about
 * itself. Whoever turns a knob of the whole system turns it back.
 */
#include "abi/utsname.h"
#include "test/guest/guest.h"

#define VM	 "/proc/sys/vm/"
#define HUGE_LEN (1UL << 36)

/* 0 or the error of write(2). */
static long write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY, 0);
	long done;

	CHECK(fd >= 0);
	done = write(fd, text, strlen(text));
	EQ(close(fd), 0);
	return done < 0 ? done : done == (long)strlen(text) ? 0 : -EIO;
}

static void shows(const char *path, const char *wanted)
{
	char text[128] = "";

	CHECK(read_file(path, text, sizeof(text)) > 0);
	EQ(strcmp(text, wanted), 0);
}

static long try_map(unsigned long len, int prot, int flags)
{
	char *p = mmap(NULL, len, prot, flags | MAP_ANONYMOUS, -1, 0);

	return err(p) ? err(p) : munmap(p, len);
}

TEST(a_knob_keeps_a_number_within_its_bounds)
{
	EQ(write_text(VM "swappiness", "10"), 0);
	shows(VM "swappiness", "10\n");
	EQ(write_text(VM "swappiness", "201\n"), -EINVAL);
	EQ(write_text(VM "swappiness", "-1"), -EINVAL);
	EQ(write_text(VM "swappiness", "ten"), -EINVAL);
	shows(VM "swappiness", "10\n");
	EQ(write_text(VM "swappiness", "60\n"), 0);
	shows(VM "swappiness", "60\n");
	EQ(write_text(VM "drop_caches", "0"), -EINVAL);
	EQ(write_text(VM "drop_caches", "5"), -EINVAL);
	EQ(write_text(VM "drop_caches", "3"), 0);
}

TEST(the_number_of_areas_can_be_limited)
{
	char *p = anon(256, RW);
	long failed = 0;

	EQ(write_text(VM "max_map_count", "100"), 0);
	for (int i = 0; i < 256 && !failed; i += 2)
		failed = mprotect(p + i * PAGE, PAGE, PROT_READ);
	EQ(failed, -ENOMEM);
	EQ(write_text(VM "max_map_count", "65530"), 0);
	EQ(try_map(PAGE, PROT_READ, MAP_PRIVATE), 0);
}

TEST(by_default_only_the_impossible_is_refused)
{
	EQ(try_map(HUGE_LEN, RW, MAP_PRIVATE), -ENOMEM);
	EQ(try_map(HUGE_LEN, RW, MAP_SHARED), -ENOMEM);
	EQ(try_map(HUGE_LEN, PROT_READ, MAP_PRIVATE), 0);
	EQ(try_map(HUGE_LEN, RW, MAP_PRIVATE | MAP_NORESERVE), 0);
	EQ(try_map(HUGE_LEN, RW, MAP_SHARED | MAP_NORESERVE), 0);
}

TEST(everything_may_be_promised)
{
	EQ(write_text(VM "overcommit_memory", "1"), 0);
	shows(VM "overcommit_memory", "1\n");
	EQ(try_map(HUGE_LEN, RW, MAP_PRIVATE), 0);
	EQ(try_map(HUGE_LEN, RW, MAP_SHARED), 0);
	EQ(write_text(VM "overcommit_memory", "0"), 0);
}

/* In a child: more than half of what may be promised is. */
static void fork_big(void *arg)
{
	unsigned long len = *(unsigned long *)arg;
	char *p;

	EQ(write_text(VM "overcommit_memory", "0"), 0);
	p = mmap(NULL, len, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	EQ(err(p), 0);
	EQ(write_text(VM "overcommit_memory", "2"), 0);
	EQ(fork(), -ENOMEM);
}

TEST(no_more_may_be_promised_than_there_is)
{
	unsigned long limit = meminfo("CommitLimit:");

	EQ(write_text(VM "overcommit_memory", "2"), 0);
	EQ(try_map(limit, RW, MAP_PRIVATE), -ENOMEM);
	EQ(try_map(limit, RW, MAP_PRIVATE | MAP_NORESERVE), -ENOMEM);
	EQ(try_map(limit / 2, RW, MAP_PRIVATE), 0);
	EQ(try_map(limit, PROT_READ, MAP_PRIVATE), 0);
	limit = limit * 6 / 10;
	EQ(in_child(fork_big, &limit), 0);
	EQ(write_text(VM "overcommit_ratio", "10"), 0);
	CHECK(meminfo("CommitLimit:") < limit / 2);
	EQ(try_map(limit, RW, MAP_PRIVATE), -ENOMEM);
	EQ(write_text(VM "overcommit_ratio", "50"), 0);
	EQ(write_text(VM "overcommit_memory", "0"), 0);
}

TEST(what_is_promised_is_shown)
{
	unsigned long before = meminfo("Committed_AS:");

	anon(1024, RW);
	CHECK(meminfo("Committed_AS:") >= before + 1024 * PAGE);
	EQ(write_text(VM "overcommit_memory", "3"), -EINVAL);
}

TEST(the_host_has_a_name)
{
	struct utsname before, after;

	EQ(sys(SYS_uname, &before), 0);
	EQ(write_text("/proc/sys/kernel/hostname", "elsewhere\n"), 0);
	EQ(sys(SYS_uname, &after), 0);
	EQ(strcmp(after.nodename, "elsewhere"), 0);
	shows("/proc/sys/kernel/hostname", "elsewhere\n");
	EQ(sys(SYS_sethostname, before.nodename, strlen(before.nodename)), 0);
}

TEST(the_inclination_to_be_a_victim_is_inherited)
{
	const char *path = "/proc/self/oom_score_adj";
	char low[16] = "", high[16] = "";
	int pid;

	EQ(write_text(path, "-1000"), 0);
	shows(path, "-1000\n");
	shows("/proc/self/oom_score", "0\n");
	EQ(write_text(path, "0"), 0);
	CHECK(read_file("/proc/self/oom_score", low, sizeof(low)) > 0);
	EQ(write_text(path, "500"), 0);
	CHECK(read_file("/proc/self/oom_score", high, sizeof(high)) > 0);
	CHECK(strtoul(high, NULL) > strtoul(low, NULL));
	EQ(write_text(path, "1001"), -EINVAL);
	EQ(write_text(path, "-1001"), -EINVAL);
	pid = fork();
	if (!pid) {
		shows(path, "500\n");
		exit(0);
	}
	joined(pid, 0);
}

TEST(a_thread_may_be_given_a_name)
{
	EQ(write_text("/proc/self/comm", "another name, and a long one"), 0);
	shows("/proc/self/comm", "another name, a\n");
	EQ(write_text("/proc/1/comm", "x"), -EINVAL);
}

TEST(the_folder_for_temporary_files_is_for_all)
{
	struct stat st;

	EQ(stat("/tmp", &st), 0);
	EQ(st.st_mode & 07777, 01777);
}

TAP_MAIN
