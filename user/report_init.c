/* SPDX-License-Identifier: MIT */
/*
 * Process 1 where two kernels are compared (tools/linux.py), on both: runs the
 * words behind "--" as its one child and prints, behind a mark, how that ended
 * and the page faults of it and of the children it waited for:
 *
 *   \x1estatus STATUS minor COUNT major COUNT
 *
 * Real Linux could not hand a status to the host, and ours could, but not the
 * counts. What our own kernel has from the start is mounted here on Linux. The
 * child borrows this process's memory until it is the program, so that no fault
 * before that is counted. Ends by switching the machine off.
 *
 * The terminal is this process's, and the program in its foreground: when the
 * leader of a session ends, Linux drops what the terminal has not sent yet.
 */
#include "abi/ioctl.h"
#include "abi/sched.h"
#include "user/lib/exec.h"
#include "user/lib/thread.h"

#define MARK "\x1e"

#define REBOOT_MAGIC1	 0xfee1dead
#define REBOOT_MAGIC2	 672274793
#define REBOOT_POWER_OFF 0x4321fedc

/* Bytes go out as they are: no carriage returns, and no echo. */
static void set_terminal(void)
{
	struct termios termios;

	if (sys(SYS_ioctl, 0, TCGETS, (long)&termios) < 0)
		return;
	termios.c_oflag &= ~OPOST;
	termios.c_lflag &= ~ECHO;
	sys(SYS_ioctl, 0, TCSETS, (long)&termios);
}

static void mount(const char *type, const char *at)
{
	mkdir(at, 0755);
	sys(SYS_mount, (long)type, (long)at, (long)type, 0, 0);
}

/*
 * Linux starts with an archive unpacked, and nothing else. Our kernel has also
 * told the host that it is there, so that keys may be typed.
 */
static void complete_linux(void)
{
	struct stat st;

	if (stat("/proc/self", &st) == 0)
		return;
	mount("devtmpfs", "/dev");
	mount("proc", "/proc");
	mount("sysfs", "/sys");
	mount("tmpfs", "/tmp");
	mount("tmpfs", "/dev/shm");
	set_terminal();
	dprintf(1, MARK "faultline\n");
}

/* Be a process group, the one that may use the terminal. */
static void take_foreground(void)
{
	const uint64_t refusal = 1UL << (SIGTTOU - 1);
	int group = getpid();

	sys(SYS_setpgid, 0, 0);
	sigprocmask(SIG_BLOCK, &refusal, NULL);
	sys(SYS_ioctl, 0, TIOCSPGRP, (long)&group);
	sigprocmask(SIG_UNBLOCK, &refusal, NULL);
}

static void become(void *arg)
{
	char *const *argv = arg;

	take_foreground();
	long error = exec_program(argv);

	dprintf(2, "init: %s: %s\n", argv[0], error_name(error));
	exit(127);
}

static char stack[16 * 1024] __attribute__((aligned(16)));

int main(int argc, char **argv)
{
	struct rusage use = {0};
	int status = 0, pid, child = -1;

	complete_linux();
	sys(SYS_setsid);
	sys(SYS_ioctl, 0, TIOCSCTTY, 0);
	memset(stack, 0, sizeof(stack)); /* its pages are there for the child */
	if (argc > 1)
		child = (int)clone_on_stack(CLONE_VM | CLONE_VFORK | SIGCHLD,
					    stack + sizeof(stack), NULL, 0,
					    NULL, become, argv + 1);
	do
		pid = wait4(-1, &status, 0, &use);
	while (pid != child && pid != -ECHILD);
	dprintf(1, MARK "status %d minor %ld major %ld\n", exit_code(status),
		use.ru_minflt, use.ru_majflt);
	sys(SYS_reboot, REBOOT_MAGIC1, REBOOT_MAGIC2, REBOOT_POWER_OFF, 0);
	return 1;
}
