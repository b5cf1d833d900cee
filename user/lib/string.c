/* SPDX-License-Identifier: MIT */
/*
 * The string functions of ISO C that the programs use and that the compiler
 * may call on its own. Written to be read: eight bytes at a time where that is
 * one line, otherwise one.
 */
#include "user/lib/user.h"

/* A word that may alias anything and lie anywhere. */
typedef uint64_t __attribute__((may_alias, aligned(1))) word;

void *memset(void *to, int c, size_t len)
{
	uint8_t *p = to;
	uint64_t pattern = (uint8_t)c * 0x0101010101010101UL;

	for (; len && (uintptr_t)p % 8; len--)
		*p++ = (uint8_t)c;
	for (; len >= 8; len -= 8, p += 8)
		*(word *)p = pattern;
	while (len--)
		*p++ = (uint8_t)c;
	return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t len)
{
	uint8_t *p = to;
	const uint8_t *q = from;

	if (((uintptr_t)p | (uintptr_t)q) % 8 == 0)
		for (; len >= 8; len -= 8, p += 8, q += 8)
			*(word *)p = *(const word *)q;
	while (len--)
		*p++ = *q++;
	return to;
}

void *memmove(void *to, const void *from, size_t len)
{
	uint8_t *p = to;
	const uint8_t *q = from;

	if ((uintptr_t)p - (uintptr_t)q >= len)
		return memcpy(to, from, len);
	while (len--)
		p[len] = q[len];
	return to;
}

int memcmp(const void *a, const void *b, size_t len)
{
	const uint8_t *p = a, *q = b;

	for (; len; len--, p++, q++)
		if (*p != *q)
			return *p - *q;
	return 0;
}

size_t strlen(const char *s)
{
	const char *end = s;

	while (*end)
		end++;
	return (size_t)(end - s);
}

int strncmp(const char *a, const char *b, size_t len)
{
	for (; len; len--, a++, b++)
		if (*a != *b || !*a)
			return (uint8_t)*a - (uint8_t)*b;
	return 0;
}

int strcmp(const char *a, const char *b)
{
	return strncmp(a, b, SIZE_MAX);
}

char *strchr(const char *s, int c)
{
	for (; *s != (char)c; s++)
		if (!*s)
			return NULL;
	return (char *)(uintptr_t)s;
}

char *strstr(const char *s, const char *what)
{
	size_t len = strlen(what);

	for (; strncmp(s, what, len) != 0; s++)
		if (!*s)
			return NULL;
	return (char *)(uintptr_t)s;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

unsigned long strtoul(const char *s, char **end)
{
	unsigned long value = 0;
	int base = 10;

	if (s[0] == '0' && s[1] == 'x' && digit(s[2]) < 16) {
		base = 16;
		s += 2;
	}
	for (; digit(*s) < base; s++)
		value = value * (unsigned long)base + (unsigned long)digit(*s);
	if (end)
		*end = (char *)(uintptr_t)s;
	return value;
}
