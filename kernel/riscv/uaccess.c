/* SPDX-License-Identifier: MIT */
/*
 * User memory: range checks around the routines of uaccess.S, and the search
 * of the exception table.
 *
 * Single values check their address in assembly. A value that begins just
 * below the end of user space and crosses it faults there as any other: the
 * addresses behind are not canonical.
 */
#include "kernel/riscv/uaccess.h"

#include "abi/errno.h"
#include "mm/mm_types.h"

/* uaccess.S */
size_t user_copy(void *to, const void *from, size_t len);
size_t user_clear(void *to, size_t len);
long user_strncpy(char *to, const char *from, size_t len);
int amo_user_swap(uint32_t *old, vaddr_t addr, uint32_t operand);
int amo_user_add(uint32_t *old, vaddr_t addr, uint32_t operand);
int amo_user_or(uint32_t *old, vaddr_t addr, uint32_t operand);
int amo_user_and(uint32_t *old, vaddr_t addr, uint32_t operand);
int amo_user_xor(uint32_t *old, vaddr_t addr, uint32_t operand);

/* The linker script collects the entries; they are few, so a linear search. */
extern const struct ex_entry ex_table_start[], ex_table_end[];

static vaddr_t ex_address(const int32_t *field)
{
	return (vaddr_t)field + (int64_t)*field;
}

vaddr_t ex_find(vaddr_t pc)
{
	const struct ex_entry *e;

	for (e = ex_table_start; e < ex_table_end; e++) {
		if (pc >= ex_address(&e->start) && pc < ex_address(&e->end))
			return ex_address(&e->fixup);
	}
	return 0;
}

bool access_ok(vaddr_t addr, size_t len)
{
	return len <= MM_USER_END && addr <= MM_USER_END - len;
}

size_t raw_copy_from_user(void *to, vaddr_t from, size_t len)
{
	if (!access_ok(from, len))
		return len;
	return user_copy(to, (const void *)from, len);
}

size_t raw_copy_to_user(vaddr_t to, const void *from, size_t len)
{
	if (!access_ok(to, len))
		return len;
	return user_copy((void *)to, from, len);
}

size_t raw_clear_user(vaddr_t to, size_t len)
{
	if (!access_ok(to, len))
		return len;
	return user_clear((void *)to, len);
}

int copy_from_user(void *to, vaddr_t from, size_t len)
{
	return raw_copy_from_user(to, from, len) ? -EFAULT : 0;
}

int copy_to_user(vaddr_t to, const void *from, size_t len)
{
	return raw_copy_to_user(to, from, len) ? -EFAULT : 0;
}

int clear_user(vaddr_t to, size_t len)
{
	return raw_clear_user(to, len) ? -EFAULT : 0;
}

/* A string that would run into the end of user space is cut to fault there. */
long strncpy_from_user(char *to, vaddr_t from, size_t len)
{
	size_t room;
	long n;

	if (from >= MM_USER_END)
		return -EFAULT;
	room = min(len, (size_t)(MM_USER_END - from));
	n = user_strncpy(to, (const char *)from, room);
	if (n < 0 || ((size_t)n == room && room < len))
		return -EFAULT;
	return n;
}

int amo_user_u32(uint32_t *old, vaddr_t addr, enum user_amo op,
		 uint32_t operand)
{
	switch (op) {
	case USER_AMO_SET:
		return amo_user_swap(old, addr, operand);
	case USER_AMO_ADD:
		return amo_user_add(old, addr, operand);
	case USER_AMO_OR:
		return amo_user_or(old, addr, operand);
	case USER_AMO_AND:
		return amo_user_and(old, addr, operand);
	case USER_AMO_XOR:
		return amo_user_xor(old, addr, operand);
	}
	BUG();
}
