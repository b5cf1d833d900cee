/* SPDX-License-Identifier: MIT */
/*
 * Page faults between the trap handler and mm/.
 *
 * With "trace=fault" on the command line each fault prints one line:
 *
 *	fault pid=N comm=NAME scause=N addr=0xN ip=0xN kind=WORD
 *	      area=0xN-0xN/FLAGS result=BITS signal=N code=N cost=N
 *
 * (without the line break). Numbers without 0x are decimal. `area` is "none"
 * or the area with its r, w, x and s or p; `result` is the vm_fault_t as
 * vm_fault_format() writes it; `cost` counts the instructions between entry
 * of the handler and its result.
 */
#pragma once

#include "lib/types.h"

/*
 * A fault on user memory inside the accessors of uaccess.h. True: repeat the
 * access; false: it cannot be resolved.
 */
bool kernel_page_fault(uint64_t cause, vaddr_t addr, vaddr_t pc);

/* Switch the trace on or off. */
void fault_set_trace(bool on);

/*
 * "per_vma_locks=off" on the command line: every fault takes mmap_lock, so that
 * the gain of the areas' locks can be measured.
 */
void fault_set_vma_locks(bool on);
