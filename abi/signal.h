/* SPDX-License-Identifier: MIT */
/*
 * Signals as Linux/riscv64 programs see them: numbers, actions, what a handler
 * is told (struct siginfo) and the registers it may change (struct ucontext).
 *
 * riscv64 has no sa_restorer: the kernel points ra at a trampoline of its own,
 * which makes the rt_sigreturn call. At the handler's first instruction
 *   a0 = signal, a1 = &frame->info, a2 = &frame->uc, sp = frame (16-aligned),
 *   pc = sa_handler, ra = trampoline; other registers are not defined.
 * rt_sigreturn finds the frame at sp, so a handler must return with its sp.
 *
 * A set of signals is one uint64_t; bit n - 1 stands for signal n. The calls
 * that take one also take its size, which must be 8.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SIGHUP	  1
#define SIGINT	  2
#define SIGQUIT	  3
#define SIGILL	  4
#define SIGTRAP	  5
#define SIGABRT	  6
#define SIGBUS	  7
#define SIGFPE	  8
#define SIGKILL	  9
#define SIGUSR1	  10
#define SIGSEGV	  11
#define SIGUSR2	  12
#define SIGPIPE	  13
#define SIGALRM	  14
#define SIGTERM	  15
#define SIGSTKFLT 16
#define SIGCHLD	  17
#define SIGCONT	  18
#define SIGSTOP	  19
#define SIGTSTP	  20
#define SIGTTIN	  21
#define SIGTTOU	  22
#define SIGURG	  23
#define SIGXCPU	  24
#define SIGXFSZ	  25
#define SIGVTALRM 26
#define SIGPROF	  27
#define SIGWINCH  28
#define SIGIO	  29
#define SIGPWR	  30
#define SIGSYS	  31
#define SIGRTMIN  32
#define SIGRTMAX  64

#define SIGMASK(sig) (1UL << ((sig)-1))

/* Values of sa_handler that are not addresses. */
#define SIG_DFL 0
#define SIG_IGN 1

#define SA_NOCLDSTOP	  0x00000001UL
#define SA_NOCLDWAIT	  0x00000002UL
#define SA_SIGINFO	  0x00000004UL
#define SA_UNSUPPORTED	  0x00000400UL /* never set in what is read back */
#define SA_EXPOSE_TAGBITS 0x00000800UL
#define SA_ONSTACK	  0x08000000UL
#define SA_RESTART	  0x10000000UL
#define SA_NODEFER	  0x40000000UL
#define SA_RESETHAND	  0x80000000UL

struct sigaction {
	uint64_t sa_handler; /* address, SIG_DFL or SIG_IGN */
	uint64_t sa_flags;
	uint64_t sa_mask;
};

/* The first argument of rt_sigprocmask. */
#define SIG_BLOCK   0
#define SIG_UNBLOCK 1
#define SIG_SETMASK 2

#define SS_ONSTACK    1
#define SS_DISABLE    2
#define SS_AUTODISARM (1U << 31)

#define MINSIGSTKSZ 2048 /* smaller alternate stacks are refused */
#define SIGSTKSZ    8192

struct sigaltstack {
	uint64_t ss_sp; /* lowest address */
	int32_t ss_flags;
	uint32_t ss_pad;
	uint64_t ss_size;
};

/* si_code: sent by a process (0 and below) or by the kernel (above 0). */
#define SI_USER	  0
#define SI_KERNEL 0x80
#define SI_QUEUE  (-1)
#define SI_TIMER  (-2)
#define SI_TKILL  (-6)

#define ILL_ILLOPC 1 /* SIGILL */
#define ILL_ILLTRP 4

#define FPE_INTDIV 1 /* SIGFPE */

#define SEGV_MAPERR 1 /* SIGSEGV: nothing mapped there */
#define SEGV_ACCERR 2 /* SIGSEGV: mapped, but not for this access */

#define BUS_ADRALN    1 /* SIGBUS: misaligned */
#define BUS_ADRERR    2 /* SIGBUS: beyond the end of the file */
#define BUS_OBJERR    3
#define BUS_MCEERR_AR 4 /* SIGBUS: memory error in the page just used */
#define BUS_MCEERR_AO 5

#define TRAP_BRKPT 1 /* SIGTRAP */
#define TRAP_TRACE 2

#define CLD_EXITED    1 /* SIGCHLD */
#define CLD_KILLED    2
#define CLD_DUMPED    3
#define CLD_TRAPPED   4
#define CLD_STOPPED   5
#define CLD_CONTINUED 6

/* What a handler with SA_SIGINFO is told, and what waitid fills in. */
struct siginfo {
	int32_t si_signo;
	int32_t si_errno;
	int32_t si_code;
	uint32_t si_pad;
	union {
		struct { /* kill, tgkill, rt_sigqueueinfo, SIGCHLD */
			int32_t si_pid;
			uint32_t si_uid;
			union {
				int32_t si_status;
				uint64_t si_value;
			};
			int64_t si_utime;
			int64_t si_stime;
		};
		struct { /* timer_create; and si_value */
			int32_t si_timerid;
			int32_t si_overrun;
		};
		struct { /* SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP */
			uint64_t si_addr;
			int16_t si_addr_lsb; /* BUS_MCEERR_*: log2 of size */
		};
		uint8_t si_fill[112];
	};
};

/* How timer_create is to notify. */
#define SIGEV_SIGNAL	0
#define SIGEV_NONE	1
#define SIGEV_THREAD	2
#define SIGEV_THREAD_ID 4

struct sigevent {
	uint64_t sigev_value;
	int32_t sigev_signo;
	int32_t sigev_notify;
	int32_t sigev_tid;
	uint32_t sigev_pad[11];
};
_Static_assert(sizeof(struct sigevent) == 64, "sigevent");

/* General registers in the order of the frame; pc takes the place of zero. */
struct user_regs {
	uint64_t pc, ra, sp, gp, tp, t0, t1, t2, s0, s1;
	uint64_t a0, a1, a2, a3, a4, a5, a6, a7;
	uint64_t s2, s3, s4, s5, s6, s7, s8, s9, s10, s11;
	uint64_t t3, t4, t5, t6;
};

/*
 * Floating-point registers of the D extension, in the room that the ABI keeps
 * for Q. The bytes behind fcsr are zero in a frame and must be zero when it is
 * handed back.
 */
struct user_fpregs {
	uint64_t f[32];
	uint32_t fcsr;
	uint32_t fp_unused[63];
	uint32_t fp_reserved[3];
	uint32_t fp_pad;
} __attribute__((aligned(16)));

struct sigcontext {
	struct user_regs sc_regs;
	struct user_fpregs sc_fpregs;
};

struct ucontext {
	uint64_t uc_flags;
	uint64_t uc_link;
	struct sigaltstack uc_stack;
	uint64_t uc_sigmask; /* restored by rt_sigreturn */
	uint8_t uc_unused[120];
	struct sigcontext uc_mcontext;
};

/* What the kernel pushes on the user stack. */
struct rt_sigframe {
	struct siginfo info;
	struct ucontext uc;
};

_Static_assert(sizeof(struct sigaction) == 24, "sigaction");
_Static_assert(sizeof(struct sigaltstack) == 24, "sigaltstack");
_Static_assert(sizeof(struct siginfo) == 128, "siginfo");
_Static_assert(offsetof(struct siginfo, si_addr) == 16, "siginfo");
_Static_assert(offsetof(struct siginfo, si_status) == 24, "siginfo");
_Static_assert(offsetof(struct siginfo, si_utime) == 32, "siginfo");
_Static_assert(sizeof(struct user_regs) == 256, "user_regs");
_Static_assert(sizeof(struct user_fpregs) == 528, "user_fpregs");
_Static_assert(offsetof(struct user_fpregs, fcsr) == 256, "user_fpregs");
_Static_assert(offsetof(struct ucontext, uc_sigmask) == 40, "ucontext");
_Static_assert(offsetof(struct ucontext, uc_mcontext) == 176, "ucontext");
_Static_assert(sizeof(struct ucontext) == 960, "ucontext");
_Static_assert(offsetof(struct rt_sigframe, uc) == 128, "rt_sigframe");
_Static_assert(sizeof(struct rt_sigframe) == 1088, "rt_sigframe");
