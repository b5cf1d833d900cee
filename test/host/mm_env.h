/* SPDX-License-Identifier: MIT */
/*
 * What a test of mm/ stands on: memory, address spaces, files, harts.
 *
 * A test is a body that env_run() runs several times: on a machine that sets
 * the A and D bits, on an unkind one that does not and remembers everything it
 * may (see mmu_model.h), and then on that one with the n-th allocation
 * failing, for n = 1, 2, ... until a run needs fewer than n. When an operation
 * fails with -ENOMEM because of that, TRY() leaves the body: so bodies read as
 * if memory were endless. What a test makes belongs to the environment, which
 * gives it back however the body ended and checks that as many pages are free
 * as before.
 *
 * After each step (TRY, and each access to user memory) mm_verify() runs for
 * every address space, and no hart may remember a translation that the tables
 * do not give any more.
 *
 * A failed check leaves the test for good (tap.h); what it had is abandoned.
 */
#pragma once

#include "abi/errno.h"
#include "abi/mman.h"
#include "abi/signal.h"
#include "mm/fault.h"
#include "mm/mm.h"
#include "test/host/host.h"
#include "test/host/mmu_model.h"
#include "test/host/tap.h"

#define PG	  PAGE_SIZE
#define RW	  (PROT_READ | PROT_WRITE)
#define RWX	  (RW | PROT_EXEC)
#define ANON	  (MAP_PRIVATE | MAP_ANONYMOUS)
#define ENV_HARTS 4

/* An in-memory file. */
struct env_file {
	struct file file;
	struct env_inode *inode;
};

struct env_inode {
	struct address_space mapping;
	char name[16];
	bool forbid_mkwrite; /* page_mkwrite fails with -ENOSPC */
	unsigned nr_mkwrite;
	struct env_inode *next;
};

/* What came of an access: signal 0 when it was done. */
struct outcome {
	int signal, code;
	vaddr_t stval; /* where it failed last */
	bool oom;
	unsigned nr_faults;   /* page faults it took */
	enum fault_kind kind; /* of the last real one; FAULT_NONE: none */
	vm_fault_t fault;
	struct fault_report report;
};

struct env_stats {
	unsigned kind[NR_FAULT_KINDS]; /* faults by kind */
	unsigned nr_fences;	       /* calls of machine_tlb_fence */
	uint64_t fence_harts;	       /* of the last one */
	vaddr_t fence_start, fence_end;
};
extern struct env_stats env_stats; /* set to zero by env_stats_clear */

/*
 * MM_TEST(name) { body } defines a test; ENTRY(name) is its line in the table
 * of TAP_MAIN. MM_TEST_ONCE does without failing allocations.
 */
#define MM_TEST(name)                                                          \
	static void name(void);                                                \
	static void name##_entry(void)                                         \
	{                                                                      \
		env_run(name, true);                                           \
	}                                                                      \
	static void name(void)
#define MM_TEST_ONCE(name)                                                     \
	static void name(void);                                                \
	static void name##_entry(void)                                         \
	{                                                                      \
		env_run(name, false);                                          \
	}                                                                      \
	static void name(void)
#define ENTRY(name)                                                            \
	{                                                                      \
#name, name##_entry                                            \
	}

void env_run(void (*body)(void), bool inject);

/* For programs that drive the environment themselves: once, then per run. */
void env_boot(void);
void env_begin(bool kind_machine);
void env_end(void);

/* No TRY() and no access leaves the body: the test deals with -ENOMEM. */
extern bool env_keeps_going;

/* Is this run one with a failing allocation, and has it failed already? */
bool env_injected(void);

/*
 * The value of an operation's result, after the checks of a step. Leaves the
 * body when it is -ENOMEM or -EAGAIN because of an injected failure.
 */
#define TRY(call) env_try(__FILE__, __LINE__, (long)(call))
#define TRY_OK(call)                                                           \
	do {                                                                   \
		long ok_ = TRY(call);                                          \
		if (ok_)                                                       \
			tap_fail(__FILE__, __LINE__, "%s is %ld", #call, ok_); \
	} while (0)
long env_try(const char *file, int line, long result);
void env_step(const char *file, int line);

/* CHECK_EQ for counts that an injected failure may change. */
#define CHECK_EXACT(a, b)                                                      \
	do {                                                                   \
		if (!env_injected())                                           \
			CHECK_EQ(a, b);                                        \
	} while (0)

/* An address space that runs on hart 0. */
struct mm_struct *env_mm(void);

/* Fork it; the child runs on no hart yet. */
struct mm_struct *env_fork(struct mm_struct *mm);
struct mm_struct *env_try_fork(struct mm_struct *mm); /* NULL on failure */

/* The process ends. */
void env_exit(struct mm_struct *mm);

/*
 * Switch a hart to an address space (NULL: none). Accesses and mm_fault() then
 * run on that hart, as does what the test calls, until the next switch.
 */
void env_switch(unsigned hart, struct mm_struct *mm);

/* Go on as hart, which has an address space already. */
void env_hart(unsigned hart);

/* mmap of anonymous memory anywhere or at `at`; fails the test on errors. */
vaddr_t env_mmap(struct mm_struct *mm, vaddr_t at, uint64_t npages,
		 unsigned prot);

/*
 * A file of `size` bytes, readable and writable, whose 64-bit word at offset
 * off is FILE_WORD(off). Pages listed in `holes` (bit n: page n) are missing.
 * The environment holds a reference to the file.
 */
#define FILE_WORD(off) (0xf11e000000000000ULL | (off))
struct file *env_file(uint64_t size, uint64_t holes);

/* The same file opened anew with these FMODE_*. */
struct file *env_open(struct file *file, uint32_t mode);
struct env_inode *env_inode(struct file *file);

/* Word at byte offset off in the page cache; false: no such page. */
bool env_file_word(struct file *file, uint64_t off, uint64_t *word);

/* Access the memory of the hart's address space as a program would. */
struct outcome env_access(vaddr_t va, void *buf, size_t len,
			  enum mmu_access access);

/* As the kernel would, in a copy from or to user memory. */
struct outcome env_uaccess(vaddr_t va, void *buf, size_t len, bool write);

/* 64-bit loads and stores that must succeed. */
#define LOAD(va)	 env_load(__FILE__, __LINE__, (va))
#define STORE(va, value) env_store(__FILE__, __LINE__, (va), (value))
uint64_t env_load(const char *file, int line, vaddr_t va);
void env_store(const char *file, int line, vaddr_t va, uint64_t value);

/* The access must end in this signal; 0, 0: must succeed. */
#define CHECK_ACCESS(va, access, signal, code)                                 \
	env_check_access(__FILE__, __LINE__, (va), (access), (signal), (code), \
			 NR_FAULT_KINDS)
/* And the last fault must be of this kind. */
#define CHECK_FAULT(va, access, signal, code, kind)                            \
	env_check_access(__FILE__, __LINE__, (va), (access), (signal), (code), \
			 (kind))
struct outcome env_check_access(const char *file, int line, vaddr_t va,
				enum mmu_access access, int signal, int code,
				enum fault_kind kind);

void env_stats_clear(void);

/* Called at the start of each fence, before it has any effect; or NULL. */
extern void (*env_before_fence)(void);

/*
 * Areas as text, "start-end rwxsp pgoff" with page numbers relative to `base`,
 * separated by "; ", only those that begin in [base, end):
 * "0-2 rw-p 0; 3-4 r--s 5".
 */
const char *env_areas(struct mm_struct *mm, vaddr_t base, vaddr_t end);
#define CHECK_AREAS(mm, base, end, text)                                       \
	env_check_areas(__FILE__, __LINE__, (mm), (base), (end), (text))
/* Without memory neighbours may stay unmerged: not checked then. */
void env_check_areas(const char *file, int line, struct mm_struct *mm,
		     vaddr_t base, vaddr_t end, const char *text);

/* A zeroed page of the kernel's; the environment frees it. */
struct page *env_page(void);

/* Number of resident pages in [start, end), by the page tables. */
unsigned env_resident(struct mm_struct *mm, vaddr_t start, vaddr_t end);
