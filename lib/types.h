/* SPDX-License-Identifier: MIT */
/*
 * Words every file uses: fixed-width integers, the scalar types of addresses,
 * page arithmetic, container_of and BUG_ON.
 *
 * Leaves out: anything with state. This header includes only the compiler's
 * own freestanding headers.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint64_t paddr_t; /* physical address, bytes */
typedef uint64_t vaddr_t; /* virtual address, bytes */
typedef uint64_t pfn_t;	  /* page frame number: paddr_t >> PAGE_SHIFT */
typedef uint64_t pgoff_t; /* offset into a file or area, in pages */

#define PAGE_SHIFT 12
#define PAGE_SIZE  (1UL << PAGE_SHIFT)
#define PAGE_MASK  (~(PAGE_SIZE - 1))

#define PAGE_ALIGN(x)	   (((x) + PAGE_SIZE - 1) & PAGE_MASK)
#define PAGE_ALIGN_DOWN(x) ((x)&PAGE_MASK)

#define ALIGN_UP(x, a)	 (((x) + ((a)-1)) & ~((typeof(x))(a)-1))
#define ALIGN_DOWN(x, a) ((x) & ~((typeof(x))(a)-1))
#define IS_ALIGNED(x, a) (((x) & ((typeof(x))(a)-1)) == 0)

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define min(a, b)                                                              \
	({                                                                     \
		typeof(a) min_a_ = (a);                                        \
		typeof(b) min_b_ = (b);                                        \
		min_a_ < min_b_ ? min_a_ : min_b_;                             \
	})
#define max(a, b)                                                              \
	({                                                                     \
		typeof(a) max_a_ = (a);                                        \
		typeof(b) max_b_ = (b);                                        \
		max_a_ > max_b_ ? max_a_ : max_b_;                             \
	})

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define container_of(ptr, type, member)                                        \
	((type *)((char *)(ptr)-offsetof(type, member)))

#define __must_check   __attribute__((warn_unused_result))
#define __cold	       __attribute__((cold, noinline))
#define __printf(f, a) __attribute__((format(printf, f, a)))

/* Token for token what picolibc's headers say, so that both may say it. */
#define __unused     __attribute__((__unused__))
#define __packed     __attribute__((__packed__))
#define __aligned(x) __attribute__((__aligned__(x)))
#ifndef __noinline
#define __noinline __attribute__((noinline))
#endif

/* For loops that are compiled once for each set of constant arguments. */
#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

/*
 * For a hot function that is called from one place, in another file: inlined
 * there. What the kernel's linking does not see by itself: the hot files are
 * linked without the cold ones (kernel/meson.build), which might call it.
 */
#define __called_once __always_inline

/* Number of bytes that one cache line holds on every machine we know. */
#define CACHE_LINE 64

/*
 * BUG_ON(condition): a broken invariant of our own code. Always compiled in.
 * Nothing that a program, an archive or a device tree sends may reach it.
 * bug() is one of the functions of the seam (lib/machine.h).
 */
_Noreturn void bug(const char *file, int line, const char *what) __cold;

#define BUG_ON(cond)                                                           \
	do {                                                                   \
		if (unlikely(cond))                                            \
			bug(__FILE__, __LINE__, #cond);                        \
	} while (0)
#define BUG() bug(__FILE__, __LINE__, "unreachable")
