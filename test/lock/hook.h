/* SPDX-License-Identifier: MIT */
/*
 * Where mutate.py lets a test in: on lock_vma_under_rcu(), at points at which
 * it holds nothing yet, or something that it may have to give back; and on the
 * fault that copies a file's page.
 */
#pragma once

enum lock_point {
	HOOK_FOUND,  /* the area was found, without any lock */
	HOOK_LOOKED, /* it did not look write-locked */
	HOOK_TAKEN,  /* the reference was taken */
	HOOK_COPIED, /* the copy is there, and not mapped yet */
};

/* Perhaps in an RCU section of the calling thread: must not sleep for RCU. */
void lock_hook(enum lock_point point);
