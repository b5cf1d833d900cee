/* SPDX-License-Identifier: MIT */
/*
 * The flat model of mm_ops.h: what each page of the arena must be.
 */
#pragma once

#include "test/host/mm_env.h"

#define FLAT_PAGES   64
#define FLAT_SPACES  3
#define FLAT_FILES   2
#define FLAT_OBJECTS 160 /* files, then shared anonymous objects */
#define FLAT_BASE    0x10000000UL
#define FLAT_AT(n)   (FLAT_BASE + (n)*PG)
#define FLAT_HEAP    40 /* page where the heap begins */
#define FLAT_ANON    (-1)

/* The flags that are compared. */
#define FLAT_FLAGS                                                             \
	(VM_READ | VM_WRITE | VM_EXEC | VM_SHARED | VM_LOCKED |                \
	 VM_LOCKONFAULT | VM_DONTCOPY | VM_WIPEONFORK | VM_SEQ_READ |          \
	 VM_RAND_READ | VM_DONTDUMP | VM_NORESERVE)

struct flat_page {
	bool is_mapped;
	bool is_own;	/* has a private page */
	int object;	/* FLAT_ANON, or whose page it shows */
	unsigned pgoff; /* in the object */
	uint64_t flags;
	uint64_t value; /* first word, when is_own */
};

struct flat_space {
	struct mm_struct *mm;
	unsigned brk; /* page number */
	/* Areas may be equal and apart: fork and MREMAP_DONTUNMAP leave them.
	 */
	bool is_unmerged;
	struct flat_page page[FLAT_PAGES];
};

struct flat_object {
	struct file *file; /* NULL for shared anonymous memory */
	unsigned npages;
	uint64_t value[FLAT_PAGES];
};

extern struct flat_space flat_space[FLAT_SPACES];
extern unsigned flat_nr_spaces;
extern struct flat_object flat_object[FLAT_OBJECTS];
extern unsigned flat_nr_objects;

/* Two files and one address space. */
void flat_begin(void);

/* The first word a load of this page gives. */
uint64_t flat_value(const struct flat_page *page);

/* Does the page lie behind the end of its object? */
bool flat_is_past_end(const struct flat_page *page);

/* Compare everything with the machine; ends the test when it differs. */
void flat_check(void);

/* What an operation that finds no memory may leave behind. */
enum flat_failure {
	FAILS_WHOLE,	/* everything as before */
	FAILS_PARTLY,	/* each page as before or as after */
	FAILS_UNMAPPED, /* or unmapped: mremap has cleared its target */
};

/*
 * The operation that would make the pages of s look like `after` has failed
 * for lack of memory: check, and let the model follow.
 */
void flat_settle(struct flat_space *s, const struct flat_page *after,
		 enum flat_failure how);

/* fork and exit. */
void flat_fork(const struct flat_space *parent, struct mm_struct *child);
void flat_exit(struct flat_space *s);

/* The file got another size. */
void flat_truncate(unsigned object, unsigned npages);
