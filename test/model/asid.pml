/* SPDX-License-Identifier: MIT */
/*
 * ASIDs with generations, as kernel/riscv/asid.c has them, together with the
 * fences of mm/tlb.c, for spin.
 *
 * HARTS harts run threads of one mm, now and then, and touch one virtual page.
 * One thread maps and unmaps it. Other programs use up the numbers, so that
 * generations end. There are two numbers, so that one comes back soon; a hart
 * remembers translations under both. Asserted: whatever a TLB translates to has
 * a reference, so it was not freed.
 *
 * What happens under asid_lock is one step, and so is the fast path of
 * mm_activate: its compare-and-swap fails when the generation has ended.
 *
 * Each of these must make verification fail:
 *   NO_GENERATION_FLUSH	harts keep translations of an old generation
 *   NOT_RESERVED		a hart that runs the mm loses the number
 *   RESERVED_ONCE		it loses it when the next generation ends
 *   BIT_LATE			the hart's bit is set after the switch
 *   NO_FORGET			a hart that was told to forget does not
 */
#ifndef HARTS
#define HARTS 2
#endif

#define NONE 3 /* no page */
#define NR_PAGES 2
#define ALL ((1 << HARTS) - 1)

byte pte = NONE;
byte refs[NR_PAGES];
byte hart_mask, tlb_stale_mask; /* ctx of the mm */
bit asid;			/* the same, without the generation ... */
bool is_old;			/* ... which has ended */
byte active_on;			/* harts whose active[] is the mm's context */
byte other_on;			/* ... or another one's, and not 0 */
byte reserved_on;		/* harts whose reserved[] is */
byte flush_pending;

typedef hart {
	bit asid;   /* in satp */
	byte tlb[2] /* by ASID */
}
hart harts[HARTS];

/* --- a hart that runs threads of this mm and others --------------------- */

inline flush_if_pending()
{
	if
	:: flush_pending & (1 << h) ->
		flush_pending = flush_pending & ~(1 << h);
#ifndef NO_GENERATION_FLUSH
		harts[h].tlb[0] = NONE;
		harts[h].tlb[1] = NONE
#endif
	:: else
	fi
}

/* The fast path, or assign_asid */
inline take_asid()
{
	d_step {
		if
		:: is_old && !reserved_on -> asid = 1 - asid
		:: else
		fi;
		is_old = false;
		flush_if_pending();
		active_on = active_on | (1 << h);
		other_on = other_on & ~(1 << h);
		harts[h].asid = asid
	}
}

/* The same for another mm, which takes this hart's place in active[]. */
inline take_asid_of_other()
{
	d_step {
		flush_if_pending();
		active_on = active_on & ~(1 << h);
		other_on = other_on | (1 << h)
	}
}

inline touch()
{
	d_step {
		if
		:: harts[h].tlb[harts[h].asid] == NONE ->
			harts[h].tlb[harts[h].asid] = pte
		:: else ->
			assert(refs[harts[h].tlb[harts[h].asid]] > 0)
		fi
	}
}

proctype run_hart(byte h)
{
	bit must;

end:	do
	:: take_asid();
#ifndef BIT_LATE
		hart_mask = hart_mask | (1 << h);
#endif
		atomic {
			must = (tlb_stale_mask >> h) & 1;
			tlb_stale_mask = tlb_stale_mask & ~(1 << h)
		}
#ifndef NO_FORGET
		d_step {
			if
			:: must -> harts[h].tlb[harts[h].asid] = NONE
			:: else
			fi
		}
#endif
		must = 0;
		do
		:: touch()
		:: break
		od;
#ifdef BIT_LATE
		hart_mask = hart_mask | (1 << h);
#endif
		if
		:: take_asid_of_other()
		:: skip /* idle: active[] stays as it is */
		fi;
		hart_mask = hart_mask & ~(1 << h)
	od
}

/* new_generation: reserved[] changes where something ran since the last. */
inline end_generation()
{
	d_step {
#ifndef RESERVED_ONCE
		reserved_on = (reserved_on & ~other_on) | active_on;
#else
		reserved_on = active_on;
#endif
#ifdef NOT_RESERVED
		reserved_on = 0;
#endif
		is_old = true;
		active_on = 0;
		other_on = 0;
		flush_pending = ALL
	}
}

proctype other_programs()
{
	end_generation();
	end_generation();
	end_generation()
}

/* --- the writer --------------------------------------------------------- */

inline map()
{
	atomic {
		pte == NONE;
		if
		:: refs[0] == 0 -> refs[0] = 1; pte = 0
		:: refs[1] == 0 -> refs[1] = 1; pte = 1
		fi
	}
}

inline unmap()
{
	page = pte;
	pte = NONE;
	mask = hart_mask;
	tlb_stale_mask = tlb_stale_mask | (ALL & ~mask);
	mask = mask | hart_mask;
	number = asid;
	i = 0;
	do
	:: i < HARTS && (mask & (1 << i)) ->
		atomic { harts[i].tlb[number] = NONE; i++ }
	:: i < HARTS && !(mask & (1 << i)) -> i++
	:: i == HARTS -> break
	od;
	refs[page]--;
	atomic { i = 0; mask = 0; number = 0; page = 0 }
}

proctype mm_writer()
{
	byte page, mask, i;
	bit number;

end:	do
	:: map();
		unmap()
	od
}

init {
	byte i = 0;

	atomic {
		do
		:: i < HARTS ->
			harts[i].tlb[0] = NONE;
			harts[i].tlb[1] = NONE;
			run run_hart(i);
			i++
		:: else -> break
		od;
		run mm_writer();
		run other_programs()
	}
}
