/* SPDX-License-Identifier: MIT */
/*
 * Process 1 where the reference is real Linux (tools/linux.py): what our own
 * kernel has from the start is mounted here, then the words behind "--" are
 * run as the one child, and its status is printed behind a mark, since Linux
 * cannot hand it to the host. Ends by switching the machine off.
 */
#include "abi/ioctl.h"
#include "user/lib/exec.h"

#define MARK "\x1e"

#define REBOOT_MAGIC1	 0xfee1dead
#define REBOOT_MAGIC2	 672274793
#define REBOOT_POWER_OFF 0x4321fedc

static void mount(const char *type, const char *at)
{
	mkdir(at, 0755);
	sys(SYS_mount, (long)type, (long)at, (long)type, 0, 0);
}

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

static _Noreturn void become(char *const *argv)
{
	sys(SYS_setsid);
	sys(SYS_ioctl, 0, TIOCSCTTY, 0);
	long error = exec_program(argv);

	dprintf(2, "init: %s: %s\n", argv[0], error_name(error));
	exit(127);
}

int main(int argc, char **argv)
{
	int status = 0, pid, child;

	mount("devtmpfs", "/dev");
	mount("proc", "/proc");
	mount("sysfs", "/sys");
	mount("tmpfs", "/tmp");
	mount("tmpfs", "/dev/shm");
	set_terminal();
	dprintf(1, MARK "faultline\n");
	child = argc > 1 ? fork() : -1;
	if (child == 0)
		become(argv + 1);
	do
		pid = waitpid(-1, &status, 0);
	while (pid != child && pid != -ECHILD);
	dprintf(1, MARK "status %d\n", exit_code(status));
	sys(SYS_reboot, REBOOT_MAGIC1, REBOOT_MAGIC2, REBOOT_POWER_OFF, 0);
	return 1;
}
