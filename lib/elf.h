/* SPDX-License-Identifier: MIT */
/*
 * Reader of ELF programs: 64-bit little-endian RISC-V, statically linked, at a
 * fixed address (ET_EXEC) or anywhere (ET_DYN, "static-pie").
 *
 * Bytes in, structs out: no allocation, no output, nothing outside the given
 * bytes is read. A program file comes in two parts, its header and its table
 * of segments; whoever loads it fetches both and maps what elf_segments()
 * describes, which it can do without checking again:
 *
 *  - each segment lies in the file with its filesz, and filesz <= memsz;
 *  - segments ascend and do not overlap, byte for byte. Two may share a page;
 *  - vaddr and offset are the same number modulo the page size;
 *  - all addresses, rounded out to pages, lie in the range that was given.
 *
 * Left out: section headers, symbols, and anything about dynamic linking but
 * the place of the interpreter's name.
 */
#pragma once

#include "lib/types.h"

#define ELF_HEADER_SIZE	 64
#define ELF_PHDR_SIZE	 56
#define ELF_MAX_PHDRS	 (PAGE_SIZE / ELF_PHDR_SIZE) /* one page of them */
#define ELF_MAX_SEGMENTS 16

/* Bits of elf_segment.flags. */
#define ELF_X 1U
#define ELF_W 2U
#define ELF_R 4U

struct elf_header {
	bool is_relative; /* ET_DYN: addresses count from where it is put */
	vaddr_t entry;
	uint64_t phoff; /* file offset of the segment table */
	unsigned phnum;
};

struct elf_segment {
	vaddr_t vaddr;
	uint64_t offset, filesz, memsz; /* bytes; memsz is not 0 */
	uint32_t flags;
};

struct elf_image {
	bool is_relative;
	bool has_interp;
	bool has_stack_flags; /* PT_GNU_STACK is there, and then: */
	bool is_stack_exec;
	unsigned phnum;
	vaddr_t entry;
	vaddr_t phdr_vaddr; /* of the table when loaded, 0 if it is not */
	vaddr_t start, end; /* all segments, whole pages */
	uint64_t align;	    /* largest of a segment, at least a page */
	uint64_t interp_offset, interp_size;
	unsigned nr_segments; /* 1 or more */
	struct elf_segment segments[ELF_MAX_SEGMENTS];
};

/* From the first bytes of the file. 0, or -ENOEXEC. */
int __must_check elf_read_header(struct elf_header *header, const void *buf,
				 size_t len);

/*
 * From the table, `len` bytes that start at header->phoff. `file_size` is that
 * of the whole file. Programs may use [lowest, limit), whole pages; a relative
 * one must fit it somewhere. 0, or -ENOEXEC.
 */
int __must_check elf_read_segments(struct elf_image *image,
				   const struct elf_header *header,
				   const void *table, size_t len,
				   uint64_t file_size, vaddr_t lowest,
				   vaddr_t limit);
