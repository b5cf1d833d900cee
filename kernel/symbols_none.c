/* SPDX-License-Identifier: MIT */
/*
 * The symbol table of the first link: empty. The second link has the one that
 * kernel/symtab.py made from the first image instead. Tables are data and lie
 * behind all code, so no function moves.
 */
#include "kernel/symbols.h"

const uint32_t symbol_count, symbol_total;
const uint8_t symbol_gaps[1];
const uint8_t symbol_pairs[1][2];
const uint8_t symbol_names[1];
