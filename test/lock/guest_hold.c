/* SPDX-License-Identifier: MIT */
/*
 * Provokes the watchdog of a kernel that checks its locks: one thread keeps
 * mmap_lock for a minute, another one waits for it, and the kernel's patience
 * is a second. It is to say who holds what and who waits for what, and stop.
 */
#include "user/lib/thread.h"

#define KNOB(name) "/proc/sys/kernel/" name

static bool put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY, 0);

	return fd >= 0 && write(fd, text, strlen(text)) == (long)strlen(text);
}

static void hold(void *unused)
{
	(void)unused;
	put(KNOB("hold_mmap_lock"), "60");
}

int main(void)
{
	struct thread thread;

	if (!put(KNOB("hung_task_timeout_secs"), "1"))
		return 3;
	thread_start(&thread, hold, NULL);
	sleep_ms(300);
	printf("now a second thread wants it\n");
	munmap((void *)0x10000000, PAGE);
	printf("nobody has noticed\n");
	return 4;
}
