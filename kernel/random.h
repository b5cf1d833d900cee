/* SPDX-License-Identifier: MIT */
/*
 * Random bytes for getrandom(2), AT_RANDOM and /dev/urandom. Good enough for
 * hash seeds and stack canaries; no cryptography is built on it here.
 */
#pragma once

#include "lib/types.h"

/* Stir in `len` bytes, from the firmware's seed for instance. */
void random_seed(const void *seed, size_t len);

void random_bytes(void *buf, size_t len);
