/* SPDX-License-Identifier: MIT */
/*
 * Clocks and times of programs, in nanoseconds. A deadline is a value of
 * machine_clock(); TIME_NEVER (kernel/sleep.h) is none.
 */
#pragma once

#include "kernel/sleep.h"

#include "abi/time.h"

#define NSEC_PER_SEC 1000000000UL

/* Wall clock: nanoseconds since 1970. */
uint64_t clock_realtime(void);

/* From CLOCK_REALTIME to machine_clock(); 0 when it is past. */
uint64_t deadline_from_realtime(uint64_t realtime);

/* Read a timespec; more than 292 years become TIME_NEVER. 0, -EFAULT, -EINVAL.
 */
int get_timespec(vaddr_t addr, uint64_t *ns) __must_check;
int put_timespec(vaddr_t addr, uint64_t ns) __must_check;

/* Read a timespec that counts from now. */
int get_timeout(vaddr_t addr, uint64_t *deadline) __must_check;

/* A clock of clock_gettime(2) as it is now; -EINVAL: no such clock. */
int read_clock(int id, uint64_t *ns) __must_check;

/* 0, or -EINVAL: not a time. As get_timespec() for what is too long. */
int timeval_to_ns(const struct timeval *tv, uint64_t *ns) __must_check;
void timeval_from_ns(struct timeval *tv, uint64_t ns);
