/* SPDX-License-Identifier: MIT */
/*
 * Address-space switch and address-space identifiers (ASIDs).
 */
#pragma once

#include "lib/types.h"

struct mm_struct;

/*
 * Make mm the address space of this hart; NULL: the kernel's alone. An mm is
 * freed only after every hart that ran it has activated another one.
 */
void mm_activate(struct mm_struct *mm);

/*
 * Nobody runs mm or can begin to, and this hart is about to: no other hart has
 * translations of it that will be used. Takes them out of ctx.hart_mask.
 */
void mm_leave_harts(struct mm_struct *mm);

/* Find out how many ASIDs the harts have; once, at boot. */
void asid_init(void);
