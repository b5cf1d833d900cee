/* SPDX-License-Identifier: MIT */
/*
 * The operations of mm_ops.h. Each computes from the model what must come of
 * it (`after`, and the result), performs it, and compares.
 */
#include "test/host/mm_ops.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mm/page.h"
#include "test/host/mm_flat.h"

static struct ops_source *source;
static unsigned space; /* the one that operations work on */
static struct flat_page after[FLAT_PAGES];
static uint64_t next_value;

/* FAULTLINE_TRACE in the environment: each operation becomes a comment. */
static void __printf(1, 2) trace(const char *fmt, ...)
{
	char text[200];
	va_list args;

	if (!getenv("FAULTLINE_TRACE"))
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	tap_note("space %u hart %u: %s%s", space, machine_hart(), text,
		 env_injected() ? " (no memory)" : "");
}

static unsigned byte(void)
{
	if (source->rng)
		return rng_next(source->rng) >> 32 & 0xff;
	return source->at < source->len ? source->data[source->at++] : 0;
}

/* A run of pages of the arena. */
static void range(unsigned *first, unsigned *npages)
{
	unsigned b = byte();

	*first = byte() % FLAT_PAGES;
	*npages = 1 + (b & 0x80 ? b & 0x3f : b & 7);
	*npages = min(*npages, FLAT_PAGES - *first);
}

/* Begin an operation: `after` starts as a copy of what is. */
static struct flat_space *start(void)
{
	memcpy(after, flat_space[space].page, sizeof(after));
	return &flat_space[space];
}

/* End an operation that should have given `expected`. */
static void end(struct flat_space *s, long result, long expected,
		enum flat_failure how)
{
	bool failed =
	    env_injected() && (result == -ENOMEM || result == -EAGAIN);

	if (failed)
		flat_settle(s, after, how);
	else if (result != expected)
		tap_fail(__FILE__, __LINE__, "result is %ld, not %ld", result,
			 expected);
	else
		memcpy(s->page, after, sizeof(after));
	flat_check();
}

static void clear(unsigned first, unsigned npages)
{
	memset(&after[first], 0, npages * sizeof(after[0]));
}

static bool is_free(unsigned first, unsigned npages)
{
	for (unsigned i = first; i < first + npages; i++)
		if (i >= FLAT_PAGES || after[i].is_mapped)
			return false;
	return true;
}

/* Where mmap puts npages: the highest hole. FLAT_PAGES: nowhere. */
static unsigned highest_hole(unsigned npages)
{
	for (unsigned i = FLAT_PAGES - npages + 1; i-- > 0;)
		if (is_free(i, npages))
			return i;
	return FLAT_PAGES;
}

static void op_mmap(void)
{
	static const unsigned where[] = {MAP_FIXED, 0, MAP_FIXED_NOREPLACE,
					 MAP_FIXED};
	unsigned first, npages, kind = byte(), prot = byte() & 7, flags, at;
	int object = kind & 1 ? (int)(kind >> 1 & 1) : FLAT_ANON;
	bool is_shared = kind & 4;
	unsigned pgoff = object == FLAT_ANON ? 0 : byte() % 32;
	struct flat_space *s = start();
	long expected;

	range(&first, &npages);
	at = first;
	flags = where[kind >> 3 & 3] | (is_shared ? MAP_SHARED : MAP_PRIVATE) |
		(object == FLAT_ANON ? MAP_ANONYMOUS : 0) |
		((kind & 0xe0) == 0x20 ? MAP_POPULATE : 0) |
		((kind & 0xe0) == 0x40 ? MAP_LOCKED : 0);
	if (is_shared && object == FLAT_ANON) {
		if (flat_nr_objects == FLAT_OBJECTS)
			return;
		object = (int)flat_nr_objects;
	}
	if (!(flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) &&
	    !is_free(first, npages))
		at = highest_hole(npages);
	expected = at == FLAT_PAGES ? -ENOMEM : (long)FLAT_AT(at);
	if ((flags & MAP_FIXED_NOREPLACE) && !is_free(at, npages))
		expected = -EEXIST;
	for (unsigned i = 0; expected > 0 && i < npages; i++) {
		after[at + i] = (struct flat_page){
		    .is_mapped = true,
		    .object = object,
		    .pgoff = pgoff + i,
		    .flags = prot | (is_shared ? VM_SHARED : 0) |
			     (flags & MAP_LOCKED ? VM_LOCKED : 0),
		};
	}
	if (expected > 0 && object >= FLAT_FILES) {
		memset(&flat_object[object], 0, sizeof(flat_object[0]));
		flat_object[object].npages = npages;
		flat_nr_objects++;
	}
	trace("mmap %u+%u prot %u flags %#x object %d+%u: %ld", first, npages,
	      prot, flags, object, pgoff, expected);
	end(s,
	    do_mmap(s->mm,
		    object >= 0 && object < FLAT_FILES
			? flat_object[object].file
			: NULL,
		    FLAT_AT(first), npages * PG, prot, flags, pgoff),
	    expected, FAILS_WHOLE);
}

static void op_munmap(void)
{
	unsigned first, npages;
	struct flat_space *s = start();

	range(&first, &npages);
	clear(first, npages);
	trace("munmap %u+%u", first, npages);
	end(s, do_munmap(s->mm, FLAT_AT(first), npages * PG), 0, FAILS_WHOLE);
}

static void op_mprotect(void)
{
	unsigned first, npages, prot = byte() & 7;
	struct flat_space *s = start();
	long expected = 0;

	range(&first, &npages);
	for (unsigned i = first; i < first + npages && !expected; i++) {
		if (!after[i].is_mapped)
			expected = -ENOMEM;
		else
			after[i].flags = (after[i].flags & ~7UL) | prot;
	}
	trace("mprotect %u+%u prot %u: %ld", first, npages, prot, expected);
	if (expected)
		host_fail_nth(0); /* or nobody can tell the two apart */
	end(s, do_mprotect(s->mm, FLAT_AT(first), npages * PG, prot), expected,
	    FAILS_PARTLY);
}

/* The end of the area that begins at or holds page i, by the real thing. */
static unsigned area_end(const struct flat_space *s, unsigned i)
{
	struct vma_info info;

	if (!mm_next_area(s->mm, FLAT_AT(i), &info, false))
		return i;
	file_put(info.file);
	return (unsigned)((info.end - FLAT_BASE) / PG);
}

/* Put pages [from, from + old) at `to`, new of them. */
static void move_pages(const struct flat_space *s, unsigned from, unsigned old,
		       unsigned to, unsigned new, bool keep)
{
	struct flat_page first = s->page[from];

	if (!keep)
		clear(from, old);
	for (unsigned i = 0; keep && i < old; i++) {
		after[from + i].is_own = false;
		after[from + i].flags &= ~(VM_LOCKED | VM_LOCKONFAULT);
	}
	for (unsigned i = 0; i < new; i++) {
		after[to + i] = i < old ? s->page[from + i] : first;
		after[to + i].pgoff = first.pgoff + i;
		after[to + i].is_own &= i < old;
	}
}

/* Grow, with or without moving; fills `after` and says what must come. */
static long expect_growth(const struct flat_space *s, unsigned from,
			  unsigned old, unsigned new, bool may_move)
{
	unsigned to = from;

	if (from + old == area_end(s, from) && is_free(from + old, new - old)) {
		for (unsigned i = old; i < new; i++) {
			after[from + i] = s->page[from];
			after[from + i].is_own = false;
			after[from + i].pgoff = s->page[from].pgoff + i;
		}
		return FLAT_AT(from);
	}
	to = may_move ? highest_hole(new) : FLAT_PAGES;
	if (to == FLAT_PAGES)
		return -ENOMEM;
	move_pages(s, from, old, to, new, false);
	return FLAT_AT(to);
}

static long expect_fixed(const struct flat_space *s, unsigned from,
			 unsigned old, unsigned to, unsigned new)
{
	if (from + old > to && to + new > from)
		return -EINVAL;
	clear(to, new);
	clear(from, old);
	move_pages(s, from, min(old, new), to, new, false);
	return FLAT_AT(to);
}

static void op_mremap(void)
{
	unsigned kind = byte() % 4, from, old, to, new;
	struct flat_space *s = start();
	unsigned flags = 0;
	long expected;

	range(&from, &old);
	range(&to, &new);
	if (!after[from].is_mapped) {
		CHECK_EQ(
		    do_mremap(s->mm, FLAT_AT(from), old * PG, new *PG, 0, 0),
		    -EFAULT);
		return;
	}
	old = min(old, area_end(s, from) - from);
	if (kind == 3)
		new = old;
	if (kind == 2) {
		flags = MREMAP_MAYMOVE | MREMAP_FIXED;
		expected = expect_fixed(s, from, old, to, new);
	} else if (kind == 3) {
		flags = MREMAP_MAYMOVE | MREMAP_DONTUNMAP;
		to = highest_hole(new);
		expected = to == FLAT_PAGES ? -ENOMEM : (long)FLAT_AT(to);
		if (expected > 0)
			move_pages(s, from, old, to, new, true);
		s->is_unmerged = true;
	} else if (new <= old) {
		clear(from + new, old - new);
		expected = FLAT_AT(from);
	} else {
		flags = kind ? MREMAP_MAYMOVE : 0;
		expected = expect_growth(s, from, old, new, kind);
	}
	trace("mremap %u+%u to %u+%u flags %u: %ld", from, old, to, new, flags,
	      expected);
	end(s,
	    do_mremap(s->mm, FLAT_AT(from), old * PG, new *PG, flags,
		      flags & MREMAP_FIXED ? FLAT_AT(to) : 0),
	    expected, flags & MREMAP_FIXED ? FAILS_UNMAPPED : FAILS_WHOLE);
}

/* Advice for one mapped page; 0 or what stops the call. */
static long advise_page(struct flat_page *page, int advice)
{
	switch (advice) {
	case MADV_DONTNEED:
	case MADV_FREE:
		if ((page->flags & VM_LOCKED) ||
		    (advice == MADV_FREE && page->object != FLAT_ANON))
			return -EINVAL;
		page->is_own = false;
		return 0;
	case MADV_DONTFORK:
		page->flags |= VM_DONTCOPY;
		return 0;
	case MADV_DOFORK:
		page->flags &= ~VM_DONTCOPY;
		return 0;
	case MADV_WIPEONFORK:
		if (page->object != FLAT_ANON)
			return -EINVAL;
		page->flags |= VM_WIPEONFORK;
		return 0;
	case MADV_KEEPONFORK:
		page->flags &= ~VM_WIPEONFORK;
		return 0;
	case MADV_SEQUENTIAL:
		page->flags |= VM_SEQ_READ;
		page->flags &= ~VM_RAND_READ;
		return 0;
	case MADV_NORMAL:
		page->flags &= ~(VM_SEQ_READ | VM_RAND_READ);
		return 0;
	default:
		return 0;
	}
}

/* A file's page goes: for those who show it, zeros. */
static long remove_page(struct flat_page *page)
{
	if (page->flags & VM_LOCKED || page->object == FLAT_ANON)
		return -EINVAL;
	if (!(page->flags & VM_SHARED))
		return -EACCES; /* all files are open for writing */
	if (!flat_is_past_end(page))
		flat_object[page->object].value[page->pgoff] = 0;
	return 0;
}

static void op_madvise(void)
{
	static const int advices[] = {
	    MADV_DONTNEED, MADV_FREE,	    MADV_DONTFORK,   MADV_DOFORK,
	    MADV_DONTNEED, MADV_WIPEONFORK, MADV_KEEPONFORK, MADV_SEQUENTIAL,
	    MADV_NORMAL,   MADV_WILLNEED,   MADV_REMOVE,     MADV_DONTNEED,
	};
	int advice = advices[byte() % ARRAY_SIZE(advices)];
	struct flat_space *s = start();
	unsigned first, npages;
	long expected = 0, err;
	bool has_hole = false;

	range(&first, &npages);
	for (unsigned i = first; i < first + npages && !expected; i++) {
		if (!after[i].is_mapped)
			has_hole = true;
		else if (advice == MADV_REMOVE)
			expected = remove_page(&after[i]);
		else
			expected = advise_page(&after[i], advice);
	}
	if (!expected && has_hole)
		expected = -ENOMEM;
	if (expected == -ENOMEM)
		host_fail_nth(0);
	trace("madvise %u+%u advice %d: %ld", first, npages, advice, expected);
	err = do_madvise(s->mm, FLAT_AT(first), npages * PG, advice);
	/* What the program said it can do without is gone at once. */
	if (advice == MADV_FREE)
		page_shrink();
	end(s, err, expected, FAILS_PARTLY);
}

/* What a walk that faults pages in meets at this page. */
static long populate_page(const struct flat_page *page, uint64_t need,
			  long no_area, long no_access, long no_page)
{
	if (!page->is_mapped)
		return no_area;
	if (!(page->flags & need))
		return no_access;
	return flat_is_past_end(page) ? no_page : 0;
}

static void op_populate(void)
{
	bool is_write = byte() & 1;
	struct flat_space *s = start();
	unsigned first, npages;
	long expected = 0;

	range(&first, &npages);
	for (unsigned i = first; i < first + npages && !expected; i++)
		expected =
		    populate_page(&after[i], is_write ? VM_WRITE : VM_READ,
				  -ENOMEM, -EINVAL, -EFAULT);
	if (expected == -ENOMEM)
		host_fail_nth(0);
	trace("populate %u+%u write %d: %ld", first, npages, is_write,
	      expected);
	end(s,
	    do_madvise(s->mm, FLAT_AT(first), npages * PG,
		       is_write ? MADV_POPULATE_WRITE : MADV_POPULATE_READ),
	    expected, FAILS_PARTLY);
}

static void op_mlock(void)
{
	unsigned first, npages, kind = byte() % 3;
	struct flat_space *s = start();
	long expected = 0;

	range(&first, &npages);
	for (unsigned i = first; i < first + npages && !expected; i++) {
		if (!after[i].is_mapped) {
			expected = -ENOMEM;
			continue;
		}
		after[i].flags &= ~(VM_LOCKED | VM_LOCKONFAULT);
		if (kind)
			after[i].flags |= VM_LOCKED;
		if (kind == 2)
			after[i].flags |= VM_LOCKONFAULT;
	}
	for (unsigned i = first; kind == 1 && i < first + npages && !expected;
	     i++)
		expected =
		    populate_page(&after[i], 7, -ENOMEM, -ENOMEM, -ENOMEM);
	if (expected == -ENOMEM)
		host_fail_nth(0);
	trace("mlock %u+%u kind %u: %ld", first, npages, kind, expected);
	end(s,
	    kind ? do_mlock(s->mm, FLAT_AT(first), npages * PG, kind == 2)
		 : do_munlock(s->mm, FLAT_AT(first), npages * PG),
	    expected, FAILS_PARTLY);
}

/* What the access must end in; 0: it is done. */
static int expect_signal(const struct flat_page *page, enum mmu_access access,
			 int *code)
{
	uint64_t need = access == MMU_LOAD    ? VM_READ | VM_WRITE
			: access == MMU_FETCH ? VM_EXEC
					      : VM_WRITE;

	*code = SEGV_MAPERR;
	if (!page->is_mapped)
		return SIGSEGV;
	*code = SEGV_ACCERR;
	if (!(page->flags & need))
		return SIGSEGV;
	*code = BUS_ADRERR;
	if (flat_is_past_end(page))
		return SIGBUS;
	*code = 0;
	return 0;
}

static void wrote(struct flat_page *page, uint64_t value)
{
	if (page->flags & VM_SHARED) {
		flat_object[page->object].value[page->pgoff] = value;
	} else {
		page->is_own = true;
		page->value = value;
	}
}

static void op_touch(enum mmu_access access)
{
	unsigned i = byte() % FLAT_PAGES;
	struct flat_page *page = &flat_space[space].page[i];
	uint64_t word = ++next_value, expected = flat_value(page);
	size_t len = access == MMU_FETCH ? 4 : 8;
	struct outcome out;
	int code, signal = expect_signal(page, access, &code);

	trace("access %d to %u: signal %d", access, i, signal);
	out = env_access(FLAT_AT(i), &word, len, access);
	if (out.oom) {
		CHECK(env_injected());
		flat_check();
		return;
	}
	CHECK_EQ(out.signal, signal);
	CHECK_EQ(out.code, code);
	if (!signal && access != MMU_STORE && !(len == 4 && access == MMU_LOAD))
		CHECK(!memcmp(&word, &expected, len));
	if (!signal && (access == MMU_STORE || access == MMU_AMO))
		wrote(page, next_value);
	flat_check();
}

static void op_fork(void)
{
	struct mm_struct *child;

	if (flat_nr_spaces == FLAT_SPACES)
		return;
	trace("fork");
	child = env_try_fork(flat_space[space].mm);
	if (child)
		flat_fork(&flat_space[space], child);
	else
		CHECK(env_injected());
	flat_check();
}

static void op_exit(void)
{
	if (flat_nr_spaces == 1)
		return;
	trace("exit");
	env_exit(flat_space[space].mm);
	flat_exit(&flat_space[space]);
	space = 0;
	env_switch(machine_hart(), flat_space[0].mm);
	flat_check();
}

static void op_switch(void)
{
	unsigned hart = byte() % (ENV_HARTS - 1);

	space = byte() % flat_nr_spaces;
	env_switch(hart, flat_space[space].mm);
}

static void op_truncate(void)
{
	unsigned object = byte() % FLAT_FILES, npages = byte() % 33;

	trace("truncate %u to %u", object, npages);
	CHECK_EQ(
	    truncate_setsize(flat_object[object].file->f_mapping, npages * PG),
	    0);
	flat_truncate(object, npages);
	flat_check();
}

static void op_brk(void)
{
	unsigned new = FLAT_HEAP - 2 + byte() % 27;
	struct flat_space *s = start();
	unsigned old = s->brk, expected = new;
	vaddr_t got;

	if (new < FLAT_HEAP)
		expected = old;
	else if (new < old && is_free(new, old - new))
		expected = old; /* nothing there to give back */
	else if (new < old)
		clear(new, old - new);
	else if (new > old && !is_free(old, new - old + 1))
		expected = old;
	for (unsigned i = old; i < expected; i++)
		after[i] = (struct flat_page){
		    .is_mapped = true,
		    .object = FLAT_ANON,
		    .flags = VM_READ | VM_WRITE,
		};
	trace("brk %u: %u", new, expected);
	got = do_brk(s->mm, FLAT_AT(new));
	if (env_injected() && got == FLAT_AT(old)) {
		flat_settle(s, after, FAILS_WHOLE);
	} else {
		CHECK_EQ(got, FLAT_AT(expected));
		s->brk = expected;
		memcpy(s->page, after, sizeof(after));
	}
	flat_check();
}

static void op_speculate(void)
{
	for (unsigned hart = 0; hart < ENV_HARTS; hart++)
		mmu_speculate(hart, FLAT_BASE, FLAT_AT(FLAT_PAGES));
}

static void perform(unsigned op)
{
	switch (op) {
	case 0:
	case 1:
		return op_mmap();
	case 2:
		return op_munmap();
	case 3:
		return op_mprotect();
	case 4:
		return op_mremap();
	case 5:
		return op_madvise();
	case 6:
		return op_populate();
	case 7:
		return op_mlock();
	case 8:
		return op_fork();
	case 9:
		return op_exit();
	case 10:
		return op_truncate();
	case 11:
		return op_brk();
	case 12:
		return op_speculate();
	case 13:
		return op_switch();
	case 14:
		return op_touch(MMU_FETCH);
	case 15:
		return op_touch(MMU_AMO);
	case 16:
	case 17:
	case 18:
		return op_touch(MMU_LOAD);
	default:
		return op_touch(MMU_STORE);
	}
}

void mm_ops_run(struct ops_source *from, unsigned nr)
{
	source = from;
	space = 0;
	next_value = 0x1000;
	env_keeps_going = true;
	flat_begin();
	for (unsigned i = 0; i < nr; i++) {
		unsigned op = byte() & (source->rng ? source->mask : 0xff);

		if (!source->rng && source->at >= source->len)
			break;
		/* One in eight operations has an allocation fail. */
		host_fail_nth((op & 0xe0) == 0xe0 ? 1 + byte() % 6 : 0);
		perform((op & 0x1f) % 23);
		host_fail_nth(0);
	}
	flat_check();
}
