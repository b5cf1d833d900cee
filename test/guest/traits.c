/* SPDX-License-Identifier: MIT */
/*
 * What a process can say about itself and its children, and what its children
 * have of that: prctl(2), getpriority(2).
 */
#include "abi/prctl.h"
#include "abi/sched.h"
#include "test/guest/guest.h"

static long prctl(int what, long arg, long arg3)
{
	return sys(SYS_prctl, what, arg, arg3, 0, 0);
}

/* In a child; its checks are ours. */
static void in_fork(void (*fn)(void))
{
	int pid = fork();

	if (!pid) {
		fn();
		exit(0);
	}
	joined(pid, 0);
}

static long try_map(int prot)
{
	char *p = mmap(NULL, PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return err(p) ? err(p) : munmap(p, PAGE);
}

static void child_of_flags(void)
{
	int on = 1;

	EQ(prctl(PR_GET_NO_NEW_PRIVS, 0, 0), 1);
	EQ(prctl(PR_GET_DUMPABLE, 0, 0), 0);
	EQ(prctl(PR_GET_CHILD_SUBREAPER, (long)&on, 0), 0);
	EQ(on, 0);
	EQ(prctl(PR_GET_TIMERSLACK, 0, 0), 777);
}

TEST(flags_are_kept_and_inherited)
{
	int on = 0;

	EQ(prctl(PR_GET_NO_NEW_PRIVS, 0, 0), 0);
	EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0), 0);
	EQ(prctl(PR_SET_NO_NEW_PRIVS, 0, 0), -EINVAL);
	EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 1), -EINVAL);
	EQ(prctl(PR_GET_DUMPABLE, 0, 0), 1);
	EQ(prctl(PR_SET_DUMPABLE, 2, 0), -EINVAL);
	EQ(prctl(PR_SET_DUMPABLE, 0, 0), 0);
	EQ(prctl(PR_SET_CHILD_SUBREAPER, 1, 0), 0);
	EQ(prctl(PR_GET_CHILD_SUBREAPER, (long)&on, 0), 0);
	EQ(on, 1);
	EQ(prctl(PR_GET_TIMERSLACK, 0, 0), 50000);
	EQ(prctl(PR_SET_TIMERSLACK, 777, 0), 0);
	EQ(prctl(PR_SET_THP_DISABLE, 1, 0), 0);
	EQ(prctl(PR_GET_THP_DISABLE, 0, 0), 1);
	EQ(prctl(PR_SET_THP_DISABLE, 1, 1), -EINVAL);
	EQ(prctl(PR_SET_KEEPCAPS, 1, 0), 0);
	EQ(prctl(PR_GET_KEEPCAPS, 0, 0), 1);
	EQ(prctl(PR_SET_KEEPCAPS, 2, 0), -EINVAL);
	EQ(prctl(PR_CAPBSET_READ, 0, 0), 1);
	EQ(prctl(PR_CAPBSET_READ, 63, 0), -EINVAL);
	EQ(prctl(12345, 0, 0), -EINVAL);
	in_fork(child_of_flags);
}

/* A child whose own child is left behind when it ends. */
static void leave_orphan(void)
{
	if (!fork()) {
		sleep_ms(50);
		exit(7);
	}
}

TEST(a_subreaper_adopts_orphans)
{
	int status = 0;

	EQ(prctl(PR_SET_CHILD_SUBREAPER, 1, 0), 0);
	in_fork(leave_orphan);
	CHECK(waitpid(-1, &status, 0) > 0);
	EQ(status, 7 << 8);
	EQ(prctl(PR_SET_CHILD_SUBREAPER, 0, 0), 0);
	in_fork(leave_orphan);
	EQ(waitpid(-1, &status, 0), -ECHILD);
}

static void child_that_refuses(void)
{
	EQ(prctl(PR_GET_MDWE, 0, 0), PR_MDWE_REFUSE_EXEC_GAIN);
	EQ(try_map(PROT_WRITE | PROT_EXEC), -EACCES);
}

TEST(no_memory_is_both_writable_and_executable)
{
	char *code = anon(1, PROT_READ | PROT_EXEC), *data = anon(1, RW);

	EQ(try_map(RW | PROT_EXEC), 0);
	EQ(prctl(PR_SET_MDWE, PR_MDWE_NO_INHERIT, 0), -EINVAL);
	EQ(prctl(PR_SET_MDWE, 4, 0), -EINVAL);
	EQ(prctl(PR_SET_MDWE, 1, 1), -EINVAL);
	EQ(prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0), 0);
	EQ(prctl(PR_SET_MDWE, 0, 0), -EPERM);
	EQ(try_map(RW | PROT_EXEC), -EACCES);
	EQ(try_map(PROT_READ | PROT_EXEC), 0);
	EQ(mprotect(data, PAGE, PROT_READ | PROT_EXEC), -EACCES);
	EQ(mprotect(data, PAGE, PROT_READ), 0);
	EQ(mprotect(code, PAGE, RW | PROT_EXEC), -EACCES);
	EQ(mprotect(code, PAGE, PROT_EXEC), 0);
	EQ(mprotect(code, PAGE, PROT_READ), 0);
	EQ(mprotect(code, PAGE, PROT_EXEC), -EACCES);
	in_fork(child_that_refuses);
}

static void child_that_may(void)
{
	EQ(prctl(PR_GET_MDWE, 0, 0), 0);
	EQ(try_map(PROT_WRITE | PROT_EXEC), 0);
}

TEST(the_refusal_need_not_be_inherited)
{
	EQ(prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN | PR_MDWE_NO_INHERIT, 0),
	   0);
	EQ(try_map(RW | PROT_EXEC), -EACCES);
	in_fork(child_that_may);
}

/* getpriority counts down from 20. */
static long nice_of(int which, int who)
{
	long value = sys(SYS_getpriority, which, who);

	return value < 0 ? value : 20 - value;
}

static void child_of_nice(void)
{
	EQ(nice_of(PRIO_PROCESS, 0), 5);
	EQ(sys(SYS_setpriority, PRIO_PROCESS, 0, 3), 0);
	EQ(nice_of(PRIO_PGRP, 0), 3);
	EQ(sys(SYS_setuid, 1000), 0);
	EQ(sys(SYS_setpriority, PRIO_PROCESS, 0, 2), -EACCES);
	EQ(sys(SYS_setpriority, PRIO_PROCESS, 0, 40), 0);
	EQ(nice_of(PRIO_USER, 1000), 19);
}

TEST(nice_values_are_kept_and_inherited)
{
	char text[512] = "";

	EQ(sys(SYS_setpgid, 0, 0), 0);
	EQ(nice_of(PRIO_PROCESS, 0), 0);
	EQ(sys(SYS_setpriority, PRIO_PROCESS, 0, 5), 0);
	EQ(nice_of(PRIO_PROCESS, getpid()), 5);
	in_fork(child_of_nice);
	EQ(nice_of(PRIO_PGRP, 0), 5);
	CHECK(read_file("/proc/self/stat", text, sizeof(text)) > 0);
	CHECK(strstr(text, " 25 5 1 0 ") != NULL);
	EQ(sys(SYS_setpriority, PRIO_PROCESS, 0, -30), 0);
	EQ(nice_of(PRIO_PROCESS, 0), -20);
	EQ(nice_of(3, 0), -EINVAL);
	EQ(nice_of(PRIO_PROCESS, 99999), -ESRCH);
	EQ(sys(SYS_setpriority, PRIO_PROCESS, 99999, 0), -ESRCH);
}

TAP_MAIN
