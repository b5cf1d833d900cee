/* SPDX-License-Identifier: MIT */
/*
 * Which harts are fenced: hart_mask and tlb_stale_mask of an mm, as mm/tlb.c
 * keeps them, for spin.
 *
 * HARTS harts begin to run the mm, touch two pages, and cease to, over and
 * over. A fence goes only to those that run it; the others are told to forget
 * before they run it again. Two threads at once (or one and a truncation) map
 * and unmap a page each. Asserted: what a TLB translates to was not freed.
 *
 * A page walk and the TLB fill that ends it are one step.
 *
 * Each of these must make verification fail:
 *   NO_MARK		harts that are not fenced are not told to forget
 *   MARK_LATE		they are told after the last look at hart_mask
 *   MARK_UNSEEN_ONLY	only one of two fences tells a hart
 *   LOOK_ONCE		hart_mask is not read again after they were told
 *   FORGET_SECOND	only what the second look finds is fenced
 *   MASK_FIRST		all this comes before the entry is changed
 *   BIT_LATE		a hart sets its bit after the switch
 *   BIT_CLEARED_EARLY	it clears the bit before the hart has switched
 *   NO_FORGET		a hart that was told does not forget
 *   LOOK_FIRST		it looks whether it was told, and then sets its bit
 */
#ifndef HARTS
#define HARTS 2
#endif
#define ALL ((1 << HARTS) - 1)

bool pte[2];   /* present? */
bool taken[2]; /* the page has a reference: it is not free */
byte hart_mask, tlb_stale_mask;

typedef hart {
	bool tlb[2]
}
hart harts[HARTS];

/* --- harts -------------------------------------------------------------- */

inline touch(va)
{
	d_step {
		if
		:: harts[h].tlb[va] -> assert(taken[va])
		:: else -> harts[h].tlb[va] = pte[va]
		fi
	}
}

/* Nobody else sees when it forgets, so that is one step with the look. */
inline look_and_forget()
{
	d_step {
		if
		:: tlb_stale_mask & (1 << h) ->
			tlb_stale_mask = tlb_stale_mask & ~(1 << h);
#ifndef NO_FORGET
			harts[h].tlb[0] = false;
			harts[h].tlb[1] = false
#endif
		:: else
		fi
	}
}

inline set_bit()
{
	hart_mask = hart_mask | (1 << h)
}

inline clear_bit()
{
	hart_mask = hart_mask & ~(1 << h)
}

proctype run_hart(byte h)
{
end:	do
	:: /* mm_hart_enter */
#ifdef LOOK_FIRST
		look_and_forget();
#endif
#ifndef BIT_LATE
		set_bit();
#endif
#ifndef LOOK_FIRST
		look_and_forget();
#endif
#ifdef BIT_CLEARED_EARLY
		if
		:: clear_bit()
		:: skip
		fi;
#endif
		/* satp is the mm's */
		do
		:: touch(0)
		:: touch(1)
		:: break
		od;
#ifdef BIT_LATE
		set_bit();
#endif
		clear_bit() /* mm_hart_leave */
	od
}

/* --- fences ------------------------------------------------------------- */

/* The first part of a fence */
inline choose_harts()
{
	mask = hart_mask;
#if !defined(NO_MARK) && !defined(MARK_LATE) && !defined(MARK_UNSEEN_ONLY)
	tlb_stale_mask = tlb_stale_mask | (ALL & ~mask);
#endif
#ifdef MARK_UNSEEN_ONLY
	if
	:: (tlb_stale_mask | mask) != ALL ->
		tlb_stale_mask = tlb_stale_mask | (ALL & ~mask);
		mask = mask | hart_mask
	:: else
	fi;
#elif defined(FORGET_SECOND)
	mask = hart_mask;
#elif !defined(LOOK_ONCE)
	mask = mask | hart_mask;
#endif
#ifdef MARK_LATE
	tlb_stale_mask = tlb_stale_mask | (ALL & ~mask);
#endif
	skip
}

proctype mapper(byte va)
{
	byte mask, i;

end:	do
	:: atomic { taken[va] = true; pte[va] = true };
#ifdef MASK_FIRST
		choose_harts();
		pte[va] = false;
#else
		pte[va] = false;
		choose_harts();
#endif
		do
		:: i < HARTS ->
			d_step {
				if
				:: mask & (1 << i) ->
					harts[i].tlb[va] = false
				:: else
				fi;
				i++
			}
		:: else -> break
		od;
		atomic { taken[va] = false; i = 0; mask = 0 }
	od
}

init {
	byte i = 0;

	atomic {
		do
		:: i < HARTS -> run run_hart(i); i++
		:: else -> break
		od;
		run mapper(0);
		run mapper(1)
	}
}
