/* SPDX-License-Identifier: MIT */
/*
 * Where mutate.py lets a test in: on lock_vma_under_rcu(), at points at which
 * it holds nothing yet, or something that it may have to give back; and between
 * the steps of others that mean something to another hart.
 */
#pragma once

enum lock_point {
	HOOK_FOUND,	 /* the area was found, without any lock */
	HOOK_LOOKED,	 /* it did not look write-locked */
	HOOK_TAKEN,	 /* the reference was taken */
	HOOK_COPIED,	 /* the copy is there, and not mapped yet */
	HOOK_RESERVED,	 /* a fault is about to lock the entry and look again */
	HOOK_TABLE_MADE, /* the same for an entry that leads to a table */
	HOOK_TABLE_SEEN, /* it is none still; the table comes next */
	HOOK_MOVING,	 /* mremap holds the reverse maps, nothing has moved */
	HOOK_FORKED,	 /* fork has copied the pages of an area */
	HOOK_HARTS_SEEN, /* a fence knows who runs the mm, and none is marked */
	HOOK_MARKED,	 /* the others are; it will look again */
	HOOK_PAGE_FOUND, /* a fault has a page of the file, not locked yet */
	HOOK_UNMAPPED,	 /* truncation has emptied the entries once */
	HOOK_FAMILY_MADE, /* an area is to get its first anon_vma */
	HOOK_COUNTED,	  /* pages that go were counted for the peak */
	HOOK_RELEASED,	  /* a fault did not end well, and may hold nothing */
};

/* Perhaps in an RCU section of the calling thread: must not sleep for RCU. */
void lock_hook(enum lock_point point);
