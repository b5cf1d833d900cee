/* SPDX-License-Identifier: MIT */
/* What the tests that must notice a missing safeguard have in common. */
#pragma once

#include "mm/vma.h"
#include "test/host/mm_env.h"
#include "test/lock/hook.h"

#define BASE  0x10000000UL
#define AT(n) (BASE + (n)*PG)

static struct mm_struct *the_mm;
static struct vm_area_struct *the_vma;
static void (*hook)(enum lock_point point);
static uint32_t step; /* atomic: how far two threads have come */
static struct thread *writer;

void lock_hook(enum lock_point point)
{
	if (hook)
		hook(point);
}

/* One area of four pages. */
static void make(void)
{
	hook = NULL;
	store_relaxed(&step, 0);
	the_mm = env_mm();
	env_mmap(the_mm, AT(0), 4, RW);
	the_vma = vma_lookup(the_mm, AT(0));
}

/* On another hart, to its end. */
static void elsewhere(void (*fn)(void *unused))
{
	host_thread_join(host_thread_start(fn, NULL));
}

/* Until the writer sleeps or spins, or has gone on: which of the two? */
static bool writer_waits(uint32_t done)
{
	while (!host_thread_is_parked(writer) &&
	       !host_thread_has_spun(writer) && load_acquire(&step) < done)
		machine_yield();
	return load_acquire(&step) < done;
}
