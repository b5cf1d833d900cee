/* SPDX-License-Identifier: MIT */
/* rm PATH...: remove files and empty directories. */
#include "user/lib/user.h"

int main(int argc, char **argv)
{
	int failed = 0;

	for (int i = 1; i < argc; i++) {
		int error = unlink(argv[i]);

		if (error == -EISDIR)
			error = rmdir(argv[i]);
		if (error) {
			dprintf(2, "rm: %s: %s\n", argv[i], error_name(error));
			failed = 1;
		}
	}
	return failed;
}
