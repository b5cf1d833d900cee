/* SPDX-License-Identifier: MIT */
/*
 * The names that the kernel can print: of its functions, for backtraces, and of
 * the system calls that it lacks.
 *
 * The build links twice: the functions found in the first image become the
 * table of the second (kernel/symtab.py).
 */
#pragma once

#include "lib/types.h"

/* The table: number of functions and of all names; from kernel_start to the
 * first, from it to the next; what the bytes of names stand for; names. */
extern const uint32_t symbol_count, symbol_total;
extern const uint8_t symbol_gaps[];
extern const uint8_t symbol_pairs[][2];
extern const uint8_t symbol_names[];

/*
 * The function that contains pc: its number, and where it starts and ends. -1
 * when pc is not in the kernel's text.
 */
int symbol_find(vaddr_t pc, vaddr_t *start, vaddr_t *end);

/*
 * Print "before PC name+0x12/0x34", or without a name, and a newline. A return
 * address belongs to the call before it, which may be the end of its function.
 */
void symbol_print(const char *before, vaddr_t pc, bool is_return);

/*
 * The name of the nth number that has no handler in syscall_table, at most
 * size - 1 bytes of it; empty when Linux has no such call either.
 */
void symbol_missing_call(unsigned n, char *name, size_t size);
