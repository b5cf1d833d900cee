/* SPDX-License-Identifier: MIT */
/*
 * Bytes for the tests of parsers: files of the source tree, buffers that end
 * where the heap checker looks, and hostile variants of good input.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "test/host/tap.h"

/*
 * Read a file, its name counted from the top of the source tree, which
 * FAULTLINE_SOURCE names ("." otherwise). The test fails if there is none.
 * To be freed.
 */
uint8_t *bytes_read(const char *path, size_t *len);

/* The same for any path; NULL if there is none. */
uint8_t *bytes_read_at(const char *path, size_t *len);

/* A copy of exactly len bytes on the heap; one byte more is an ASan error. */
uint8_t *bytes_copy(const void *data, size_t len);

/*
 * Call parse() with each shorter piece of the data, then `flips` times with a
 * few bytes changed at random. It has only to survive.
 */
void bytes_torture(const uint8_t *data, size_t len, unsigned flips,
		   void (*parse)(const uint8_t *data, size_t len));
