/* SPDX-License-Identifier: MIT */
/*
 * ELF programs.
 *
 * Every sum of two numbers from the file is written as a subtraction from a
 * number known to be larger, so that nothing can wrap round. The structs are
 * copied out of the buffer first: it may have any alignment. Both sides are
 * little-endian.
 */
#include "lib/elf.h"

#include <string.h>

#include "abi/errno.h"

/* System V ABI, Elf64_Ehdr. */
struct elf64_ehdr {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, phoff, shoff;
	uint32_t flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

/* System V ABI, Elf64_Phdr. */
struct elf64_phdr {
	uint32_t type, flags;
	uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

_Static_assert(sizeof(struct elf64_ehdr) == ELF_HEADER_SIZE, "on file");
_Static_assert(sizeof(struct elf64_phdr) == ELF_PHDR_SIZE, "on file");

#define IDENT_64_LITTLE "\177ELF\2\1"
#define ET_EXEC		2
#define ET_DYN		3
#define EM_RISCV	243

#define PT_LOAD	     1
#define PT_INTERP    3
#define PT_GNU_STACK 0x6474e551

int elf_read_header(struct elf_header *header, const void *buf, size_t len)
{
	struct elf64_ehdr ehdr;

	if (len < sizeof(ehdr))
		return -ENOEXEC;
	memcpy(&ehdr, buf, sizeof(ehdr));
	if (memcmp(ehdr.ident, IDENT_64_LITTLE, 6) ||
	    ehdr.machine != EM_RISCV ||
	    (ehdr.type != ET_EXEC && ehdr.type != ET_DYN))
		return -ENOEXEC;
	if (ehdr.phentsize != ELF_PHDR_SIZE || ehdr.phnum == 0 ||
	    ehdr.phnum > ELF_MAX_PHDRS)
		return -ENOEXEC;
	header->is_relative = ehdr.type == ET_DYN;
	header->entry = ehdr.entry;
	header->phoff = ehdr.phoff;
	header->phnum = ehdr.phnum;
	return 0;
}

/* Is [offset, offset + size) inside [0, limit)? */
static bool is_inside(uint64_t limit, uint64_t offset, uint64_t size)
{
	return offset <= limit && size <= limit - offset;
}

/* One PT_LOAD: check it by itself and against the one before, append it. */
static int add_segment(struct elf_image *image, const struct elf64_phdr *phdr,
		       uint64_t file_size, vaddr_t lowest, vaddr_t limit)
{
	const struct elf_segment *before =
	    image->nr_segments ? &image->segments[image->nr_segments - 1]
			       : NULL;

	if (phdr->filesz > phdr->memsz ||
	    !is_inside(file_size, phdr->offset, phdr->filesz) ||
	    (phdr->align & (phdr->align - 1)) || phdr->align > limit)
		return -ENOEXEC;
	if (phdr->memsz == 0)
		return 0;
	if (phdr->vaddr < lowest ||
	    !is_inside(limit, phdr->vaddr, phdr->memsz) ||
	    (before && phdr->vaddr < before->vaddr + before->memsz))
		return -ENOEXEC;
	/* Otherwise no page of the file could be mapped there. */
	if (phdr->filesz && (phdr->vaddr - phdr->offset) % PAGE_SIZE)
		return -ENOEXEC;
	if (image->nr_segments == ELF_MAX_SEGMENTS)
		return -ENOEXEC;
	image->segments[image->nr_segments++] = (struct elf_segment){
	    .vaddr = phdr->vaddr,
	    .offset = phdr->offset,
	    .filesz = phdr->filesz,
	    .memsz = phdr->memsz,
	    .flags = phdr->flags & (ELF_R | ELF_W | ELF_X),
	};
	image->align = max(image->align, phdr->align);
	return 0;
}

static int add_phdr(struct elf_image *image, const struct elf64_phdr *phdr,
		    uint64_t file_size, vaddr_t lowest, vaddr_t limit)
{
	switch (phdr->type) {
	case PT_LOAD:
		return add_segment(image, phdr, file_size, lowest, limit);
	case PT_INTERP:
		if (!is_inside(file_size, phdr->offset, phdr->filesz))
			return -ENOEXEC;
		image->has_interp = true;
		image->interp_offset = phdr->offset;
		image->interp_size = phdr->filesz;
		return 0;
	case PT_GNU_STACK:
		image->has_stack_flags = true;
		image->is_stack_exec = phdr->flags & ELF_X;
		return 0;
	default:
		return 0;
	}
}

/* Where the table ends up in memory: in a segment that has its file bytes. */
static vaddr_t find_phdrs(const struct elf_image *image,
			  const struct elf_header *header)
{
	for (unsigned i = 0; i < image->nr_segments; i++) {
		const struct elf_segment *segment = &image->segments[i];
		uint64_t into = header->phoff - segment->offset;

		if (header->phoff >= segment->offset &&
		    is_inside(segment->filesz, into,
			      (uint64_t)header->phnum * ELF_PHDR_SIZE))
			return segment->vaddr + into;
	}
	return 0;
}

int elf_read_segments(struct elf_image *image, const struct elf_header *header,
		      const void *table, size_t len, uint64_t file_size,
		      vaddr_t lowest, vaddr_t limit)
{
	const uint8_t *bytes = table;
	const struct elf_segment *last;

	if (len / ELF_PHDR_SIZE < header->phnum)
		return -ENOEXEC;
	if (header->is_relative) {
		limit -= lowest;
		lowest = 0;
	}
	if (header->entry < lowest || header->entry >= limit)
		return -ENOEXEC;
	memset(image, 0, sizeof(*image));
	image->is_relative = header->is_relative;
	image->phnum = header->phnum;
	image->entry = header->entry;
	image->align = PAGE_SIZE;
	for (unsigned i = 0; i < header->phnum; i++) {
		struct elf64_phdr phdr;
		int err;

		memcpy(&phdr, bytes + i * sizeof(phdr), sizeof(phdr));
		err = add_phdr(image, &phdr, file_size, lowest, limit);
		if (err)
			return err;
	}
	if (!image->nr_segments)
		return -ENOEXEC;
	last = &image->segments[image->nr_segments - 1];
	image->start = PAGE_ALIGN_DOWN(image->segments[0].vaddr);
	image->end = PAGE_ALIGN(last->vaddr + last->memsz);
	image->phdr_vaddr = find_phdrs(image, header);
	return 0;
}
