/* SPDX-License-Identifier: MIT */
/*
 * What the programs of the fault tour have in common (user/fault/NAME.c, one
 * outcome each): say which fault is about to happen, check everything about it
 * that a program can see, and end with one line.
 *
 *   ~subject name=NAME addr=0xADDR   the fault that the tour shows
 *   NAME: what was seen              and exit status 0, or
 *   NAME: value is 7, expected 0     and exit status 1
 *
 * Lines that start with ~ may differ from one kernel to the next, the others
 * must not.
 */
#pragma once

#include "user/lib/probe.h"
#include "user/lib/user.h"

/* The outcome's name and the address of its fault; before anything else. */
void subject(const char *name, const volatile void *addr);

/* Each ends the program with status 1 when the two differ. */
void expect(const char *what, unsigned long seen, unsigned long wanted);
void expect_signal(const struct probe *seen, int sig, int code,
		   const volatile void *addr);
void expect_no_signal(const struct probe *seen);
void expect_minor(long seen, long wanted);

/* End the program with status 1 and a reason; for steps that set the stage. */
_Noreturn void cannot(const char *what, long error);

/* The closing line; returns 0, the status of main. */
int passed(const char *what);

/* Private anonymous memory, not touched; ends the program on failure. */
char *map_pages(unsigned long npages, int prot);

/* A new unnamed file of `len` bytes, at its start; page n is full of 'A' + n.
 */
int make_file(size_t len);
/* A mapping of its start; ends the program on failure. */
char *map_file(int fd, unsigned long npages, int prot, int flags);

/* Wait for the child and return its wait status; ends the program on error. */
int wait_for(int pid);
