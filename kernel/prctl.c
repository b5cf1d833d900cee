/* SPDX-License-Identifier: MIT */
/*
 * prctl(2). Most of it is kept and shown, for programs that set one thing and
 * look at it again. What acts: names, the signal at a parent's death, who
 * adopts orphans, and memory that is never both writable and executable.
 */
#include <string.h>

#include "kernel/process.h"
#include "kernel/riscv/uaccess.h"
#include "kernel/signal.h"
#include "kernel/syscall.h"
#include "mm/mm.h"

#include "abi/prctl.h"

#define LAST_CAP 40

static long set_name(vaddr_t from)
{
	char name[TASK_COMM_LEN] = {0};
	long len = strncpy_from_user(name, from, TASK_COMM_LEN - 1);

	if (len < 0)
		return len;
	memcpy(current->comm, name, sizeof(name));
	return 0;
}

static long set_death_signal(uint64_t sig)
{
	if (sig && !sig_is_valid(sig))
		return -EINVAL;
	current->pdeath_signal = (int)sig;
	return 0;
}

static bool has(uint32_t trait)
{
	return load_relaxed(&current->process->traits.bits) & trait;
}

static long keep(uint32_t trait, bool on)
{
	uint32_t *bits = &current->process->traits.bits;

	if (on)
		fetch_or_relaxed(bits, trait);
	else
		fetch_and_relaxed(bits, ~trait);
	return 0;
}

/* Once refused, it is refused for good. */
static long set_mdwe(struct mm_struct *mm, uint64_t bits)
{
	uint32_t old = load_relaxed(&mm->deny_write_exec);

	if (bits & ~3UL || bits == PR_MDWE_NO_INHERIT)
		return -EINVAL;
	if (old && old != bits)
		return -EPERM;
	store_relaxed(&mm->deny_write_exec, (uint32_t)bits);
	return 0;
}

/* Those for which the arguments behind the first must be 0. */
static long do_strict(int what, uint64_t arg)
{
	switch (what) {
	case PR_SET_NO_NEW_PRIVS:
		return arg == 1 ? keep(TRAIT_NO_NEW_PRIVS, true) : -EINVAL;
	case PR_SET_THP_DISABLE:
		return keep(TRAIT_NO_HUGE_PAGES, arg);
	case PR_SET_MDWE:
		return set_mdwe(current->mm, arg);
	}
	if (arg)
		return -EINVAL;
	switch (what) {
	case PR_GET_NO_NEW_PRIVS:
		return has(TRAIT_NO_NEW_PRIVS);
	case PR_GET_THP_DISABLE:
		return has(TRAIT_NO_HUGE_PAGES);
	case PR_GET_MDWE:
		return load_relaxed(&current->mm->deny_write_exec);
	case PR_MCE_KILL_GET:
		return PR_MCE_KILL_DEFAULT;
	default:
		return -EINVAL;
	}
}

long sys_prctl(uint64_t what, uint64_t arg, uint64_t arg3, uint64_t arg4,
	       uint64_t arg5)
{
	uint64_t *slack = &current->process->traits.timer_slack;

	switch ((int)what) {
	case PR_SET_NAME:
		return set_name(arg);
	case PR_GET_NAME:
		return copy_to_user(arg, current->comm, TASK_COMM_LEN);
	case PR_SET_PDEATHSIG:
		return set_death_signal(arg);
	case PR_GET_PDEATHSIG:
		return put_user_u32(arg, (uint32_t)current->pdeath_signal);
	case PR_GET_DUMPABLE:
		return !has(TRAIT_UNDUMPABLE);
	case PR_SET_DUMPABLE:
		return arg > 1 ? -EINVAL : keep(TRAIT_UNDUMPABLE, !arg);
	case PR_GET_KEEPCAPS:
		return has(TRAIT_KEEPCAPS);
	case PR_SET_KEEPCAPS:
		return arg > 1 ? -EINVAL : keep(TRAIT_KEEPCAPS, arg);
	case PR_GET_CHILD_SUBREAPER:
		return put_user_u32(arg, has(TRAIT_SUBREAPER));
	case PR_SET_CHILD_SUBREAPER:
		return keep(TRAIT_SUBREAPER, arg);
	case PR_GET_TIMERSLACK:
		arg = load_relaxed(slack);
		return arg ? (long)arg : TIMER_SLACK;
	case PR_SET_TIMERSLACK:
		store_relaxed(slack, (long)arg > 0 ? arg : 0);
		return 0;
	case PR_CAPBSET_READ:
		return arg > LAST_CAP ? -EINVAL : 1;
	case PR_GET_TIMING:
	case PR_GET_SECUREBITS:
		return 0;
	case PR_SET_TIMING:
		return arg ? -EINVAL : 0;
	default:
		return arg3 | arg4 | arg5 ? -EINVAL : do_strict((int)what, arg);
	}
}
