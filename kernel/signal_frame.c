/* SPDX-License-Identifier: MIT */
/*
 * The frame of a signal handler on the user stack, and the way back from it.
 *
 * The layout is Linux's (abi/signal.h). The general registers are stored in
 * the order of the trap frame. put_sigframe and get_sigframe (uaccess.S) move
 * everything in one go, and the floating-point registers without a stop in
 * memory: that saves some 350 instructions a signal over copying part by part.
 */
#include "kernel/signal.h"

#include "kernel/riscv/sigframe.h"
#include "kernel/syscall.h"
#include "mm/mm_types.h"

static bool is_on_altstack(uint64_t sp)
{
	const struct sigaltstack *alt = &current->altstack;

	return !(alt->ss_flags & (SS_DISABLE | (int32_t)SS_AUTODISARM)) &&
	       sp > alt->ss_sp && sp - alt->ss_sp <= alt->ss_size;
}

/* Where the frame goes; 0: no room on the alternate stack. */
static uint64_t frame_address(uint64_t sp, bool is_on_alt, uint64_t sa_flags)
{
	const struct sigaltstack *alt = &current->altstack;
	uint64_t at;

	if (!is_on_alt && sa_flags & SA_ONSTACK &&
	    !(alt->ss_flags & SS_DISABLE))
		sp = alt->ss_sp + alt->ss_size;
	at = (sp - sizeof(struct rt_sigframe)) & ~15UL;
	return is_on_alt && !is_on_altstack(at) ? 0 : at;
}

__called_once int signal_setup_frame(struct trap_frame *frame,
				     const struct taken_signal *taken,
				     uint64_t mask)
{
	struct sigaltstack *alt = &current->altstack;
	bool is_on_alt = is_on_altstack(frame->sp);
	uint64_t at =
	    frame_address(frame->sp, is_on_alt, taken->action.sa_flags);
	int ss_flags = is_on_alt ? alt->ss_flags | SS_ONSTACK : alt->ss_flags;

	if (!at || put_sigframe(at, &taken->info, alt, ss_flags, mask, frame))
		return -EFAULT;
	if (alt->ss_flags & (int32_t)SS_AUTODISARM)
		*alt = (struct sigaltstack){.ss_flags = SS_DISABLE};
	frame->epc = taken->action.sa_handler;
	frame->ra = load_relaxed(&current->mm->vdso);
	frame->sp = at;
	frame->a0 = (uint64_t)taken->info.si_signo;
	frame->a1 = at + offsetof(struct rt_sigframe, info);
	frame->a2 = at + offsetof(struct rt_sigframe, uc);
	return 0;
}

static int restore_frame(struct trap_frame *frame)
{
	struct sigaltstack alt;
	uint64_t mask;

	if (frame->sp & 15 || get_sigframe(frame->sp, &alt, &mask, frame))
		return -EFAULT;
	signal_set_blocked(mask);
	alt.ss_flags &= ~SS_ONSTACK;
	if (alt.ss_flags == SS_DISABLE || alt.ss_size >= MINSIGSTKSZ)
		current->altstack = alt;
	return 0;
}

/* 0, or -EFAULT: there is work, and s0-s11 and gp of the frame are not valid.
 */
long sys_rt_sigreturn(void)
{
	int err = restore_frame(&current->arch.frame);

	current->restart.fn = restart_eintr;
	if (err)
		force_sigsegv(0);
	return err;
}
