/* SPDX-License-Identifier: MIT */
/*
 * Writing to a shared file mapping changes the page of the cache: the file and
 * a process that mapped it earlier see the change.
 */
#include "user/lib/outcome.h"

int main(void)
{
	int fd = make_file(PAGE), go[2];
	char *page = map_file(fd, 1, PROT_READ | PROT_WRITE, MAP_SHARED);
	char byte = 0;
	int error = pipe(go);

	if (error)
		cannot("make a pipe", error);
	int pid = fork();
	if (pid == 0) {
		close(go[1]); /* it ends when we do */
		probe_load(page);
		read(go[0], &byte, 1);
		exit(page[0]);
	}
	subject("file_write_shared", page);
	struct probe seen = probe_store(page, 'x');

	expect_no_signal(&seen);
	expect_minor(seen.minor, 1);
	write(go[1], "!", 1);
	int status = wait_for(pid);
	expect("what the other process sees",
	       (unsigned long)WEXITSTATUS(status), 'x');
	pread(fd, &byte, 1, 0);
	expect("the file's byte", (uint8_t)byte, 'x');
	return passed("a shared write is seen by the file and by others");
}
