/* SPDX-License-Identifier: MIT */
/*
 * Runs a fuzz target over a corpus folder, as a TAP test a file:
 *
 *     replay_X FOLDER [FLIPS]
 *
 * Needs no fuzzing compiler. With FLIPS each file is also cut at every length
 * and changed at random that many times. An input that crashed once is put
 * into the folder and is a test from then on.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "test/fuzz/fuzz.h"
#include "test/host/bytes.h"
#include "test/host/host.h"

static int is_file(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void run(const uint8_t *data, size_t len)
{
	LLVMFuzzerTestOneInput(data, len);
}

int main(int argc, char **argv)
{
	unsigned flips = argc > 2 ? (unsigned)atoi(argv[2]) : 0;
	struct dirent **entries;
	int count =
	    argc > 1 ? scandir(argv[1], &entries, is_file, alphasort) : -1;

	if (count <= 0) {
		printf("Bail out! usage: %s FOLDER [FLIPS]\n", argv[0]);
		return 1;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	host_machine_init(0);
	printf("TAP version 13\n1..%d\n", count);
	for (int i = 0; i < count; i++) {
		char path[512];
		size_t len;
		uint8_t *data;

		snprintf(path, sizeof(path), "%s/%s", argv[1],
			 entries[i]->d_name);
		printf("# %s, seed %llu\n", path,
		       (unsigned long long)tap_seed());
		data = bytes_read_at(path, &len);
		if (data)
			run(data, len);
		if (data && flips)
			bytes_torture(data, len, flips, run);
		printf("%sok %d - %s\n", data ? "" : "not ", i + 1,
		       entries[i]->d_name);
		free(data);
		free(entries[i]);
	}
	free(entries);
	return 0;
}
