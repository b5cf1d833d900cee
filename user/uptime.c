/* SPDX-License-Identifier: MIT */
/* uptime: seconds since boot. */
#include "user/lib/user.h"

int main(void)
{
	uint64_t ms = now_ns() / 1000000;

	printf("%lu.%03lu s\n", (unsigned long)(ms / 1000),
	       (unsigned long)(ms % 1000));
	return 0;
}
