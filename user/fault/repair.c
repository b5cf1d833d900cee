/* SPDX-License-Identifier: MIT */
/*
 * A handler that mends the mapping and returns: the instruction runs again
 * and succeeds. Garbage collectors and checkpointers live on this.
 */
#include "user/lib/outcome.h"

static volatile int calls;
static volatile uintptr_t mended;

static void mend(int sig, struct siginfo *info, struct ucontext *uc)
{
	char *page = (char *)(info->si_addr & -PAGE);

	(void)uc;
	if (calls++ > 1)
		exit(sig);
	mended = info->si_addr;
	if (info->si_code == SEGV_ACCERR)
		mprotect(page, PAGE, PROT_READ | PROT_WRITE);
	else
		mmap(page, PAGE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

int main(void)
{
	volatile char *page = map_pages(2, PROT_NONE);
	int error = munmap((char *)page + PAGE, PAGE);

	if (error)
		cannot("unmap", error);
	handle(SIGSEGV, mend, 0);
	subject("repair", page + 3);
	page[3] = 'x';
	expect("the number of calls", (unsigned long)calls, 1);
	expect("the address told", mended, (uintptr_t)page + 3);
	expect("the byte written", (uint8_t)page[3], 'x');
	page[PAGE + 3] = 'y';
	expect("the number of calls", (unsigned long)calls, 2);
	expect("the byte written", (uint8_t)page[PAGE + 3], 'y');
	return passed("a handler mends the mapping, the write runs again");
}
