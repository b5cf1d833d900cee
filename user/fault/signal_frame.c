/* SPDX-License-Identifier: MIT */
/*
 * To call a handler the kernel writes a frame to the stack. Where it cannot,
 * the handler cannot run: the program ends with SIGSEGV.
 */
#include "user/lib/outcome.h"

#define STACK (4 * PAGE)

static void never(int sig, struct siginfo *info, struct ucontext *uc)
{
	(void)sig, (void)info, (void)uc;
	exit(1);
}

int main(void)
{
	char *stack = map_pages(STACK / PAGE, PROT_NONE);
	char *frame = stack + STACK - sizeof(struct rt_sigframe);

	subject("signal_frame", frame);
	int pid = fork();
	if (pid == 0) {
		struct sigaltstack bad = {.ss_sp = (uintptr_t)stack,
					  .ss_size = STACK};

		sigaltstack(&bad, NULL);
		handle(SIGUSR1, never, SA_ONSTACK);
		raise(SIGUSR1);
		exit(2);
	}
	int status = wait_for(pid);
	expect("the child's status", (unsigned long)status & 0x7f, SIGSEGV);
	return passed("SIGSEGV ends a program whose handler has no stack");
}
