/* SPDX-License-Identifier: MIT */
/*
 * A mapping may be longer than its file. The rest of the file's last page
 * reads as zero; the pages behind it are nobody's: SIGBUS.
 */
#include "user/lib/outcome.h"

int main(void)
{
	int fd = make_file(PAGE + 100);
	char *file = map_file(fd, 3, PROT_READ, MAP_SHARED);

	subject("past_eof", file + 2 * PAGE + 8);
	struct probe tail = probe_load(file + PAGE + 100);
	struct probe seen = probe_load(file + 2 * PAGE + 8);

	expect_no_signal(&tail);
	expect("the byte behind the end", tail.value, 0);
	expect_signal(&seen, SIGBUS, BUS_ADRERR, file + 2 * PAGE + 8);
	return passed("SIGBUS, BUS_ADRERR beyond the last page of a file");
}
