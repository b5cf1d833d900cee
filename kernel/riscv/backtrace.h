/* SPDX-License-Identifier: MIT */
/*
 * Backtraces without frame pointers.
 */
#pragma once

#include "kernel/riscv/trap.h"

/* Print the callers of the function that called this. */
void backtrace_here(void);

/* Print the callers as of a trap in the kernel. */
void backtrace_frame(const struct trap_frame *frame);
