/* SPDX-License-Identifier: MIT */
/*
 * Out of memory: one program dies so that the others live.
 */
#pragma once

/*
 * A fault of the running thread found no memory. Kills the process that uses
 * most, if none is dying already, and gives it time. The caller repeats the
 * fault, unless a fatal signal is pending now.
 */
void oom_kill(void);

struct process;

/* How likely it is to be chosen, as /proc/PID/oom_score shows it. */
int oom_score(const struct process *p);
