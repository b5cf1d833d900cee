/* SPDX-License-Identifier: MIT */
/*
 * sigaction(2), the signals of memory: SIGSEGV and SIGBUS with si_code and
 * si_addr, in which thread, with which handler, and what comes after it.
 */
#include "test/conform/conform.h"
#include "user/lib/thread.h"

TEST(fault_on_nothing_is_maperr)
{
	char *p = hole(1);

	FAULTS(probe_load(p), SIGSEGV, SEGV_MAPERR, p);
	FAULTS(probe_store(p, 1), SIGSEGV, SEGV_MAPERR, p);
	FAULTS(probe_call(p), SIGSEGV, SEGV_MAPERR, p);
	FAULTS(probe_amo(p, 1), SIGSEGV, SEGV_MAPERR, p);
}

TEST(fault_on_the_null_pointer_is_maperr)
{
	FAULTS(probe_load((char *)16), SIGSEGV, SEGV_MAPERR, 16);
	FAULTS(probe_store((char *)16, 1), SIGSEGV, SEGV_MAPERR, 16);
}

TEST(fault_on_kernel_addresses_is_maperr)
{
	char *p = (char *)0xffffffff80000000UL;

	FAULTS(probe_load(p), SIGSEGV, SEGV_MAPERR, p);
	FAULTS(probe_store(p, 1), SIGSEGV, SEGV_MAPERR, p);
}

TEST(fault_on_protected_memory_is_accerr)
{
	char *p = anon(1, PROT_NONE);

	FAULTS(probe_load(p + 5), SIGSEGV, SEGV_ACCERR, p + 5);
	FAULTS(probe_amo(p + 8, 1), SIGSEGV, SEGV_ACCERR, p + 8);
}

TEST(fault_address_is_the_byte)
{
	char *p = hole(1);

	for (int i = 0; i < 4096; i += 511)
		EQ(probe_load(p + i).addr, (uintptr_t)p + i);
}

TEST(fault_across_a_page_border_names_the_missing_page)
{
	char *p = filled(2);

	EQ(munmap(p + PAGE, PAGE), 0);
	struct probe seen = probe_load64(p + PAGE - 4);
	EQ(seen.signal, SIGSEGV);
	EQ(seen.code, SEGV_MAPERR);
	EQ(seen.addr & -PAGE, (uintptr_t)p + PAGE);
}

TEST(fault_leaves_the_program_counter_at_the_access)
{
	struct probe a = probe_load(hole(1)), b = probe_load(hole(1));

	CHECK(a.pc != 0);
	EQ(a.pc, b.pc);
}

TEST(fault_behind_the_end_of_a_file_is_adrerr)
{
	char *p = map_fd(file_of(1), 2, PROT_READ | PROT_EXEC, MAP_PRIVATE);

	FAULTS(probe_load(p + PAGE + 3), SIGBUS, BUS_ADRERR, p + PAGE + 3);
	FAULTS(probe_call(p + PAGE), SIGBUS, BUS_ADRERR, p + PAGE);
}

TEST(fault_store_behind_the_end_of_a_read_only_file_is_accerr)
{
	char *p = map_fd(file_of(1), 2, PROT_READ, MAP_PRIVATE);

	FAULTS(probe_store(p + PAGE, 1), SIGSEGV, SEGV_ACCERR, p + PAGE);
}

static void touch(void *p)
{
	*(volatile char *)p = 1;
}

TEST(fault_without_handler_kills)
{
	EQ(in_child(touch, hole(1)) & 0x7f, SIGSEGV);
	EQ(in_child(touch,
		    map_fd(memfd_create("empty", 0), 1, RW, MAP_SHARED)) &
	       0x7f,
	   SIGBUS);
}

static void touch_ignored(void *p)
{
	struct sigaction act = {.sa_handler = SIG_IGN};

	sigaction(SIGSEGV, &act, NULL);
	touch(p);
}

TEST(fault_cannot_be_ignored)
{
	EQ(in_child(touch_ignored, hole(1)) & 0x7f, SIGSEGV);
}

static void handled(int sig, struct siginfo *info, struct ucontext *uc)
{
	(void)sig;
	(void)info;
	(void)uc;
	exit(9);
}

static void touch_blocked(void *p)
{
	uint64_t set = SIGMASK(SIGSEGV);

	handle(SIGSEGV, handled, 0);
	sigprocmask(SIG_BLOCK, &set, NULL);
	touch(p);
}

TEST(fault_when_blocked_kills)
{
	EQ(in_child(touch_blocked, hole(1)) & 0x7f, SIGSEGV);
}

static void touch_handled(void *p)
{
	handle(SIGSEGV, handled, 0);
	touch(p);
}

TEST(fault_runs_the_handler)
{
	EQ(in_child(touch_handled, hole(1)), 9 << 8);
}

static char *missing;

static void faults_again(int sig, struct siginfo *info, struct ucontext *uc)
{
	(void)sig;
	(void)info;
	(void)uc;
	*(volatile char *)missing = 1;
}

static void touch_twice(void *p)
{
	missing = p;
	handle(SIGSEGV, faults_again, 0);
	touch(p);
}

TEST(fault_in_its_own_handler_kills)
{
	EQ(in_child(touch_twice, hole(1)) & 0x7f, SIGSEGV);
}

static void map_it(int sig, struct siginfo *info, struct ucontext *uc)
{
	(void)sig;
	(void)uc;
	map((char *)(info->si_addr & -PAGE), PAGE, RW, ANON | MAP_FIXED);
}

TEST(fault_handler_may_map_what_is_missing)
{
	volatile char *p = hole(2);

	EQ(handle(SIGSEGV, map_it, 0), 0);
	p[10] = 'x';
	p[PAGE + 10] = 'y';
	EQ(p[10], 'x');
	EQ(p[PAGE + 10], 'y');
}

static void grow_it(int sig, struct siginfo *info, struct ucontext *uc)
{
	(void)sig;
	(void)uc;
	(void)info;
	ftruncate(100, 2 * PAGE);
}

TEST(fault_handler_may_extend_the_file)
{
	EQ(dup2(file_of(1), 100), 100);
	volatile char *p = map_fd(100, 2, RW, MAP_SHARED);

	EQ(handle(SIGBUS, grow_it, 0), 0);
	p[PAGE] = 'x';
	EQ(p[PAGE], 'x');
}

static uint32_t faulting_thread;

static void note_thread(int sig, struct siginfo *info, struct ucontext *uc)
{
	(void)sig;
	(void)uc;
	faulting_thread = (uint32_t)gettid();
	map((char *)(info->si_addr & -PAGE), PAGE, RW, ANON | MAP_FIXED);
}

TEST(fault_signals_the_thread_that_made_it)
{
	struct thread thread;
	char *p = hole(1);

	EQ(handle(SIGSEGV, note_thread, 0), 0);
	EQ(thread_start(&thread, touch, p), 0);
	thread_join(&thread);
	CHECK(faulting_thread != 0);
	CHECK(faulting_thread != (uint32_t)gettid());
}

TEST(fault_in_system_calls_is_efault_and_no_signal)
{
	char *p = hole(1);
	int fds[2];

	EQ(pipe(fds), 0);
	EQ(write(fds[1], p, 1), -EFAULT);
	EQ(sys(SYS_uname, p), -EFAULT);
	EQ(sys(SYS_clock_gettime, CLOCK_MONOTONIC, p), -EFAULT);
	EQ(open(p, O_RDONLY, 0), -EFAULT);
}

TEST(fault_on_a_text_page_that_is_written)
{
	char *text = (char *)(uintptr_t)tap_main;

	FAULTS(probe_store(text, 1), SIGSEGV, SEGV_ACCERR, text);
}

TEST(fault_on_a_constant_that_is_written)
{
	static const char constant[64] = "constant";
	char *p = (char *)(uintptr_t)constant;

	FAULTS(probe_store(p, 1), SIGSEGV, SEGV_ACCERR, p);
}

TEST(fault_counts_as_minor)
{
	char *p = anon(64, RW);
	long before = minor_faults();

	for (int i = 0; i < 64; i++)
		p[(unsigned long)i * PAGE] = 1;
	CHECK(minor_faults() >= before + 64);
}

TAP_MAIN
