/* SPDX-License-Identifier: MIT */
/*
 * How much memory may be promised: the three modes of overcommit, see
 * proc_sys_vm(5).
 *
 * Nothing is counted while the mode is not "never": what programs have been
 * promised is then the sum over their address spaces of what is private and
 * writable, which each mm_struct knows. Who can list them is the kernel.
 */
#include "mm/mm.h"

#include "mm/internal.h"

long sysctl_max_map_count = 65530;
long sysctl_overcommit_memory = OVERCOMMIT_GUESS;
long sysctl_overcommit_ratio = 50;
long sysctl_overcommit_kbytes;

uint64_t (*vm_memory_committed)(void);

uint64_t vm_commit_limit(void)
{
	if (sysctl_overcommit_kbytes)
		return (uint64_t)sysctl_overcommit_kbytes >> (PAGE_SHIFT - 10);
	return page_nr_total() * (uint64_t)sysctl_overcommit_ratio / 100;
}

bool may_commit(uint64_t npages)
{
	switch (sysctl_overcommit_memory) {
	case OVERCOMMIT_GUESS: /* refuse only what could never be had */
		return npages <= page_nr_total();
	case OVERCOMMIT_ALWAYS:
		return true;
	default:
		return vm_memory_committed() + npages <= vm_commit_limit();
	}
}
