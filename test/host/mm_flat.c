/* SPDX-License-Identifier: MIT */
/* The flat model; see mm_flat.h. */
#include "test/host/mm_flat.h"

#include <string.h>

#include "mm/page.h"
#include "mm/pagetable.h"
#include "mm/vma.h"

struct flat_space flat_space[FLAT_SPACES];
unsigned flat_nr_spaces;
struct flat_object flat_object[FLAT_OBJECTS];
unsigned flat_nr_objects;
static bool has_failed; /* an allocation, so that areas may be unmerged */

static void block(struct mm_struct *mm, vaddr_t start, vaddr_t end)
{
	long got = do_mmap(mm, NULL, start, end - start, PROT_NONE,
			   ANON | MAP_NORESERVE | MAP_FIXED, 0);

	CHECK_EQ(got, start);
}

void flat_begin(void)
{
	struct mm_struct *mm;

	memset(flat_space, 0, sizeof(flat_space));
	has_failed = false;
	for (unsigned i = 0; i < FLAT_FILES; i++) {
		struct flat_object *o = &flat_object[i];

		o->npages = 16;
		o->file = env_file(o->npages * PG, 0xf0);
		for (unsigned k = 0; k < FLAT_PAGES; k++) {
			bool is_hole = k >= o->npages || 0xf0 >> k & 1;

			o->value[k] = is_hole ? 0 : FILE_WORD(k * PG);
		}
	}
	flat_nr_objects = FLAT_FILES;
	mm = env_mm();
	block(mm, MM_USER_START, FLAT_BASE);
	block(mm, FLAT_AT(FLAT_PAGES), MM_USER_END);
	mm->mmap_base = FLAT_AT(FLAT_PAGES);
	mm->start_brk = mm->brk = FLAT_AT(FLAT_HEAP);
	flat_space[0].mm = mm;
	flat_space[0].brk = FLAT_HEAP;
	flat_nr_spaces = 1;
}

uint64_t flat_value(const struct flat_page *page)
{
	if (page->is_own)
		return page->value;
	if (page->object == FLAT_ANON || flat_is_past_end(page))
		return 0;
	return flat_object[page->object].value[page->pgoff];
}

bool flat_is_past_end(const struct flat_page *page)
{
	return page->object != FLAT_ANON && !page->is_own &&
	       page->pgoff >= flat_object[page->object].npages;
}

static int object_of(const struct file *file, int hint)
{
	if (!file)
		return FLAT_ANON;
	for (unsigned i = 0; i < FLAT_FILES; i++)
		if (flat_object[i].file == file)
			return (int)i;
	/* Shared anonymous objects are told apart by their contents. */
	return hint >= FLAT_FILES ? hint : FLAT_OBJECTS;
}

/* What the areas of mm say of the pages; `like` helps with object numbers. */
static void read_areas(struct mm_struct *mm, const struct flat_page *like,
		       struct flat_page *page)
{
	vaddr_t at = FLAT_BASE;
	struct vma_info info;

	memset(page, 0, FLAT_PAGES * sizeof(*page));
	while (mm_next_area(mm, at, &info, false) &&
	       info.start < FLAT_AT(FLAT_PAGES)) {
		for (at = info.start; at < info.end; at += PG) {
			unsigned i = (at - FLAT_BASE) / PG;

			page[i].is_mapped = true;
			page[i].flags = info.flags & FLAT_FLAGS;
			page[i].object = object_of(info.file, like[i].object);
			if (info.file)
				page[i].pgoff =
				    info.pgoff + (at - info.start) / PG;
		}
		file_put(info.file);
	}
}

static bool same_area(const struct flat_page *a, const struct flat_page *b)
{
	if (!a->is_mapped || !b->is_mapped)
		return a->is_mapped == b->is_mapped;
	return a->flags == b->flags && a->object == b->object &&
	       (a->object == FLAT_ANON || a->pgoff == b->pgoff);
}

/* One page's table entry against the model. */
static void check_entry(struct flat_space *s, unsigned i)
{
	struct flat_page *page = &s->page[i];
	pte_t *ptep = pt_walk(s->mm, FLAT_AT(i));
	pte_t pte = ptep ? pte_load(ptep) : pte_none();
	struct page *frame;

	if (pte_is_none(pte)) {
		if (page->is_own)
			tap_fail(__FILE__, __LINE__, "page %u is lost", i);
		return;
	}
	if (!page->is_mapped || flat_is_past_end(page))
		tap_fail(__FILE__, __LINE__, "page %u is still there", i);
	frame = pfn_to_page(pte_pfn(pte));
	if (*(uint64_t *)page_address(frame) != flat_value(page))
		tap_fail(__FILE__, __LINE__, "page %u has %#llx, not %#llx", i,
			 *(unsigned long long *)page_address(frame),
			 (unsigned long long)flat_value(page));
	if (frame->type == PAGE_ANON && !page->is_own) {
		/* Copied before anybody wrote it: populate does that. */
		page->value = flat_value(page);
		page->is_own = true;
	}
	if (page->is_own && frame->type != PAGE_ANON)
		tap_fail(__FILE__, __LINE__, "page %u is shared", i);
}

/*
 * Neighbours that nothing tells apart are one area, if neither has anonymous
 * pages; what those do to merging only Linux can tell (test/oracle).
 */
static void check_merged(struct mm_struct *mm)
{
	const struct vm_area_struct *vma, *next;

	for (vma = vma_first(mm); vma; vma = next) {
		next = vma_next(vma);
		if (next && vma->vm_end == next->vm_start &&
		    vma_flags(vma) == vma_flags(next) &&
		    vma->vm_file == next->vm_file && !vma->anon_vma &&
		    !next->anon_vma &&
		    vma->vm_pgoff + vma_pages(vma) == next->vm_pgoff)
			tap_fail(__FILE__, __LINE__, "not merged at page %u",
				 (unsigned)((vma->vm_end - FLAT_BASE) / PG));
	}
}

void flat_check(void)
{
	struct flat_page actual[FLAT_PAGES];

	has_failed |= env_injected();

	for (unsigned k = 0; k < flat_nr_spaces; k++) {
		struct flat_space *s = &flat_space[k];

		read_areas(s->mm, s->page, actual);
		for (unsigned i = 0; i < FLAT_PAGES; i++) {
			if (!same_area(&actual[i], &s->page[i]))
				tap_fail(__FILE__, __LINE__,
					 "page %u: area is %#llx, not %#llx", i,
					 (unsigned long long)actual[i].flags,
					 (unsigned long long)s->page[i].flags);
			check_entry(s, i);
		}
		CHECK_EQ(s->mm->brk, FLAT_AT(s->brk));
		if (!has_failed && !s->is_unmerged)
			check_merged(s->mm);
	}
	env_step(__FILE__, __LINE__);
}

void flat_settle(struct flat_space *s, const struct flat_page *after,
		 enum flat_failure how)
{
	struct flat_page actual[FLAT_PAGES];

	read_areas(s->mm, s->page, actual);
	for (unsigned i = 0; i < FLAT_PAGES; i++) {
		if (same_area(&actual[i], &s->page[i]))
			continue;
		if (how == FAILS_UNMAPPED && !actual[i].is_mapped)
			s->page[i] = actual[i];
		else if (how != FAILS_WHOLE && same_area(&actual[i], &after[i]))
			s->page[i] = after[i];
		else
			tap_fail(__FILE__, __LINE__,
				 "page %u: half done without memory", i);
	}
}

void flat_fork(const struct flat_space *parent, struct mm_struct *child)
{
	struct flat_space *s = &flat_space[flat_nr_spaces++];

	*s = *parent;
	s->mm = child;
	s->is_unmerged = true;
	for (unsigned i = 0; i < FLAT_PAGES; i++) {
		struct flat_page *page = &s->page[i];

		if (page->flags & VM_DONTCOPY)
			*page = (struct flat_page){0};
		if (page->flags & VM_WIPEONFORK)
			page->is_own = false;
		page->flags &= ~(VM_LOCKED | VM_LOCKONFAULT);
	}
}

void flat_exit(struct flat_space *s)
{
	*s = flat_space[--flat_nr_spaces];
}

void flat_truncate(unsigned object, unsigned npages)
{
	struct flat_object *o = &flat_object[object];

	for (unsigned k = npages; k < FLAT_PAGES; k++)
		o->value[k] = 0;
	for (unsigned n = 0; n < flat_nr_spaces; n++)
		for (unsigned i = 0; i < FLAT_PAGES; i++) {
			struct flat_page *page = &flat_space[n].page[i];

			if (page->is_mapped && page->object == (int)object &&
			    npages < o->npages && page->pgoff >= npages)
				page->is_own = false;
		}
	o->npages = npages;
}
