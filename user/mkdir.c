/* SPDX-License-Identifier: MIT */
/* mkdir DIRECTORY... */
#include "user/lib/user.h"

int main(int argc, char **argv)
{
	int failed = 0;

	for (int i = 1; i < argc; i++) {
		int error = mkdir(argv[i], 0755);

		if (error) {
			dprintf(2, "mkdir: %s: %s\n", argv[i],
				error_name(error));
			failed = 1;
		}
	}
	return failed;
}
