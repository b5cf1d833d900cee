/* SPDX-License-Identifier: MIT */
/*
 * Search in the table that kernel/symtab.sh makes: 32-bit offsets from the
 * start of the image in ascending order, and as many names one behind the
 * other, each with its NUL. In the first link the table is empty.
 */
#include "kernel/symbols.h"

#include <string.h>

#include "kernel/riscv/boot.h"

static const char *nth_name(unsigned n)
{
	const char *name = symbol_names;

	while (n--)
		name += strlen(name) + 1;
	return name;
}

const char *symbol_find(vaddr_t pc, vaddr_t *start, vaddr_t *end)
{
	vaddr_t base = (vaddr_t)kernel_start;
	unsigned low = 0, high = symbol_count;

	if (pc < base || pc >= (vaddr_t)kernel_text_end || !high)
		return NULL;
	if (pc < base + symbol_offset[0])
		return NULL;
	*end = (vaddr_t)kernel_text_end;
	/* The last entry at or below pc lies in [low, high). */
	while (high - low > 1) {
		unsigned middle = low + (high - low) / 2;

		if (base + symbol_offset[middle] <= pc) {
			low = middle;
		} else {
			high = middle;
			*end = base + symbol_offset[middle];
		}
	}
	*start = base + symbol_offset[low];
	return nth_name(low);
}

void symbol_print(const char *before, vaddr_t pc, bool is_return)
{
	vaddr_t start, end;
	const char *name = symbol_find(pc - is_return, &start, &end);

	if (name)
		kprintf("%s%016lx %s+0x%lx/0x%lx\n", before, pc, name,
			pc - start, end - start);
	else
		kprintf("%s%016lx\n", before, pc);
}
