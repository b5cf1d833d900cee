/* SPDX-License-Identifier: MIT */
/*
 * Address-space switch and address-space identifiers (ASIDs).
 */
#pragma once

#include "lib/types.h"

struct mm_struct;

/*
 * Make mm the address space of this hart in the place of prev; NULL: the
 * kernel's alone. An mm is freed only after every hart that ran it has
 * activated another one.
 */
void mm_activate(struct mm_struct *mm, struct mm_struct *prev);

/* Find out how many ASIDs the harts have; once, at boot. */
void asid_init(void);
