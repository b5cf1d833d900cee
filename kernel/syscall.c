/* SPDX-License-Identifier: MIT */
/*
 * The table of system calls, and the answer to those that do not exist.
 */
#include "kernel/syscall.h"

#include "kernel/symbols.h"
#include "kernel/thread.h"

#include "abi/errno.h"
#include "abi/syscall.h"

static uint64_t seen[(SYSCALL_SLOTS + 63) / 64]; /* a; numbers reported */

_Static_assert(sizeof(seen) * 8 >= SYSCALL_SLOTS, "a bit for each number");

static long sys_none(long, long, long, long, long, long);

/* One line in the log for each number that a program misses. */
static __cold void report(uint64_t nr)
{
	uint64_t bit = 1UL << (nr % 64);
	unsigned nth = 0;
	char name[32];

	if (fetch_or_relaxed(&seen[nr / 64], bit) & bit)
		return;
	for (uint64_t i = 0; i < nr; i++)
		nth += syscall_table[i] == sys_none;
	symbol_missing_call(nth, name, sizeof(name));
	kprintf("%s: system call %lu (%s) is not implemented\n", current_comm(),
		nr, *name ? name : "unknown");
}

static long sys_none(long a0, long a1, long a2, long a3, long a4, long a5)
{
	uint64_t nr = current->arch.frame.a7;

	(void)a0;
	(void)a1;
	(void)a2;
	(void)a3;
	(void)a4;
	(void)a5;
	if (unlikely(!(load_relaxed(&seen[nr / 64]) >> (nr % 64) & 1)))
		report(nr);
	return -ENOSYS;
}

/* C libraries ask for these two first and do well without. */
long sys_clone3(uint64_t args, uint64_t size)
{
	(void)args;
	(void)size;
	return -ENOSYS;
}

long sys_rseq(uint64_t area, uint64_t size, uint64_t flags, uint64_t signature)
{
	(void)area;
	(void)size;
	(void)flags;
	(void)signature;
	return -ENOSYS;
}

/* The first entry fills all slots; the compiler would warn of the others. */
#pragma GCC diagnostic ignored "-Woverride-init"
#define SYSCALL(name, nr_args)	    [SYS_##name] = (syscall_fn)(void *)sys_##name,
#define SYSCALL_FULL(name, nr_args) [SYS_##name] = full_sys_##name,
const syscall_fn syscall_table[SYSCALL_SLOTS] = {
    [0 ... SYSCALL_SLOTS - 1] = sys_none,
#include "kernel/syscalls.def"
};
