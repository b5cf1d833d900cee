/* SPDX-License-Identifier: MIT */
/*
 * From the stack that execve built to main(), and from main() to exit.
 */
#include "user/lib/user.h"

static char **environment;
static const struct auxv *auxiliary;

int main(int argc, char **argv);

/* Called by crt0.S with the initial stack pointer. */
_Noreturn void start(const uint64_t *sp);

_Noreturn void start(const uint64_t *sp)
{
	int argc = (int)sp[0];
	char **argv = (char **)(sp + 1);

	environment = argv + argc + 1;
	char **end = environment;
	while (*end)
		end++;
	auxiliary = (const struct auxv *)(end + 1);
	exit(main(argc, argv));
}

char **environ(void)
{
	return environment;
}

const char *getenv(const char *name)
{
	size_t len = strlen(name);

	for (char **e = environment; *e; e++)
		if (strncmp(*e, name, len) == 0 && (*e)[len] == '=')
			return *e + len + 1;
	return NULL;
}

uint64_t getauxval(uint64_t type)
{
	for (const struct auxv *a = auxiliary; a->a_type != AT_NULL; a++)
		if (a->a_type == type)
			return a->a_val;
	return 0;
}
