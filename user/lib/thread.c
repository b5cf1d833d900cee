/* SPDX-License-Identifier: MIT */
/* See thread.h. */
#include "user/lib/thread.h"

#include "abi/futex.h"

#define STACK_SIZE (16 * PAGE)

int thread_start(struct thread *thread, void (*run)(void *), void *arg)
{
	char *stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);

	if (err(stack))
		return (int)err(stack);
	*thread = (struct thread){.stack = stack};
	long tid = clone_on_stack(
	    CLONE_PTHREAD | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID,
	    stack + STACK_SIZE, &thread->tid, 0, &thread->tid, run, arg);
	if (tid < 0)
		munmap(stack, STACK_SIZE);
	return tid < 0 ? (int)tid : 0;
}

void thread_join(struct thread *thread)
{
	uint32_t tid;

	/* The kernel's wake-up at the end is not a private one. */
	while ((tid = __atomic_load_n(&thread->tid, __ATOMIC_ACQUIRE)) != 0)
		sys(SYS_futex, &thread->tid, FUTEX_WAIT, tid, NULL);
	munmap(thread->stack, STACK_SIZE);
}

long futex_wait(uint32_t *word, uint32_t value, const struct timespec *timeout)
{
	return sys(SYS_futex, word, FUTEX_WAIT, value, timeout);
}

long futex_wake(uint32_t *word, uint32_t count)
{
	return sys(SYS_futex, word, FUTEX_WAKE, count);
}
