/* SPDX-License-Identifier: MIT */
/*
 * The frame of a signal handler on the user stack, struct rt_sigframe: where
 * its parts are, and the routines (uaccess.S) that write and read it.
 */
#pragma once

#define SIG_INFO_BYTES 48 /* of the siginfo; zeros follow */
#define SIG_UC_FLAGS   128
#define SIG_STACK      144
#define SIG_MASK       168
#define SIG_REGS       304
#define SIG_FP	       560
#define SIG_EXTENSION  1072 /* 16 bytes; zeros: there is none */

#ifndef __ASSEMBLER__

#include "abi/signal.h"
#include "kernel/riscv/thread.h"

#define SIG_OFFSET(member) offsetof(struct rt_sigframe, member)

_Static_assert(SIG_OFFSET(info) == 0, "frame");
_Static_assert(SIG_OFFSET(info.si_stime) + 8 == SIG_INFO_BYTES,
	       "the longest kind of siginfo");
_Static_assert(SIG_OFFSET(uc.uc_flags) == SIG_UC_FLAGS, "frame");
_Static_assert(SIG_OFFSET(uc.uc_stack) == SIG_STACK, "frame");
_Static_assert(SIG_OFFSET(uc.uc_sigmask) == SIG_MASK, "frame");
_Static_assert(SIG_OFFSET(uc.uc_mcontext.sc_regs) == SIG_REGS, "frame");
_Static_assert(SIG_OFFSET(uc.uc_mcontext.sc_fpregs) == SIG_FP, "frame");
_Static_assert(sizeof(struct rt_sigframe) - 16 == SIG_EXTENSION, "frame");

/* Registers are copied in the order of the trap frame and of struct fp_state.
 */
_Static_assert(sizeof(struct user_regs) == USER_REGS * sizeof(uint64_t),
	       "registers");
_Static_assert(offsetof(struct user_regs, t6) ==
		   offsetof(struct trap_frame, t6),
	       "registers");
_Static_assert(offsetof(struct user_fpregs, fcsr) ==
		   offsetof(struct fp_state, fcsr),
	       "registers");

/*
 * Write all of a frame: the first SIG_INFO_BYTES of *info, *alt with other
 * flags, the mask, the registers in *frame, the live floating-point registers.
 * 0 or -EFAULT.
 */
int put_sigframe(vaddr_t to, const struct siginfo *info,
		 const struct sigaltstack *alt, int ss_flags, uint64_t mask,
		 const struct trap_frame *frame) __must_check;

/*
 * Read what rt_sigreturn restores. 0 or -EFAULT, which is also the answer to
 * extensions; then *frame and the floating-point registers may hold anything.
 */
int get_sigframe(vaddr_t from, struct sigaltstack *alt, uint64_t *mask,
		 struct trap_frame *frame) __must_check;

#endif
