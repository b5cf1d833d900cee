/* SPDX-License-Identifier: MIT */
/*
 * A rough idea of what is mapped; see sketch.h.
 */
#include "test/oracle/sketch.h"

#include <string.h>

#include "abi/mman.h"
#include "test/oracle/shared.h"

/* The pages of [va, va + len) that are looked at. */
static unsigned pages_of(uint64_t va, uint64_t len, unsigned *first)
{
	int number = page_number(va);
	uint64_t npages = (len + ORACLE_PAGE - 1) / ORACLE_PAGE, room;

	if (number < 0 || va % ORACLE_PAGE)
		return 0;
	*first = (unsigned)number;
	room = *first < WINDOW_PAGES ? WINDOW_PAGES - *first
				     : NR_LOOKED_AT - *first;
	return (unsigned)(npages < room ? npages : room);
}

static void set_range(struct sketch *sketch, uint64_t va, uint64_t len,
		      bool is_mapped, unsigned prot)
{
	unsigned first = 0, n = pages_of(va, len, &first);

	memset(&sketch->is_mapped[first], is_mapped, n);
	memset(&sketch->prot[first], (int)prot, n);
}

static void protect(struct sketch *sketch, const uint64_t *arg)
{
	unsigned first = 0, n = pages_of(arg[0], arg[1], &first);

	for (unsigned i = first; i < first + n && sketch->is_mapped[i]; i++)
		sketch->prot[i] = (uint8_t)arg[2];
}

static void map(struct sketch *sketch, const uint64_t *arg)
{
	unsigned first = 0, n = pages_of(arg[0], arg[1], &first);
	bool is_fixed = (arg[3] & MAP_FIXED) && !(arg[3] & MAP_FIXED_NOREPLACE);

	if (is_fixed || !sketch_count(sketch, first, n, 0))
		set_range(sketch, arg[0], arg[1], true, (unsigned)arg[2]);
}

static void remap(struct sketch *sketch, const uint64_t *arg)
{
	unsigned first = 0, n = pages_of(arg[0], arg[1], &first), prot;

	if (!n || !sketch->is_mapped[first])
		return;
	prot = sketch->prot[first];
	if (arg[3] & MREMAP_FIXED) {
		if (!(arg[3] & MREMAP_DONTUNMAP))
			set_range(sketch, arg[0], arg[1], false, 0);
		set_range(sketch, arg[4], arg[2], true, prot);
	} else if (arg[2] < arg[1]) {
		set_range(sketch, arg[0] + arg[2], arg[1] - arg[2], false, 0);
	} else if (!(arg[3] & MREMAP_MAYMOVE)) {
		set_range(sketch, arg[0], arg[2], true, prot);
	}
}

static void move_brk(struct sketch *sketch, uint64_t brk)
{
	uint64_t old = sketch->brk, rw = PROT_READ | PROT_WRITE;

	if (brk < HEAP_START || brk >= HEAP_END)
		return;
	brk = (brk + ORACLE_PAGE - 1) & -ORACLE_PAGE;
	if (brk > old)
		set_range(sketch, old, brk - old, true, (unsigned)rw);
	else
		set_range(sketch, brk, old - brk, false, 0);
	sketch->brk = brk;
}

void sketch_step(struct sketch actors[NR_ACTORS], const struct step *step)
{
	struct sketch *sketch = &actors[step->actor];
	struct sketch *child = &actors[step->arg[0] % NR_ACTORS];
	const uint64_t *arg = step->arg;

	switch (step->op) {
	case OP_FORK:
		if (!child->is_alive)
			*child = *sketch;
		break;
	case OP_EXIT:
		sketch->is_alive = false;
		break;
	case OP_MMAP:
		map(sketch, arg);
		break;
	case OP_MUNMAP:
		set_range(sketch, arg[0], arg[1], false, 0);
		break;
	case OP_MPROTECT:
		protect(sketch, arg);
		break;
	case OP_MREMAP:
		remap(sketch, arg);
		break;
	case OP_BRK:
		move_brk(sketch, arg[0]);
		break;
	default:
		break;
	}
}

static bool is_match(const struct sketch *sketch, unsigned i, unsigned prot)
{
	return sketch->is_mapped[i] && !(prot & ~sketch->prot[i]);
}

unsigned sketch_count(const struct sketch *sketch, unsigned first, unsigned n,
		      unsigned prot)
{
	unsigned count = 0;

	for (unsigned i = first; i < first + n; i++)
		count += is_match(sketch, i, prot);
	return count;
}

unsigned sketch_find(const struct sketch *sketch, unsigned first, unsigned n,
		     unsigned prot, unsigned nth)
{
	for (unsigned i = first; i < first + n; i++)
		if (is_match(sketch, i, prot) && !nth--)
			return i;
	return first;
}

unsigned sketch_run(const struct sketch *sketch, unsigned first)
{
	unsigned end = first < WINDOW_PAGES ? WINDOW_PAGES : NR_LOOKED_AT;
	unsigned i = first;

	while (i < end && sketch->is_mapped[i])
		i++;
	return i - first;
}
