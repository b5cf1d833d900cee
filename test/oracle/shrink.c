/* SPDX-License-Identifier: MIT */
/*
 * Delta debugging: leave out parts of a failing sequence for as long as what
 * remains still fails, beginning with halves and ending with single steps.
 * Then make what the remaining steps ask for smaller.
 */
#include <string.h>

#include "test/oracle/oracle.h"

static void without(struct sequence *to, const struct sequence *from,
		    uint32_t first, uint32_t nr)
{
	*to = *from;
	memmove(&to->step[first], &to->step[first + nr],
		(from->nr - first - nr) * sizeof(to->step[0]));
	to->nr -= nr;
}

/* Leave out as many parts of `nr` steps as possible. */
static bool drop_parts(struct sequence *seq, uint32_t nr,
		       bool (*fails)(void *ctx, const struct sequence *seq),
		       void *ctx)
{
	struct sequence shorter;
	bool has_dropped = false;
	uint32_t at = seq->nr;

	/* From the end, where most steps come after the failure. */
	while (at >= nr && seq->nr > nr) {
		if (at > seq->nr)
			at = seq->nr;
		without(&shorter, seq, at - nr, nr);
		if (fails(ctx, &shorter)) {
			*seq = shorter;
			has_dropped = true;
		}
		if (at < nr * 2)
			break;
		at -= nr;
	}
	return has_dropped;
}

/* Try other values for one argument. */
static bool lower_arg(struct sequence *seq, uint64_t *arg, char kind,
		      bool (*fails)(void *ctx, const struct sequence *seq),
		      void *ctx)
{
	const uint64_t old = *arg;
	const uint64_t first = old >= WINDOW_START ? WINDOW_START : HEAP_START;
	uint64_t tries[] = {0, ORACLE_PAGE, old / 2 & -ORACLE_PAGE,
			    old - ORACLE_PAGE, old & -ORACLE_PAGE};

	if ((kind != 'a' && kind != 'l') || !old)
		return false;
	if (kind == 'a') {
		tries[0] = first;
		tries[1] = first + (old - first) / 2;
		tries[1] &= -ORACLE_PAGE;
		tries[2] = old & -ORACLE_PAGE;
	}
	for (unsigned i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
		*arg = tries[i];
		if (*arg < old && (kind != 'a' || page_number(*arg) >= 0) &&
		    fails(ctx, seq))
			return true;
	}
	*arg = old;
	return false;
}

static void lower_args(struct sequence *seq,
		       bool (*fails)(void *ctx, const struct sequence *seq),
		       void *ctx)
{
	for (uint32_t i = 0; i < seq->nr; i++) {
		struct step *step = &seq->step[i];
		const char *kinds = op_info[step->op].args;

		for (unsigned k = 0; kinds[k]; k++)
			lower_arg(seq, &step->arg[k], kinds[k], fails, ctx);
	}
}

void shrink(struct sequence *seq,
	    bool (*fails)(void *ctx, const struct sequence *seq), void *ctx)
{
	uint32_t nr = seq->nr / 2;

	while (nr > 1) {
		drop_parts(seq, nr, fails, ctx);
		nr /= 2;
	}
	lower_args(seq, fails, ctx);
	while (drop_parts(seq, 1, fails, ctx))
		;
}
