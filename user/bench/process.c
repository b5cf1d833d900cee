/* SPDX-License-Identifier: MIT */
/*
 * System calls, processes, signals and pipes.
 */
#include "user/bench/bench.h"
#include "user/lib/instret.h"

#define RW	(PROT_READ | PROT_WRITE)
#define CALLS	1000UL
#define SIGNALS 256UL
#define TRIPS	256UL
#define NO_CALL 4095 /* a number that means nothing */

static uint64_t call_cost(long number)
{
	uint64_t empty = counter(), full;

	empty_loop(CALLS);
	empty = since(empty);
	full = counter();
	ecall_loop(CALLS, number);
	return less(since(full), empty);
}

void bench_calls(void)
{
	record("getppid", call_cost(SYS_getppid), CALLS);
	record("unknown_call", call_cost(NO_CALL), CALLS);
}

/*
 * The child must not write, not even to its stack: that would be a copied
 * page, and is measured elsewhere.
 */
__attribute__((noinline)) struct fork_cost measure_fork(void)
{
	uint64_t start = counter(), middle, end;
	long pid = sys(SYS_clone, SIGCHLD);

	if (pid == 0)
		sys(SYS_exit_group, 0);
	middle = counter();
	sys(SYS_wait4, pid, NULL, 0, NULL);
	end = counter();
	if (pid < 0)
		die("clone", pid);
	return (struct fork_cost){less(middle - start, counter_cost),
				  less(end - middle, counter_cost)};
}

/* First with nothing but the program itself, then with a large area. */
void bench_fork(void)
{
	struct fork_cost cost, empty, full;
	char *p;

	measure_fork();
	cost = measure_fork();
	record("fork", cost.clone, 1);
	record("exit_wait", cost.wait, 1);
	p = anon(NPAGES, RW);
	empty = measure_fork();
	touch_write(p, NPAGES);
	full = measure_fork();
	record("fork_page", less(full.clone, empty.clone), NPAGES);
	record("exit_page", less(full.wait, empty.wait), NPAGES);
	release(p, NPAGES);
}

struct holder hold(void)
{
	struct holder holder;
	int fds[2];
	char byte;

	pipe(fds);
	holder.fd = fds[1];
	holder.pid = fork();
	if (holder.pid == 0) {
		close(fds[1]);
		read(fds[0], &byte, 1);
		exit(0);
	}
	close(fds[0]);
	sched_yield(); /* until the child waits */
	return holder;
}

void let_go(struct holder holder)
{
	close(holder.fd);
	waitpid(holder.pid, NULL, 0);
}

/* Go on behind the instruction that faulted. */
static void step_over(int sig, struct siginfo *info, struct ucontext *uc)
{
	struct user_regs *regs = &uc->uc_mcontext.sc_regs;
	const uint16_t *at = (const uint16_t *)regs->pc;

	(void)sig;
	(void)info;
	regs->pc += (*at & 3) == 3 ? 4 : 2;
}

static void make_writable(int sig, struct siginfo *info, struct ucontext *uc)
{
	(void)sig;
	(void)uc;
	mprotect((void *)(info->si_addr & ~(PAGE - 1)), PAGE, RW);
}

void bench_signals(void)
{
	char *p = anon(SIGNALS, PROT_NONE), *q = anon(SIGNALS, RW);
	uint64_t again = (touch_write(q, SIGNALS), touch_write(q, SIGNALS));

	handle(SIGSEGV, step_over, 0);
	record("segv_step_over", less(touch_write(p, SIGNALS), again), SIGNALS);
	handle(SIGSEGV, make_writable, 0);
	mprotect(q, SIGNALS * PAGE, PROT_READ);
	record("segv_mprotect_retry", less(touch_write(q, SIGNALS), again),
	       SIGNALS);
	release(p, SIGNALS);
	release(q, SIGNALS);
}

static _Noreturn void echo(int from, int to)
{
	char byte;

	while (read(from, &byte, 1) == 1)
		write(to, &byte, 1);
	exit(0);
}

static uint64_t trips(int to, int from, unsigned long n)
{
	uint64_t start = counter();
	char byte = 0;

	for (unsigned long i = 0; i < n; i++) {
		write(to, &byte, 1);
		read(from, &byte, 1);
	}
	return since(start);
}

void bench_pipe(void)
{
	int there[2], back[2], pid;

	pipe(there);
	pipe(back);
	pid = fork();
	if (pid == 0) {
		close(there[1]);
		echo(there[0], back[1]);
	}
	trips(there[1], back[0], 2);
	record("pipe_round_trip", trips(there[1], back[0], TRIPS), TRIPS);
	close(there[1]);
	waitpid(pid, NULL, 0);
	close(there[0]);
	close(back[0]);
	close(back[1]);
}
