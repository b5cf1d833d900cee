/* SPDX-License-Identifier: MIT */
/*
 * Threads as objects: struct and kernel stack together.
 */
#include "kernel/thread.h"

#include <string.h>

#include "kernel/kstack.h"
#include "kernel/process.h"
#include "mm/slab.h"

static struct kmem_cache thread_cache;

/*
 * Type-stable, because the last reader of an area wakes the thread that waits
 * for it by a bare pointer (vma_wake_writer): that thread may be gone by then,
 * and waking another one by mistake is harmless.
 */
__cold void thread_init(void)
{
	kmem_cache_init(&thread_cache, "thread", sizeof(struct thread),
			SLAB_TYPE_STABLE, NULL);
}

/* Everything behind the saved registers, which the caller fills, is zeroed. */
struct thread *thread_alloc(void)
{
	struct thread *t = kmem_cache_alloc(&thread_cache, GFP_USER);
	void *stack;

	if (!t)
		return NULL;
	stack = kstack_alloc();
	if (!stack) {
		kmem_cache_free(&thread_cache, t);
		return NULL;
	}
	memset((char *)t + sizeof(t->arch), 0, sizeof(*t) - sizeof(t->arch));
	t->arch.kstack_top = (uint64_t)stack;
	t->arch.work = 0;
	t->refs = 1;
	t->affinity = ~0UL;
	list_init(&t->run_node);
	list_init(&t->group_node);
	list_init(&t->pending.queue);
	t->altstack.ss_flags = SS_DISABLE;
	return t;
}

void thread_put(struct thread *t)
{
	if (fetch_sub_acq_rel(&t->refs, 1) != 1)
		return;
	if (t->process)
		process_put(t->process);
	kstack_free((void *)t->arch.kstack_top);
	kmem_cache_free(&thread_cache, t);
}

const char *current_comm(void)
{
	return current->process ? current->comm : "kernel";
}

int current_pid(void)
{
	return current->process ? current->process->pid_nr : 0;
}

int current_tid(void)
{
	return current->pid ? current->pid->nr : 0;
}

struct held_locks *machine_held_locks(void)
{
	return &current->held;
}
