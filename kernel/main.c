/* SPDX-License-Identifier: MIT */
/*
 * From a mapped kernel on one hart to the first program: the order in which
 * everything comes to life.
 */
#include "kernel/cmdline.h"
#include "kernel/console.h"
#include "kernel/fs/boot.h"
#include "kernel/fs/vfs.h"
#include "kernel/kstack.h"
#include "kernel/process.h"
#include "kernel/riscv/boot.h"
#include "kernel/riscv/fault.h"
#include "kernel/riscv/mmu.h"
#include "kernel/riscv/smp.h"
#include "kernel/sched.h"
#include "kernel/signal.h"
#include "mm/mm.h"
#include "mm/pagetable.h"
#include "mm/slab.h"

#include <string.h>

static void init_memory(void)
{
	if (page_init(boot_info.ram, boot_info.nr_ram, boot_info.usable,
		      boot_info.nr_usable) < 0)
		panic("no room for the array of page frames\n");
	boot_memory_done();
	kmem_init();
	kstack_init();
	page_add_shrinker(kmem_shrink);
	pt_set_kernel_root(kernel_root);
	mm_init();
}

_Noreturn void kernel_main(void)
{
	clock_init();
	cmdline_init();
	console_begin(cmdline_has("quiet"));
	init_memory();
	asid_init();
	kprintf("faultline: %lu MiB of memory, %d harts\n",
		page_nr_total() * PAGE_SIZE >> 20,
		__builtin_popcountl(boot_info.harts));
	sched_init();
	smp_start();
	sched_idle();
}
