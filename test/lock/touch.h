/* SPDX-License-Identifier: MIT */
/* A program's access to its memory, from a host thread. */
#pragma once

#include "test/host/mm_env.h"

/*
 * A word at va, through the software MMU of the hart and with all the faults
 * that it takes; false when it ends in a signal.
 */
bool touch_word(struct mm_struct *mm, unsigned hart, vaddr_t va, uint64_t *word,
		enum mmu_access access);
