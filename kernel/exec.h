/* SPDX-License-Identifier: MIT */
/*
 * Running programs: execve(2).
 *
 * exec.c opens the program, follows #! lines and replaces the process's
 * address space; exec_load.c maps the ELF file into a new one; exec_stack.c
 * builds the first stack. Until all that has worked the caller is untouched.
 */
#pragma once

#include "lib/elf.h"
#include "lib/types.h"

#include "abi/limits.h"

struct mm_struct;
struct open_file;

#define EXEC_LINE_MAX	 256 /* bytes of a #! line that count */
#define EXEC_MAX_SCRIPTS 4
#define EXEC_MAX_PREFIX	 (2 * EXEC_MAX_SCRIPTS + 1)

/* argv or envp: of a program (user addresses) or of the kernel. */
struct exec_strings {
	vaddr_t user;
	const char *const *kernel; /* not NULL: this one */
};

/* One execve on its way. */
struct exec {
	struct exec_strings argv, envp;
	/* Strings that come in place of argv[0]: interpreters, script. */
	unsigned nr_prefix;
	const char *prefix[EXEC_MAX_PREFIX];
	char *path; /* as given, PATH_MAX bytes */
	struct open_file *file;
	struct mm_struct *mm; /* the new one */
	struct elf_image image;
	uint64_t base; /* added to the image's addresses */
	uint64_t sp;
	unsigned nr_lines;
	char line[EXEC_MAX_SCRIPTS][EXEC_LINE_MAX];
	uint8_t head[PAGE_SIZE]; /* of the file */
};

/* Map the program of exec->file, whose first page is `head`, into mm. */
int exec_load(struct exec *exec, size_t head_len);

/* Build the stack of a loaded program; sets exec->sp. */
int exec_build_stack(struct exec *exec);

/* Run a program in the first thread: returns on errors, else in user mode. */
int kernel_execve(const char *path, const char *const *argv,
		  const char *const *envp);

/* Make the page with the signal trampoline; once, at boot. */
void exec_init(void);
