/* SPDX-License-Identifier: MIT */
/*
 * The table of operations, and steps as text.
 */
#include "test/oracle/steps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct op_info op_info[NR_OPS] = {
    [OP_LOOK] = {"look", ""},
    [OP_LOAD] = {"load", "a"},
    [OP_STORE] = {"store", "an"},
    [OP_FETCH] = {"fetch", "a"},
    [OP_KERNEL_LOAD] = {"kernel_load", "a"},
    [OP_KERNEL_STORE] = {"kernel_store", "an"},
    [OP_FORK] = {"fork", "n"},
    [OP_EXIT] = {"exit", ""},
    [OP_MMAP] = {"mmap", "alnnfn"},
    [OP_MUNMAP] = {"munmap", "al"},
    [OP_MPROTECT] = {"mprotect", "aln"},
    [OP_MREMAP] = {"mremap", "allna"},
    [OP_MADVISE] = {"madvise", "aln"},
    [OP_MLOCK2] = {"mlock2", "aln"},
    [OP_MUNLOCK] = {"munlock", "al"},
    [OP_MLOCKALL] = {"mlockall", "n"},
    [OP_MUNLOCKALL] = {"munlockall", ""},
    [OP_LIMIT] = {"limit", "nn"},
    [OP_BRK] = {"brk", "a"},
    [OP_MSYNC] = {"msync", "aln"},
    [OP_MINCORE] = {"mincore", "al"},
    [OP_FTRUNCATE] = {"ftruncate", "fl"},
    [OP_PWRITE] = {"pwrite", "fnn"},
    [OP_PREAD] = {"pread", "fn"},
    [OP_PUNCH_HOLE] = {"punch_hole", "fll"},
};

void step_print(char *buf, size_t len, const struct step *step)
{
	const char *kinds = op_info[step->op].args;
	int at =
	    snprintf(buf, len, "%u %s", step->actor, op_info[step->op].name);

	for (unsigned i = 0; kinds[i] && (size_t)at < len; i++) {
		const char *form = kinds[i] == 'f' ? " %lld" : " %#llx";

		at += snprintf(buf + at, len - (size_t)at, form,
			       (unsigned long long)step->arg[i]);
	}
}

bool step_parse(const char *line, struct step *step)
{
	char name[16], *end;
	int used = 0;

	memset(step, 0, sizeof(*step));
	if (sscanf(line, "%u %15s%n", &step->actor, name, &used) != 2 ||
	    step->actor >= NR_ACTORS)
		return false;
	for (step->op = 0; step->op < NR_OPS; step->op++)
		if (!strcmp(name, op_info[step->op].name))
			break;
	if (step->op == NR_OPS)
		return false;
	line += used;
	for (unsigned i = 0; i < op_nr_args(step->op); i++) {
		step->arg[i] = strtoull(line, &end, 0);
		if (end == line)
			return false;
		line = end;
	}
	return true;
}
