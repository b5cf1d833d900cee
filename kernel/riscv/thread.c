/* SPDX-License-Identifier: MIT */
/*
 * First states of threads. What happens next is in trap.S.
 */
#include "kernel/riscv/thread.h"

#include <string.h>

#include "kernel/riscv/csr.h"

extern char thread_first_user[], thread_first_kernel[];

/*
 * sstatus of a thread that was never interrupted: other fields as they are
 * here. SPP clear and SPIE set are what SRET to user mode needs.
 */
static uint64_t initial_status(uint64_t fs)
{
	uint64_t keep = csr_read(sstatus);

	keep &=
	    ~(uint64_t)(SSTATUS_SIE | SSTATUS_SPP | SSTATUS_SUM | SSTATUS_FS);
	return keep | SSTATUS_SPIE | fs;
}

void thread_prepare_user(struct arch_thread *t,
			 void (*first)(struct thread *prev))
{
	t->context.ra = (uint64_t)thread_first_user;
	t->context.sp = t->kstack_top;
	t->context.s[0] = (uint64_t)first;
	t->context.status = initial_status(SSTATUS_FS_CLEAN);
}

void thread_prepare_kernel(struct arch_thread *t,
			   void (*first)(struct thread *prev),
			   void (*fn)(void *arg), void *arg)
{
	t->context.ra = (uint64_t)thread_first_kernel;
	t->context.sp = t->kstack_top;
	t->context.s[0] = (uint64_t)first;
	t->context.s[1] = (uint64_t)fn;
	t->context.s[2] = (uint64_t)arg;
	t->context.status = initial_status(0);
}

/* A kernel thread that execs becomes a user thread here: FS comes on. */
void thread_start_user(struct arch_thread *self, vaddr_t pc, vaddr_t sp)
{
	memset(&self->frame, 0, sizeof(self->frame));
	memset(&self->fp, 0, sizeof(self->fp));
	self->frame.epc = pc;
	self->frame.sp = sp;
	csr_write(sstatus, initial_status(SSTATUS_FS_CLEAN));
	thread_load_fp(self);
}
