/* SPDX-License-Identifier: MIT */
/*
 * Panic. The first hart that comes here reports; the others are stopped by an
 * interrupt, or when they next want the console. A panic inside the report
 * ends it at once.
 *
 * What is wrong with the machine, not with us, is cannot_boot().
 */
#include "kernel/panic.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "kernel/console.h"
#include "kernel/riscv/backtrace.h"
#include "kernel/riscv/boot.h"
#include "kernel/riscv/smp.h"
#include "kernel/symbols.h"
#include "kernel/thread.h"
#include "lib/atomic.h"

#define NOBODY MAX_HARTS

static unsigned panic_hart = NOBODY; /* atomic */

void panic_check(void)
{
	unsigned who = load_relaxed(&panic_hart);

	if (who != NOBODY && who != machine_hart())
		hart_stop();
}

static void begin(void)
{
	unsigned nobody = NOBODY;

	if (!cas_acq_rel(&panic_hart, &nobody, machine_hart())) {
		panic_check();
		console_panic();
		kprintf("panic: again, while reporting\n");
		power_off(PANIC_STATUS);
	}
	hart_send_ipi(boot_info.harts & ~(1UL << machine_hart()));
	console_panic();
}

static _Noreturn void end(void)
{
	power_off(PANIC_STATUS);
}

static void print_where(void)
{
	kprintf("hart %u, thread %d of process %d (%s)\n", machine_hart(),
		current_tid(), current_pid(), current_comm());
}

static void print_registers(const struct trap_frame *frame)
{
	static const char name[32][4] = {
	    "pc", "ra", "sp", "gp", "tp",  "t0",  "t1", "t2", "s0", "s1", "a0",
	    "a1", "a2", "a3", "a4", "a5",  "a6",  "a7", "s2", "s3", "s4", "s5",
	    "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6",
	};
	const uint64_t *value = &frame->epc;

	kprintf("scause %lu stval %016lx sstatus %016lx\n", frame->cause,
		frame->tval, frame->status);
	for (unsigned i = 0; i < 32; i++)
		kprintf("%4s %016lx%s", name[i], value[i],
			i % 3 == 2 || i == 31 ? "\n" : "");
}

_Noreturn void panic_frame(const struct trap_frame *frame, const char *what)
{
	begin();
	kprintf("panic: %s\n", what);
	print_where();
	print_registers(frame);
	symbol_print("at ", frame->epc, false);
	backtrace_frame(frame);
	end();
}

_Noreturn void panic(const char *fmt, ...)
{
	char message[200];
	va_list args;

	begin();
	va_start(args, fmt);
	vsnprintf(message, sizeof(message), fmt, args);
	va_end(args);
	message[strcspn(message, "\n")] = '\0';
	kprintf("panic: %s\n", message);
	print_where();
	backtrace_here();
	end();
}

_Noreturn void cannot_boot(const char *fmt, ...)
{
	char message[200];
	va_list args;

	va_start(args, fmt);
	vsnprintf(message, sizeof(message), fmt, args);
	va_end(args);
	console_begin(false);
	kprintf("cannot boot: %s\n", message);
	power_off(PANIC_STATUS);
}

_Noreturn void bug(const char *file, int line, const char *what)
{
	panic("%s:%d: bug: %s\n", file, line, what);
}
