/* SPDX-License-Identifier: MIT */
/*
 * System calls: one table from number to handler, indexed by trap.S.
 *
 * Every call that exists has one line in kernel/syscalls.def, which gives both
 * its prototype (here) and its place in the table (riscv/syscalls.S). Handlers
 * get the raw registers as uint64_t, since nothing promises that a program
 * extends an int as C would, and return the result or -Exxx. A call that needs
 * s0-s11 in the frame, or changes the frame, is listed as SYSCALL_FULL and is
 * entered through the stub full_sys_NAME of trap.S.
 */
#pragma once

#include "kernel/riscv/trap.h"

#define SYSCALL_ARGS_0 void
#define SYSCALL_ARGS_1 uint64_t
#define SYSCALL_ARGS_2 SYSCALL_ARGS_1, uint64_t
#define SYSCALL_ARGS_3 SYSCALL_ARGS_2, uint64_t
#define SYSCALL_ARGS_4 SYSCALL_ARGS_3, uint64_t
#define SYSCALL_ARGS_5 SYSCALL_ARGS_4, uint64_t
#define SYSCALL_ARGS_6 SYSCALL_ARGS_5, uint64_t

#define SYSCALL(name, nr_args)	    long sys_##name(SYSCALL_ARGS_##nr_args);
#define SYSCALL_FULL(name, nr_args) long sys_##name(SYSCALL_ARGS_##nr_args);
#include "kernel/syscalls.def"
#undef SYSCALL
#undef SYSCALL_FULL

/* Stands for all that is missing: -ENOSYS, the first time with a line in the
 * log. */
long sys_none(void);
