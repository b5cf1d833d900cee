/* SPDX-License-Identifier: MIT */
/* cat [FILE...]: copy files, or the standard input, to the standard output. */
#include "user/lib/user.h"

static int copy(int fd, const char *name)
{
	static char buf[16 * 1024];
	long len;

	while ((len = read(fd, buf, sizeof(buf))) > 0) {
		for (long done = 0, part; done < len; done += part) {
			part = write(1, buf + done, (size_t)(len - done));
			if (part < 0)
				return 1;
		}
	}
	if (len < 0)
		dprintf(2, "cat: %s: %s\n", name, error_name(len));
	return len < 0;
}

int main(int argc, char **argv)
{
	int failed = 0;

	if (argc == 1)
		return copy(0, "standard input");
	for (int i = 1; i < argc; i++) {
		int fd = open(argv[i], O_RDONLY, 0);

		if (fd < 0) {
			dprintf(2, "cat: %s: %s\n", argv[i], error_name(fd));
			failed = 1;
			continue;
		}
		failed |= copy(fd, argv[i]);
		close(fd);
	}
	return failed;
}
