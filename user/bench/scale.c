/* SPDX-License-Identifier: MIT */
/*
 * Threads that fault in areas of their own in one address space, after
 * will-it-scale's page_fault1 and page_fault3:
 *
 *     scale [--check on|off] THREADS [MILLISECONDS]
 *
 * Each thread writes to each page of its area, throws the pages away and does
 * it again: private memory (page_fault1), or a shared mapping of a file
 * (page_fault3). One line for each: faults, faults in a second, and how often
 * mmap_lock was taken for reading and other harts were interrupted for a fence.
 *
 * Before these, what the machine itself gains by more harts: the pages that
 * are zeroed in a second without any fault (zeroing), and the system calls that
 * do nothing (null_call; QEMU 7.2 takes a lock of all harts for each trap).
 *
 * --check: whether the counts are what they should be with the areas' locks
 * on or off, as TAP; a single thread changes harts meanwhile.
 */
#include "user/lib/maps.h"
#include "user/lib/thread.h"
#include "user/lib/user.h"

#define PAGES	    1024UL
#define SIZE	    (PAGES * PAGE)
#define TABLE	    (512 * PAGE) /* what one table maps, under one lock */
#define MAX_THREADS 8

enum counter { FAULTS, BY_VMA, READ_LOCKS, REMOTE_FENCES, NR_COUNTERS };

struct worker {
	struct thread thread;
	char *area;
	uint64_t rounds; /* of PAGES operations each */
	void (*round)(char *area);
};

static struct worker workers[MAX_THREADS];
static uint32_t is_over; /* atomic */
static unsigned nr_tests, nr_threads;
static uint64_t run_ms = 1000;
static const char *check; /* NULL, "on" or "off" */

static _Noreturn void die(const char *what, long error)
{
	dprintf(2, "scale: %s: %s\n", what, error_name(error));
	exit(1);
}

static void read_counters(uint64_t *counters)
{
	static const char *const names[NR_COUNTERS] = {
	    "\npgfault ", "\nvma_lock_success ", "\nmmap_lock_read ",
	    "\ntlb_fence_remote "};
	static char text[8192];
	long len = read_file("/proc/vmstat", text, sizeof(text));

	if (len <= 0)
		die("/proc/vmstat", len);
	for (int i = 0; i < NR_COUNTERS; i++) {
		const char *at = strstr(text, names[i]);
		char *end;

		counters[i] = at ? strtoul(at + strlen(names[i]), &end) : 0;
	}
}

static void touch_all(char *area)
{
	for (unsigned long i = 0; i < PAGES; i++)
		((volatile char *)area)[i * PAGE] = 1;
}

static void fault_all(char *area)
{
	touch_all(area);
	madvise(area, SIZE, MADV_DONTNEED);
}

static void zero_all(char *area)
{
	for (unsigned long i = 0; i < PAGES; i++)
		memset(area + i * PAGE, 0, PAGE);
}

static void call_often(char *area)
{
	(void)area;
	for (unsigned long i = 0; i < PAGES; i++)
		sys(SYS_getppid);
}

static void work(void *arg)
{
	struct worker *w = arg;

	while (!__atomic_load_n(&is_over, __ATOMIC_RELAXED)) {
		w->round(w->area);
		w->rounds++;
	}
}

/*
 * An area of the thread's own: tables that no other area has entries in, and a
 * hole around it, so that it merges with none.
 */
static char *make_area(bool is_private, int fd)
{
	int flags = is_private ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;
	char *hole = mmap(NULL, SIZE + 2 * TABLE, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *area = hole + TABLE - (uintptr_t)hole % TABLE;

	if (err(hole))
		die("mmap", err(hole));
	area =
	    mmap(area, SIZE, PROT_READ | PROT_WRITE, flags | MAP_FIXED, fd, 0);
	if (err(area))
		die("mmap", err(area));
	touch_all(area); /* what is needed once: tables, anon_vma, the file */
	madvise(area, SIZE, MADV_DONTNEED);
	return area;
}

static void result(bool good, const char *name, const char *what)
{
	printf("%s %u - %s: %s\n", good ? "ok" : "not ok", ++nr_tests, name,
	       what);
}

/* A few faults are not ours: threads' stacks, this program's own pages. */
static void verdict(const char *name, const uint64_t *n, uint64_t ours)
{
	uint64_t slack = 16 + 8 * nr_threads;

	result(n[FAULTS] >= ours && n[FAULTS] <= ours + slack, name,
	       "each page is one fault");
	if (strcmp(check, "on") == 0)
		result(n[READ_LOCKS] <=
			   n[FAULTS] - n[BY_VMA] + slack + n[FAULTS] / PAGES,
		       name, "faults take no shared lock");
	else
		result(n[READ_LOCKS] >= ours, name,
		       "each fault takes the shared lock");
	if (nr_threads == 1) /* which changes harts all the time */
		result(n[REMOTE_FENCES] == 0, name, "no remote fence");
}

static uint64_t operations(void)
{
	uint64_t rounds = 0;

	for (unsigned i = 0; i < nr_threads; i++)
		rounds += workers[i].rounds;
	return rounds * PAGES;
}

static void report(const char *name, const uint64_t *before,
		   const uint64_t *after, uint64_t ns)
{
	uint64_t n[NR_COUNTERS], ours = operations(), locks;

	for (int i = 0; i < NR_COUNTERS; i++)
		n[i] = after[i] - before[i];
	/* One madvise for PAGES faults takes the lock, too: not a fault's. */
	locks = n[READ_LOCKS] - ours / PAGES;
	printf("%s threads=%u faults=%lu faults/s=%lu "
	       "mmap_lock/1000 faults=%lu remote fences/1000 faults=%lu\n",
	       name, nr_threads, ours, ours * 1000000000 / ns,
	       locks * 1000 / ours, n[REMOTE_FENCES] * 1000 / ours);
	if (check)
		verdict(name, n, ours);
}

/* With a single thread: go to the other hart every few rounds. */
static void change_harts(void)
{
	uint64_t hart = 1UL << (workers[0].rounds / 8 % 2);

	if (check && nr_threads == 1 && workers[0].rounds % 8 == 0)
		sys(SYS_sched_setaffinity, 0, sizeof(hart), &hart);
}

/* Until the time is over, on all threads; returns nanoseconds. */
static uint64_t run_all(void)
{
	uint64_t start = now_ns();

	is_over = 0;
	for (unsigned i = 1; i < nr_threads; i++)
		if (thread_start(&workers[i].thread, work, &workers[i]))
			die("thread", -1);
	for (; now_ns() - start < run_ms * 1000000; workers[0].rounds++) {
		change_harts();
		workers[0].round(workers[0].area);
	}
	__atomic_store_n(&is_over, 1, __ATOMIC_RELAXED);
	for (unsigned i = 1; i < nr_threads; i++)
		thread_join(&workers[i].thread);
	return now_ns() - start;
}

static void prepare(bool is_private, void (*round)(char *area))
{
	for (unsigned i = 0; i < nr_threads; i++) {
		int fd = is_private ? -1 : memfd_create("scale", 0);

		if (!is_private && ftruncate(fd, SIZE))
			die("ftruncate", -1);
		workers[i] = (struct worker){.area = make_area(is_private, fd),
					     .round = round};
	}
}

static void measure_machine(const char *name, const char *unit,
			    void (*round)(char *area))
{
	uint64_t ns;

	prepare(true, round);
	for (unsigned i = 0; i < nr_threads; i++)
		touch_all(workers[i].area);
	ns = run_all();
	printf("%s threads=%u %s/s=%lu\n", name, nr_threads, unit,
	       operations() * 1000000000 / ns);
}

static void measure_faults(const char *name, bool is_private)
{
	uint64_t before[NR_COUNTERS], after[NR_COUNTERS], ns;

	prepare(is_private, fault_all);
	read_counters(before);
	ns = run_all();
	read_counters(after);
	report(name, before, after, ns);
}

int main(int argc, char **argv)
{
	char *end;

	if (argc > 2 && strcmp(argv[1], "--check") == 0) {
		check = argv[2];
		argv += 2;
		argc -= 2;
	}
	nr_threads = argc > 1 ? (unsigned)strtoul(argv[1], &end) : 1;
	if (argc > 2)
		run_ms = strtoul(argv[2], &end);
	if (!nr_threads || nr_threads > MAX_THREADS)
		die("number of threads", -EINVAL);
	if (check)
		printf("TAP version 13\n1..%d\n", nr_threads == 1 ? 6 : 4);
	if (!check) {
		measure_machine("zeroing", "pages", zero_all);
		measure_machine("null_call", "calls", call_often);
	}
	measure_faults("page_fault1", true);
	measure_faults("page_fault3", false);
	return 0;
}
