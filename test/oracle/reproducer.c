/* SPDX-License-Identifier: MIT */
/*
 * Printing a failing sequence: as text for the corpus, and as a C program that
 * needs nothing of this source tree.
 */
#include <stdio.h>
#include <stdlib.h>

#include "abi/mman.h"
#include "test/host/bytes.h"
#include "test/oracle/oracle.h"

#define HEAD "test/oracle/reproducer_head.c"

struct name {
	uint64_t value;
	const char *name;
};

#define NAME(constant)                                                         \
	{                                                                      \
		constant, #constant                                            \
	}

static const struct name prot_names[] = {
    NAME(PROT_READ),	  NAME(PROT_WRITE),   NAME(PROT_EXEC), NAME(PROT_SEM),
    NAME(PROT_GROWSDOWN), NAME(PROT_GROWSUP), {0, NULL}};
static const struct name map_names[] = {
    NAME(MAP_SHARED_VALIDATE), NAME(MAP_SHARED),
    NAME(MAP_PRIVATE),	       NAME(MAP_FIXED),
    NAME(MAP_ANONYMOUS),       NAME(MAP_GROWSDOWN),
    NAME(MAP_LOCKED),	       NAME(MAP_NORESERVE),
    NAME(MAP_POPULATE),	       NAME(MAP_NONBLOCK),
    NAME(MAP_STACK),	       NAME(MAP_SYNC),
    NAME(MAP_FIXED_NOREPLACE), {0, NULL}};
static const struct name mremap_names[] = {NAME(MREMAP_MAYMOVE),
					   NAME(MREMAP_FIXED),
					   NAME(MREMAP_DONTUNMAP),
					   {0, NULL}};
static const struct name sync_names[] = {
    NAME(MS_ASYNC), NAME(MS_INVALIDATE), NAME(MS_SYNC), {0, NULL}};
static const struct name lock_names[] = {
    NAME(MCL_CURRENT), NAME(MCL_FUTURE), NAME(MCL_ONFAULT), {0, NULL}};
static const struct name advice_names[] = {NAME(MADV_NORMAL),
					   NAME(MADV_RANDOM),
					   NAME(MADV_SEQUENTIAL),
					   NAME(MADV_WILLNEED),
					   NAME(MADV_DONTNEED),
					   NAME(MADV_FREE),
					   NAME(MADV_REMOVE),
					   NAME(MADV_DONTFORK),
					   NAME(MADV_DOFORK),
					   NAME(MADV_NOHUGEPAGE),
					   NAME(MADV_DONTDUMP),
					   NAME(MADV_DODUMP),
					   NAME(MADV_WIPEONFORK),
					   NAME(MADV_KEEPONFORK),
					   NAME(MADV_HUGEPAGE),
					   NAME(MADV_COLD),
					   NAME(MADV_PAGEOUT),
					   NAME(MADV_POPULATE_READ),
					   NAME(MADV_POPULATE_WRITE),
					   NAME(MADV_DONTNEED_LOCKED),
					   {0, NULL}};

/* Names for an argument of an operation; the first that match. */
static const struct {
	enum op op;
	unsigned arg;
	bool is_set; /* of bits, not one value */
	const struct name *names;
} arg_names[] = {
    {OP_MMAP, 2, true, prot_names},	  {OP_MMAP, 3, true, map_names},
    {OP_MPROTECT, 2, true, prot_names},	  {OP_MREMAP, 3, true, mremap_names},
    {OP_MADVISE, 2, false, advice_names}, {OP_MSYNC, 2, true, sync_names},
    {OP_MLOCKALL, 0, true, lock_names},
};

static void print_value(FILE *out, const struct name *names, bool is_set,
			uint64_t value)
{
	const char *between = "";

	for (; names && names->name; names++) {
		if (is_set ? (value & names->value) != names->value
			   : value != names->value)
			continue;
		fprintf(out, "%s%s", between, names->name);
		between = " | ";
		value &= ~names->value;
		if (!is_set)
			return;
	}
	if (value || !*between)
		fprintf(out, "%s%#llx", between, (unsigned long long)value);
}

static void print_arg(FILE *out, const struct step *step, unsigned i)
{
	const char kind = op_info[step->op].args[i];
	uint64_t value = step->arg[i];

	if (kind == 'a' && value >= HEAP_START && value < WINDOW_START) {
		fprintf(out, "heap + %#llx",
			(unsigned long long)(value - HEAP_START));
		return;
	}
	if (kind == 'f' && step->op <= OP_MINCORE) {
		fprintf(out, value < NR_FILES ? "fd[%llu]" : "-1",
			(unsigned long long)value);
		return;
	}
	for (size_t k = 0; k < sizeof(arg_names) / sizeof(arg_names[0]); k++) {
		if (arg_names[k].op == step->op && arg_names[k].arg == i) {
			print_value(out, arg_names[k].names,
				    arg_names[k].is_set, value);
			return;
		}
	}
	fprintf(out, "%#llx", (unsigned long long)value);
	if (kind == 'a')
		fprintf(out, "UL");
}

/* How each operation is written; %: no arguments. */
static const char *const form[NR_OPS] = {
    [OP_LOOK] = "done(\"look\", 0, 0",
    [OP_LOAD] = "load(",
    [OP_STORE] = "store(",
    [OP_FETCH] = "fetch(",
    [OP_KERNEL_LOAD] = "kernel_load(",
    [OP_KERNEL_STORE] = "kernel_store(",
    [OP_FORK] = "fork_process(",
    [OP_LIMIT] = "limit(",
    [OP_EXIT] = "leave(",
    [OP_MINCORE] = "core(",
    [OP_PWRITE] = "file_store(",
    [OP_PREAD] = "file_load(",
    [OP_FTRUNCATE] = "CALL(ftruncate, fd[",
    [OP_PUNCH_HOLE] = "CALL(fallocate, fd[",
};

static void print_call(FILE *out, const struct step *step)
{
	unsigned nr = op_nr_args(step->op);
	unsigned i = 0;

	if (form[step->op])
		fprintf(out, "%s", form[step->op]);
	else
		fprintf(out, "CALL(%s, ", op_info[step->op].name);
	if (step->op == OP_FTRUNCATE || step->op == OP_PUNCH_HOLE) {
		fprintf(out, "%llu], ", (unsigned long long)step->arg[i++]);
		if (step->op == OP_PUNCH_HOLE)
			fprintf(out,
				"FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, ");
	}
	for (bool first = true; i < nr; i++, first = false) {
		if (!first)
			fprintf(out, ", ");
		print_arg(out, step, i);
	}
	/* Some calls have no argument; syscall() does not mind one. */
	fprintf(out, nr || form[step->op] ? ");\n" : "0);\n");
}

static void print_comment(FILE *out, const char *text)
{
	fprintf(out, "\t/*\n\t * ");
	for (; *text; text++) {
		if (*text == '\n' && text[1])
			fprintf(out, "\n\t * ");
		else if (*text != '\n')
			fputc(*text, out);
	}
	fprintf(out, "\n\t */\n");
}

static void print_main(FILE *out, const struct sequence *seq, const char *why)
{
	bool alive[NR_ACTORS] = {true};
	unsigned nr = 0;

	fprintf(out, "int main(void)\n{\n\tbegin();\n");
	for (uint32_t i = 0; i < seq->nr; i++) {
		const struct step *step = &seq->step[i];

		if (!alive[step->actor] ||
		    (step->op == OP_FORK && alive[step->arg[0] % NR_ACTORS]))
			continue;
		if (step->op == OP_FORK)
			alive[step->arg[0] % NR_ACTORS] = true;
		if (step->op == OP_EXIT)
			alive[step->actor] = false;
		fprintf(out, "\tif (my_turn(%u, %u))\n\t\t", nr++, step->actor);
		print_call(out, step);
	}
	print_comment(out, why);
	fprintf(out, "\treturn finish(%u);\n}\n", nr);
}

bool reproducer_write(const char *path, const struct sequence *seq,
		      const char *why)
{
	FILE *out = fopen(path, "w");
	size_t len;
	uint8_t *head = bytes_read(HEAD, &len);

	if (out) {
		fwrite(head, 1, len, out);
		fputc('\n', out);
		print_main(out, seq, why);
		fclose(out);
	}
	free(head);
	return out;
}
