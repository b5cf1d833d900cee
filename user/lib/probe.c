/* SPDX-License-Identifier: MIT */
/*
 * See probe.h. The handler leaves what it was told in `last` and returns to
 * the caller of the leaf function that faulted.
 */
#include "user/lib/probe.h"

typedef uint64_t access(uint64_t addr, uint64_t value);
access access_load, access_load64, access_store, access_store64, access_amo,
    access_call;

static struct probe last;
static bool ready;

static void give_up(int sig, struct siginfo *info, struct ucontext *uc)
{
	struct user_regs *regs = &uc->uc_mcontext.sc_regs;

	if (info->si_code <= 0)
		return; /* the one that probe_handlers sends */
	last.signal = sig;
	last.code = info->si_code;
	last.addr = info->si_addr;
	last.pc = regs->pc;
	regs->pc = regs->ra;
}

void probe_handlers(uint64_t flags)
{
	static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP};

	for (unsigned i = 0; i < ARRAY_SIZE(signals); i++)
		handle(signals[i], give_up, flags);
	ready = true;
	raise(SIGSEGV); /* touches the stack as the real one will */
}

static struct probe probe(access *go, const volatile void *addr, uint64_t value)
{
	struct rusage before, after;

	if (!ready)
		probe_handlers(0);
	last = (struct probe){0};
	(void)*(const volatile char *)go; /* its code, too, is there */
	getrusage(RUSAGE_SELF, &after);	  /* touches everything once */
	getrusage(RUSAGE_SELF, &before);
	uint64_t result = go((uintptr_t)addr, value);
	getrusage(RUSAGE_SELF, &after);

	struct probe seen = last;
	seen.value = result;
	seen.minor = after.ru_minflt - before.ru_minflt;
	seen.major = after.ru_majflt - before.ru_majflt;
	return seen;
}

struct probe probe_load(const volatile void *addr)
{
	return probe(access_load, addr, 0);
}

struct probe probe_load64(const volatile void *addr)
{
	return probe(access_load64, addr, 0);
}

struct probe probe_store(volatile void *addr, uint8_t value)
{
	return probe(access_store, addr, value);
}

struct probe probe_store64(volatile void *addr, uint64_t value)
{
	return probe(access_store64, addr, value);
}

struct probe probe_amo(volatile void *addr, uint32_t add)
{
	return probe(access_amo, addr, add);
}

struct probe probe_call(const volatile void *addr)
{
	return probe(access_call, addr, 0);
}

long minor_faults(void)
{
	struct rusage use = {0};

	getrusage(RUSAGE_SELF, &use);
	return use.ru_minflt;
}
