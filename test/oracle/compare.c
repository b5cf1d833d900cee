/* SPDX-License-Identifier: MIT */
/*
 * Comparing what both sides saw of a step, and saying what differs.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "test/oracle/oracle.h"

/* Text that is cut when it is full. */
struct text {
	char *buf;
	size_t len, used;
};

static void __attribute__((format(printf, 2, 3)))
say(struct text *text, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(text->buf + text->used, text->len - text->used, fmt,
		      args);
	va_end(args);
	text->used += (size_t)n;
	if (text->used >= text->len)
		text->used = text->len - 1;
}

static void say_place(struct text *text, uint64_t va)
{
	if (va >= WINDOW_START && va <= WINDOW_END)
		say(text, "w%llu",
		    (unsigned long long)(va - WINDOW_START) / ORACLE_PAGE);
	else if (va >= HEAP_START && va <= HEAP_END)
		say(text, "h%llu",
		    (unsigned long long)(va - HEAP_START) / ORACLE_PAGE);
	else
		say(text, "%#llx", (unsigned long long)va);
}

static void say_areas(struct text *text, const char *who,
		      const struct observation *seen, bool usage)
{
	say(text, "  %s:\n", who);
	for (unsigned i = 0; i < seen->nr_areas; i++) {
		const struct area *a = &seen->area[i];

		say(text, "    ");
		say_place(text, a->start);
		say(text, "-");
		say_place(text, a->end);
		say(text, " %c%c%c%c %#llx #%u%s", a->read ? 'r' : '-',
		    a->write ? 'w' : '-', a->exec ? 'x' : '-',
		    a->shared ? 's' : 'p', (unsigned long long)a->offset,
		    a->object, a->heap ? " heap" : "");
		if (usage)
			say(text,
			    " flags %#x rss %u pss %u anon %u locked %u once "
			    "%u",
			    a->flags, a->rss, a->pss, a->anonymous, a->locked,
			    a->mapped_once);
		say(text, "\n");
	}
}

static bool area_equal(const struct area *a, const struct area *b)
{
	return a->start == b->start && a->end == b->end &&
	       a->offset == b->offset && a->object == b->object &&
	       a->read == b->read && a->write == b->write &&
	       a->exec == b->exec && a->shared == b->shared &&
	       a->heap == b->heap && a->flags == b->flags && a->rss == b->rss &&
	       a->pss == b->pss && a->anonymous == b->anonymous &&
	       a->locked == b->locked && a->mapped_once == b->mapped_once;
}

static bool could_join(const struct area *a, const struct area *b)
{
	return a->end == b->start && a->object == b->object &&
	       (!a->object || a->offset + (a->end - a->start) == b->offset) &&
	       a->read == b->read && a->write == b->write &&
	       a->exec == b->exec && a->shared == b->shared &&
	       a->heap == b->heap && a->flags == b->flags;
}

static bool is_at_border(const struct area *area)
{
	return area->start == WINDOW_START || area->end == WINDOW_END ||
	       area->start == HEAP_START || area->end == HEAP_END;
}

void join_areas(struct observation *seen)
{
	struct area *last = NULL;
	unsigned nr = 0;

	for (unsigned i = 0; i < seen->nr_areas; i++) {
		struct area area = seen->area[i];

		/* They are rounded, area by area. */
		area.pss = area.locked = 0;
		/* It may be one with what is outside, or not. */
		if (is_at_border(&area))
			area.flags = area.rss = area.anonymous =
			    area.mapped_once = 0;
		if (last && could_join(last, &area)) {
			last->end = area.end;
			last->rss += area.rss;
			last->anonymous += area.anonymous;
			last->mapped_once += area.mapped_once;
		} else {
			last = &seen->area[nr++];
			*last = area;
		}
	}
	seen->nr_areas = nr;
}

static void compare_areas(const struct step *step, struct text *text,
			  const struct observation *on_linux,
			  const struct observation *on_mm)
{
	bool equal = on_linux->nr_areas == on_mm->nr_areas;

	for (unsigned i = 0; equal && i < on_mm->nr_areas; i++)
		equal = area_equal(&on_linux->area[i], &on_mm->area[i]);
	if (equal)
		return;
	say(text, "areas differ\n");
	say_areas(text, "linux", on_linux, step->op == OP_LOOK);
	say_areas(text, "mm", on_mm, step->op == OP_LOOK);
}

static void compare_pages(struct text *text, const struct observation *on_linux,
			  const struct observation *on_mm)
{
	static const char *const bit[] = {"in core", "in the table",
					  "of a file", "readable"};

	for (unsigned n = 0; n < NR_LOOKED_AT; n++) {
		unsigned diff = on_linux->page[n] ^ on_mm->page[n];

		for (unsigned i = 0; diff && i < 4; i++) {
			if (!(diff >> i & 1))
				continue;
			say(text, "page ");
			say_place(text, page_address_of(n));
			say(text, " is %s: linux %u, mm %u\n", bit[i],
			    on_linux->page[n] >> i & 1,
			    on_mm->page[n] >> i & 1);
		}
		if (diff || !(on_mm->page[n] & SEEN_TEXT))
			continue;
		for (unsigned i = 0; i < NR_WORDS; i++) {
			if (on_linux->word[n][i] == on_mm->word[n][i])
				continue;
			say(text, "page ");
			say_place(text, page_address_of(n));
			say(text, " offset %u: linux %#llx, mm %#llx\n",
			    word_offset[i],
			    (unsigned long long)on_linux->word[n][i],
			    (unsigned long long)on_mm->word[n][i]);
		}
	}
}

static void compare_results(struct text *text,
			    const struct observation *on_linux,
			    const struct observation *on_mm)
{
	if (on_linux->result != on_mm->result)
		say(text, "result: linux %lld (%#llx), mm %lld (%#llx)\n",
		    (long long)on_linux->result,
		    (unsigned long long)on_linux->result,
		    (long long)on_mm->result,
		    (unsigned long long)on_mm->result);
	if (on_linux->value != on_mm->value)
		say(text, "value: linux %#llx, mm %#llx\n",
		    (unsigned long long)on_linux->value,
		    (unsigned long long)on_mm->value);
	if (on_linux->signal != on_mm->signal ||
	    on_linux->code != on_mm->code ||
	    on_linux->address != on_mm->address)
		say(text,
		    "signal: linux %d code %d at %#llx, mm %d code %d at "
		    "%#llx\n",
		    on_linux->signal, on_linux->code,
		    (unsigned long long)on_linux->address, on_mm->signal,
		    on_mm->code, (unsigned long long)on_mm->address);
	for (unsigned i = 0; i < sizeof(on_mm->vec); i++)
		if (on_linux->vec[i] != on_mm->vec[i])
			say(text, "vec[%u]: linux %u, mm %u\n", i,
			    on_linux->vec[i], on_mm->vec[i]);
}

void compare(const struct step *step, const struct observation *on_linux,
	     const struct observation *on_mm, char *why, size_t len)
{
	struct text text = {.buf = why, .len = len};

	why[0] = '\0';
	compare_results(&text, on_linux, on_mm);
	compare_areas(step, &text, on_linux, on_mm);
	compare_pages(&text, on_linux, on_mm);
}
