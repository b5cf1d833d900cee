/* SPDX-License-Identifier: MIT */
/*
 * Search in the table that kernel/symtab.sh makes: how far each function is
 * from the one before, which fits 16 bits, and as many names one behind the
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
	vaddr_t at = (vaddr_t)kernel_start;
	unsigned n = 0;

	*end = (vaddr_t)kernel_text_end;
	if (pc < at || pc >= *end)
		return NULL;
	for (; n < symbol_count; n++) {
		at += symbol_gap[n];
		if (at > pc) {
			*end = at;
			break;
		}
		*start = at;
	}
	return n ? nth_name(n - 1) : NULL;
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
