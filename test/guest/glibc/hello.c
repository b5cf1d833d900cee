/* SPDX-License-Identifier: MIT */
/*
 * A static program of an ordinary C library: standard input and output,
 * malloc, floating point, the environment, an exit status.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int fill_heap(void)
{
	enum { COUNT = 200 };
	char *blocks[COUNT];
	int sum = 0;

	for (int i = 0; i < COUNT; i++) {
		blocks[i] = malloc((size_t)i * 997 + 1);
		if (!blocks[i])
			return -1;
		memset(blocks[i], i, (size_t)i * 997 + 1);
	}
	for (int i = 0; i < COUNT; i++) {
		sum += (unsigned char)blocks[i][i * 997];
		free(blocks[i]);
	}
	return sum;
}

static int use_file(void)
{
	char line[32] = "";
	FILE *file = fopen("/tmp/glibc_hello", "w+");

	if (!file)
		return 0;
	fprintf(file, "line %d\n", 7);
	rewind(file);
	if (!fgets(line, sizeof(line), file))
		return 0;
	fclose(file);
	remove("/tmp/glibc_hello");
	return strcmp(line, "line 7\n") == 0;
}

int main(int argc, char **argv)
{
	printf("hello, world\n");
	printf("%d arguments, last %s\n", argc, argv[argc - 1]);
	printf("root of 2 is %.6f\n", sqrt(argc + 0.0));
	printf("heap %d, file %d\n", fill_heap(), use_file());
	if (!fopen("/no/such", "r"))
		printf("%s\n", strerror(errno));
	return 7;
}
