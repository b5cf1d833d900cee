/* SPDX-License-Identifier: MIT */
/* See exec.h. */
#include "user/lib/exec.h"

static const char *const folders[] = {"/bin", "/bin/fault", "/bin/test"};

long exec_program(char *const *argv)
{
	char path[PATH_MAX];
	long error = -ENOENT;

	if (strchr(argv[0], '/'))
		return execve(argv[0], argv, environ());
	for (unsigned i = 0; i < ARRAY_SIZE(folders); i++) {
		snprintf(path, sizeof(path), "%s/%s", folders[i], argv[0]);
		error = execve(path, argv, environ());
		if (error != -ENOENT)
			break;
	}
	return error;
}
