/* SPDX-License-Identifier: MIT */
/*
 * Access to user memory: the only way the kernel reads or writes it.
 *
 * Addresses come raw from programs. A range outside user space, or one whose
 * fault cannot be resolved, gives -EFAULT; a fault that can be resolved is,
 * so every function may sleep and no spinlock and no mmap_lock may be held.
 * Permission for S-mode to touch user pages (sstatus.SUM) is on only inside.
 */
#pragma once

#include "lib/machine.h"

/* Instructions that may fault, and where to go on then. */
struct ex_entry {
	int32_t start, end, fixup; /* relative to the field itself */
};

/* Where to go on after a fault at pc that could not be resolved; 0: nowhere. */
vaddr_t ex_find(vaddr_t pc);

/* Is [addr, addr + len) inside user space? */
bool access_ok(vaddr_t addr, size_t len);

/* Copy; the number of bytes not copied (0: all). */
size_t raw_copy_from_user(void *to, vaddr_t from, size_t len);
size_t raw_copy_to_user(vaddr_t to, const void *from, size_t len);
size_t raw_clear_user(vaddr_t to, size_t len);

/* Copy all; 0 or -EFAULT. The rest of `to` is not defined after an error. */
int copy_from_user(void *to, vaddr_t from, size_t len) __must_check;
int copy_to_user(vaddr_t to, const void *from, size_t len) __must_check;
int clear_user(vaddr_t to, size_t len) __must_check;

/*
 * Copy a string with its NUL. Its length without the NUL, or len when there is
 * none in the first len bytes (then `to` has no NUL), or -EFAULT.
 */
long strncpy_from_user(char *to, vaddr_t from, size_t len) __must_check;

/* Single naturally aligned or unaligned values; 0 or -EFAULT. */
int get_user_u8(uint8_t *value, vaddr_t from) __must_check;
int get_user_u32(uint32_t *value, vaddr_t from) __must_check;
int get_user_u64(uint64_t *value, vaddr_t from) __must_check;
int put_user_u16(vaddr_t to, uint16_t value) __must_check;
int put_user_u32(vaddr_t to, uint32_t value) __must_check;
int put_user_u64(vaddr_t to, uint64_t value) __must_check;

/*
 * Atomic operations for futexes on an aligned word; 0 or -EFAULT. *old gets
 * what was there before. cmpxchg stores `new` only when *old == expected.
 */
enum user_amo {
	USER_AMO_SET,
	USER_AMO_ADD,
	USER_AMO_OR,
	USER_AMO_AND,
	USER_AMO_XOR
};
int cmpxchg_user_u32(uint32_t *old, vaddr_t addr, uint32_t expected,
		     uint32_t new) __must_check;
int amo_user_u32(uint32_t *old, vaddr_t addr, enum user_amo op,
		 uint32_t operand) __must_check;
