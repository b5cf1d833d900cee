/* SPDX-License-Identifier: MIT */
/*
 * Single loads and stores that other threads may see, with their order spelled
 * out. They work on plain fields, so that a struct shared between a lockless
 * reader and a locked writer keeps ordinary types; ThreadSanitizer knows them.
 *
 * Read-modify-write operations use the compiler's __atomic builtins (the C11
 * memory model) through the few names below.
 */
#pragma once

#include "lib/types.h"

#define load_relaxed(p) __atomic_load_n((p), __ATOMIC_RELAXED)
#define load_acquire(p) __atomic_load_n((p), __ATOMIC_ACQUIRE)

/*
 * For RISC-V gcc 12 makes an AMOSWAP of a store, which takes no offset: an
 * addition more for most stores. An aligned volatile store is one instruction
 * and single-copy atomic; with the fence before it, it is the store release of
 * the ISA manual (Unpriv. 20191213, table A.6).
 */
#ifdef __riscv
#define store_relaxed(p, v) ((void)(*(volatile __typeof__(*(p)) *)(p) = (v)))
#define store_release(p, v)                                                    \
	(__atomic_thread_fence(__ATOMIC_RELEASE), store_relaxed((p), (v)))
#else
#define store_relaxed(p, v) __atomic_store_n((p), (v), __ATOMIC_RELAXED)
#define store_release(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
#endif

/*
 * For a word that others read as a hint: the compiler may delay it, or store
 * once for two. Saves 2 instructions where a pointer need not be made for it.
 */
#ifdef __riscv
#define store_hint(p, v) ((void)(*(p) = (v)))
#else
#define store_hint(p, v) store_relaxed((p), (v))
#endif

/*
 * Load a pointer that is only followed: what it leads to is seen at least as
 * new as it was when the pointer was released, since the address depends on
 * the load (RVWMO, preserved program order rule 9). C11 calls this consume,
 * which compilers turn into an acquire and its fence.
 * The thread sanitizer knows of no such dependency.
 */
#ifdef __SANITIZE_THREAD__
#define load_dependent(p) load_acquire(p)
#else
#define load_dependent(p) load_relaxed(p)
#endif

/* Each returns the value before the operation. */
#define fetch_add_relaxed(p, v) __atomic_fetch_add((p), (v), __ATOMIC_RELAXED)
#define fetch_add_acquire(p, v) __atomic_fetch_add((p), (v), __ATOMIC_ACQUIRE)
#define fetch_add_acq_rel(p, v) __atomic_fetch_add((p), (v), __ATOMIC_ACQ_REL)
#define fetch_sub_release(p, v) __atomic_fetch_sub((p), (v), __ATOMIC_RELEASE)
#define fetch_sub_acq_rel(p, v) __atomic_fetch_sub((p), (v), __ATOMIC_ACQ_REL)
#define fetch_or_acquire(p, v)	__atomic_fetch_or((p), (v), __ATOMIC_ACQUIRE)
#define fetch_or_relaxed(p, v)	__atomic_fetch_or((p), (v), __ATOMIC_RELAXED)
#define fetch_or_acq_rel(p, v)	__atomic_fetch_or((p), (v), __ATOMIC_ACQ_REL)
#define fetch_and_relaxed(p, v) __atomic_fetch_and((p), (v), __ATOMIC_RELAXED)
#define fetch_and_acq_rel(p, v) __atomic_fetch_and((p), (v), __ATOMIC_ACQ_REL)
#define exchange_acquire(p, v)	__atomic_exchange_n((p), (v), __ATOMIC_ACQUIRE)
#define exchange_acq_rel(p, v)	__atomic_exchange_n((p), (v), __ATOMIC_ACQ_REL)

/*
 * Compare *p with *expected and store v when equal. Returns whether it did;
 * when not, *expected holds what was found.
 */
#define cas_relaxed(p, expected, v)                                            \
	__atomic_compare_exchange_n((p), (expected), (v), false,               \
				    __ATOMIC_RELAXED, __ATOMIC_RELAXED)
#define cas_acquire(p, expected, v)                                            \
	__atomic_compare_exchange_n((p), (expected), (v), false,               \
				    __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)
/*
 * Sequentially consistent, which is stronger: for a compare-and-swap that is
 * to release, gcc 12 emits its fence according to the order of the failure,
 * and that may not be a release.
 */
#define cas_acq_rel(p, expected, v)                                            \
	__atomic_compare_exchange_n((p), (expected), (v), false,               \
				    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)
