/* SPDX-License-Identifier: MIT */
/*
 * Threads and programs that end while others of theirs fault, and what they
 * leave behind.
 *
 * Workers write to memory that the test shares with them: word n of each page
 * of a file is worker n's, and says which page and worker it belongs to, and
 * counts up. After each store the worker notes the count elsewhere; so when it
 * has been killed at any point, its words must be whole, and none older than
 * what was noted. The harts forget nothing by themselves, and a page that was
 * given back too early would show.
 *
 * Rounds differ by their seed, which the first argument sets: "seed=N".
 */
#include "abi/futex.h"
#include "test/guest/guest.h"
#include "user/lib/thread.h"

#define WORKERS 5
#define PAGES	16UL
#define SIZE	(PAGES * PAGE)
#define ROUNDS	4
#define BIG	256UL /* pages: a change of their permissions takes a while */

struct worker {
	struct thread thread;
	unsigned who;
	uint64_t random;
};

/* Shared with the programs that end; the notes of worker n are row n. */
static uint64_t (*noted)[PAGES];
static volatile uint32_t *nr_started, *is_over;
static char *shared;
static volatile char *nowhere; /* mapped before the workers make holes */
static uint64_t seed = 1;

static unsigned below(uint64_t *random, unsigned n)
{
	*random ^= *random << 13;
	*random ^= *random >> 7;
	*random ^= *random << 17;
	return (unsigned)(*random >> 33) % n;
}

static uint64_t word_of(unsigned who, unsigned page, uint64_t count)
{
	return 0xe5UL << 56 | (uint64_t)who << 48 | (uint64_t)page << 40 |
	       count;
}

static uint64_t *word_at(unsigned who, unsigned page)
{
	return (uint64_t *)(shared + page * PAGE) + who;
}

/* Write on, in memory of one's own as well, until the end comes. */
static void work(void *arg)
{
	struct worker *w = arg;
	/* The others' mappings do not fit into a hole in it. */
	char *own = island(PAGES, RW);

	__atomic_fetch_add(nr_started, 1, __ATOMIC_RELAXED);
	for (uint64_t count = 1;; count++) {
		unsigned page = below(&w->random, PAGES);
		volatile uint64_t *mine = (uint64_t *)(own + page * PAGE);
		uint64_t *word = word_at(w->who, page);

		if (*mine && *mine != word_of(w->who, page, 0))
			exit(99);
		*mine = word_of(w->who, page, 0);
		__atomic_store_n(word, word_of(w->who, page, count),
				 __ATOMIC_RELEASE);
		__atomic_store_n(&noted[w->who][page], count, __ATOMIC_RELEASE);
		switch (below(&w->random, 8)) {
		case 0:
			madvise(own + page * PAGE, PAGE, MADV_DONTNEED);
			break;
		case 1:
			madvise(shared + page * PAGE, PAGE, MADV_DONTNEED);
			break;
		case 2:
			munmap(own + page * PAGE, PAGE);
			mmap(own + page * PAGE, PAGE, RW,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
			break;
		}
	}
}

static void make_shared(void)
{
	int fd = memfd_create("exit", 0);

	EQ(ftruncate(fd, SIZE), 0);
	shared = map_fd(fd, PAGES, RW, MAP_SHARED);
	close(fd);
	noted = mmap(NULL, 2 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	EQ(err(noted), 0);
	nr_started = (uint32_t *)((char *)noted + PAGE);
	is_over = nr_started + 1;
	nowhere =
	    mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void check_words(void)
{
	for (unsigned who = 0; who < WORKERS; who++) {
		for (unsigned page = 0; page < PAGES; page++) {
			uint64_t word = *word_at(who, page);

			if (!word)
				EQ(noted[who][page], 0);
			else
				EQ(word >> 40, word_of(who, page, 0) >> 40);
			CHECK((word & 0xffffffffffUL) >= noted[who][page]);
		}
	}
}

/* A program with WORKERS threads, the last of which ends it in some way. */
static int start_program(uint64_t random, void (*end)(uint64_t *random))
{
	static struct worker workers[WORKERS];
	int pid;

	memset(shared, 0, SIZE);
	memset(noted, 0, sizeof(noted[0]) * WORKERS);
	*nr_started = 0;
	pid = fork();
	if (pid)
		return pid;
	for (unsigned i = 0; i < WORKERS; i++) {
		workers[i].who = i;
		workers[i].random = random * 64 + i + 1;
		thread_start(&workers[i].thread, work, &workers[i]);
	}
	while (*nr_started < WORKERS)
		sched_yield();
	end(&random);
	for (;;)
		sleep_ms(1000);
}

static void wait_some(uint64_t *random)
{
	unsigned n = below(random, 2000);

	for (volatile unsigned i = 0; i < n; i++)
		;
}

static void end_by_exit(uint64_t *random)
{
	wait_some(random);
	exit(7);
}

static void exec_nothing(void *arg)
{
	char *argv[] = {"exit", "nothing", NULL};

	(void)arg;
	execve("/proc/self/exe", argv, environ());
	exit(1);
}

static void end_by_exec(uint64_t *random)
{
	wait_some(random);
	exec_nothing(NULL);
}

static void end_by_exec_of_another(uint64_t *random)
{
	static struct thread thread;

	wait_some(random);
	thread_start(&thread, exec_nothing, NULL);
}

static void end_by_a_fault(uint64_t *random)
{
	wait_some(random);
	*nowhere = 1;
}

static void do_not_end(uint64_t *random)
{
	(void)random;
}

/* Rounds of programs that end so, with this status. */
static void ends(void (*end)(uint64_t *random), int expected)
{
	make_shared();
	for (unsigned i = 0; i < ROUNDS; i++) {
		int status, pid = start_program(seed * ROUNDS + i + 1, end);

		if (end == do_not_end) {
			while (*nr_started < WORKERS)
				sched_yield();
			EQ(kill(pid, SIGKILL), 0);
		}
		EQ(waitpid(pid, &status, 0), pid);
		EQ(status, expected);
		check_words();
	}
}

TEST(a_program_exits_while_its_threads_fault)
{
	ends(end_by_exit, 7 << 8);
}

TEST(a_program_is_killed_while_its_threads_fault)
{
	ends(do_not_end, SIGKILL);
}

TEST(a_thread_crashes_while_the_others_fault)
{
	ends(end_by_a_fault, SIGSEGV);
}

TEST(a_program_becomes_another_while_its_threads_fault)
{
	ends(end_by_exec, 33 << 8);
}

TEST(a_thread_makes_it_another_while_the_others_fault)
{
	ends(end_by_exec_of_another, 33 << 8);
}

/*
 * Threads with stacks that grow, and end: each fills what it has grown, and
 * finds all of it on the way back.
 */
#define DEPTH 24

static uint32_t *volatile stack_errors;

static __attribute__((noinline)) void grow(unsigned depth, uint64_t tag)
{
	volatile uint64_t frame[PAGE / 8];

	frame[0] = tag + depth;
	frame[PAGE / 8 - 1] = ~(tag + depth);
	if (depth)
		grow(depth - 1, tag);
	if (frame[0] != tag + depth || frame[PAGE / 8 - 1] != ~(tag + depth))
		__atomic_fetch_add(stack_errors, 1, __ATOMIC_RELAXED);
}

struct grower {
	uint32_t tid;
	char *room, *top;
	uint64_t tag;
};

static void run_grower(void *arg)
{
	struct grower *g = arg;

	grow(DEPTH, g->tag);
}

/* Room for a stack of which the top pages are there. */
static void make_room(struct grower *g)
{
	g->room = island(2 * DEPTH, RW);
	g->top = g->room + 2 * DEPTH * PAGE;
	EQ(munmap(g->room, (2 * DEPTH - 2) * PAGE), 0);
	EQ(err(mmap(g->top - 2 * PAGE, 2 * PAGE, RW,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_GROWSDOWN, -1,
		    0)),
	   0);
}

static void start_grower(struct grower *g)
{
	g->tag += 0x100;
	CHECK(clone_on_stack(CLONE_PTHREAD | CLONE_PARENT_SETTID |
				 CLONE_CHILD_CLEARTID,
			     g->top, &g->tid, 0, &g->tid, run_grower, g) > 0);
}

static void join_grower(struct grower *g)
{
	uint32_t tid;

	while ((tid = __atomic_load_n(&g->tid, __ATOMIC_ACQUIRE)) != 0)
		sys(SYS_futex, &g->tid, FUTEX_WAIT, tid, NULL);
	EQ(munmap(g->room, (2 * DEPTH - 2) * PAGE), 0);
}

TEST(stacks_grow_while_threads_come_and_go)
{
	static struct grower growers[WORKERS];
	static uint32_t errors;

	stack_errors = &errors;
	for (unsigned i = 0; i < WORKERS; i++) {
		growers[i].tag = (uint64_t)(i + 1) << 32;
		make_room(&growers[i]);
		start_grower(&growers[i]);
	}
	for (unsigned i = 0; i < ROUNDS * WORKERS; i++) {
		join_grower(&growers[i % WORKERS]);
		start_grower(&growers[i % WORKERS]);
	}
	for (unsigned i = 0; i < WORKERS; i++)
		join_grower(&growers[i]);
	EQ(errors, 0);
}

/* What the owner of a robust lock, and its neighbour, do. */
struct robust {
	struct robust_list_head head;
	struct robust_list node;
	uint32_t lock;
};

static struct robust *robust;

/* In the owner's memory, but not one of its threads: lives on. */
static void keep_memory_busy(void *arg)
{
	char *at = arg;

	__atomic_fetch_add(nr_started, 1, __ATOMIC_RELAXED);
	while (!*is_over) {
		mprotect(at, BIG * PAGE, RW | PROT_EXEC);
		mprotect(at, BIG * PAGE, RW);
		madvise(at, PAGE, MADV_DONTNEED);
	}
}

static void own_and_sleep(char *at)
{
	static char stack[4 * PAGE] __attribute__((aligned(16)));

	robust = (struct robust *)at;
	robust->node.next = (uintptr_t)&robust->head;
	robust->head.list.next = (uintptr_t)&robust->node;
	robust->head.futex_offset =
	    (char *)&robust->lock - (char *)&robust->node;
	robust->lock = (uint32_t)gettid();
	sys(SYS_set_robust_list, &robust->head, sizeof(robust->head));
	clone_on_stack(CLONE_VM | CLONE_PARENT | SIGCHLD, stack + sizeof(stack),
		       NULL, 0, NULL, keep_memory_busy, at);
	for (;;)
		sleep_ms(1000);
}

/*
 * The list is read and the lock written after the owner was killed, by a fault
 * that has to wait for others to be done with its memory.
 */
TEST(a_killed_owner_gives_its_lock_back_though_it_must_wait)
{
	make_shared();
	robust = mmap(NULL, BIG * PAGE, RW,
		      MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	EQ(err(robust), 0);
	for (unsigned i = 0; i < 2 * ROUNDS; i++) {
		int status, pid;

		memset(robust, 0, sizeof(*robust));
		*nr_started = *is_over = 0;
		pid = fork();
		if (!pid)
			own_and_sleep((char *)robust);
		while (!*nr_started)
			sched_yield();
		EQ(kill(pid, SIGKILL), 0);
		EQ(waitpid(pid, &status, 0), pid);
		EQ(robust->lock, FUTEX_OWNER_DIED);
		*is_over = 1;
		CHECK(waitpid(-1, &status, 0) > 0);
	}
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "nothing") == 0)
		return 33;
	if (argc == 2 && strncmp(argv[1], "seed=", 5) == 0) {
		seed = strtoul(argv[1] + 5, NULL);
		argc = 1;
	}
	return tap_main(argc, argv);
}
