/* SPDX-License-Identifier: MIT */
/*
 * Runs sequences on the host's Linux: the process that the test starts, and
 * its children, one for each actor of a sequence. See shared.h for who waits
 * for whom.
 *
 * The parent prepares an address space in which all is taken but the window
 * and the room for the heap; the actors are its children, so each sequence
 * starts from the same state.
 */
#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test/oracle/linux.h"

#define PATIENCE 60 /* seconds for a sequence */

struct shared *shared;
uint64_t heap_base;
bool was_forked;

void refuse(const char *why)
{
	snprintf(shared->refusal, sizeof(shared->refusal), "%s", why);
	shared->is_ready = 1;
	turn_give(shared, TURN_TEST);
	_exit(0);
}

uint64_t to_real(uint64_t va)
{
	return va >= HEAP_START && va < HEAP_START + (HEAP_START >> 4)
		   ? va - HEAP_START + heap_base
		   : va;
}

uint64_t from_real(uint64_t va)
{
	return va >= heap_base && va <= heap_base + HEAP_PAGES * ORACLE_PAGE
		   ? va - heap_base + HEAP_START
		   : va;
}

/* Root's privileges would hide the limits. */
static void drop_privileges(void)
{
	struct __user_cap_header_struct head = {
	    .version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[2] = {{0}};

	syscall(SYS_capset, &head, none);
}

static void set_limits(void)
{
	struct rlimit stack = {LIMIT_STACK, LIMIT_STACK}, lock;

	/* Steps may lift it, if somebody with the right to do so starts us. */
	lock.rlim_max = RLIM_INFINITY;
	if (setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){0, RLIM_INFINITY}))
		getrlimit(RLIMIT_MEMLOCK, &lock);
	lock.rlim_cur = LIMIT_MEMLOCK;
	if (setrlimit(RLIMIT_STACK, &stack) || setrlimit(RLIMIT_MEMLOCK, &lock))
		refuse("limits cannot be set");
	if (prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0))
		refuse("huge pages cannot be switched off");
}

/* The stack is to grow here, and not when a step has set a limit. */
static void touch_stack(void)
{
	volatile char room[LIMIT_STACK / 2];

	for (size_t i = 0; i < sizeof(room); i += ORACLE_PAGE)
		room[i] = 1;
}

static void occupy(uint64_t start, uint64_t end)
{
	const int flags =
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE;

	if (start >= end)
		return;
	if (mmap((void *)start, end - start, PROT_NONE, flags, -1, 0) !=
	    (void *)start)
		refuse("address space cannot be occupied");
}

/*
 * Does this kernel have what the steps ask for, and does it join areas by the
 * rule of 6.16, by which memory that was written and memory that was not are
 * alike when they meet? If not, borders between such areas are not compared.
 */
static void check_kernel(void)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
	const size_t len = ORACLE_PAGE;
	char *va = mmap(NULL, 3 * len, PROT_NONE, flags, -1, 0);
	struct area area;

	if (va == MAP_FAILED ||
	    mmap(va, len, PROT_READ | PROT_WRITE, flags | MAP_FIXED, -1, 0) !=
		va ||
	    mmap(va + len, len, PROT_READ, flags | MAP_FIXED, -1, 0) !=
		va + len)
		refuse("no memory to try things with");
	*va = 1;
	mprotect(va, len, PROT_READ);
	look_reopen();
	if (!look_area((uint64_t)va, &area) ||
	    area.end < (uint64_t)va + 2 * len)
		shared->joins_less = true;
	if (syscall(SYS_madvise, va, len, MADV_POPULATE_READ) ||
	    syscall(SYS_mlock2, va, len, 0) || munlock(va, len) ||
	    mremap(va, len, len,
		   MREMAP_MAYMOVE | MREMAP_DONTUNMAP | MREMAP_FIXED,
		   va + 2 * len) != va + 2 * len)
		refuse("this kernel lacks madvise, mlock2 or mremap flags");
	munmap(va, 3 * len);
}

/* All of [start, end) but the window and the heap's room. */
static void occupy_around(uint64_t start, uint64_t end)
{
	const uint64_t hole[2][2] = {
	    {heap_base, heap_base + HEAP_PAGES * ORACLE_PAGE},
	    {WINDOW_START, WINDOW_END},
	};

	for (unsigned i = 0; i < 2; i++) {
		if (hole[i][0] >= end || hole[i][1] <= start)
			continue;
		if (hole[i][0] < start || hole[i][1] > end)
			refuse("the window is not free");
		occupy(start, hole[i][0]);
		start = hole[i][1];
	}
	occupy(start, end);
}

/* The addresses above the last area, as many as there are. */
static void occupy_top(uint64_t start)
{
	for (unsigned bits = 57; bits > 36; bits--) {
		uint64_t end = (1ULL << bits) - ORACLE_PAGE;

		if (end > start && mmap((void *)start, end - start, PROT_NONE,
					MAP_PRIVATE | MAP_ANONYMOUS |
					    MAP_NORESERVE | MAP_FIXED_NOREPLACE,
					-1, 0) == (void *)start)
			return;
	}
}

static void occupy_rest(void)
{
	const uint64_t top = 1ULL << 57; /* above are the kernel's own areas */
	uint64_t last = 0x10000;
	struct area area;
	const char *at;

	/* Where the system allows lower addresses, take them too. */
	for (uint64_t va = ORACLE_PAGE; va < last; va += ORACLE_PAGE)
		mmap((void *)va, ORACLE_PAGE, PROT_NONE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	look_reopen();
	at = read_text(-1);
	while (maps_next(&at, &area) && area.start < top) {
		if (area.end <= last)
			continue;
		occupy_around(last, area.start);
		last = area.end;
	}
	if (last < WINDOW_END)
		refuse("the window is not free");
	occupy_top(last);
}

/*
 * A break with touched pages below it, at the border of a page table as
 * HEAP_START is: which pages are mapped together depends on that.
 */
static void prepare_heap(void)
{
	const uint64_t below = HEAP_BELOW * ORACLE_PAGE,
		       align = 512 * ORACLE_PAGE;
	uint64_t brk_now = (uint64_t)syscall(SYS_brk, 0);

	heap_base = (brk_now + below + align - 1) & -align;
	if ((uint64_t)syscall(SYS_brk, heap_base) != heap_base)
		refuse("the break cannot be moved");
	memset((void *)(heap_base - below), 1, below);
	if (heap_base + HEAP_PAGES * ORACLE_PAGE > WINDOW_START)
		refuse("the heap is above the window");
}

/* Skip steps of actors that do not exist. The actor of the next, or the end. */
static uint32_t next_turn(void)
{
	const struct sequence *seq = &shared->sequence;

	for (; shared->next < seq->nr; shared->next++) {
		uint32_t actor = seq->step[shared->next].actor;

		if (shared->is_alive[actor])
			return actor;
		shared->seen[shared->next].was_skipped = true;
	}
	return TURN_PARENT;
}

static pid_t clone_sibling(void)
{
	return (pid_t)syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
}

/* Returns the actor that this process is from now on. */
static uint32_t do_fork_step(uint32_t me, const struct step *step,
			     struct observation *seen)
{
	uint32_t actor = (uint32_t)step->arg[0];
	pid_t pid;

	if (actor >= NR_ACTORS || shared->is_alive[actor]) {
		seen->was_skipped = true;
		return me;
	}
	pid = clone_sibling();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		look_reopen();
		was_forked = true;
		return actor;
	}
	seen->result = pid < 0 ? -errno : 0;
	if (pid > 0) {
		shared->pid[actor] = pid;
		shared->is_alive[actor] = 1;
	}
	return me;
}

static _Noreturn void actor_main(uint32_t me)
{
	for (;;) {
		const struct step *step;
		struct observation *seen;
		uint32_t before = me;

		if (!turn_wait(shared, me, PATIENCE))
			_exit(2);
		step = &shared->sequence.step[shared->next];
		seen = &shared->seen[shared->next];
		if (step->op == OP_EXIT) {
			shared->reap = me + 1;
			shared->next++;
			turn_give(shared, TURN_PARENT);
			_exit(0);
		}
		if (step->op == OP_FORK)
			me = do_fork_step(me, step, seen);
		else
			step_run(step, seen);
		if (me != before)
			continue; /* the child waits for its turn */
		if (!seen->was_skipped)
			look(seen, step->op == OP_LOOK);
		shared->next++;
		turn_give(shared, next_turn());
	}
}

static void end_actors(void)
{
	for (unsigned i = 0; i < NR_ACTORS; i++) {
		if (!shared->is_alive[i])
			continue;
		kill(shared->pid[i], SIGKILL);
		waitpid(shared->pid[i], NULL, 0);
		shared->is_alive[i] = 0;
	}
}

/* Is some actor gone that should be there? */
static bool has_lost_actor(void)
{
	for (unsigned i = 0; i < NR_ACTORS; i++)
		if (shared->is_alive[i] && shared->reap != i + 1 &&
		    waitpid(shared->pid[i], NULL, WNOHANG) > 0) {
			shared->is_alive[i] = 0;
			return true;
		}
	return false;
}

static bool start_first_actor(void)
{
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		look_reopen();
		step_open_files();
		actor_main(0);
	}
	if (pid < 0)
		return false;
	shared->pid[0] = pid;
	shared->is_alive[0] = 1;
	return true;
}

static void run_sequence(void)
{
	shared->next = 0;
	shared->reap = 0;
	shared->has_failed = !start_first_actor();
	if (shared->has_failed)
		return;
	turn_give(shared, next_turn());
	for (unsigned seconds = 0;;) {
		if (!turn_wait(shared, TURN_PARENT, 1)) {
			if (has_lost_actor() || seconds++ > PATIENCE) {
				shared->has_failed = true;
				break;
			}
			continue;
		}
		if (!shared->reap)
			break;
		waitpid(shared->pid[shared->reap - 1], NULL, 0);
		shared->is_alive[shared->reap - 1] = 0;
		shared->reap = 0;
		if (next_turn() == TURN_PARENT)
			break;
		turn_give(shared, next_turn());
	}
	end_actors();
}

int main(int argc, char **argv)
{
	int fd = argc == 2 ? atoi(argv[1]) : -1;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED,
		      fd, 0);
	if (shared == MAP_FAILED) {
		fprintf(stderr, "to be started by the test of the oracle\n");
		return 2;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (sysconf(_SC_PAGESIZE) != ORACLE_PAGE)
		refuse("pages are not of 4 KiB");
	set_limits();
	drop_privileges();
	touch_stack();
	step_init();
	check_kernel();
	prepare_heap();
	occupy_rest();
	shared->is_ready = 1;
	turn_give(shared, TURN_TEST);
	for (;;) {
		while (!turn_wait(shared, TURN_PARENT, 3600))
			;
		run_sequence();
		turn_give(shared, TURN_TEST);
	}
}
