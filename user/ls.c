/* SPDX-License-Identifier: MIT */
/* ls [-l] [PATH...]: the names in a directory, with -l type, size and mode. */
#include "user/lib/user.h"

static bool details;

/* drwxr-xr-x and the like. */
static const char *describe(uint32_t mode)
{
	static char text[] = "-rwxrwxrwx";

	text[0] = '-';
	if (S_ISDIR(mode))
		text[0] = 'd';
	if (S_ISCHR(mode))
		text[0] = 'c';
	for (int bit = 0; bit < 9; bit++)
		text[9 - bit] = mode >> bit & 1 ? "xwr"[bit % 3] : '-';
	return text;
}

static void show(const char *folder, const char *name)
{
	char path[PATH_MAX];
	struct stat st;

	if (!details) {
		printf("%s\n", name);
		return;
	}
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	int error = stat(path, &st);
	if (error) {
		printf("%s: %s\n", name, error_name(error));
		return;
	}
	printf("%s %8ld %s\n", describe(st.st_mode), (long)st.st_size, name);
}

static int list(const char *path)
{
	static char entries[4096] __attribute__((aligned(8)));
	int fd = open(path, O_RDONLY | O_DIRECTORY, 0);
	long len;

	if (fd == -ENOTDIR) {
		show(".", path);
		return 0;
	}
	if (fd < 0) {
		dprintf(2, "ls: %s: %s\n", path, error_name(fd));
		return 1;
	}
	while ((len = sys(SYS_getdents64, fd, entries, sizeof(entries))) > 0) {
		for (char *p = entries; p < entries + len;) {
			struct linux_dirent64 *entry = (void *)p;

			if (entry->d_name[0] != '.')
				show(path, entry->d_name);
			p += entry->d_reclen;
		}
	}
	close(fd);
	return len < 0;
}

int main(int argc, char **argv)
{
	int failed = 0;
	int first = 1;

	if (argc > 1 && strcmp(argv[1], "-l") == 0) {
		details = true;
		first++;
	}
	if (first == argc)
		return list(".");
	for (int i = first; i < argc; i++)
		failed |= list(argv[i]);
	return failed;
}
