/* SPDX-License-Identifier: MIT */
/*
 * Threads of one program that map, unmap, protect, move, discard and fork under
 * each other while all of them touch memory.
 *
 * There is one window of memory for each sort of change. Thread n owns word n
 * of each page; it is that thread's count with the number of the page, so a
 * thread must find there what it wrote last, or 0 from then on, and in others'
 * words the right page's number. A signal is an answer, too: the page is away.
 *
 * The argument "long" makes one run of it LONGER times as long, without the
 * time limit of a test.
 */
#include "test/guest/guest.h"
#include "user/lib/thread.h"

#define THREADS 6
#define PAGES	32UL
#define SIZE	(PAGES * PAGE)
#define WINDOWS 4
#define LONGER	50

struct racer {
	struct thread thread;
	unsigned who;
	uint64_t random, count;
	uint64_t last[WINDOWS][PAGES];
	const char *wrong; /* NULL: all is well */
};

/* Windows: made anew, moved about in, protected, shared file. */
enum { REMADE, PROTECTED, DISCARDED, FILE_SHARED };

static char *windows[WINDOWS];
static char *spare; /* where pages of REMADE go and vanish */
static int file;
static unsigned long rounds = 20;
static struct racer racers[THREADS];

static unsigned below(struct racer *r, unsigned n)
{
	r->random ^= r->random << 13;
	r->random ^= r->random >> 7;
	r->random ^= r->random << 17;
	return (unsigned)(r->random >> 33) % n;
}

/*
 * Accesses that may be refused, in any thread: the handler lets the leaf
 * function that ran into the signal return REFUSED_WORD.
 */
#define REFUSED_WORD (~0UL)
uint64_t access_load64(uint64_t addr);
uint64_t access_store64(uint64_t addr, uint64_t value);

static void refuse(int sig, struct siginfo *info, struct ucontext *uc)
{
	(void)sig;
	(void)info;
	uc->uc_mcontext.sc_regs.pc = uc->uc_mcontext.sc_regs.ra;
	uc->uc_mcontext.sc_regs.a0 = REFUSED_WORD;
}

static uint64_t load(const char *at, unsigned who)
{
	return access_load64((uintptr_t)at + 8 * who);
}

static bool store(char *at, unsigned who, uint64_t word)
{
	return access_store64((uintptr_t)at + 8 * who, word) != REFUSED_WORD;
}

/* Top byte: 0xa0 + window; then thread, page, count. */
static uint64_t word_of(unsigned w, unsigned page, unsigned who, uint64_t count)
{
	return (0xa0UL + w) << 56 | (uint64_t)who << 48 | (uint64_t)page << 40 |
	       count;
}

static void touch(struct racer *r)
{
	unsigned w = below(r, WINDOWS), page = below(r, PAGES);
	unsigned other = below(r, THREADS);
	char *at = windows[w] + page * PAGE;
	uint64_t *last = &r->last[w][page], word = load(at, r->who);

	if (word != REFUSED_WORD) {
		if (word && word != *last && w != FILE_SHARED)
			r->wrong = "own word is not what was written";
		*last = word;
	}
	word = load(at, other);
	if (word != REFUSED_WORD && word &&
	    (word ^ word_of(w, page, other, 0)) >> 40)
		r->wrong = "a word of another page";
	word = word_of(w, page, r->who, ++r->count);
	if (store(at, r->who, word))
		*last = word;
}

static void change_remade(struct racer *r, char *at, size_t len)
{
	switch (below(r, 3)) {
	case 0:
		munmap(at, len);
		break;
	case 1:
		mremap(at, len, len, MREMAP_MAYMOVE | MREMAP_FIXED,
		       spare + r->who * SIZE);
		break;
	}
	mmap(at, len, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

/* The child finds its own copy, and leaves no trace in ours. */
static void fork_once(struct racer *r)
{
	int pid = fork(), status = 0;

	if (pid == 0) {
		for (unsigned page = 0; page < PAGES; page++)
			store(windows[DISCARDED] + page * PAGE, THREADS, 1);
		exit(0);
	}
	if (pid > 0 && (waitpid(pid, &status, 0) != pid || status))
		r->wrong = "the child did not end well";
}

static void change(struct racer *r)
{
	unsigned first = below(r, PAGES);
	size_t len = (1 + below(r, (unsigned)PAGES - first)) * PAGE;
	size_t off = first * PAGE;

	switch (below(r, 8)) {
	case 0:
	case 1:
		change_remade(r, windows[REMADE] + off, len);
		break;
	case 2:
	case 3:
		mprotect(windows[PROTECTED] + off, len,
			 below(r, 2) ? PROT_READ : PROT_NONE);
		sched_yield();
		mprotect(windows[PROTECTED] + off, len, RW);
		break;
	case 4:
	case 5:
		madvise(windows[DISCARDED] + off, len, MADV_DONTNEED);
		break;
	case 6:
		ftruncate(file, (int64_t)off);
		ftruncate(file, SIZE);
		break;
	case 7:
		if (below(r, 4) == 0)
			fork_once(r);
		break;
	}
}

static void race(void *arg)
{
	struct racer *r = arg;

	for (unsigned long i = 0; i < rounds && !r->wrong; i++) {
		touch(r);
		if (i % 4 == 0)
			change(r);
	}
}

static void make_windows(void)
{
	for (unsigned w = 0; w < WINDOWS; w++)
		windows[w] = island(PAGES, RW);
	file = memfd_create("race", 0);
	EQ(ftruncate(file, SIZE), 0);
	windows[FILE_SHARED] = map_fd(file, PAGES, RW, MAP_SHARED);
	spare = island(PAGES * THREADS, PROT_NONE);
}

static void run(void)
{
	make_windows();
	EQ(handle(SIGSEGV, refuse, 0), 0);
	EQ(handle(SIGBUS, refuse, 0), 0);
	for (unsigned i = 0; i < THREADS; i++) {
		racers[i].who = i;
		racers[i].random = 0x9e3779b97f4a7c15UL * (i + 1);
		EQ(thread_start(&racers[i].thread, race, &racers[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++)
		thread_join(&racers[i].thread);
	for (unsigned i = 0; i < THREADS; i++)
		if (racers[i].wrong)
			tap_fail(__FILE__, __LINE__, racers[i].wrong);
}

TEST(contents_survive_changes_by_other_threads)
{
	run();
}

/* Several programs at once: a hart changes address spaces all the time. */
TEST(three_such_programs_at_once)
{
	int pids[3];

	rounds /= 2;
	for (int i = 0; i < 3; i++) {
		pids[i] = fork();
		if (!pids[i]) {
			run();
			exit(0);
		}
	}
	for (int i = 0; i < 3; i++)
		joined(pids[i], 0);
}

#define SLEEPERS 3

static uint32_t nr_running, may_sleep, may_look;
static volatile char *seen_by_all;
static char seen[SLEEPERS];

/* Run for a while, sleep while the page is replaced, and look again. */
static void run_and_sleep(void *arg)
{
	char *what = arg;

	*what = *seen_by_all;
	__atomic_fetch_add(&nr_running, 1, __ATOMIC_ACQ_REL);
	while (!__atomic_load_n(&may_sleep, __ATOMIC_ACQUIRE))
		;
	while (!__atomic_load_n(&may_look, __ATOMIC_ACQUIRE))
		futex_wait(&may_look, 0, NULL);
	*what = *seen_by_all;
}

static unsigned long remote_fences(void)
{
	static char text[8192];
	const char *at;

	CHECK(read_file("/proc/vmstat", text, sizeof(text)) > 0);
	at = strstr(text, "tlb_fence_remote ");
	CHECK(at);
	return strtoul(at + sizeof("tlb_fence_remote ") - 1, NULL);
}

static void replace_page(char value)
{
	CHECK(mmap((char *)seen_by_all, PAGE, RW,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
		   0) == seen_by_all);
	*seen_by_all = value;
}

/* The others have run it, and know the page; they are left in peace. */
TEST(harts_that_do_not_run_the_program_are_not_fenced)
{
	struct thread threads[SLEEPERS];
	unsigned long before;

	seen_by_all = island(1, RW);
	*seen_by_all = 'a';
	for (int i = 0; i < SLEEPERS; i++)
		EQ(thread_start(&threads[i], run_and_sleep, &seen[i]), 0);
	while (__atomic_load_n(&nr_running, __ATOMIC_ACQUIRE) < SLEEPERS)
		sched_yield();
	before = remote_fences();
	replace_page('b');
	CHECK(remote_fences() > before);
	__atomic_store_n(&may_sleep, 1, __ATOMIC_RELEASE);
	sleep_ms(100);
	before = remote_fences();
	for (int i = 0; i < 200; i++)
		replace_page('c');
	EQ(remote_fences(), before);
	__atomic_store_n(&may_look, 1, __ATOMIC_RELEASE);
	futex_wake(&may_look, SLEEPERS);
	for (int i = 0; i < SLEEPERS; i++) {
		thread_join(&threads[i]);
		EQ(seen[i], 'c');
	}
}

int main(int argc, char **argv)
{
	if (argc != 2 || strcmp(argv[1], "long") != 0)
		return tap_main(argc, argv);
	printf("TAP version 13\n1..1\n");
	rounds *= LONGER;
	run();
	printf("ok 1 - contents survive for long\n");
	return 0;
}
