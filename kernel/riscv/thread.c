/* SPDX-License-Identifier: MIT */
/*
 * First states of threads. What happens next is in trap.S.
 */
#include "kernel/riscv/thread.h"

#include <string.h>

#include "kernel/riscv/csr.h"

extern char thread_first_user[];

/*
 * sstatus of a thread that was never interrupted: other fields as they are
 * here. SPP clear and SPIE set are what SRET to user mode needs.
 */
static uint64_t initial_status(void)
{
	uint64_t keep = csr_read(sstatus);

	keep &=
	    ~(uint64_t)(SSTATUS_SIE | SSTATUS_SPP | SSTATUS_SUM | SSTATUS_FS);
	return keep | SSTATUS_SPIE | SSTATUS_FS_CLEAN;
}

void thread_prepare_user(struct arch_thread *t,
			 void (*first)(struct thread *prev))
{
	t->context.ra = (uint64_t)thread_first_user;
	t->context.sp = t->kstack_top;
	t->context.s[0] = (uint64_t)first;
	t->context.status = initial_status();
}

void thread_start_user(struct arch_thread *self, vaddr_t pc, vaddr_t sp)
{
	memset(&self->frame, 0, sizeof(self->frame));
	memset(&self->fp, 0, sizeof(self->fp));
	self->frame.epc = pc;
	self->frame.sp = sp;
	csr_write(sstatus, initial_status());
	thread_load_fp(self);
}
