/* SPDX-License-Identifier: MIT */
/* What faults are called: in traces, in /proc/vmstat, in the tour. */
#include <stdio.h>

#include "mm/fault.h"

const char *fault_kind_name(enum fault_kind kind)
{
	static const char *const names[NR_FAULT_KINDS] = {
	    [FAULT_NONE] = "none",
	    [FAULT_ANON_READ] = "anon_read",
	    [FAULT_ANON_WRITE] = "anon_write",
	    [FAULT_ZERO_UPGRADE] = "zero_upgrade",
	    [FAULT_COW_COPY] = "cow_copy",
	    [FAULT_COW_REUSE] = "cow_reuse",
	    [FAULT_FILE_READ] = "file_read",
	    [FAULT_FILE_WRITE_PRIVATE] = "file_write_private",
	    [FAULT_FILE_WRITE_SHARED] = "file_write_shared",
	    [FAULT_SPECIAL] = "special",
	    [FAULT_SPURIOUS] = "spurious",
	    [FAULT_ACCESSED_DIRTY] = "accessed_dirty",
	    [FAULT_STACK_GROWTH] = "stack_growth",
	    [FAULT_PAST_EOF] = "past_eof",
	    [FAULT_UNMAPPED] = "unmapped",
	    [FAULT_STACK_LIMIT] = "stack_limit",
	    [FAULT_STACK_GUARD] = "stack_guard",
	    [FAULT_ACCESS] = "access",
	    [FAULT_BAD_ADDRESS] = "bad_address",
	    [FAULT_OOM] = "oom",
	};

	return kind < NR_FAULT_KINDS ? names[kind] : "?";
}

void vm_fault_format(vm_fault_t fault, char *buf, size_t len)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} names[] = {
	    {VM_FAULT_OOM, "OOM"},
	    {VM_FAULT_SIGBUS, "SIGBUS"},
	    {VM_FAULT_MAJOR, "MAJOR"},
	    {VM_FAULT_HWPOISON, "HWPOISON"},
	    {VM_FAULT_HWPOISON_LARGE, "HWPOISON_LARGE"},
	    {VM_FAULT_SIGSEGV, "SIGSEGV"},
	    {VM_FAULT_NOPAGE, "NOPAGE"},
	    {VM_FAULT_LOCKED, "LOCKED"},
	    {VM_FAULT_RETRY, "RETRY"},
	    {VM_FAULT_FALLBACK, "FALLBACK"},
	    {VM_FAULT_DONE_COW, "DONE_COW"},
	    {VM_FAULT_NEEDDSYNC, "NEEDDSYNC"},
	    {VM_FAULT_COMPLETED, "COMPLETED"},
	};
	size_t at = 0;

	snprintf(buf, len, "0");
	for (unsigned i = 0; i < ARRAY_SIZE(names) && at < len; i++) {
		if (vm_fault_has(fault, names[i].bit))
			at += snprintf(buf + at, len - at, "%s%s",
				       at ? "|" : "", names[i].name);
	}
}
