/* SPDX-License-Identifier: MIT */
/*
 * Random bytes: a 64-bit counter with an odd step, each value mixed by
 * multiply and shift (the finalizer known from splitmix64).
 */
#include "kernel/random.h"

#include <string.h>

#include "lib/machine.h"
#include "lib/spinlock.h"

#define GOLDEN 0x9e3779b97f4a7c15UL

static struct spinlock lock;
static uint64_t state;

static uint64_t mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9UL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebUL;
	return x ^ (x >> 31);
}

void random_seed(const void *seed, size_t len)
{
	const uint8_t *p = seed;

	spin_lock(&lock);
	for (size_t i = 0; i < len; i++)
		state = mix(state + GOLDEN + p[i]);
	spin_unlock(&lock);
}

void random_bytes(void *buf, size_t len)
{
	uint8_t *p = buf;

	while (len) {
		size_t n = min(len, sizeof(uint64_t));
		uint64_t word;

		spin_lock(&lock);
		state += GOLDEN;
		word = mix(state ^ machine_clock());
		spin_unlock(&lock);
		memcpy(p, &word, n);
		p += n;
		len -= n;
	}
}
