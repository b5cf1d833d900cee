/* SPDX-License-Identifier: MIT */
/*
 * What the firmware told us: the device tree as numbers, and boot memory.
 */
#pragma once

#include "lib/machine.h"
#include "mm/page.h"
#include "mm/pte.h"

#define BOOT_MAX_RANGES	 16
#define BOOT_CMDLINE_LEN 4096

/* A 16550 UART: registers are `stride` bytes apart and `width` wide. */
struct boot_uart {
	paddr_t base; /* 0: none */
	unsigned stride, width;
};

struct boot_info {
	unsigned nr_ram, nr_usable;
	struct memory_range ram[BOOT_MAX_RANGES];    /* ascending */
	struct memory_range usable[BOOT_MAX_RANGES]; /* ram minus reserved */

	/*
	 * A hart's index is its hart id; the few machines with ids of
	 * MAX_HARTS or more run without those harts.
	 */
	unsigned boot_hart;
	uint64_t harts; /* that exist; bit n: hart n */
	uint8_t hart_node[MAX_HARTS];

	uint64_t timebase; /* ticks of the time CSR in a second */
	paddr_t initrd_start, initrd_end; /* equal: none */
	struct boot_uart uart;
	paddr_t finisher; /* sifive,test0; 0: none */
	bool has_sstc;	  /* stimecmp may be written */
	uint8_t rng_seed[64];
	unsigned rng_seed_len;
	char cmdline[BOOT_CMDLINE_LEN];
};

/* Filled before kernel_main() and constant from then on. */
extern struct boot_info boot_info;

/*
 * Bytes that cbo.zero clears, a power of two; 0: not every hart has it (Zicboz
 * 1.0). For clear_page.
 */
extern uint32_t clear_block_size;

/* Let programs use cbo.zero on this hart if all harts have it. */
void boot_allow_clear_blocks(void);

/* Virtual address minus physical address of the kernel image. */
extern uint64_t kernel_offset;

/* The kernel's root page table; entries 256..511 are in every mm's root. */
extern pte_t kernel_root[];

/* The window for kernel stacks. */
#define VMAP_BASE 0xffffffe000000000UL
#define VMAP_SIZE (1UL << 30)

/* Permissions of kernel mappings, for kernel_map. */
#define KERNEL_R  (PTE_V | PTE_G | PTE_A | PTE_R)
#define KERNEL_RW (KERNEL_R | PTE_W | PTE_D)
#define KERNEL_RX (KERNEL_R | PTE_X)

/* Image sections, from the linker script. */
extern char kernel_start[], kernel_text_end[], kernel_rodata_end[];
extern char kernel_guard_start[], kernel_guard_end[], kernel_end[];

/* Pages of boot memory, zeroed, never freed; until boot_memory_done(). */
void *boot_page_alloc(void);

/* From now on page_alloc works and boot_info.usable belongs to it. */
void boot_memory_done(void);

/*
 * Map [va, va + len) of the kernel's half to pa with the largest leaves that
 * fit. Tables come from boot_page_alloc, or from page_alloc once that works.
 * Nothing may be mapped there; the caller excludes others and fences. False:
 * no memory, and part of the range may be mapped.
 */
bool kernel_map(vaddr_t va, paddr_t pa, uint64_t len, uint64_t prot);

/* Remove one page that was mapped alone; where it was. The caller fences. */
paddr_t kernel_unmap_page(vaddr_t va);

/* Make [pa, pa + 1 GiB), rounded down, readable before kernel_map_init. */
void boot_map_early(paddr_t pa);

/* Build the final kernel page tables and load them. */
void kernel_map_init(void);

/*
 * Map device registers; their address. Never unmapped; a mapping made before
 * kernel_map_init is gone after it (a panic that early powers off with it).
 */
void *device_map(paddr_t pa, uint64_t len);

/* The time CSR when the kernel was entered: the zero of machine_clock(). */
extern uint64_t boot_ticks;

/* machine_clock() works from here on. */
void clock_init(void);

/* The kernel proper, on the boot hart, with the final page tables. */
_Noreturn void kernel_main(void);
