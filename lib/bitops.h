/* SPDX-License-Identifier: MIT */
/*
 * Positions of bits in a word. Positions count from 0, the lowest bit, and the
 * argument must not be 0 unless the comment says so.
 */
#pragma once

#include "lib/types.h"

/* Lowest and highest set bit. */
static inline unsigned bit_lowest(uint64_t x)
{
	return (unsigned)__builtin_ctzll(x);
}

static inline unsigned bit_highest(uint64_t x)
{
	return 63 - (unsigned)__builtin_clzll(x);
}

/* Logarithm to base 2, rounded down, and rounded up. */
static inline unsigned ilog2(uint64_t x)
{
	return bit_highest(x);
}

static inline unsigned ilog2_ceil(uint64_t x)
{
	return x <= 1 ? 0 : bit_highest(x - 1) + 1;
}

/* 0 is none. */
static inline bool is_power_of_2(uint64_t x)
{
	return x && !(x & (x - 1));
}

/* Number of set bits; 0 for 0. */
static inline unsigned bit_count(uint64_t x)
{
	return (unsigned)__builtin_popcountll(x);
}

/* Run the body once for each set bit of the set `bits`, lowest first. */
#define for_each_bit(bit, bits)                                                \
	for (uint64_t bits_ = (bits);                                          \
	     bits_ && ((bit) = bit_lowest(bits_), true); bits_ &= bits_ - 1)
