/* SPDX-License-Identifier: MIT */
/*
 * Cutting a file short takes its pages away from every mapping, including
 * pages that had been mapped and used.
 */
#include "user/lib/outcome.h"

int main(void)
{
	int fd = make_file(2 * PAGE);
	char *file = map_file(fd, 2, PROT_READ | PROT_WRITE, MAP_SHARED);
	struct probe before = probe_load(file + PAGE);

	expect("the byte before", before.value, 'B');
	int error = ftruncate(fd, PAGE);
	if (error)
		cannot("truncate a file", error);

	subject("truncated", file + PAGE);
	struct probe seen = probe_load(file + PAGE);

	expect_signal(&seen, SIGBUS, BUS_ADRERR, file + PAGE);
	expect("the page that is left", (uint8_t)file[0], 'A');
	return passed("SIGBUS, BUS_ADRERR where the file was cut off");
}
