/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: any bytes as a program file, and every promise of lib/elf.h
 * about what it accepts.
 */
#include "lib/elf.h"

#include "test/fuzz/fuzz.h"

#define LOWEST 0x10000UL
#define LIMIT  (1UL << 38)

static void check_segment(const struct elf_image *image, unsigned i,
			  size_t size)
{
	const struct elf_segment *segment = &image->segments[i];
	vaddr_t end = segment->vaddr + segment->memsz;

	BUG_ON(segment->filesz > segment->memsz);
	BUG_ON(end <= segment->vaddr);
	BUG_ON(segment->vaddr < image->start || end > image->end);
	BUG_ON(segment->filesz > size);
	BUG_ON(segment->offset > size - segment->filesz);
	BUG_ON(i && segment[-1].vaddr + segment[-1].memsz > segment->vaddr);
	BUG_ON(segment->filesz &&
	       (segment->vaddr ^ segment->offset) % PAGE_SIZE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct elf_header header;
	struct elf_image image;

	if (elf_read_header(&header, data, size) || header.phoff > size)
		return 0;
	if (elf_read_segments(&image, &header, data + header.phoff,
			      size - header.phoff, size, LOWEST, LIMIT))
		return 0;
	BUG_ON(!image.nr_segments || image.nr_segments > ELF_MAX_SEGMENTS);
	for (unsigned i = 0; i < image.nr_segments; i++)
		check_segment(&image, i, size);
	BUG_ON(!image.is_relative && image.start < LOWEST);
	BUG_ON(image.end > (image.is_relative ? LIMIT - LOWEST : LIMIT));
	BUG_ON(image.has_interp &&
	       image.interp_offset + image.interp_size > size);
	return 0;
}
