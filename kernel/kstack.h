/* SPDX-License-Identifier: MIT */
/*
 * Kernel stacks: 16 KiB each in the upper half of a 32 KiB slot of the vmap
 * area. The lower half is never mapped, so an overflow faults; and bit 14 of
 * every stack address is set, so trap entry tells an overflow by one bit.
 *
 * Freed stacks stay mapped in a pool, so a new thread normally costs no fence.
 */
#pragma once

#include "lib/types.h"

#define KSTACK_SLOT (2 * 16384UL)

/* A stack; its top (highest address, 16-aligned) or NULL: no memory. */
void *kstack_alloc(void);

/* Give back the stack with this top. The caller does not run on it. */
void kstack_free(void *top);

/* Unmap and free pooled stacks; the number of pages that came free. */
uint64_t kstack_drain(void);

/* Once, when page_alloc works. */
void kstack_init(void);
