/* SPDX-License-Identifier: MIT */
/*
 * Bytes for the tests of parsers.
 */
#include "test/host/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint8_t *bytes_copy(const void *data, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	if (!copy)
		abort();
	memcpy(copy, data, len);
	return copy;
}

uint8_t *bytes_read_at(const char *path, size_t *len)
{
	static uint8_t buffer[4 << 20];
	FILE *file = fopen(path, "rb");

	if (!file)
		return NULL;
	*len = fread(buffer, 1, sizeof(buffer), file);
	fclose(file);
	return bytes_copy(buffer, *len);
}

uint8_t *bytes_read(const char *path, size_t *len)
{
	const char *top = getenv("FAULTLINE_SOURCE");
	char full[512];
	uint8_t *data;

	snprintf(full, sizeof(full), "%s/%s", top ? top : ".", path);
	data = bytes_read_at(full, len);
	if (!data)
		tap_fail(__FILE__, __LINE__, "cannot read %s", full);
	return data;
}

void bytes_torture(const uint8_t *data, size_t len, unsigned flips,
		   void (*parse)(const uint8_t *data, size_t len))
{
	struct rng rng;

	for (size_t cut = 0; cut < len; cut++) {
		uint8_t *copy = bytes_copy(data, cut);

		parse(copy, cut);
		free(copy);
	}
	rng_init(&rng, tap_seed());
	for (unsigned i = 0; i < flips; i++) {
		uint8_t *copy = bytes_copy(data, len);
		uint64_t count = 1 + rng_below(&rng, 4);

		while (count--) {
			size_t at = rng_below(&rng, len);

			/* Half the time a number that limits may hang on. */
			copy[at] = rng_below(&rng, 2)
				       ? (uint8_t)rng_next(&rng)
				       : (uint8_t)(rng_below(&rng, 3) * 0x7f +
						   rng_below(&rng, 2));
		}
		parse(copy, len);
		free(copy);
	}
}
