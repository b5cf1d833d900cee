/* SPDX-License-Identifier: MIT */
/*
 * The parts of the program that runs sequences on Linux: it has no threads and
 * allocates nothing after its start, so that only the steps change what the
 * windows hold.
 */
#pragma once

#include <sys/types.h>

#include "test/oracle/shared.h"

extern struct shared *shared;
extern uint64_t heap_base; /* where HEAP_START really is */
extern bool was_forked;	   /* this process by a step of the sequence */

/* Addresses of steps to real ones, and back. */
uint64_t to_real(uint64_t va);
uint64_t from_real(uint64_t va);

/* Once; for each sequence; for each new process. */
void step_init(void);
void step_open_files(void);
void look_reopen(void);

/*
 * Run a step in this process, all but OP_FORK and OP_EXIT, and note its result.
 */
void step_run(const struct step *step, struct observation *seen);

/* A system call's result, or -errno. */
int64_t call(long number, const uint64_t *arg);

/* Set a limit as OP_LIMIT says; false: this process must not. */
bool limit_set(const uint64_t *arg);

/* May there be a limit of address space or data? */
bool limit_is_set(void);

/* Take away the limit of address space, if there is one, and put it back. */
uint64_t limit_lift_space(void);
void limit_restore_space(uint64_t bytes);

/* mremap(2) as Linux 6.12 has it, with real addresses. */
int64_t remap(const uint64_t *arg, bool *was_skipped);

/* Note the areas and pages; `usage`: with what smaps says. */
void look(struct observation *seen, bool usage);

/* The area that has va or is the first above; real addresses, not cut. */
bool look_area(uint64_t va, struct area *area);

/* Is that area of the same kind as `area` and could join it at va? */
bool look_is_alike(const struct area *area, uint64_t va);

/* Is there an entry in the page table for it? */
bool look_is_present(uint64_t va);

/* Is it in a locked area? */
bool look_is_locked(uint64_t va);

/* An area of the whole address space; false: no more of them in the text. */
bool maps_next(const char **at, struct area *area);

/* Text of a file of /proc in a static buffer. */
const char *read_text(int fd);

/* Say why the test cannot run here, and end. */
_Noreturn void refuse(const char *why);
