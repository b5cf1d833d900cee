/* SPDX-License-Identifier: MIT */
/*
 * Search in the table that kernel/symtab.py makes: how far each function is
 * from the one before, in halfwords, seven bits a byte; and as many names one
 * behind the other, each with its NUL; then those of system calls. A byte of a
 * name stands for a pair of such bytes or, where the second of the pair is 0,
 * for a letter. In the first link the table is empty.
 */
#include "kernel/symbols.h"

#include <string.h>

#include "kernel/riscv/boot.h"

/* Append what one byte of a name stands for; returns where the next one goes.
 */
static char *expand(char *to, const char *end, uint8_t byte)
{
	const uint8_t *pair = symbol_pairs[byte];

	if (pair[1])
		return expand(expand(to, end, pair[0]), end, pair[1]);
	if (to < end)
		*to++ = (char)pair[0];
	return to;
}

static void nth_name(unsigned n, char *name, size_t size)
{
	const uint8_t *from = symbol_names;
	char *to = name;

	while (n--)
		from += strlen((const char *)from) + 1;
	while (*from)
		to = expand(to, name + size - 1, *from++);
	*to = '\0';
}

/* The distance that *gap points at, in bytes; moves *gap behind it. */
static vaddr_t next_gap(const uint8_t **gap)
{
	vaddr_t halfwords = 0;
	unsigned shift = 0;
	uint8_t byte;

	do {
		byte = *(*gap)++;
		halfwords |= (vaddr_t)(byte & 127) << shift;
		shift += 7;
	} while (byte & 128);
	return halfwords * 2;
}

int symbol_find(vaddr_t pc, vaddr_t *start, vaddr_t *end)
{
	const uint8_t *gap = symbol_gaps;
	vaddr_t at = (vaddr_t)kernel_start;
	unsigned n = 0;

	*end = (vaddr_t)kernel_text_end;
	if (pc < at || pc >= *end)
		return -1;
	for (; n < symbol_count; n++) {
		at += next_gap(&gap);
		if (at > pc) {
			*end = at;
			break;
		}
		*start = at;
	}
	return (int)n - 1;
}

void symbol_print(const char *before, vaddr_t pc, bool is_return)
{
	vaddr_t start, end;
	int n = symbol_find(pc - is_return, &start, &end);
	char name[40];

	if (n >= 0) {
		nth_name((unsigned)n, name, sizeof(name));
		kprintf("%s%016lx %s+0x%lx/0x%lx\n", before, pc, name,
			pc - start, end - start);
	} else {
		kprintf("%s%016lx\n", before, pc);
	}
}

void symbol_missing_call(unsigned n, char *name, size_t size)
{
	*name = '\0';
	if (symbol_count + n < symbol_total)
		nth_name(symbol_count + n, name, size);
}
