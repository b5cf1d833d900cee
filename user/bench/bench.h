/* SPDX-License-Identifier: MIT */
/*
 * Measuring: a group of operations is run several times in a row (rounds);
 * each round records one sample per operation, and at the end each operation
 * gives one line with the median, the least and the greatest of its samples.
 *
 * Samples are instructions, in tenths, for one operation of many: what the
 * loop around them costs is measured too and taken off.
 */
#pragma once

#include "user/lib/user.h"

#define NPAGES 4096UL /* how many pages most measurements use */

/* Instructions so far: the counter of the hart, or its clock. */
uint64_t counter(void);

/* A sample: `count` operations took `total` instructions. */
void record(const char *name, uint64_t total, uint64_t count);

/* Instructions between two readings with nothing between them. */
extern uint64_t counter_cost;

/* a - b, or 0. */
static inline uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* What happened since `start`, without the readings. */
static inline uint64_t since(uint64_t start)
{
	return less(counter() - start, counter_cost);
}

/* Give up: a call failed that must not. */
_Noreturn void die(const char *what, long error);

/* Private anonymous memory, between inaccessible pages so as not to merge. */
char *anon(unsigned long npages, int prot);
void release(char *p, unsigned long npages);

/* Write to, or read from, the first byte of each page; instructions taken. */
uint64_t touch_write(volatile char *p, unsigned long npages);
uint64_t touch_read(const volatile char *p, unsigned long npages);

/* A child that does nothing, and its end. */
struct fork_cost {
	uint64_t clone, wait;
};
struct fork_cost measure_fork(void);

/* A child that holds its address space until let go. */
struct holder {
	int pid, fd;
};
struct holder hold(void);
void let_go(struct holder holder);

/* The groups of operations, one round each. */
void bench_calls(void);
void bench_signals(void);
void bench_pipe(void);
void bench_anon(void);
void bench_cow(void);
void bench_fork(void);
void bench_areas(void);
void bench_protect(void);
void bench_file(void);
void bench_many_areas(void);

/* How costs grow with the number of areas and of pages: lines of their own. */
void bench_growth(void);
