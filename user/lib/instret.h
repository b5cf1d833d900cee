/* SPDX-License-Identifier: MIT */
/*
 * Counting instructions. A kernel may refuse the counter to programs: then
 * read_instret() ends in SIGILL.
 */
#pragma once

#include <stdint.h>

uint64_t read_instret(void);

/* 2 * n instructions and the return; n > 0. */
void empty_loop(uint64_t n);

/* The same around the system call `number`, whose arguments are unknown. */
void ecall_loop(uint64_t n, long number);
