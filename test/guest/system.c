/* SPDX-License-Identifier: MIT */
/* Accounting, limits, clocks, /proc, and the small calls. */
#include "abi/prctl.h"
#include "abi/utsname.h"
#include "test/guest/guest.h"

static bool starts(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

TEST(minor_faults_are_counted_one_by_one)
{
	char *p = anon(100, RW);
	long before = minor_faults();

	before = minor_faults();
	for (int i = 0; i < 100; i++)
		p[i * PAGE] = 1;
	EQ(minor_faults() - before, 100);
	before = minor_faults();
	for (int i = 0; i < 100; i++)
		p[i * PAGE] = 2;
	EQ(minor_faults() - before, 0);
}

TEST(refused_accesses_are_not_counted)
{
	char *p = anon(1, PROT_NONE);

	probe_load(p);
	EQ(probe_load(p).minor, 0);
	EQ(munmap(p, PAGE), 0);
	EQ(probe_load(p).minor, 0);
}

TEST(nothing_here_is_a_major_fault)
{
	char *p = map_fd(file_of(4), 4, RW, MAP_PRIVATE);

	EQ(probe_load(p).major, 0);
	EQ(probe_store(p + PAGE, 1).major, 0);
}

TEST(children_are_added_when_waited_for)
{
	struct rusage before, after;
	char *p = anon(64, RW);

	EQ(getrusage(RUSAGE_CHILDREN, &before), 0);
	int pid = fork();
	if (pid == 0) {
		memset(p, 1, 64 * PAGE);
		exit(0);
	}
	joined(pid, 0);
	EQ(getrusage(RUSAGE_CHILDREN, &after), 0);
	CHECK(after.ru_minflt - before.ru_minflt >= 64);
}

TEST(getrusage_errors)
{
	struct rusage use;

	EQ(getrusage(99, &use), -EINVAL);
	EQ(getrusage(RUSAGE_SELF, (void *)8), -EFAULT);
	EQ(getrusage(RUSAGE_THREAD, &use), 0);
}

TEST(working_takes_cpu_time)
{
	struct timespec cpu;
	uint64_t start = now_ns();

	while (now_ns() - start < 50000000)
		;
	EQ(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu), 0);
	CHECK(cpu.tv_sec > 0 || cpu.tv_nsec > 5000000);
	EQ(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu), 0);
	CHECK(cpu.tv_sec > 0 || cpu.tv_nsec > 5000000);
}

TEST(the_clock_goes_forward)
{
	struct timespec t;
	uint64_t last = now_ns();

	for (int i = 0; i < 10000; i++) {
		uint64_t now = now_ns();

		CHECK(now >= last);
		last = now;
	}
	EQ(clock_gettime(CLOCK_REALTIME, &t), 0);
	EQ(clock_gettime(CLOCK_BOOTTIME, &t), 0);
	EQ(clock_gettime(99, &t), -EINVAL);
	EQ(clock_gettime(CLOCK_MONOTONIC, (void *)8), -EFAULT);
}

TEST(nanosleep_sleeps_long_enough)
{
	struct timespec len = {0, 30000000}, bad = {0, 1000000000};
	uint64_t start = now_ns();

	EQ(nanosleep(&len, NULL), 0);
	CHECK(now_ns() - start >= 30000000);
	EQ(nanosleep(&bad, NULL), -EINVAL);
	EQ(nanosleep((void *)8, NULL), -EFAULT);
}

TEST(sleeping_until_a_time)
{
	struct timespec until;

	EQ(clock_gettime(CLOCK_MONOTONIC, &until), 0);
	until.tv_sec += until.tv_nsec >= 970000000;
	until.tv_nsec = (until.tv_nsec + 30000000) % 1000000000;
	EQ(sys(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &until,
	       NULL),
	   0);
	CHECK(now_ns() >=
	      (uint64_t)until.tv_sec * 1000000000 + (uint64_t)until.tv_nsec);
}

TEST(limits_are_kept)
{
	struct rlimit limit;

	EQ(getrlimit(RLIMIT_STACK, &limit), 0);
	CHECK(limit.rlim_cur >= 1024 * 1024);
	EQ(setrlimit(RLIMIT_STACK, 512 * 1024, limit.rlim_max), 0);
	EQ(getrlimit(RLIMIT_STACK, &limit), 0);
	EQ(limit.rlim_cur, 512 * 1024);
	EQ(setrlimit(RLIMIT_AS, 1UL << 40, 1UL << 30), -EINVAL);
	EQ(sys(SYS_prlimit64, 0, 99, NULL, &limit), -EINVAL);
	EQ(sys(SYS_prlimit64, 99999, RLIMIT_AS, NULL, &limit), -ESRCH);
	EQ(sys(SYS_prlimit64, 0, RLIMIT_AS, 8, NULL), -EFAULT);
	int pid = fork();
	if (pid == 0) {
		EQ(getrlimit(RLIMIT_STACK, &limit), 0);
		exit(limit.rlim_cur == 512 * 1024 ? 0 : 1);
	}
	joined(pid, 0);
}

TEST(uname)
{
	struct utsname names;

	EQ(sys(SYS_uname, &names), 0);
	EQ(strcmp(names.machine, "riscv64"), 0);
	EQ(strcmp(names.sysname, "Linux"), 0);
	EQ(sys(SYS_uname, 8), -EFAULT);
}

TEST(getrandom_differs)
{
	uint64_t a[4] = {0}, b[4] = {0};

	EQ(sys(SYS_getrandom, a, sizeof(a), 0), sizeof(a));
	EQ(sys(SYS_getrandom, b, sizeof(b), GRND_NONBLOCK), sizeof(b));
	CHECK(memcmp(a, b, sizeof(a)) != 0);
	EQ(sys(SYS_getrandom, 8, 16, 0), -EFAULT);
	EQ(sys(SYS_getrandom, a, 16, 0x8000), -EINVAL);
}

TEST(the_stack_at_the_start)
{
	const uint8_t *random = (const uint8_t *)getauxval(AT_RANDOM);

	EQ(getauxval(AT_PAGESZ), PAGE);
	EQ(getauxval(AT_SECURE), 0);
	EQ(getauxval(AT_PHENT), 56);
	CHECK(getauxval(AT_PHNUM) >= 3);
	CHECK(getauxval(AT_PHDR) != 0);
	CHECK(getauxval(AT_ENTRY) != 0);
	CHECK(random != NULL);
	int zeros = 0;
	for (int i = 0; i < 16; i++)
		zeros += random[i] == 0;
	CHECK(zeros < 16);
}

TEST(proc_stat_and_status)
{
	char text[2048], pid[16];
	char *p;

	CHECK(read_file("/proc/self/stat", text, sizeof(text)) > 0);
	EQ(strtoul(text, &p), (unsigned long)getpid());
	CHECK(starts(p, " (system) R "));
	CHECK(read_file("/proc/self/status", text, sizeof(text)) > 0);
	CHECK(starts(text, "Name:\tsystem\n"));
	snprintf(pid, sizeof(pid), "Pid:\t%d\n", getpid());
	CHECK(strstr(text, pid) != NULL);
	CHECK(strstr(text, "VmSize:\t") != NULL);
	CHECK(strstr(text, "VmRSS:\t") != NULL);
}

/* Not to the page: pages wait in per-hart caches. */
TEST(meminfo_follows_what_is_used)
{
	enum { COUNT = 4096, MOST = 1500 };
	char *p = anon(COUNT, RW);
	uint64_t before = meminfo("MemFree:");

	CHECK(before > 0);
	CHECK(meminfo("MemTotal:") > before);
	memset(p, 1, COUNT * PAGE);
	uint64_t during = meminfo("MemFree:");
	CHECK(during + MOST * PAGE < before);
	EQ(munmap(p, COUNT * PAGE), 0);
	CHECK(meminfo("MemFree:") > during);
}

TEST(vmstat_counts_faults)
{
	char text[8192];

	CHECK(read_file("/proc/vmstat", text, sizeof(text)) > 0);
	char *line = strstr(text, "pgfault ");
	CHECK(line != NULL);
	unsigned long before = strtoul(line + 8, NULL);
	char *p = anon(50, RW);
	memset(p, 1, 50 * PAGE);
	CHECK(read_file("/proc/vmstat", text, sizeof(text)) > 0);
	line = strstr(text, "pgfault ");
	CHECK(strtoul(line + 8, NULL) >= before + 50);
}

TEST(the_program_is_known_by_its_path)
{
	char path[64] = "";
	long len =
	    sys(SYS_readlinkat, AT_FDCWD, "/proc/self/exe", path, sizeof(path));

	CHECK(len > 0);
	EQ(strcmp(path, (const char *)getauxval(AT_EXECFN)), 0);
}

TEST(yielding_and_the_cpu)
{
	unsigned cpu = 99;
	uint64_t mask[16] = {0};

	EQ(sched_yield(), 0);
	EQ(sys(SYS_getcpu, &cpu, NULL, NULL), 0);
	CHECK(cpu < 64);
	CHECK(sys(SYS_sched_getaffinity, 0, sizeof(mask), mask) >= 8);
	CHECK(mask[0] & 1);
}

TAP_MAIN
