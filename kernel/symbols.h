/* SPDX-License-Identifier: MIT */
/*
 * The kernel's function names, for backtraces.
 *
 * The build links twice: the functions found in the first image become the
 * table of the second (kernel/symtab.sh).
 */
#pragma once

#include "lib/types.h"

/*
 * The function that contains pc: its name, and where it starts and ends. NULL
 * when pc is not in the kernel's text.
 */
const char *symbol_find(vaddr_t pc, vaddr_t *start, vaddr_t *end);

/* Print "name+0x12/0x34", or the bare number, and a newline. */
void symbol_print(const char *before, vaddr_t pc);
