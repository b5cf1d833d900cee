/* SPDX-License-Identifier: MIT */
/*
 * Timers of programs: what the rest of the kernel has to do with them.
 */
#pragma once

#include "kernel/process.h"

/*
 * The process ends, or begins another program: then interval timers stay. The
 * caller is its last thread.
 */
void posix_timers_delete(struct process *p, bool is_exec);

/* A timer's signal leaves the queue. sighand->lock of the caller is held. */
void posix_timer_taken(const struct siginfo *info);
