/* SPDX-License-Identifier: MIT */
/*
 * Time: clocks, intervals and timers of Linux/riscv64. All times are 64 bits.
 */
#pragma once

#include <stdint.h>

struct timespec {
	int64_t tv_sec;
	int64_t tv_nsec; /* 0 to 999,999,999 */
};

struct timeval {
	int64_t tv_sec;
	int64_t tv_usec; /* 0 to 999,999 */
};

struct itimerval {
	struct timeval it_interval; /* zero: once */
	struct timeval it_value;    /* zero: disarmed */
};

/* times(2), in units of 1/USER_HZ second. */
struct tms {
	int64_t tms_utime;
	int64_t tms_stime;
	int64_t tms_cutime;
	int64_t tms_cstime;
};

#define USER_HZ 100

#define CLOCK_REALTIME		 0
#define CLOCK_MONOTONIC		 1
#define CLOCK_PROCESS_CPUTIME_ID 2
#define CLOCK_THREAD_CPUTIME_ID	 3
#define CLOCK_MONOTONIC_RAW	 4
#define CLOCK_REALTIME_COARSE	 5
#define CLOCK_MONOTONIC_COARSE	 6
#define CLOCK_BOOTTIME		 7

/* Clocks below 0 count CPU time: ~pid << 3 of a process, or with this bit. */
#define CPU_CLOCK_THREAD 4

#define TIMER_ABSTIME 1 /* clock_nanosleep, timer_settime */

#define ITIMER_REAL    0 /* SIGALRM */
#define ITIMER_VIRTUAL 1 /* SIGVTALRM */
#define ITIMER_PROF    2 /* SIGPROF */

_Static_assert(sizeof(struct timespec) == 16, "timespec");
_Static_assert(sizeof(struct itimerval) == 32, "itimerval");
