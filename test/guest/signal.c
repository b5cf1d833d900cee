/* SPDX-License-Identifier: MIT */
/* Signals: delivery, masks, stacks, frames, interrupted calls. */
#include "test/guest/guest.h"

static volatile int calls, last_signal, last_code, last_pid;
static volatile uintptr_t last_sp;

static void note(int sig, struct siginfo *info, struct ucontext *uc)
{
	calls++;
	last_signal = sig;
	last_code = info->si_code;
	last_pid = info->si_pid;
	last_sp = (uintptr_t)__builtin_frame_address(0);
	(void)uc;
}

TEST(a_handler_runs_and_the_program_goes_on)
{
	EQ(handle(SIGUSR1, note, 0), 0);
	raise(SIGUSR1);
	EQ(calls, 1);
	EQ(last_signal, SIGUSR1);
	EQ(last_code, SI_TKILL);
	EQ(last_pid, getpid());
	EQ(kill(getpid(), SIGUSR1), 0);
	EQ(calls, 2);
	EQ(last_code, SI_USER);
}

TEST(default_actions)
{
	static const struct {
		int sig, status;
	} cases[] = {{SIGTERM, SIGTERM}, {SIGUSR1, SIGUSR1}, {SIGCHLD, 0},
		     {SIGCONT, 0},	 {SIGURG, 0},	     {SIGWINCH, 0},
		     {SIGKILL, SIGKILL}, {SIGPIPE, SIGPIPE}};
	int status;

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		int pid = fork();

		if (pid == 0) {
			raise(cases[i].sig);
			exit(0);
		}
		EQ(waitpid(pid, &status, 0), pid);
		EQ(status, cases[i].status);
	}
}

TEST(ignored_signals_do_nothing)
{
	struct sigaction act = {.sa_handler = SIG_IGN};

	EQ(sigaction(SIGTERM, &act, NULL), 0);
	raise(SIGTERM);
}

TEST(kill_and_stop_cannot_be_caught)
{
	EQ(handle(SIGKILL, note, 0), -EINVAL);
	EQ(handle(SIGSTOP, note, 0), -EINVAL);
	EQ(handle(0, note, 0), -EINVAL);
	EQ(handle(65, note, 0), -EINVAL);
}

TEST(sigaction_reads_back_what_was_set)
{
	/* Room behind: qemu-riscv64 takes the struct for a longer one. */
	struct sigaction act[2] = {
	    {(uintptr_t)note, SA_SIGINFO | SA_RESTART, SIGMASK(SIGUSR2)}};
	struct sigaction old[2];

	EQ(sigaction(SIGUSR1, act, NULL), 0);
	EQ(sigaction(SIGUSR1, NULL, old), 0);
	EQ(old->sa_handler, (uintptr_t)note);
	EQ(old->sa_flags, SA_SIGINFO | SA_RESTART);
	EQ(old->sa_mask, SIGMASK(SIGUSR2));
}

TEST(sigaction_errors)
{
	struct sigaction act = {0};

	EQ(sys(SYS_rt_sigaction, SIGUSR1, &act, NULL, 4), -EINVAL);
	EQ(sys(SYS_rt_sigaction, SIGUSR1, 8, NULL, 8), -EFAULT);
	EQ(sys(SYS_rt_sigprocmask, SIG_BLOCK, 8, NULL, 8), -EFAULT);
	EQ(sys(SYS_rt_sigprocmask, SIG_BLOCK, NULL, NULL, 4), -EINVAL);
	EQ(sys(SYS_rt_sigprocmask, 77, &act, NULL, 8), -EINVAL);
}

TEST(a_blocked_signal_waits)
{
	uint64_t set = SIGMASK(SIGUSR1), old = 1, pending = 0;

	handle(SIGUSR1, note, 0);
	EQ(sigprocmask(SIG_BLOCK, &set, &old), 0);
	EQ(old, 0);
	raise(SIGUSR1);
	raise(SIGUSR1);
	EQ(calls, 0);
	EQ(sys(SYS_rt_sigpending, &pending, 8), 0);
	EQ(pending, SIGMASK(SIGUSR1));
	EQ(sigprocmask(SIG_UNBLOCK, &set, NULL), 0);
	EQ(calls, 1);
}

TEST(kill_and_stop_cannot_be_blocked)
{
	uint64_t all = ~0UL, mask = 0;

	EQ(sigprocmask(SIG_SETMASK, &all, NULL), 0);
	EQ(sigprocmask(SIG_BLOCK, NULL, &mask), 0);
	EQ(mask & (SIGMASK(SIGKILL) | SIGMASK(SIGSTOP)), 0);
}

static uint64_t mask_inside;

static void look_at_mask(int sig, struct siginfo *info, struct ucontext *uc)
{
	(void)sig, (void)info, (void)uc;
	sigprocmask(SIG_BLOCK, NULL, &mask_inside);
}

TEST(the_handler_runs_with_its_signal_and_sa_mask_blocked)
{
	struct sigaction act = {(uintptr_t)look_at_mask, SA_SIGINFO,
				SIGMASK(SIGUSR2)};
	uint64_t after;

	EQ(sigaction(SIGUSR1, &act, NULL), 0);
	raise(SIGUSR1);
	EQ(mask_inside, SIGMASK(SIGUSR1) | SIGMASK(SIGUSR2));
	EQ(sigprocmask(SIG_BLOCK, NULL, &after), 0);
	EQ(after, 0);
	act.sa_flags |= SA_NODEFER;
	EQ(sigaction(SIGUSR1, &act, NULL), 0);
	raise(SIGUSR1);
	EQ(mask_inside, SIGMASK(SIGUSR2));
}

TEST(resethand_works_once)
{
	struct sigaction act;

	EQ(handle(SIGUSR1, note, SA_RESETHAND), 0);
	raise(SIGUSR1);
	EQ(calls, 1);
	EQ(sigaction(SIGUSR1, NULL, &act), 0);
	EQ(act.sa_handler, SIG_DFL);
}

static void change_registers(int sig, struct siginfo *info, struct ucontext *uc)
{
	(void)sig, (void)info;
	uc->uc_mcontext.sc_regs.s2 = 0x1234;
	uc->uc_mcontext.sc_fpregs.f[8] = 0x4008000000000000; /* 3.0 in fs0 */
	uc->uc_sigmask |= SIGMASK(SIGUSR2);
}

TEST(a_handler_changes_the_registers_it_returns_to)
{
	uint64_t mask;
	double value;
	long got;

	handle(SIGUSR1, change_registers, 0);
	long pid = getpid(), tid = gettid();
	__asm__ volatile("li s2, 0\n\t"
			 "fmv.d.x fs0, zero\n\t"
			 "mv a0, %2\n\t"
			 "mv a1, %3\n\t"
			 "li a2, 10\n\t"
			 "li a7, 131\n\t"
			 "ecall\n\t"
			 "mv %0, s2\n\t"
			 "fmv.d %1, fs0"
			 : "=&r"(got), "=&f"(value)
			 : "r"(pid), "r"(tid)
			 : "a0", "a1", "a2", "a7", "s2", "fs0", "memory");
	EQ(got, 0x1234);
	EQ(value == 3.0, 1);
	EQ(sigprocmask(SIG_BLOCK, NULL, &mask), 0);
	EQ(mask, SIGMASK(SIGUSR2));
}

static void spoil(int sig, struct siginfo *info, struct ucontext *uc)
{
	(void)sig, (void)info, (void)uc;
	calls++;
	__asm__ volatile("fmv.d.x ft0, zero\n\tfmv.d.x fa0, zero\n\t"
			 "fmv.d.x ft11, zero\n\tli t6, 0\n\tli t0, 0\n\t"
			 "fscsr zero" ::
			     : "ft0", "fa0", "ft11", "t0", "t6");
}

/* Registers across a timer's signal that arrives between two instructions. */
TEST(an_interruption_leaves_every_register_alone)
{
	struct itimerval soon = {{0, 0}, {0, 20000}};
	uint64_t rounds = 0;
	long t0, t6;
	double f0 = 1.5, f11 = 2.5;

	handle(SIGALRM, spoil, 0);
	EQ(sys(SYS_setitimer, ITIMER_REAL, &soon, NULL), 0);
	while (!calls && rounds++ < 4000000000UL) {
		__asm__ volatile("li t0, 77\n\tli t6, 88\n\t"
				 "fmv.d ft0, %2\n\tfmv.d ft11, %3\n\t"
				 "li t1, 1000\n"
				 "1:\taddi t1, t1, -1\n\tbnez t1, 1b\n\t"
				 "mv %0, t0\n\tmv %1, t6\n\t"
				 "fmv.d %2, ft0\n\tfmv.d %3, ft11"
				 : "=&r"(t0), "=&r"(t6), "+f"(f0), "+f"(f11)
				 :
				 : "t0", "t1", "t6", "ft0", "ft11");
		EQ(t0, 77);
		EQ(t6, 88);
	}
	EQ(calls, 1);
	EQ(f0 == 1.5 && f11 == 2.5, 1);
}

TEST(the_alternate_stack)
{
	char *stack = anon(4, RW);
	struct sigaltstack alt = {(uintptr_t)stack, 0, 0, 4 * PAGE}, old;

	EQ(sigaltstack(&alt, NULL), 0);
	EQ(sigaltstack(NULL, &old), 0);
	EQ(old.ss_sp, (uintptr_t)stack);
	EQ(old.ss_size, 4 * PAGE);
	EQ(old.ss_flags, 0);
	handle(SIGUSR1, note, SA_ONSTACK);
	raise(SIGUSR1);
	CHECK(last_sp > (uintptr_t)stack &&
	      last_sp <= (uintptr_t)stack + 4 * PAGE);
	handle(SIGUSR1, note, 0);
	raise(SIGUSR1);
	CHECK(last_sp < (uintptr_t)stack ||
	      last_sp > (uintptr_t)stack + 4 * PAGE);
	alt.ss_flags = SS_DISABLE;
	EQ(sigaltstack(&alt, NULL), 0);
	EQ(sigaltstack(NULL, &old), 0);
	EQ(old.ss_flags, SS_DISABLE);
}

static long altstack_result, altstack_flags;

static void change_altstack(int sig, struct siginfo *info, struct ucontext *uc)
{
	struct sigaltstack alt = {0, SS_DISABLE, 0, 0}, old;

	(void)sig, (void)info, (void)uc;
	altstack_result = sigaltstack(&alt, NULL);
	sigaltstack(NULL, &old);
	altstack_flags = old.ss_flags;
}

TEST(an_alternate_stack_in_use_cannot_be_changed)
{
	struct sigaltstack alt = {(uintptr_t)anon(4, RW), 0, 0, 4 * PAGE};

	EQ(sigaltstack(&alt, NULL), 0);
	handle(SIGUSR1, change_altstack, SA_ONSTACK);
	raise(SIGUSR1);
	EQ(altstack_result, -EPERM);
	EQ(altstack_flags, SS_ONSTACK);
}

TEST(sigaltstack_errors)
{
	struct sigaltstack alt = {(uintptr_t)anon(4, RW), 0, 0, 100};

	EQ(sigaltstack(&alt, NULL), -ENOMEM);
	alt.ss_size = 4 * PAGE;
	alt.ss_flags = 77;
	EQ(sigaltstack(&alt, NULL), -EINVAL);
	EQ(sigaltstack((struct sigaltstack *)8, NULL), -EFAULT);
}

TEST(a_stack_overflow_is_caught_on_the_alternate_stack)
{
	struct sigaltstack alt = {(uintptr_t)anon(4, RW), 0, 0, 4 * PAGE};

	EQ(setrlimit(RLIMIT_STACK, 256 * 1024, RLIM_INFINITY), 0);
	EQ(sigaltstack(&alt, NULL), 0);
	probe_handlers(SA_ONSTACK);
	char *here = __builtin_frame_address(0);
	REFUSED(probe_store(here - 1024 * 1024, 1), SIGSEGV, SEGV_MAPERR);
	CHECK(get(here - 64 * 1024) == 0);
}

TEST(fault_signals_are_forced_when_blocked)
{
	int status, pid = fork();

	if (pid == 0) {
		uint64_t all = ~0UL;

		handle(SIGSEGV, note, 0);
		sigprocmask(SIG_SETMASK, &all, NULL);
		*(volatile char *)anon(1, PROT_NONE) = 1;
		exit(0);
	}
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status & 0x7f, SIGSEGV);
}

TEST(illegal_instructions_and_breakpoints)
{
	uint32_t *code = (uint32_t *)anon(1, RW | PROT_EXEC);

	code[0] = 0xffffffff;
	__asm__ volatile("fence.i" ::: "memory");
	struct probe seen = probe_call(code);
	EQ(seen.signal, SIGILL);
	EQ(seen.code, ILL_ILLOPC);
	EQ(seen.addr, (uintptr_t)code);
	code[0] = 0x00100073; /* ebreak */
	__asm__ volatile("fence.i" ::: "memory");
	seen = probe_call(code);
	EQ(seen.signal, SIGTRAP);
	EQ(seen.code, TRAP_BRKPT);
}

TEST(privileged_instructions_are_illegal)
{
	uint32_t *code = (uint32_t *)anon(1, RW | PROT_EXEC);

	code[0] = 0x10002073; /* csrr zero, sstatus */
	__asm__ volatile("fence.i" ::: "memory");
	EQ(probe_call(code).signal, SIGILL);
	code[0] = 0x10200073; /* sret */
	__asm__ volatile("fence.i" ::: "memory");
	EQ(probe_call(code).signal, SIGILL);
}

TEST(a_signal_interrupts_a_read)
{
	struct itimerval soon = {{0, 0}, {0, 20000}};
	int fds[2];
	char c;

	EQ(pipe(fds), 0);
	handle(SIGALRM, note, 0);
	EQ(sys(SYS_setitimer, ITIMER_REAL, &soon, NULL), 0);
	EQ(read(fds[0], &c, 1), -EINTR);
	EQ(calls, 1);
}

static int restart_fd;

static void write_byte(int sig, struct siginfo *info, struct ucontext *uc)
{
	(void)sig, (void)info, (void)uc;
	write(restart_fd, "x", 1);
}

TEST(sa_restart_makes_the_read_go_on)
{
	struct itimerval soon = {{0, 0}, {0, 20000}};
	int fds[2];
	char c = 0;

	EQ(pipe(fds), 0);
	restart_fd = fds[1];
	handle(SIGALRM, write_byte, SA_RESTART);
	EQ(sys(SYS_setitimer, ITIMER_REAL, &soon, NULL), 0);
	EQ(read(fds[0], &c, 1), 1);
	EQ(c, 'x');
}

TEST(sa_restart_makes_wait_go_on)
{
	struct itimerval soon = {{0, 0}, {0, 20000}};
	int status, pid = fork();

	if (pid == 0) {
		sleep_ms(100);
		exit(5);
	}
	handle(SIGALRM, note, SA_RESTART);
	EQ(sys(SYS_setitimer, ITIMER_REAL, &soon, NULL), 0);
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, 5 << 8);
	EQ(calls, 1);
}

TEST(nanosleep_tells_what_was_left)
{
	struct itimerval soon = {{0, 0}, {0, 20000}};
	struct timespec len = {10, 0}, left = {0, 0};

	handle(SIGALRM, note, 0);
	EQ(sys(SYS_setitimer, ITIMER_REAL, &soon, NULL), 0);
	EQ(nanosleep(&len, &left), -EINTR);
	CHECK(left.tv_sec == 9);
}

TEST(a_child_that_ends_sends_sigchld)
{
	struct timespec len = {5, 0};

	handle(SIGCHLD, note, 0);
	int pid = fork();
	if (pid == 0)
		exit(3);
	while (!calls)
		nanosleep(&len, NULL);
	EQ(last_code, CLD_EXITED);
	EQ(last_pid, pid);
	joined(pid, 3);
}

TEST(ignoring_sigchld_reaps_at_once)
{
	struct sigaction act = {.sa_handler = SIG_IGN};
	int status;

	EQ(sigaction(SIGCHLD, &act, NULL), 0);
	if (fork() == 0)
		exit(0);
	EQ(waitpid(-1, &status, 0), -ECHILD);
}

TEST(sigsuspend_waits_with_another_mask)
{
	uint64_t block = SIGMASK(SIGUSR1), none = 0, mask;

	handle(SIGUSR1, note, 0);
	EQ(sigprocmask(SIG_BLOCK, &block, NULL), 0);
	raise(SIGUSR1);
	EQ(sys(SYS_rt_sigsuspend, &none, 8), -EINTR);
	EQ(calls, 1);
	EQ(sigprocmask(SIG_BLOCK, NULL, &mask), 0);
	EQ(mask, SIGMASK(SIGUSR1));
}

TEST(kill_errors)
{
	EQ(kill(99999, 0), -ESRCH);
	EQ(kill(getpid(), 65), -EINVAL);
	EQ(kill(getpid(), 0), 0);
	EQ(sys(SYS_tgkill, getpid(), 99999, SIGUSR1), -ESRCH);
	EQ(sys(SYS_tgkill, -1, gettid(), SIGUSR1), -EINVAL);
}

TEST(a_forged_frame_gains_nothing)
{
	int status, pid = fork();

	if (pid == 0) {
		__asm__ volatile("li sp, 16\n\tli a7, 139\n\tecall");
		exit(0);
	}
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status & 0x7f, SIGSEGV);
}

static void check_bare_frame(int sig, struct siginfo *info, struct ucontext *uc)
{
	const struct user_regs *regs = &uc->uc_mcontext.sc_regs;

	(void)sig, (void)info;
	exit(regs->s2 == 0x1234 && regs->s11 == 0x5678 && regs->sp == 16);
}

TEST(a_return_without_a_frame_leaves_the_registers)
{
	struct sigaltstack alt = {(uintptr_t)anon(4, RW), 0, 0, 4 * PAGE};
	int pid = fork();

	if (pid == 0) {
		sigaltstack(&alt, NULL);
		handle(SIGSEGV, check_bare_frame, SA_ONSTACK);
		__asm__ volatile("li s2, 0x1234\n\tli s11, 0x5678\n\t"
				 "li sp, 16\n\tli a7, 139\n\tecall");
		exit(0);
	}
	joined(pid, 1);
}

static unsigned word_to_set;

static void set_word(int sig, struct siginfo *info, struct ucontext *uc)
{
	(void)sig, (void)info;
	((uint32_t *)&uc->uc_mcontext.sc_fpregs.fp_reserved)[word_to_set] = 1;
}

/* Behind the registers: a word of no meaning, one of zero, a list's end. */
TEST(a_frame_with_unknown_extensions_is_refused)
{
	for (word_to_set = 0; word_to_set < 4; word_to_set++) {
		int status, pid = fork();

		if (pid == 0) {
			handle(SIGUSR1, set_word, 0);
			raise(SIGUSR1);
			exit(0);
		}
		EQ(waitpid(pid, &status, 0), pid);
		EQ(status, word_to_set ? SIGSEGV : 0);
	}
}

static unsigned nr_stale;

static void look_for_stale_bytes(int sig, struct siginfo *info,
				 struct ucontext *uc)
{
	const uint8_t *bytes = (const uint8_t *)info;

	(void)sig;
	for (unsigned i = offsetof(struct siginfo, si_addr) + 8;
	     i < sizeof(*info); i++)
		nr_stale += bytes[i] != 0;
	nr_stale += uc->uc_flags != 0;
	nr_stale += uc->uc_link != 0;
	uc->uc_mcontext.sc_regs.pc += 4;
}

TEST(a_siginfo_holds_nothing_of_what_was_there_before)
{
	char *stack = anon(4, RW);
	struct sigaltstack alt = {(uintptr_t)stack, 0, 0, 4 * PAGE};

	memset(stack, 0xff, 4 * PAGE);
	EQ(sigaltstack(&alt, NULL), 0);
	handle(SIGSEGV, look_for_stale_bytes, SA_ONSTACK);
	__asm__ volatile(".option push\n\t.option norvc\n\t"
			 "sd zero, 0(zero)\n\t.option pop" ::
			     : "memory");
	EQ(nr_stale, 0);
}

TAP_MAIN
