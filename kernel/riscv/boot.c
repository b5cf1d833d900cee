/* SPDX-License-Identifier: MIT */
/*
 * From the device tree to boot_info.
 *
 * The tree comes from the firmware and is not trusted: lib/fdt.h refuses what
 * is malformed, and what is well-formed but cannot be worked with ends in a
 * message here. Addresses are those of the root bus.
 */
#include "kernel/riscv/boot.h"

#include <string.h>

#include "kernel/console.h"
#include "kernel/panic.h"
#include "kernel/riscv/csr.h"
#include "kernel/riscv/smp.h"
#include "kernel/sched.h"
#include "lib/bitops.h"
#include "lib/fdt.h"
#include "mm/page_node.h"

/* The direct map ends where the device window begins. */
#define PA_END (64UL << 30)

/* clear_page takes eight blocks a round. */
#define MAX_CLEAR_BLOCK (PAGE_SIZE / 8)
#define NOT_SEEN	1 /* a power of two, but no size of a block */

struct boot_info boot_info;
uint32_t clear_block_size;

_Noreturn void boot_main(uint64_t hart, paddr_t dtb);

/* Insert [start, start + size), cut to whole pages, in ascending order. */
static void ram_add(uint64_t start, uint64_t size, unsigned node)
{
	struct memory_range *ram = boot_info.ram;
	uint64_t end =
	    size < PA_END - min(start, PA_END) ? start + size : PA_END;
	unsigned i = boot_info.nr_ram;

	start = PAGE_ALIGN(min(start, PA_END));
	end = PAGE_ALIGN_DOWN(end);
	if (start >= end)
		return;
	if (i == BOOT_MAX_RANGES)
		cannot_boot("device tree: too many memory ranges");
	for (; i && ram[i - 1].start > start; i--)
		ram[i] = ram[i - 1];
	ram[i] = (struct memory_range){start, end, node};
	boot_info.nr_ram++;
	if ((i && ram[i - 1].end > start) ||
	    (i + 1 < boot_info.nr_ram && ram[i + 1].start < end))
		cannot_boot("device tree: memory ranges overlap");
}

/* Take [start, end) out of the ranges; in pages, rounded outwards. */
static void range_cut(struct memory_range *range, unsigned *nr, uint64_t start,
		      uint64_t end)
{
	unsigned out = 0;
	struct memory_range kept[BOOT_MAX_RANGES + 1];

	start = PAGE_ALIGN_DOWN(start);
	end = end > PA_END ? PA_END : PAGE_ALIGN(end);
	for (unsigned i = 0; i < *nr; i++) {
		struct memory_range r = range[i];

		for (int upper = 0; upper < 2; upper++) {
			struct memory_range piece = r;

			if (upper)
				piece.start = max(r.start, end);
			else
				piece.end = min(r.end, start);
			if (piece.start >= piece.end)
				continue;
			if (out == BOOT_MAX_RANGES)
				cannot_boot(
				    "device tree: too many reservations");
			kept[out++] = piece;
			/* No overlap: both halves would be the whole. */
			if (end <= r.start || start >= r.end)
				break;
		}
	}
	memcpy(range, kept, out * sizeof(kept[0]));
	*nr = out;
}

static void cut_size(struct memory_range *range, unsigned *nr, uint64_t start,
		     uint64_t size)
{
	if (size)
		range_cut(range, nr, start,
			  size > PA_END || start > PA_END ? PA_END
							  : start + size);
}

/* More nodes than there is room for count as the first. */
static unsigned node_id(const struct fdt *fdt, int node)
{
	uint64_t id = 0;

	fdt_get_number(fdt, node, "numa-node-id", &id);
	return id < MAX_NODES ? (unsigned)id : 0;
}

static void read_memory(const struct fdt *fdt)
{
	uint64_t start, size;
	int node;

	fdt_for_each_child(node, fdt, fdt->root)
	{
		if (!fdt_has_string(fdt, node, "device_type", "memory") ||
		    !fdt_is_enabled(fdt, node))
			continue;
		for (unsigned n = 0; fdt_get_reg(fdt, node, n, &start, &size);
		     n++)
			ram_add(start, size, node_id(fdt, node));
	}
	/* What the firmware keeps is not mapped at all. */
	fdt_for_each_child(node, fdt, fdt_find(fdt, "/reserved-memory"))
	{
		for (unsigned n = 0; fdt_get_reg(fdt, node, n, &start, &size);
		     n++)
			cut_size(boot_info.ram, &boot_info.nr_ram, start, size);
	}
	if (!boot_info.nr_ram)
		cannot_boot("device tree: no memory");
}

static bool is_ram(paddr_t start, paddr_t end)
{
	for (unsigned i = 0; i < boot_info.nr_ram; i++) {
		if (start >= boot_info.ram[i].start &&
		    end <= boot_info.ram[i].end)
			return true;
	}
	return false;
}

/* Usable is RAM minus image, tree, initramfs and the reservation block. */
static void find_usable(const struct fdt *fdt, paddr_t dtb, size_t dtb_size)
{
	struct memory_range *usable = boot_info.usable;
	unsigned *nr = &boot_info.nr_usable;
	uint64_t start, size;

	memcpy(usable, boot_info.ram, sizeof(boot_info.ram));
	*nr = boot_info.nr_ram;
	range_cut(usable, nr, (paddr_t)kernel_start - kernel_offset,
		  (paddr_t)kernel_end - kernel_offset);
	range_cut(usable, nr, dtb, dtb + dtb_size);
	if (boot_info.initrd_end)
		range_cut(usable, nr, boot_info.initrd_start,
			  boot_info.initrd_end);
	for (unsigned n = 0; fdt_get_reserved(fdt, n, &start, &size); n++)
		cut_size(usable, nr, start, size);
}

static void read_chosen(const struct fdt *fdt)
{
	int chosen = fdt_find(fdt, "/chosen");
	const char *args = fdt_get_string(fdt, chosen, "bootargs");
	uint64_t start = 0, end = 0;
	struct fdt_prop prop;

	if (args) {
		size_t len = min(strlen(args), sizeof(boot_info.cmdline) - 1);

		memcpy(boot_info.cmdline, args, len);
	}
	if (fdt_get_prop(fdt, chosen, "rng-seed", &prop)) {
		boot_info.rng_seed_len =
		    min(prop.len, (uint32_t)sizeof(boot_info.rng_seed));
		memcpy(boot_info.rng_seed, prop.data, boot_info.rng_seed_len);
	}
	if (!fdt_get_number(fdt, chosen, "linux,initrd-start", &start) ||
	    !fdt_get_number(fdt, chosen, "linux,initrd-end", &end))
		return;
	if (start >= end || !is_ram(start, end))
		cannot_boot("device tree: the initrd is not in memory");
	boot_info.initrd_start = start;
	boot_info.initrd_end = end;
}

/* Is `name` one of the extensions behind the underscores of an ISA string? */
static bool isa_has(const char *isa, const char *name)
{
	size_t len = strlen(name);

	while ((isa = strchr(isa, '_'))) {
		isa++;
		if (!strncmp(isa, name, len) &&
		    (isa[len] == '_' || isa[len] == '\0'))
			return true;
	}
	return false;
}

/* What all harts have in common with this one, as far as they were seen. */
static void read_clear_block(const struct fdt *fdt, int cpu, const char *isa)
{
	uint64_t size = 0;

	if (isa && isa_has(isa, "zicboz"))
		fdt_get_number(fdt, cpu, "riscv,cboz-block-size", &size);
	if (!is_power_of_2(size) || size < 8 || size > MAX_CLEAR_BLOCK ||
	    (clear_block_size != NOT_SEEN && clear_block_size != size))
		size = 0;
	clear_block_size = (uint32_t)size;
}

void boot_allow_clear_blocks(void)
{
	if (clear_block_size)
		csr_write_senvcfg(SENVCFG_CBZE);
}

static void read_harts(const struct fdt *fdt)
{
	int cpus = fdt_find(fdt, "/cpus"), cpu;
	const char *isa;
	uint64_t id;

	boot_info.has_sstc = true;
	clear_block_size = NOT_SEEN;
	fdt_for_each_child(cpu, fdt, cpus)
	{
		if (!fdt_has_string(fdt, cpu, "device_type", "cpu") ||
		    !fdt_is_enabled(fdt, cpu) ||
		    fdt_has_string(fdt, cpu, "mmu-type", "riscv,none") ||
		    !fdt_get_reg(fdt, cpu, 0, &id, NULL) || id >= MAX_HARTS)
			continue;
		boot_info.harts |= 1UL << id;
		boot_info.hart_node[id] = (uint8_t)node_id(fdt, cpu);
		isa = fdt_get_string(fdt, cpu, "riscv,isa");
		if (!isa || !isa_has(isa, "sstc"))
			boot_info.has_sstc = false;
		read_clear_block(fdt, cpu, isa);
		fdt_get_number(fdt, cpu, "timebase-frequency",
			       &boot_info.timebase);
	}
	if (clear_block_size == NOT_SEEN)
		clear_block_size = 0;
	boot_info.harts |= 1UL << boot_info.boot_hart;
	fdt_get_number(fdt, cpus, "timebase-frequency", &boot_info.timebase);
	if (!boot_info.timebase)
		cannot_boot("device tree: no timebase-frequency");
}

static void read_devices(const struct fdt *fdt)
{
	const char *path =
	    fdt_get_string(fdt, fdt_find(fdt, "/chosen"), "stdout-path");
	int uart = path ? fdt_find(fdt, path) : FDT_NONE;
	int test = fdt_next_compatible(fdt, FDT_NONE, "sifive,test0");
	uint64_t shift = 0, width = 1;

	if (!fdt_has_string(fdt, uart, "compatible", "ns16550a"))
		uart = fdt_next_compatible(fdt, FDT_NONE, "ns16550a");
	fdt_get_number(fdt, uart, "reg-shift", &shift);
	fdt_get_number(fdt, uart, "reg-io-width", &width);
	if (shift <= 3 && (width == 1 || width == 4) &&
	    fdt_get_reg(fdt, uart, 0, &boot_info.uart.base, NULL)) {
		boot_info.uart.stride = 1U << shift;
		boot_info.uart.width = (unsigned)width;
	}
	fdt_get_reg(fdt, test, 0, &boot_info.finisher, NULL);
}

static void boot_read_fdt(paddr_t dtb)
{
	const void *tree = phys_to_virt(dtb);
	struct fdt fdt;
	uint32_t size;

	if (!dtb || dtb >= PA_END - FDT_MAX_SIZE)
		cannot_boot("no device tree: its address is %#lx", dtb);
	boot_map_early(dtb);
	size = fdt_claimed_size(tree, 8);
	if (!size || size > FDT_MAX_SIZE)
		cannot_boot("no device tree at %#lx", dtb);
	boot_map_early(dtb + size);
	if (fdt_open(&fdt, tree, size) < 0)
		cannot_boot("malformed device tree at %#lx", dtb);
	read_devices(&fdt);
	read_memory(&fdt);
	read_chosen(&fdt);
	read_harts(&fdt);
	find_usable(&fdt, dtb, size);
}

/* From head.S, on the boot stack and the early page table. */
_Noreturn void boot_main(uint64_t hart, paddr_t dtb)
{
	if (hart >= MAX_HARTS)
		cannot_boot("hart id %lu is too large", hart);
	boot_info.boot_hart = (unsigned)hart;
	smp_init_boot_hart((unsigned)hart);
	boot_read_fdt(dtb);
	boot_allow_clear_blocks();
	kernel_map_init();
	power_init();
	console_init(&boot_info);
	kernel_main();
}
