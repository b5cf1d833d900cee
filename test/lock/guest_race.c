/* SPDX-License-Identifier: MIT */
/*
 * Threads of one program that map, unmap, protect, move, discard, lock and fork
 * under each other, move the break and let a stack grow, start further threads
 * and programs, while all of them touch memory.
 *
 * There is one window of memory for each sort of change. Thread n owns word n
 * of each page; it is that thread's count with the number of the page, so a
 * thread must find there what it wrote last, or 0 from then on where pages may
 * be taken away, and in others' words the right page's number. A signal is an
 * answer, too: the page is away.
 *
 * Each thread has a helper that comes and goes: a thread that is started,
 * touches memory and ends, or a process that does so in the same memory (vfork)
 * and then becomes another program. It has words of its own, too.
 *
 * The argument "long" makes one run of it LONGER times as long, without the
 * time limit of a test; a number is the seed.
 */
#include "abi/futex.h"
#include "test/guest/guest.h"
#include "user/lib/thread.h"

#define THREADS 6
#define PAGES	32UL
#define SIZE	(PAGES * PAGE)
#define LONGER	100

enum {
	REMADE, /* unmapped, moved away, mapped anew */
	PROTECTED,
	DISCARDED,
	FILE_SHARED, /* a file that shrinks and grows */
	HEAP,	     /* below the break */
	LOCKED,
	GROWING, /* down, as a stack */
	WINDOWS,
};

struct racer {
	struct thread thread;
	unsigned who;
	uint64_t random, count;
	uint64_t last[WINDOWS][PAGES];
	const char *wrong; /* NULL: all is well */
	struct racer *helper;
	uint32_t helping; /* tid of the thread that helps, 0 when it is gone */
	char stack[4 * PAGE] __attribute__((aligned(16))); /* its */
};

static char *windows[WINDOWS];
static char *spare; /* where pages of REMADE go and vanish */
static int file;
static unsigned long rounds = 10, seed = 1;
static struct racer racers[2 * THREADS];
static bool all_started;

/* Nothing ever takes pages away from these. */
static bool keeps_pages(unsigned w)
{
	return w == PROTECTED || w == LOCKED;
}

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
	if (uc->uc_mcontext.sc_regs.pc == (uintptr_t)info->si_addr)
		exit(98); /* no access: a stack or a program is lost */
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
	unsigned other = below(r, 2 * THREADS);
	char *at = windows[w] + page * PAGE;
	uint64_t *last = &r->last[w][page], word = load(at, r->who);

	if (word != REFUSED_WORD) {
		if (word ? word != *last && w != FILE_SHARED
			 : *last && keeps_pages(w))
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

/* Locks go and come; what is locked stays, and so does what is not. */
static void change_locked(struct racer *r, char *at, size_t len)
{
	switch (below(r, 8)) {
	case 0:
		sys(SYS_mlockall, MCL_CURRENT | MCL_ONFAULT);
		sys(SYS_munlockall);
		break;
	case 1:
		sys(SYS_mlockall, MCL_CURRENT | MCL_FUTURE);
		sys(SYS_munlockall);
		break;
	case 2:
	case 3:
		sys(SYS_mlock2, at, len, MLOCK_ONFAULT);
		break;
	case 4:
	case 5:
		sys(SYS_mlock, at, len);
		break;
	default:
		sys(SYS_munlock, at, len);
	}
}

/* The lower part goes, or all is read-only for a moment; the top page stays. */
static void change_growing(struct racer *r, size_t off)
{
	char *top = windows[GROWING] + SIZE - PAGE;

	if (below(r, 2)) {
		munmap(windows[GROWING], off);
		return;
	}
	mprotect(top, PAGE, PROT_READ | PROT_GROWSDOWN);
	mprotect(top, PAGE, RW | PROT_GROWSDOWN);
}

static void help(void *arg)
{
	struct racer *r = arg;

	for (unsigned i = 0; i < 8; i++)
		touch(r);
}

static char *stack_top(struct racer *r)
{
	return r->stack + sizeof(r->stack);
}

static void wait_for_helper(struct racer *r)
{
	uint32_t tid;

	while ((tid = __atomic_load_n(&r->helping, __ATOMIC_ACQUIRE)) != 0)
		sys(SYS_futex, &r->helping, FUTEX_WAIT, tid, NULL);
}

/*
 * A thread that ends while others go on. Its stack is not from mmap, which
 * might find room in a window.
 */
static void help_by_thread(struct racer *r)
{
	wait_for_helper(r);
	if (clone_on_stack(
		CLONE_PTHREAD | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID,
		stack_top(r), &r->helping, 0, &r->helping, help, r->helper) < 0)
		r->wrong = "no helper to be had";
}

static void help_and_exec(void *arg)
{
	char *argv[] = {"race", "nothing", NULL};

	help(arg);
	execve("/proc/self/exe", argv, environ());
	sys(SYS_exit, 1);
}

/* A process in our memory, until it becomes another program. */
static void help_by_vfork(struct racer *r)
{
	int status = 0;
	long pid;

	wait_for_helper(r);
	pid = clone_on_stack(CLONE_VM | CLONE_VFORK | SIGCHLD, stack_top(r),
			     NULL, 0, NULL, help_and_exec, r->helper);
	if (pid > 0 && (waitpid((int)pid, &status, 0) != pid || status))
		r->wrong = "the other program did not end well";
}

static void change(struct racer *r)
{
	unsigned first = below(r, PAGES);
	size_t len = (1 + below(r, (unsigned)PAGES - first)) * PAGE;
	size_t off = first * PAGE;

	switch (below(r, 16)) {
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
	case 8:
	case 9:
		brk(windows[HEAP] + below(r, SIZE + 1));
		break;
	case 10:
	case 11:
		change_locked(r, windows[LOCKED] + off, len);
		break;
	case 12:
	case 13:
		change_growing(r, off);
		break;
	case 14:
		help_by_thread(r);
		break;
	case 15:
		if (below(r, 4) == 0)
			help_by_vfork(r);
		break;
	}
}

static void race(void *arg)
{
	struct racer *r = arg;

	/* The others' stacks could be placed in a window. */
	while (!__atomic_load_n(&all_started, __ATOMIC_ACQUIRE))
		sched_yield();
	for (unsigned long i = 0; i < rounds && !r->wrong; i++) {
		for (unsigned n = 0; n < 8; n++)
			touch(r);
		change(r);
	}
	wait_for_helper(r);
}

/*
 * Room of PAGES below one page that grows down. Nothing else is placed there:
 * all of it is in the guard gap.
 */
static char *growing_window(void)
{
	char *p = island(PAGES, RW);

	EQ(munmap(p, SIZE - PAGE), 0);
	EQ(err(mmap(p + SIZE - PAGE, PAGE, RW,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_GROWSDOWN, -1,
		    0)),
	   0);
	return p;
}

static char *heap_window(void)
{
	uintptr_t at = (uintptr_t)brk(NULL);

	at = (at + PAGE - 1) & -PAGE;
	EQ((uintptr_t)brk((char *)at + SIZE), at + SIZE);
	return (char *)at;
}

static void make_windows(void)
{
	for (unsigned w = 0; w < WINDOWS; w++)
		windows[w] = w == HEAP	    ? heap_window()
			     : w == GROWING ? growing_window()
					    : island(PAGES, RW);
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
	for (unsigned i = 0; i < 2 * THREADS; i++) {
		racers[i].who = i;
		racers[i].random = 0x9e3779b97f4a7c15UL * (seed * 64 + i + 1);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		racers[i].helper = &racers[THREADS + i];
		EQ(thread_start(&racers[i].thread, race, &racers[i]), 0);
	}
	__atomic_store_n(&all_started, true, __ATOMIC_RELEASE);
	for (unsigned i = 0; i < THREADS; i++)
		thread_join(&racers[i].thread);
	for (unsigned i = 0; i < 2 * THREADS; i++)
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
		seed++;
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
	if (argc == 2 && strcmp(argv[1], "nothing") == 0)
		return 0;
	if (argc < 2 || strcmp(argv[1], "long") != 0)
		return tap_main(argc, argv);
	if (argc == 3)
		seed = strtoul(argv[2], NULL);
	printf("TAP version 13\n1..1\n# seed %lu\n", seed);
	rounds *= LONGER;
	run();
	printf("ok 1 - contents survive for long\n");
	return 0;
}
