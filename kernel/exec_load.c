/* SPDX-License-Identifier: MIT */
/*
 * From an ELF file to a fresh address space. The file was checked by lib/elf.c;
 * here its segments become mappings of the page cache, so that all processes
 * that run a program share its text.
 */
#include "kernel/exec.h"

#include "kernel/fs/vfs.h"
#include "kernel/process.h"
#include "mm/mm.h"
#include "mm/slab.h"

/* Where a program goes that may go anywhere: two thirds up, as on Linux. */
#define RELATIVE_BASE PAGE_ALIGN_DOWN(MM_USER_END / 3 * 2)

static unsigned segment_prot(uint32_t flags)
{
	return (flags & ELF_R ? PROT_READ : 0u) |
	       (flags & ELF_W ? PROT_WRITE : 0u) |
	       (flags & ELF_X ? PROT_EXEC : 0u);
}

static int map(struct exec *exec, struct file *file, vaddr_t start, vaddr_t end,
	       unsigned prot, uint64_t offset)
{
	unsigned flags = MAP_PRIVATE | MAP_FIXED;
	long addr;

	if (start >= end)
		return 0;
	if (!file)
		flags |= MAP_ANONYMOUS;
	addr = do_mmap(exec->mm, file, start, end - start, prot, flags,
		       offset >> PAGE_SHIFT);
	return addr < 0 ? (int)addr : 0;
}

/* The rest of a page that is partly file and partly bss. */
static int clear_tail(struct exec *exec, vaddr_t from)
{
	uint64_t len = PAGE_ALIGN(from) - from;

	if (access_remote_vm(exec->mm, from, page_address(zero_page), len, true,
			     true) != len)
		return -ENOMEM;
	return 0;
}

static int map_segment(struct exec *exec, const struct elf_segment *segment)
{
	vaddr_t vaddr = exec->base + segment->vaddr;
	vaddr_t start = PAGE_ALIGN_DOWN(vaddr);
	vaddr_t file_end = PAGE_ALIGN(vaddr + segment->filesz);
	vaddr_t end = PAGE_ALIGN(vaddr + segment->memsz);
	unsigned prot = segment_prot(segment->flags);
	int err = 0;

	if (segment->filesz) {
		err = map(exec, &exec->file->file, start, file_end, prot,
			  PAGE_ALIGN_DOWN(segment->offset));
		if (!err && segment->flags & ELF_W &&
		    segment->memsz > segment->filesz)
			err = clear_tail(exec, vaddr + segment->filesz);
	} else {
		file_end = start;
	}
	return err ? err : map(exec, NULL, file_end, end, prot, 0);
}

/* Note where code and data are, for /proc, and where the heap begins. */
static void set_bounds(struct exec *exec)
{
	struct mm_struct *mm = exec->mm;

	mm->start_code = mm->start_data = MM_USER_END;
	for (unsigned i = 0; i < exec->image.nr_segments; i++) {
		const struct elf_segment *seg = &exec->image.segments[i];
		vaddr_t start = exec->base + seg->vaddr;
		vaddr_t end = start + seg->filesz;

		if (seg->flags & ELF_X) {
			mm->start_code = min(mm->start_code, start);
			mm->end_code = max(mm->end_code, end);
		}
		if (seg->flags & ELF_W) {
			mm->start_data = min(mm->start_data, start);
			mm->end_data = max(mm->end_data, end);
		}
	}
	mm->start_brk = mm->brk = exec->base + exec->image.end;
	mm->exe_file = file_get(&exec->file->file);
}

static int read_image(struct exec *exec, size_t head_len)
{
	uint64_t size = load_relaxed(&exec->file->inode->mapping->i_size);
	struct elf_header header;
	uint64_t table_size;
	void *table;
	long len;
	int err = elf_read_header(&header, exec->head, head_len);

	if (err)
		return err;
	table_size = (uint64_t)header.phnum * ELF_PHDR_SIZE;
	table = kmalloc(table_size, GFP_USER);
	if (!table)
		return -ENOMEM;
	len = kernel_read(exec->file, header.phoff, table, table_size);
	if (len < 0)
		err = (int)len;
	else
		err =
		    elf_read_segments(&exec->image, &header, table, (size_t)len,
				      size, MM_USER_START, MM_USER_END);
	kfree(table);
	if (!err && exec->image.has_interp)
		err = -ELIBBAD; /* dynamic linking is left out */
	return err;
}

int exec_load(struct exec *exec, size_t head_len)
{
	int err = read_image(exec, head_len);

	if (err)
		return err;
	if (exec->image.is_relative)
		exec->base = ALIGN_UP(RELATIVE_BASE, exec->image.align) -
			     exec->image.start;
	for (unsigned i = 0; !err && i < exec->image.nr_segments; i++)
		err = map_segment(exec, &exec->image.segments[i]);
	if (!err)
		set_bounds(exec);
	return err;
}
