/* SPDX-License-Identifier: MIT */
/*
 * The time it takes to get here. As the first program, with the clock of the
 * kernel starting when the kernel does, that is the cost of booting.
 */
#include "user/lib/user.h"

int main(void)
{
	printf("boot %lu nanoseconds\n", now_ns());
	return 0;
}
