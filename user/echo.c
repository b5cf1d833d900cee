/* SPDX-License-Identifier: MIT */
/* echo [WORD...]: print the words with a blank between them. */
#include "user/lib/user.h"

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		printf("%s%s", i > 1 ? " " : "", argv[i]);
	printf("\n");
	return 0;
}
