/* SPDX-License-Identifier: MIT */
/*
 * mremap(2) on Linux. Between 6.12, which mm/ follows, and 6.18 it was written
 * anew; what differs and why is in differences.md. Where the older answer can
 * be had from the younger kernel, it is; else the step is skipped.
 */
#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "test/oracle/linux.h"

struct move {
	uint64_t addr, old_len, new_len, flags, new_addr;
	struct area area; /* that has addr */
};

static uint64_t round_up(uint64_t len)
{
	return (len + ORACLE_PAGE - 1) & -ORACLE_PAGE;
}

/* Is this refused before anybody looks for the area? */
static bool is_refused_early(const uint64_t *arg)
{
	bool is_move = arg[3] & (MREMAP_FIXED | MREMAP_DONTUNMAP);

	return arg[3] > 7 || (is_move && !(arg[3] & MREMAP_MAYMOVE)) ||
	       (arg[3] & MREMAP_DONTUNMAP && arg[1] != arg[2]) ||
	       arg[0] % ORACLE_PAGE || !round_up(arg[2]);
}

/*
 * Where the memory will go: found by mapping something there that leaves no
 * trace. 0: nowhere.
 */
static uint64_t destination(const struct move *move)
{
	uint64_t hint = move->flags & MREMAP_DONTUNMAP ? move->new_addr : 0;
	uint64_t space;
	long place;

	if (move->flags & MREMAP_FIXED)
		return move->new_addr;
	space = limit_lift_space();
	place = syscall(SYS_mmap, hint, move->new_len, PROT_NONE,
			MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	limit_restore_space(space);
	if (place == -1)
		return 0;
	syscall(SYS_munmap, place, move->new_len);
	return (uint64_t)place;
}

/*
 * Will the new area touch the old one, and so perhaps merge with it before the
 * memory has moved?
 */
static bool touches_itself(const struct move *move, uint64_t to)
{
	uint64_t to_end = to + move->new_len;

	return (to_end >= move->area.start && to_end <= move->addr) ||
	       (to <= move->area.end && to >= move->addr + move->old_len);
}

static bool is_whole(const struct move *move)
{
	return move->area.start == move->addr &&
	       move->area.end == move->addr + move->old_len;
}

/* Flags and offsets are not asked for. */
static bool has_neighbour(const struct area *area)
{
	return look_is_alike(area, area->start - 1) ||
	       look_is_alike(area, area->end);
}

/* Will what grows in place, or arrives, touch what it may join? */
static bool touches_others(const struct move *move, uint64_t to)
{
	uint64_t grown = move->area.end + move->new_len - move->old_len;

	if (move->new_len > move->old_len && look_is_alike(&move->area, grown))
		return true;
	return look_is_alike(&move->area, to - 1) ||
	       look_is_alike(&move->area, to + move->new_len);
}

/* Is something at the new place, whose pages count when limits are asked? */
static bool makes_room(const struct move *move)
{
	struct area area;

	return look_area(move->new_addr, &area) &&
	       area.start < move->new_addr + move->new_len;
}

/* Does 6.18 do something else than 6.12? */
static bool has_changed(const struct move *move)
{
	bool keeps = move->flags & MREMAP_DONTUNMAP;
	bool is_anonymous = !move->area.object;
	uint64_t to;

	/* Perhaps one area on the other side. */
	if (shared->joins_less && has_neighbour(&move->area))
		return true;
	/* What is at a fixed place goes before limits are asked, or after. */
	if (move->flags & MREMAP_FIXED &&
	    (keeps || move->new_len > move->old_len) && makes_room(move) &&
	    (limit_is_set() || look_is_locked(move->addr)))
		return true;
	/* What a locked area leaves behind, and how it is counted. */
	if (keeps && look_is_locked(move->addr))
		return true;
	/* Whether what is left behind can merge. */
	if (keeps && is_anonymous && is_whole(move) &&
	    has_neighbour(&move->area))
		return true;
	if (!is_anonymous)
		return false;
	to = move->flags & MREMAP_MAYMOVE ? destination(move) : 0;
	/* Inherited memory merges with memory never touched. */
	if (was_forked && touches_others(move, to))
		return true;
	/* What is left takes part in the merge, or does not. */
	return to && touches_itself(move, to) &&
	       look_is_alike(&move->area, to - 1) &&
	       look_is_alike(&move->area, to + move->new_len);
}

/*
 * What MREMAP_DONTUNMAP leaves of an area is numbered anew, as if nothing had
 * ever been there: later versions of 6.12 do that. Moving it away and back has
 * the same effect.
 */
static void number_anew(const struct area *area)
{
	const uint64_t away = WINDOW_END + 512 * ORACLE_PAGE;
	uint64_t start = area->start, len = area->end - start;
	const int how = MREMAP_MAYMOVE | MREMAP_FIXED;
	const int plug =
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;

	if (syscall(SYS_mremap, start, len, len, how, away) != (long)away ||
	    syscall(SYS_mremap, away, len, len, how, start) != (long)start ||
	    syscall(SYS_mmap, away, len, PROT_NONE, plug, -1, 0) != (long)away)
		_exit(9);
}

/*
 * To a fixed place, from what reaches beyond the area: 6.17 moves several areas
 * at once, or refuses. 6.12 unmaps what is behind new_len first, and then wants
 * the rest to be of one area. Returns false when that refuses.
 */
static bool cut_tail(struct move *move)
{
	uint64_t end = move->addr + move->new_len;

	if (end > move->area.end)
		return false;
	syscall(SYS_munmap, end, move->old_len - move->new_len);
	move->old_len = move->new_len;
	return true;
}

static bool is_across(const struct move *move)
{
	return move->flags & MREMAP_FIXED &&
	       move->area.end - move->addr < move->old_len;
}

/* Is the new place refused, whatever is there? */
static bool is_bad_place(const struct move *move)
{
	return move->new_addr % ORACLE_PAGE ||
	       (move->addr + move->old_len > move->new_addr &&
		move->new_addr + move->new_len > move->addr);
}

int64_t remap(const uint64_t *arg, bool *was_skipped)
{
	struct move move = {
	    .addr = arg[0],
	    .old_len = round_up(arg[1]),
	    .new_len = round_up(arg[2]),
	    .flags = arg[3],
	    .new_addr = arg[4],
	};
	int64_t result;

	if (is_refused_early(arg))
		return call(SYS_mremap, arg);
	/* 6.18 looks at the new place first. */
	if (!look_area(arg[0], &move.area) || move.area.start > arg[0])
		return -EFAULT;
	*was_skipped = has_changed(&move);
	if (*was_skipped)
		return 0;
	/* 6.12 clears the place even if there is nothing to move. */
	if (move.flags & MREMAP_FIXED && !move.old_len && !move.area.shared &&
	    !is_bad_place(&move))
		return -EINVAL;
	if (is_across(&move) && !is_bad_place(&move)) {
		if (!cut_tail(&move))
			return -EFAULT;
		result = call(SYS_mremap, (uint64_t[]){move.addr, move.old_len,
						       move.new_len, move.flags,
						       move.new_addr, 0});
	} else {
		result = call(SYS_mremap, arg);
	}
	if (result > 0 && move.flags & MREMAP_DONTUNMAP && is_whole(&move) &&
	    !move.area.object && !has_neighbour(&move.area))
		number_anew(&move.area);
	return result;
}
