/* SPDX-License-Identifier: MIT */
/*
 * Taking translations away from harts before pages are freed, as mm/tlb.c,
 * mm/zap.c, mm/mremap.c and mm/fault.c do it, for spin.
 *
 * HARTS harts run threads of one mm and touch two virtual pages through their
 * TLBs, which forget only when fenced. Meanwhile one thread maps, unmaps, moves
 * and copies pages (it has mmap_lock, or the area), and a truncation in another
 * process comes through the reverse map. Asserted:
 *  - whatever a TLB translates to has a reference, so it was not freed;
 *  - when a page is replaced by a copy, nobody reads the old page after somebody
 *    has written to the copy.
 *
 * A page walk and the TLB fill that ends it are one step: SFENCE.VMA waits for
 * walks in flight. Left out: harts that cease to run the mm (hart_mask.pml),
 * ASIDs (asid.pml), and freed page tables, which wait for the same fence.
 *
 * Each of these must make verification fail:
 *   NO_FENCE		pages are freed without one
 *   FREE_FIRST		the reference is dropped before the fence
 *   MASK_FIRST		hart_mask is read before the entry is changed
 *   BIT_LATE		mm_activate() sets the hart's bit after the switch
 *   STORE_FIRST	the copy is mapped before the fence
 *   UNLOCK_FIRST	mremap releases the reverse map before its fence
 */
#ifndef HARTS
#define HARTS 2
#endif

#define NONE 3 /* no page */
#define NR_PAGES 3

byte pte[2] = NONE;
byte refs[NR_PAGES]; /* 0: free */
bool ptl;	     /* split lock: the two entries are in one table */
bool rmap_lock;	     /* i_mmap_rwsem */
byte hart_mask;

typedef hart {
	byte tlb[2]
}
hart harts[HARTS];

/* Known to the assertions alone. */
byte replaced = NONE; /* page whose copy is being installed */
byte copied = NONE;   /* the copy */
bool is_copy_written;

/* --- a hart that runs a thread of this mm ------------------------------- */

/* One access to va by hart h: a TLB hit, or a walk that fills it. */
inline touch(va)
{
	d_step {
		page = harts[h].tlb[va];
		if
		:: page == NONE -> harts[h].tlb[va] = pte[va]
		:: else ->
			assert(refs[page] > 0);
			assert(page != replaced || !is_copy_written);
			is_copy_written = is_copy_written || page == copied
		fi;
		page = NONE
	}
}

proctype run_hart(byte h)
{
	byte page = NONE;

end:	do
	:: /* mm_activate */
#ifndef BIT_LATE
		if
		:: hart_mask & (1 << h)
		:: !(hart_mask & (1 << h)) ->
			hart_mask = hart_mask | (1 << h)
		fi;
#endif
		do
		:: touch(0)
		:: touch(1)
		:: break
		od
#ifdef BIT_LATE
		; hart_mask = hart_mask | (1 << h)
#endif
	:: break
	od
}

/* --- operations --------------------------------------------------------- */

/* flush_tlb_page: local or by the firmware, one hart after the other */
inline fence(va)
{
#ifndef NO_FENCE
#ifndef MASK_FIRST
	mask = hart_mask;
#endif
	i = 0;
	do
	:: i < HARTS && (mask & (1 << i)) ->
		atomic { harts[i].tlb[va] = NONE; i++ }
	:: i < HARTS && !(mask & (1 << i)) -> i++
	:: i == HARTS -> break
	od;
	atomic { i = 0; mask = 0 }
#else
	skip
#endif
}

/* zap_pte, tlb_gather_page; tlb_gather_flush */
inline zap(va)
{
#ifdef MASK_FIRST
	mask = hart_mask;
#endif
	atomic { !ptl -> page = pte[va]; pte[va] = NONE };
	if
	:: page == NONE
	:: page != NONE ->
#ifdef FREE_FIRST
		refs[page]--;
		fence(va)
#else
		fence(va);
		refs[page]--
#endif
	fi;
	page = NONE
}

/* do_anonymous_page, or a file's page in the cache: some free frame */
inline map(va)
{
	atomic {
		!ptl && pte[va] == NONE;
		if
		:: refs[0] == 0 -> page = 0
		:: refs[1] == 0 -> page = 1
		:: refs[2] == 0 -> page = 2
		:: else -> page = NONE
		fi;
		if
		:: page != NONE -> refs[page] = 1; pte[va] = page
		:: else
		fi;
		page = NONE
	}
}

/* wp_install_copy: the table lock is held all the time */
inline copy(va)
{
	atomic {
		!ptl -> ptl = true;
		page = pte[va];
		if
		:: page == 0 && refs[1] == 0 -> fresh = 1
		:: page == 1 && refs[0] == 0 -> fresh = 0
		:: else -> fresh = NONE
		fi
	};
	if
	:: fresh == NONE -> ptl = false
	:: fresh != NONE ->
		d_step { refs[fresh] = 1; replaced = page; copied = fresh };
#ifdef MASK_FIRST
		mask = hart_mask;
#endif
		pte[va] = NONE;
#ifdef STORE_FIRST
		pte[va] = fresh;
		fence(va);
#else
		fence(va);
		pte[va] = fresh;
#endif
		d_step { replaced = NONE; copied = NONE;
			 is_copy_written = false };
		ptl = false;
		refs[page]--
	fi;
	atomic { page = NONE; fresh = NONE }
}

/* move_vma: from page 0 to page 1 of the address space */
inline move()
{
	atomic { !rmap_lock -> rmap_lock = true };
#ifdef MASK_FIRST
	mask = hart_mask;
#endif
	atomic {
		!ptl;
		if
		:: pte[1] == NONE -> pte[1] = pte[0]; pte[0] = NONE
		:: else
		fi
	};
#ifdef UNLOCK_FIRST
	rmap_lock = false;
	fence(0)
#else
	fence(0);
	rmap_lock = false
#endif
}

proctype mm_writer()
{
	byte page = NONE, fresh = NONE, mask, i;

end:	do
	:: map(0)
	:: map(1)
	:: zap(0)
	:: zap(1)
	:: copy(0)
	:: move()
	:: break
	od
}

/* unmap_mapping_range, of a file that both pages may belong to */
proctype truncate()
{
	byte page = NONE, mask, i;

end:	do
	:: atomic { !rmap_lock -> rmap_lock = true };
		zap(0);
		zap(1);
		rmap_lock = false
	:: break
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
		run truncate()
	}
}
