/* SPDX-License-Identifier: MIT */
/*
 * From a mapped kernel on one hart to the first program: the order in which
 * everything comes to life.
 *
 * Until sched_idle() there is one thread, the boot hart's idle thread, which
 * must not sleep; nothing here can have to wait, since nobody else holds a
 * lock.
 */
#include <string.h>

#include "kernel/clone.h"
#include "kernel/cmdline.h"
#include "kernel/console.h"
#include "kernel/exec.h"
#include "kernel/fs/boot.h"
#include "kernel/fs/files.h"
#include "kernel/fs/vfs.h"
#include "kernel/futex.h"
#include "kernel/kstack.h"
#include "kernel/panic.h"
#include "kernel/process.h"
#include "kernel/random.h"
#include "kernel/riscv/boot.h"
#include "kernel/riscv/fault.h"
#include "kernel/riscv/mmu.h"
#include "kernel/riscv/smp.h"
#include "kernel/sched.h"
#include "kernel/shm.h"
#include "kernel/signal.h"
#include "mm/mm.h"
#include "mm/page_node.h"
#include "mm/pagetable.h"
#include "mm/slab.h"

#define DEFAULT_INIT "/init"

static void init_console(void)
{
	bool complete = cmdline_init();
	const char *trace, *locks;

	console_begin(cmdline_has("quiet"));
	if (!complete)
		kprintf("command line: too many words, the last are lost\n");
	trace = cmdline_value("trace");
	fault_set_trace(trace && !strcmp(trace, "fault"));
	locks = cmdline_value("per_vma_locks");
	fault_set_vma_locks(!locks || strcmp(locks, "off"));
}

static void init_memory(void)
{
	if (page_init(boot_info.ram, boot_info.nr_ram, boot_info.usable,
		      boot_info.nr_usable) < 0)
		cannot_boot("no room for the array of page frames");
	for (unsigned hart = 0; hart < MAX_HARTS; hart++)
		page_set_hart_node(hart, boot_info.hart_node[hart]);
	boot_memory_done();
	kmem_init();
	kstack_init();
	asid_init();
	pt_set_kernel_root(kernel_root);
	mm_init();
}

static void init_processes(void)
{
	thread_init();
	process_init();
	signal_init();
	futex_init();
	exec_init();
	shm_init();
	random_seed(boot_info.rng_seed, boot_info.rng_seed_len);
	sched_init();
}

static void init_files(void)
{
	vfs_init();
	/* Names are looked up from here until there are processes. */
	current->fs = fs_context_alloc();
	if (!current->fs)
		cannot_boot("no memory for the root directory");
	tty_init(!cmdline_has("noecho"));
	initramfs_unpack();
}

static void first_program(void)
{
	static const char *const env[] = {"HOME=/", "PATH=/bin:/usr/bin",
					  "TERM=dumb", NULL};
	const char *path = cmdline_value("init");

	if (!path)
		path = DEFAULT_INIT;
	start_init(path, cmdline_init_argv(path), env);
}

_Noreturn void kernel_main(void)
{
	clock_init();
	init_console();
	init_memory();
	kprintf("faultline: %lu MiB of memory, %d harts\n",
		page_nr_total() * PAGE_SIZE >> 20,
		__builtin_popcountl(boot_info.harts));
	init_processes();
	init_files();
	smp_start();
	first_program();
	sched_idle();
}
