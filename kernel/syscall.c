/* SPDX-License-Identifier: MIT */
/*
 * The answer to system calls that do not exist.
 */
#include "kernel/syscall.h"

#include "kernel/symbols.h"
#include "kernel/thread.h"

#include "abi/errno.h"

static uint64_t seen[(SYSCALL_SLOTS + 63) / 64]; /* a; numbers reported */

_Static_assert(sizeof(seen) * 8 >= SYSCALL_SLOTS, "a bit for each number");

/* One line in the log for each number that a program misses. */
static __cold void report(uint64_t nr)
{
	uint64_t bit = 1UL << (nr % 64);
	unsigned nth = 0;
	char name[32];

	if (fetch_or_relaxed(&seen[nr / 64], bit) & bit)
		return;
	for (uint64_t i = 0; i < nr; i++)
		nth += syscall_table[i] == (uint32_t)(uintptr_t)sys_none;
	symbol_missing_call(nth, name, sizeof(name));
	kprintf("%s: system call %lu (%s) is not implemented\n", current_comm(),
		nr, *name ? name : "unknown");
}

long sys_none(void)
{
	uint64_t nr = current->arch.frame.a7;

	if (unlikely(!(load_relaxed(&seen[nr / 64]) >> (nr % 64) & 1)))
		report(nr);
	return -ENOSYS;
}

/* C libraries ask for it first and do well without. */
long sys_rseq(uint64_t area, uint64_t size, uint64_t flags, uint64_t signature)
{
	(void)area;
	(void)size;
	(void)flags;
	(void)signature;
	return -ENOSYS;
}
