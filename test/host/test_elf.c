/* SPDX-License-Identifier: MIT */
/*
 * ELF programs: one made here, then with one thing wrong at a time; and
 * programs as linkers make them. Torn and flipped ones are the business of
 * test/fuzz/.
 */
#include <stdlib.h>
#include <string.h>

#include "abi/errno.h"
#include "lib/elf.h"

#include "test/host/bytes.h"
#include "test/host/tap.h"

#define LOWEST 0x10000UL
#define LIMIT  (1UL << 38)

/* The format again, written from the System V ABI and not from lib/elf.c. */
struct program {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, phoff, shoff;
	uint32_t flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
	struct segment {
		uint32_t type, flags;
		uint64_t offset, vaddr, paddr, filesz, memsz, align;
	} segments[20];
};

static struct program program;
static struct elf_header header;
static struct elf_image image;
static uint64_t file_size;

/* Text with the headers in it, data that shares a file page, bss. */
static void set_up(void)
{
	program = (struct program){
	    .ident = {0x7f, 'E', 'L', 'F', 2, 1, 1},
	    .type = 2,
	    .machine = 243,
	    .version = 1,
	    .entry = 0x10400,
	    .phoff = 64,
	    .ehsize = 64,
	    .phentsize = 56,
	    .phnum = 4,
	    .segments =
		{
		    {1, ELF_R | ELF_X, 0, 0x10000, 0, 0x1800, 0x1800, 0x1000},
		    {1, ELF_R | ELF_W, 0x1800, 0x12800, 0, 0x200, 0x3000,
		     0x1000},
		    {0x6474e551, ELF_R | ELF_W, 0, 0, 0, 0, 0, 16},
		    {7, ELF_R, 0x1800, 0x12800, 0, 0x10, 0x20, 8},
		},
	};
	file_size = 0x2000;
}

static int parse(void)
{
	int err = elf_read_header(&header, &program, ELF_HEADER_SIZE);

	if (err)
		return err;
	return elf_read_segments(&image, &header, program.segments,
				 program.phnum * ELF_PHDR_SIZE, file_size,
				 LOWEST, LIMIT);
}

static void program_is_described(void)
{
	set_up();
	CHECK_EQ(parse(), 0);
	CHECK(!image.is_relative && !image.has_interp);
	CHECK(image.has_stack_flags && !image.is_stack_exec);
	CHECK_EQ(image.entry, 0x10400);
	CHECK_EQ(image.phnum, 4);
	CHECK_EQ(image.phdr_vaddr, 0x10040);
	CHECK_EQ(image.start, 0x10000);
	CHECK_EQ(image.end, 0x16000);
	CHECK_EQ(image.align, PAGE_SIZE);
	CHECK_EQ(image.nr_segments, 2);
	CHECK_EQ(image.segments[1].vaddr, 0x12800);
	CHECK_EQ(image.segments[1].offset, 0x1800);
	CHECK_EQ(image.segments[1].filesz, 0x200);
	CHECK_EQ(image.segments[1].memsz, 0x3000);
	CHECK_EQ(image.segments[1].flags, ELF_R | ELF_W);
}

static void relative_program_may_start_at_zero(void)
{
	set_up();
	program.segments[0].vaddr = 0;
	program.segments[1].vaddr = 0x2800;
	program.entry = 0x400;
	CHECK_EQ(parse(), -ENOEXEC);
	program.type = 3;
	program.segments[0].align = 0x200000;
	CHECK_EQ(parse(), 0);
	CHECK(image.is_relative);
	CHECK_EQ(image.start, 0);
	CHECK_EQ(image.phdr_vaddr, 64);
	CHECK_EQ(image.align, 0x200000);
	/* It must fit between the limits wherever it goes. */
	program.segments[1].memsz = LIMIT - LOWEST - 0x2800;
	CHECK_EQ(parse(), 0);
	program.segments[1].memsz++;
	CHECK_EQ(parse(), -ENOEXEC);
}

static void stack_and_interpreter_are_noted(void)
{
	set_up();
	program.segments[2].flags |= ELF_X;
	program.segments[3].type = 3;
	CHECK_EQ(parse(), 0);
	CHECK(image.is_stack_exec);
	CHECK(image.has_interp);
	CHECK_EQ(image.interp_offset, 0x1800);
	CHECK_EQ(image.interp_size, 0x10);
	program.segments[3].filesz = 0x801;
	CHECK_EQ(parse(), -ENOEXEC);
	program.segments[3].type = 4;
	program.segments[2].type = 4;
	CHECK_EQ(parse(), 0);
	CHECK(!image.has_stack_flags && !image.has_interp);
}

static void segments_may_share_a_page_but_no_byte(void)
{
	set_up();
	program.segments[1].vaddr = 0x11800;
	CHECK_EQ(parse(), 0);
	program.segments[0].memsz = 0x1801;
	CHECK_EQ(parse(), -ENOEXEC);
}

static void empty_and_pure_bss_segments_are_fine(void)
{
	set_up();
	program.segments[1].filesz = 0;
	program.segments[1].offset = 0x1234; /* of no bytes */
	CHECK_EQ(parse(), 0);
	program.segments[1].memsz = 0;
	CHECK_EQ(parse(), 0);
	CHECK_EQ(image.nr_segments, 1);
	program.segments[0].filesz = 0;
	program.segments[0].memsz = 0;
	CHECK_EQ(parse(), -ENOEXEC);
}

static void table_outside_the_segments_has_no_address(void)
{
	set_up();
	program.phoff = 0x1a00 - 4 * 56 + 1;
	CHECK_EQ(parse(), 0);
	CHECK_EQ(image.phdr_vaddr, 0);
	program.phoff--;
	CHECK_EQ(parse(), 0);
	CHECK_EQ(image.phdr_vaddr, 0x12a00 - 4 * 56);
	program.phoff = UINT64_MAX;
	CHECK_EQ(parse(), 0);
	CHECK_EQ(image.phdr_vaddr, 0);
}

#define REFUSES(change)                                                        \
	do {                                                                   \
		set_up();                                                      \
		change;                                                        \
		CHECK_EQ(parse(), -ENOEXEC);                                   \
	} while (0)

static void foreign_headers_are_refused(void)
{
	REFUSES(program.ident[0] = 0);
	REFUSES(program.ident[3] = 'f');
	REFUSES(program.ident[4] = 1); /* 32-bit */
	REFUSES(program.ident[5] = 2); /* big-endian */
	REFUSES(program.machine = 62);
	REFUSES(program.type = 1);
	REFUSES(program.type = 4);
	REFUSES(program.phentsize = 32);
	REFUSES(program.phnum = 0);
	REFUSES(program.phnum = ELF_MAX_PHDRS + 1);
	REFUSES(program.entry = LOWEST - 1);
	REFUSES(program.entry = LIMIT);
	set_up();
	CHECK_EQ(elf_read_header(&header, &program, 63), -ENOEXEC);
	CHECK_EQ(elf_read_header(&header, &program, 64), 0);
	CHECK_EQ(elf_read_segments(&image, &header, program.segments,
				   4 * ELF_PHDR_SIZE - 1, file_size, LOWEST,
				   LIMIT),
		 -ENOEXEC);
}

static void impossible_segments_are_refused(void)
{
	struct segment *text = &program.segments[0];
	struct segment *data = &program.segments[1];

	REFUSES(data->filesz = data->memsz + 1);
	REFUSES(data->filesz = 0x801); /* behind the end of the file */
	REFUSES(data->offset = UINT64_MAX - 0x7ff);
	REFUSES(data->offset = 0x1801); /* not congruent */
	REFUSES(data->vaddr = LIMIT - 0x2800);
	REFUSES(data->vaddr = UINT64_MAX - 0x7ff);
	REFUSES(data->memsz = UINT64_MAX);
	REFUSES(data->memsz = LIMIT);
	REFUSES(data->align = 0x1800);
	REFUSES(data->align = 1UL << 63);
	REFUSES(text->vaddr = 0xf000);
	REFUSES(text->vaddr = 0x20000); /* descending */
	REFUSES(text->memsz = 0x4000);	/* overlapping */
	REFUSES(text->type = 4; data->type = 4);
	REFUSES(file_size = 0);
}

static void number_of_segments_is_limited(void)
{
	set_up();
	for (int i = 0; i < 17; i++)
		program.segments[i] = (struct segment){
		    .type = 1,
		    .vaddr = 0x10000 + (uint64_t)i * 0x1000,
		    .memsz = 0x1000,
		};
	program.phnum = ELF_MAX_SEGMENTS;
	CHECK_EQ(parse(), 0);
	CHECK_EQ(image.nr_segments, ELF_MAX_SEGMENTS);
	program.phnum++;
	CHECK_EQ(parse(), -ENOEXEC);
}

static void read_file(const char *path)
{
	size_t len;
	uint8_t *data = bytes_read(path, &len);

	CHECK_EQ(elf_read_header(&header, data, len), 0);
	CHECK(header.phoff < len);
	CHECK_EQ(elf_read_segments(&image, &header, data + header.phoff,
				   len - header.phoff, len, LOWEST, LIMIT),
		 0);
	free(data);
}

static void linked_programs_are_read(void)
{
	read_file("test/fuzz/corpus/elf/exec.elf");
	CHECK(!image.is_relative);
	CHECK_EQ(image.start, 0x10000);
	CHECK_EQ(image.phdr_vaddr, 0x10040);
	CHECK_EQ(image.nr_segments, 2);
	read_file("test/fuzz/corpus/elf/omagic.elf");
	CHECK_EQ(image.phdr_vaddr, 0);
	CHECK_EQ(image.segments[0].flags, ELF_R | ELF_W | ELF_X);
	read_file("test/fuzz/corpus/elf/static-pie.elf");
	CHECK(image.is_relative && !image.has_interp);
	CHECK_EQ(image.start, 0);
	CHECK_EQ(image.phdr_vaddr, 0x40);
	read_file("test/fuzz/corpus/elf/interp.elf");
	CHECK(image.has_interp);
	CHECK_EQ(image.interp_size, sizeof("/lib/ld.so"));
}

static const struct tap_test tests[] = {
    TEST(program_is_described),
    TEST(relative_program_may_start_at_zero),
    TEST(stack_and_interpreter_are_noted),
    TEST(segments_may_share_a_page_but_no_byte),
    TEST(empty_and_pure_bss_segments_are_fine),
    TEST(table_outside_the_segments_has_no_address),
    TEST(foreign_headers_are_refused),
    TEST(impossible_segments_are_refused),
    TEST(number_of_segments_is_limited),
    TEST(linked_programs_are_read),
};

TAP_MAIN(tests)
