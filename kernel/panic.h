/* SPDX-License-Identifier: MIT */
/*
 * The end: message, registers, backtrace, power off with PANIC_STATUS.
 *
 * The report goes to the console as lines of which the first is
 * "panic: MESSAGE"; it is printed even with "quiet".
 */
#pragma once

#include "kernel/riscv/trap.h"
#include "lib/machine.h"

#define PANIC_STATUS 255

/* panic() for a trap in the kernel: with the registers at the trap. */
_Noreturn void panic_frame(const struct trap_frame *frame,
			   const char *what) __cold;

/*
 * The machine, its device tree or its archive lacks what we need: says so as
 * "cannot boot: MESSAGE" and powers off with PANIC_STATUS.
 */
_Noreturn void cannot_boot(const char *fmt, ...) __printf(1, 2) __cold;

/* Stop here if another hart has panicked; from the software interrupt. */
void panic_check(void);
