/* SPDX-License-Identifier: MIT */
/*
 * Threads: clone with everything shared and a stack of its own, and a futex to
 * wait for its end. Nothing like pthreads: no thread-local storage, no
 * cancellation, and one owner who joins each thread exactly once.
 */
#pragma once

#include "user/lib/user.h"

struct thread {
	uint32_t tid; /* zeroed by the kernel when the thread is gone */
	void *stack;
};

/* Run run(arg) in a new thread. Returns 0 or a negated error number. */
int thread_start(struct thread *thread, void (*run)(void *), void *arg);

/* Wait until it is gone and free its stack. */
void thread_join(struct thread *thread);

/* Sleep while *word == value; may return for no reason. 0 or -Exxx. */
long futex_wait(uint32_t *word, uint32_t value, const struct timespec *timeout);

/* Wake up to `count` sleepers; returns how many. */
long futex_wake(uint32_t *word, uint32_t count);

/*
 * clone with a new stack: the new thread or process calls run(arg) there and
 * exits when it returns. Written in assembly, since no C frame survives it.
 */
long clone_on_stack(unsigned long flags, void *stack_top, uint32_t *parent_tid,
		    unsigned long tls, uint32_t *child_tid, void (*run)(void *),
		    void *arg);

/* clone3 with the stack that args name; the rest as above. */
long clone3_on_stack(const struct clone_args *args, size_t size,
		     void (*run)(void *), void *arg);
