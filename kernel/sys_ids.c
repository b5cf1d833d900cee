/* SPDX-License-Identifier: MIT */
/*
 * System calls about user and group numbers.
 *
 * A process whose effective user is 0 is root. Others obey the limit of locked
 * memory (process_memlock), cannot raise a hard limit, become nobody but whom
 * they were, send signals to their own and change the owner and mode of their
 * own files alone. Files do not ask who opens them.
 *
 * The three numbers are read without a lock and changed under process_lock.
 */
#include "kernel/process.h"
#include "kernel/riscv/uaccess.h"
#include "kernel/syscall.h"
#include "mm/mm.h"

#define SAME UINT32_MAX /* leave this number as it is */

static bool may_become(const uint32_t ids[NR_IDS], uint32_t id)
{
	return process_is_root(current->process) || id == SAME ||
	       id == ids[ID_REAL] || id == ids[ID_EFFECTIVE] ||
	       id == ids[ID_SAVED];
}

static long set_ids(uint32_t ids[NR_IDS], uint64_t real, uint64_t effective,
		    uint64_t saved)
{
	const uint32_t to[NR_IDS] = {(uint32_t)real, (uint32_t)effective,
				     (uint32_t)saved};
	struct process *p = current->process;
	long err = 0;

	spin_lock(&process_lock);
	for (unsigned i = 0; i < NR_IDS; i++)
		if (!may_become(ids, to[i]))
			err = -EPERM;
	for (unsigned i = 0; i < NR_IDS && !err; i++)
		if (to[i] != SAME)
			store_relaxed(&ids[i], to[i]);
	store_relaxed(&p->mm->limits.memlock, process_memlock(p));
	spin_unlock(&process_lock);
	return err;
}

/* setuid: all three for root, the effective one for others. */
static long set_one(uint32_t ids[NR_IDS], uint64_t id)
{
	if ((uint32_t)id == SAME)
		return -EINVAL;
	return process_is_root(current->process) ? set_ids(ids, id, id, id)
						 : set_ids(ids, SAME, id, SAME);
}

/* setreuid: the saved number follows, unless the change can be undone. */
static long set_two(uint32_t ids[NR_IDS], uint64_t real, uint64_t effective)
{
	uint32_t new = (uint32_t)effective == SAME ? ids[ID_EFFECTIVE]
						   : (uint32_t)effective;

	if ((uint32_t)real == SAME && new == ids[ID_REAL])
		return set_ids(ids, SAME, effective, SAME);
	return set_ids(ids, real, effective, new);
}

static long get_ids(const uint32_t ids[NR_IDS], uint64_t real,
		    uint64_t effective, uint64_t saved)
{
	if (put_user_u32(real, ids[ID_REAL]) ||
	    put_user_u32(effective, ids[ID_EFFECTIVE]) ||
	    put_user_u32(saved, ids[ID_SAVED]))
		return -EFAULT;
	return 0;
}

long sys_getuid(void)
{
	return current->process->ids.uid[ID_REAL];
}

long sys_geteuid(void)
{
	return current->process->ids.uid[ID_EFFECTIVE];
}

long sys_getgid(void)
{
	return current->process->ids.gid[ID_REAL];
}

long sys_getegid(void)
{
	return current->process->ids.gid[ID_EFFECTIVE];
}

long sys_setuid(uint64_t uid)
{
	return set_one(current->process->ids.uid, uid);
}

long sys_setgid(uint64_t gid)
{
	return set_one(current->process->ids.gid, gid);
}

long sys_setreuid(uint64_t ruid, uint64_t euid)
{
	return set_two(current->process->ids.uid, ruid, euid);
}

long sys_setregid(uint64_t rgid, uint64_t egid)
{
	return set_two(current->process->ids.gid, rgid, egid);
}

long sys_setresuid(uint64_t ruid, uint64_t euid, uint64_t suid)
{
	return set_ids(current->process->ids.uid, ruid, euid, suid);
}

long sys_setresgid(uint64_t rgid, uint64_t egid, uint64_t sgid)
{
	return set_ids(current->process->ids.gid, rgid, egid, sgid);
}

long sys_getresuid(uint64_t ruid, uint64_t euid, uint64_t suid)
{
	return get_ids(current->process->ids.uid, ruid, euid, suid);
}

long sys_getresgid(uint64_t rgid, uint64_t egid, uint64_t sgid)
{
	return get_ids(current->process->ids.gid, rgid, egid, sgid);
}

/* These two return what was there before, and change nothing. */
long sys_setfsuid(uint64_t uid)
{
	(void)uid;
	return sys_geteuid();
}

long sys_setfsgid(uint64_t gid)
{
	(void)gid;
	return sys_getegid();
}

/* There are no supplementary groups. */
long sys_getgroups(uint64_t size, uint64_t list)
{
	(void)list;
	return (int)size < 0 ? -EINVAL : 0;
}

long sys_setgroups(uint64_t size, uint64_t list)
{
	(void)list;
	if (!process_is_root(current->process))
		return -EPERM;
	return size > 65536 ? -EINVAL : 0;
}
