/* SPDX-License-Identifier: MIT */
/* Starting programs by name, for init, the shell and the tour. */
#pragma once

#include "user/lib/user.h"

/*
 * Become the program argv[0], with the same environment. A name without a
 * slash is looked for in /bin, /bin/fault and /bin/test. Returns only when
 * that fails, a negated error number.
 */
long exec_program(char *const *argv);

/* The status of a shell for a wait status: exit code, or 128 + signal. */
static inline int exit_code(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
