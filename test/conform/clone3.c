/* SPDX-License-Identifier: MIT */
/*
 * clone3(2).
 */
#include "test/conform/conform.h"
#include "user/lib/thread.h"

static long clone3(const struct clone_args *args, size_t size)
{
	return sys(SYS_clone3, args, size);
}

static long with_flags(uint64_t flags, uint64_t exit_signal)
{
	struct clone_args args = {.flags = flags, .exit_signal = exit_signal};
	long pid = clone3(&args, sizeof(args));

	if (pid == 0)
		exit(7);
	return pid;
}

static volatile long seen;
static uint32_t word;

static void note_stack(void *arg)
{
	char here;

	(void)arg;
	seen = (long)&here;
}

TEST(clone3_forks)
{
	joined((int)with_flags(0, SIGCHLD), 7);
}

TEST(clone3_child_may_have_no_signal)
{
	long pid = with_flags(0, 0);
	int status;

	EQ(waitpid((int)pid, &status, WNOHANG), -ECHILD);
	EQ(waitpid((int)pid, &status, (int)__WCLONE), pid);
	EQ(status, 7 << 8);
}

TEST(clone3_takes_structures_of_other_sizes)
{
	struct {
		struct clone_args args;
		uint64_t more[2];
	} longer = {.args.exit_signal = SIGCHLD};
	long pid;

	EQ(clone3(&longer.args, CLONE_ARGS_SIZE_VER0 - 1), -EINVAL);
	EQ(clone3(&longer.args, 0), -EINVAL);
	EQ(clone3(&longer.args, PAGE + 1), -E2BIG);
	pid = clone3(&longer.args, CLONE_ARGS_SIZE_VER0);
	if (pid == 0)
		exit(1);
	joined((int)pid, 1);
	pid = clone3(&longer.args, sizeof(longer));
	if (pid == 0)
		exit(2);
	joined((int)pid, 2);
	longer.more[1] = 1UL << 56;
	EQ(clone3(&longer.args, sizeof(longer)), -E2BIG);
	EQ(clone3((void *)hole(1), sizeof(longer.args)), -EFAULT);
}

TEST(clone3_reads_no_further_than_it_is_told)
{
	char *end = filled(1) + PAGE;
	struct clone_args *args = (void *)(end - CLONE_ARGS_SIZE_VER0);
	long pid;

	memset(args, 0, CLONE_ARGS_SIZE_VER0);
	args->exit_signal = SIGCHLD;
	pid = clone3(args, CLONE_ARGS_SIZE_VER0);
	if (pid == 0)
		exit(3);
	joined((int)pid, 3);
	EQ(clone3(args, sizeof(*args)), -EFAULT);
}

TEST(clone3_refuses_bad_flags)
{
	EQ(with_flags(SIGCHLD, SIGCHLD), -EINVAL);
	EQ(with_flags(CLONE_DETACHED, SIGCHLD), -EINVAL);
	EQ(with_flags(1UL << 40, SIGCHLD), -EINVAL);
	EQ(with_flags(CLONE_SIGHAND, SIGCHLD), -EINVAL);
	EQ(with_flags(CLONE_THREAD, 0), -EINVAL);
	EQ(with_flags(CLONE_VM | CLONE_SIGHAND | CLONE_CLEAR_SIGHAND, SIGCHLD),
	   -EINVAL);
}

TEST(clone3_refuses_bad_signals)
{
	EQ(with_flags(0, 65), -EINVAL);
	EQ(with_flags(0, 0x100), -EINVAL);
	EQ(with_flags(CLONE_PARENT, SIGCHLD), -EINVAL);
	EQ(with_flags(CLONE_PTHREAD, SIGCHLD), -EINVAL);
}

TEST(clone3_refuses_half_a_stack)
{
	struct clone_args args = {.exit_signal = SIGCHLD,
				  .stack = (uintptr_t)filled(1)};

	EQ(clone3(&args, sizeof(args)), -EINVAL);
	args.stack = 0;
	args.stack_size = PAGE;
	EQ(clone3(&args, sizeof(args)), -EINVAL);
	args.stack = AN_END;
	EQ(clone3(&args, sizeof(args)), -EINVAL);
}

TEST(clone3_refuses_half_a_list_of_numbers)
{
	struct clone_args args = {.exit_signal = SIGCHLD, .set_tid_size = 1};

	EQ(clone3(&args, sizeof(args)), -EINVAL);
	args.set_tid = (uintptr_t)&args;
	args.set_tid_size = 0;
	EQ(clone3(&args, sizeof(args)), -EINVAL);
	args.set_tid_size = 33;
	EQ(clone3(&args, sizeof(args)), -EINVAL);
}

TEST(clone3_tells_the_numbers)
{
	uint32_t parent = 0, child = 0;
	struct clone_args args = {
	    .flags = CLONE_PARENT_SETTID | CLONE_CHILD_SETTID,
	    .parent_tid = (uintptr_t)&parent,
	    .child_tid = (uintptr_t)&child,
	    .exit_signal = SIGCHLD,
	};
	long pid = clone3(&args, sizeof(args));

	if (pid == 0)
		exit(child == (uint32_t)getpid() ? 4 : 5);
	EQ(parent, pid);
	EQ(child, 0);
	joined((int)pid, 4);
}

TEST(clone3_gives_a_stack_by_its_lowest_address)
{
	char *stack = filled(4);
	struct clone_args args = {.flags = CLONE_VM,
				  .exit_signal = SIGCHLD,
				  .stack = (uintptr_t)stack,
				  .stack_size = 4 * PAGE};

	joined((int)clone3_on_stack(&args, sizeof(args), note_stack, NULL), 0);
	CHECK(seen < (long)stack + 4 * (long)PAGE);
	CHECK(seen > (long)stack + 3 * (long)PAGE);
}

TEST(clone3_makes_threads)
{
	char *stack = filled(4);
	struct clone_args args = {
	    .flags = CLONE_PTHREAD | CLONE_CHILD_CLEARTID | CLONE_PARENT_SETTID,
	    .parent_tid = (uintptr_t)&word,
	    .child_tid = (uintptr_t)&word,
	    .stack = (uintptr_t)stack,
	    .stack_size = 4 * PAGE};

	CHECK(clone3_on_stack(&args, sizeof(args), note_stack, NULL) > 0);
	while (*(volatile uint32_t *)&word)
		sched_yield();
	CHECK(seen > (long)stack);
}

static void on_signal(int sig, struct siginfo *info, struct ucontext *uc)
{
	(void)sig;
	(void)info;
	(void)uc;
}

TEST(clone3_clears_handlers_when_told_to)
{
	struct clone_args args = {.flags = CLONE_CLEAR_SIGHAND,
				  .exit_signal = SIGCHLD};
	struct sigaction ignore = {(uintptr_t)SIG_IGN, 0, 0}, now;
	long pid;

	EQ(handle(SIGUSR1, on_signal, 0), 0);
	EQ(sigaction(SIGUSR2, &ignore, NULL), 0);
	pid = clone3(&args, sizeof(args));
	if (pid == 0) {
		EQ(sigaction(SIGUSR1, NULL, &now), 0);
		EQ(now.sa_handler, SIG_DFL);
		EQ(sigaction(SIGUSR2, NULL, &now), 0);
		EQ(now.sa_handler, SIG_IGN);
		exit(0);
	}
	joined((int)pid, 0);
	EQ(sigaction(SIGUSR1, NULL, &now), 0);
	EQ(now.sa_handler, (uintptr_t)on_signal);
}

TAP_MAIN
