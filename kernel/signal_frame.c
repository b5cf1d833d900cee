/* SPDX-License-Identifier: MIT */
/*
 * The frame of a signal handler on the user stack, and the way back from it.
 *
 * The layout is Linux's (abi/signal.h). The general registers are stored in
 * the order of the trap frame, so they are copied whole.
 */
#include "kernel/signal.h"

#include <string.h>

#include "kernel/riscv/thread.h"
#include "kernel/riscv/uaccess.h"
#include "kernel/syscall.h"

#define SIGCONTEXT_REGS                                                        \
	(offsetof(struct ucontext, uc_mcontext) +                              \
	 offsetof(struct sigcontext, sc_regs))
#define SIGCONTEXT_FP                                                          \
	(offsetof(struct ucontext, uc_mcontext) +                              \
	 offsetof(struct sigcontext, sc_fpregs))
#define FP_BYTES sizeof(struct fp_state)

/* The frame up to the mask; then come unused bytes and the registers. */
struct frame_head {
	struct siginfo info;
	uint64_t flags, link;
	struct sigaltstack stack;
	uint64_t mask;
};

_Static_assert(sizeof(struct user_regs) == USER_REGS * sizeof(uint64_t),
	       "frame");
_Static_assert(offsetof(struct user_regs, t6) ==
		   offsetof(struct trap_frame, t6),
	       "frame");
_Static_assert(offsetof(struct frame_head, mask) ==
		   offsetof(struct rt_sigframe, uc.uc_sigmask),
	       "frame");

static bool is_on_altstack(uint64_t sp)
{
	const struct sigaltstack *alt = &current->altstack;

	return !(alt->ss_flags & (SS_DISABLE | (int32_t)SS_AUTODISARM)) &&
	       sp > alt->ss_sp && sp - alt->ss_sp <= alt->ss_size;
}

/* Where the frame goes; 0: no room on the alternate stack. */
static uint64_t frame_address(uint64_t sp, uint64_t sa_flags)
{
	const struct sigaltstack *alt = &current->altstack;
	uint64_t at;

	if (is_on_altstack(sp)) {
		at = (sp - sizeof(struct rt_sigframe)) & ~15UL;
		return is_on_altstack(at) ? at : 0;
	}
	if (sa_flags & SA_ONSTACK && !(alt->ss_flags & SS_DISABLE))
		sp = alt->ss_sp + alt->ss_size;
	return (sp - sizeof(struct rt_sigframe)) & ~15UL;
}

/* Behind the registers is a mark of no further extensions: 16 zero bytes. */
int signal_setup_frame(struct trap_frame *frame,
		       const struct taken_signal *taken, uint64_t mask)
{
	uint64_t at = frame_address(frame->sp, taken->action.sa_flags);
	uint64_t uc = at + offsetof(struct rt_sigframe, uc);
	uint64_t end = uc + sizeof(struct ucontext);
	struct arch_thread *arch = &current->arch;
	struct frame_head head = {
	    .info = taken->info, .stack = current->altstack, .mask = mask};

	if (is_on_altstack(frame->sp))
		head.stack.ss_flags |= SS_ONSTACK;
	thread_save_fp(arch);
	if (!at || copy_to_user(at, &head, sizeof(head)) ||
	    copy_to_user(uc + SIGCONTEXT_REGS, frame,
			 sizeof(struct user_regs)) ||
	    copy_to_user(uc + SIGCONTEXT_FP, &arch->fp, FP_BYTES) ||
	    put_user_u64(end - 16, 0) || put_user_u64(end - 8, 0))
		return -EFAULT;
	if (current->altstack.ss_flags & (int32_t)SS_AUTODISARM)
		current->altstack =
		    (struct sigaltstack){.ss_flags = SS_DISABLE};
	frame->epc = taken->action.sa_handler;
	frame->ra = current->process->vdso;
	frame->sp = at;
	frame->a0 = (uint64_t)taken->sig;
	frame->a1 = at;
	frame->a2 = uc;
	return 0;
}

static int restore_frame(struct trap_frame *frame)
{
	uint64_t uc = frame->sp + offsetof(struct rt_sigframe, uc);
	struct arch_thread *arch = &current->arch;
	struct {
		struct sigaltstack stack;
		uint64_t mask;
	} head;

	if (frame->sp & 15 ||
	    copy_from_user(&head, uc + offsetof(struct ucontext, uc_stack),
			   sizeof(head)) ||
	    copy_from_user(&arch->fp, uc + SIGCONTEXT_FP, FP_BYTES) ||
	    copy_from_user(frame, uc + SIGCONTEXT_REGS,
			   sizeof(struct user_regs)))
		return -EFAULT;
	thread_load_fp(arch);
	signal_set_blocked(head.mask);
	head.stack.ss_flags &= ~SS_ONSTACK;
	if (head.stack.ss_flags == SS_DISABLE ||
	    head.stack.ss_size >= MINSIGSTKSZ)
		current->altstack = head.stack;
	return 0;
}

long sys_rt_sigreturn(void)
{
	struct trap_frame *frame = &current->arch.frame;

	current->restart.fn = restart_eintr;
	if (restore_frame(frame))
		force_sigsegv(0);
	return (long)frame->a0;
}
