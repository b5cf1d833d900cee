/* SPDX-License-Identifier: MIT */
/*
 * Sizes of the kernel's structs, for memory.py: each is the size of an array.
 */
#include "kernel/process.h"
#include "mm/mm_types.h"
#include "mm/page.h"

#define SIZE_OF(name, type)                                                    \
	extern const char size_of_##name[sizeof(type)];                        \
	const char size_of_##name[sizeof(type)] = {0}

SIZE_OF(page, struct page);
SIZE_OF(vma, struct vm_area_struct);
SIZE_OF(mm, struct mm_struct);
SIZE_OF(thread, struct thread);
SIZE_OF(process, struct process);
