/* SPDX-License-Identifier: MIT */
/*
 * The kernel's own page tables, and boot memory.
 *
 * Upper half (docs/address-space.md): the direct map of RAM, a window for
 * device registers, the vmap area for kernel stacks, the image. All entries
 * are global and have A and D set. Nothing is both writable and executable:
 * the image has the permissions of its sections, its text and read-only data
 * are read-only in the direct map too, and the direct map is never executable.
 *
 * The root entries of the upper half are complete before the first user
 * address space is made, so a copy of them never gets old.
 *
 * Tables come from boot memory, pages cut off the start of a usable range
 * until mm/ takes over what is left. Only the boot hart runs then. Later
 * callers (kstack.c) bring a lock.
 */
#include "kernel/panic.h"
#include "kernel/riscv/boot.h"
#include "kernel/riscv/csr.h"
#include "mm/page.h"

#define DEVICE_BASE 0xffffffd000000000UL

pte_t kernel_root[PTRS_PER_PT] __aligned(PAGE_SIZE);
extern pte_t early_root[];
uint64_t kernel_offset;

static struct memory_range *boot_range; /* what boot_page_alloc cuts from */
static bool page_alloc_works;
static bool is_mapped; /* kernel_root is in use */
static vaddr_t device_next = DEVICE_BASE;

/* The early tables map the gigabyte of the image, so take memory from there. */
void *boot_page_alloc(void)
{
	paddr_t image_end = (paddr_t)kernel_end - kernel_offset;
	void *page;

	for (unsigned i = 0; !boot_range && i < boot_info.nr_usable; i++) {
		struct memory_range *range = &boot_info.usable[i];

		if (range->start >= image_end &&
		    range->start >> 30 == image_end >> 30 &&
		    range->end - range->start >= 64 * PAGE_SIZE)
			boot_range = range;
	}
	if (!boot_range || boot_range->start == boot_range->end)
		cannot_boot("no memory behind the kernel image");
	page = phys_to_virt(boot_range->start);
	boot_range->start += PAGE_SIZE;
	clear_page(page);
	return page;
}

void boot_memory_done(void)
{
	page_alloc_works = true;
}

static void *table_alloc(void)
{
	if (page_alloc_works)
		return page_alloc_virt(GFP_KERNEL | GFP_ZERO);
	return boot_page_alloc();
}

/* The table below *entry, made when missing; NULL: no memory. */
static pte_t *table_below(pte_t *entry)
{
	pte_t *table;

	if (pte_is_present(*entry))
		return phys_to_virt(pte_pfn(*entry) << PAGE_SHIFT);
	table = table_alloc();
	if (table)
		pte_store(entry, pte_make(virt_to_phys(table) >> PAGE_SHIFT,
					  (pgprot_t){PTE_V}));
	return table;
}

/* Level of the largest leaf that can stand at va and pa. */
static unsigned leaf_level(vaddr_t va, paddr_t pa, uint64_t len)
{
	unsigned level = 2;

	while (level && (!IS_ALIGNED(va | pa, pt_level_size(level)) ||
			 len < pt_level_size(level)))
		level--;
	return level;
}

/* The entry for va at this level, with tables above it; NULL: no memory. */
static pte_t *kernel_entry(vaddr_t va, unsigned level)
{
	pte_t *table = kernel_root;

	for (unsigned l = 2; l > level && table; l--)
		table = table_below(&table[pt_index(va, l)]);
	return table ? &table[pt_index(va, level)] : NULL;
}

bool kernel_map(vaddr_t va, paddr_t pa, uint64_t len, uint64_t prot)
{
	while (len) {
		unsigned level = leaf_level(va, pa, len);
		pte_t *entry = kernel_entry(va, level);

		if (!entry)
			return false;
		BUG_ON(pte_is_present(*entry));
		pte_store(entry, pte_make(pa >> PAGE_SHIFT, (pgprot_t){prot}));
		va += pt_level_size(level);
		pa += pt_level_size(level);
		len -= pt_level_size(level);
	}
	return true;
}

paddr_t kernel_unmap_page(vaddr_t va)
{
	pte_t *entry = kernel_entry(va, 0);
	paddr_t pa = pte_pfn(*entry) << PAGE_SHIFT;

	pte_store(entry, pte_none());
	return pa;
}

static void map_or_die(vaddr_t va, paddr_t pa, uint64_t len, uint64_t prot)
{
	if (!kernel_map(va, pa, len, prot))
		cannot_boot("no memory for the kernel's page tables");
}

static void map_direct(paddr_t start, paddr_t end, uint64_t prot)
{
	if (start < end)
		map_or_die((vaddr_t)phys_to_virt(start), start, end - start,
			   prot);
}

/* The part of a RAM range below, inside and behind the constant sections. */
static void map_ram(const struct memory_range *ram)
{
	paddr_t text = (paddr_t)kernel_start - kernel_offset;
	paddr_t data = (paddr_t)kernel_rodata_end - kernel_offset;

	map_direct(ram->start, min(ram->end, text), KERNEL_RW);
	map_direct(max(ram->start, text), min(ram->end, data), KERNEL_R);
	map_direct(max(ram->start, data), ram->end, KERNEL_RW);
}

static void map_image(const char *start, const char *end, uint64_t prot)
{
	map_or_die((vaddr_t)start, (paddr_t)start - kernel_offset,
		   (uint64_t)(end - start), prot);
}

/* Before the MMU sees kernel_root nothing needs a fence but the switch. */
void kernel_map_init(void)
{
	for (unsigned i = 0; i < boot_info.nr_ram; i++)
		map_ram(&boot_info.ram[i]);
	map_image(kernel_start, kernel_text_end, KERNEL_RX);
	map_image(kernel_text_end, kernel_rodata_end, KERNEL_R);
	map_image(kernel_rodata_end, kernel_guard_start, KERNEL_RW);
	map_image(kernel_guard_end, kernel_end, KERNEL_RW);
	table_below(&kernel_root[pt_index(VMAP_BASE, 2)]);
	table_below(&kernel_root[pt_index(DEVICE_BASE, 2)]);
	csr_write(satp, SATP_SV39 | ((paddr_t)kernel_root - kernel_offset) >>
					PAGE_SHIFT);
	local_flush_tlb_all();
	is_mapped = true;
}

/* Let the direct map reach [pa, pa + 1 GiB) while only early_root exists. */
void boot_map_early(paddr_t pa)
{
	vaddr_t va = (vaddr_t)phys_to_virt(ALIGN_DOWN(pa, 1UL << 30));

	early_root[pt_index(va, 2)] = pte_make(
	    ALIGN_DOWN(pa, 1UL << 30) >> PAGE_SHIFT, (pgprot_t){KERNEL_RW});
	local_flush_tlb_all();
}

/* On the early table, which is soon gone, the direct map has to do. */
void *device_map(paddr_t pa, uint64_t len)
{
	paddr_t first = PAGE_ALIGN_DOWN(pa);
	vaddr_t va = device_next;

	if (!is_mapped) {
		boot_map_early(pa);
		return phys_to_virt(pa);
	}
	len = PAGE_ALIGN(pa + len) - first;
	map_or_die(va, first, len, KERNEL_RW);
	local_flush_tlb_all();
	device_next += len + PAGE_SIZE;
	return (void *)(va + (pa - first));
}
