/* SPDX-License-Identifier: MIT */
/*
 * The auxiliary vector: pairs (type, value) that execve(2) leaves above the
 * environment on the new stack, ended by AT_NULL.
 *
 * At the first instruction of a program sp is 16-aligned and points at argc;
 * then come argv with its NULL, envp with its NULL, and the vector.
 */
#pragma once

#include <stdint.h>

struct auxv {
	uint64_t a_type;
	uint64_t a_val;
};

#define AT_NULL		0
#define AT_IGNORE	1
#define AT_EXECFD	2
#define AT_PHDR		3 /* program headers in the program's memory */
#define AT_PHENT	4
#define AT_PHNUM	5
#define AT_PAGESZ	6
#define AT_BASE		7 /* where the interpreter was loaded, or 0 */
#define AT_FLAGS	8
#define AT_ENTRY	9
#define AT_UID		11
#define AT_EUID		12
#define AT_GID		13
#define AT_EGID		14
#define AT_PLATFORM	15
#define AT_HWCAP	16 /* bit n: single-letter extension 'a' + n */
#define AT_CLKTCK	17
#define AT_SECURE	23
#define AT_RANDOM	25 /* address of 16 random bytes */
#define AT_HWCAP2	26
#define AT_EXECFN	31 /* address of the path given to execve */
#define AT_MINSIGSTKSZ	51 /* bytes that the frame of a signal takes */
#define AT_SYSINFO_EHDR 33 /* address of the vDSO's ELF header */
#define AT_MINSIGSTKSZ	51
