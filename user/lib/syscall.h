/* SPDX-License-Identifier: MIT */
/*
 * One system call: number in a7, arguments in a0 to a5, result in a0.
 *
 * sys(n, ...) takes up to six arguments of any scalar type and fills the rest
 * with zeros. The result is the raw one: -4095 to -1 is a negated errno.
 */
#pragma once

#include "abi/syscall.h"

static inline long sys6(long n, long arg0, long arg1, long arg2, long arg3,
			long arg4, long arg5)
{
	register long a0 __asm__("a0") = arg0;
	register long a1 __asm__("a1") = arg1;
	register long a2 __asm__("a2") = arg2;
	register long a3 __asm__("a3") = arg3;
	register long a4 __asm__("a4") = arg4;
	register long a5 __asm__("a5") = arg5;
	register long a7 __asm__("a7") = n;

	__asm__ volatile("ecall"
			 : "+r"(a0)
			 : "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5), "r"(a7)
			 : "memory");
	return a0;
}

#define SYS_CAST(n, a, b, c, d, e, f, ...)                                     \
	sys6(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e),         \
	     (long)(f))
#define sys(...) SYS_CAST(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)
