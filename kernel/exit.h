/* SPDX-License-Identifier: MIT */
/*
 * The end of threads and processes.
 */
#pragma once

#include "kernel/process.h"

/* End the running thread; status as wait4 stores it. */
_Noreturn void thread_exit(int status);

/* End all threads of the running process. */
_Noreturn void group_exit(int status);

/* The running thread leaves its address space: exec, exit. */
void thread_release_mm(void);
