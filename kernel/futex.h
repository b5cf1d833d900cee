/* SPDX-License-Identifier: MIT */
/*
 * Futexes, for the end of a thread; the rest is system calls.
 */
#pragma once

/*
 * The running thread leaves its address space: release its robust locks, and
 * clear and wake the word that CLONE_CHILD_CLEARTID named.
 */
void futex_thread_exit(void);

/* Once, at boot. */
void futex_init(void);
