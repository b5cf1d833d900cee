/* SPDX-License-Identifier: MIT */
/*
 * Instruction page fault, scause 12: code is paged in like data, when it is
 * first executed.
 */
#include "user/lib/outcome.h"

#define RET 0x8082 /* c.jr ra */

int main(void)
{
	int fd = make_file(PAGE);
	uint16_t ret = RET;

	pwrite(fd, &ret, sizeof(ret), 0);
	char *code = map_file(fd, 1, PROT_READ | PROT_EXEC, MAP_PRIVATE);

	subject("scause_fetch", code);
	struct probe seen = probe_call(code);

	expect_no_signal(&seen);
	expect_minor(seen.minor, 1);
	return passed("the first fetch brings the page in");
}
