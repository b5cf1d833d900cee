/* SPDX-License-Identifier: MIT */
/*
 * The lock of one area, as mm/vma_lock.c has it, for spin.
 *
 * There is one area object of type-stable memory. Writer 0 maps it, changes it,
 * unmaps it and maps it anew, in mm 0 or in mm 1; the other WRITERS change it in
 * mm 0 and exclude writer 0 by mmap_lock. READERS fault handlers look it up
 * without a lock, always in mm 0 and for address 0 (lock_vma_under_rcu).
 *
 * Each access to shared memory is one step and spin tries every order of them.
 * Asserted is what the lock promises:
 *  - nobody is inside the area while a writer has it locked;
 *  - who is inside found its own mm, its address and an area in use, and
 *    nothing of that changes;
 *  - the area has no reader when its memory is freed or used anew;
 *  - no wake-up is lost and nobody waits for ever: processes may stop after
 *    any call, and then no other may stand still (spin: invalid end state).
 *
 * mm_lock_seq of mm 0 counts modulo SEQ_LIMIT: it overflows all the time. That
 * of mm 1, which has one writer and no readers of its own, stands still.
 *
 * Spin knows no order weaker than sequential consistency. Where the C code's
 * order is weaker and it matters, the model has a choice: with
 * PUT_IS_RELEASE_ONLY a reader may look at vma_writer_wait before its decrement
 * of vm_refcnt is done, as a machine may when the decrement is no acquire.
 *
 * Left out: the first look at vm_lock_seq in vma_start_read (it saves work and
 * proves nothing), the tree (a descent may end at any area that is in it), and
 * spurious returns of machine_park (they could only hide a lost wake-up).
 *
 * Each of these takes something away or moves it, and verification must fail:
 *   NO_VM_MM_CHECK	 vm_mm is looked at again after taking the reference
 *   NO_RANGE_CHECK	 so is the range
 *   NO_SEQ_CHECK	 so is vm_lock_seq
 *   NO_READER_WAIT	 vma_start_write() waits for readers
 *   NO_DETACH_WAIT	 vma_mark_detached() does
 *   NO_UNPARK		 a reader that leaves wakes the writer
 *   PUT_IS_RELEASE_ONLY see above
 *   TRUST_SEQ		 vma_start_write() looks at vm_refcnt even when
 *			 vm_lock_seq says that the area is locked
 *   EARLY_END_WRITE	 mm_lock_seq advances after the last change
 *   SLEEP_INSIDE	 a fault gives the area up before it waits for mmap_lock
 */
#ifndef READERS
#define READERS 2
#endif
#ifndef WRITERS
#define WRITERS 2
#endif
#ifndef SEQ_LIMIT
#define SEQ_LIMIT 3
#endif

#define NOBODY		7
#define VMA_LOCK_OFFSET 16
#define VMA_REF_LIMIT	(VMA_LOCK_OFFSET - 1)
#define NEXT(seq)	((seq + 1) % SEQ_LIMIT)

/* struct mm_struct, two of them; mmap_lock: held for writing */
bool mmap_lock[2];
byte mm_lock_seq[2];
byte vma_writer_wait[2] = NOBODY;

/* struct vm_area_struct; vm_start stands for its whole range */
byte vm_mm;
byte vm_start;
byte vm_refcnt;
byte vm_lock_seq;
bool in_tree[2];

/* machine_unpark() that came before machine_park() */
bool token[WRITERS];

/* Known to the assertions alone. */
byte inside;		/* readers that rely on the area's fields */
bool is_write_locked;	/* by the holder of the mmap_lock of vm_mm */
bool is_free = true;	/* the memory is the slab's */

/* --- readers ----------------------------------------------------------- */

/*
 * While a reader holds a reference, vm_mm and vm_lock_seq stand still: who
 * changes them waits for it first. So looking at them is one step.
 */
proctype reader()
{
	byte mm, writer = NOBODY;
#ifdef PUT_IS_RELEASE_ONLY
	bool looked;
#endif

end:	do
	:: in_tree[0] -> break /* lock_vma_under_rcu: the descent ends here */
	:: goto out
	od;
	if /* vma_start_read: the compare-and-swap */
	:: atomic { vm_refcnt == 0 || vm_refcnt >= VMA_REF_LIMIT -> goto end }
	:: atomic { vm_refcnt != 0 && vm_refcnt < VMA_REF_LIMIT ->
		    vm_refcnt++ }
	fi;
#ifndef NO_VM_MM_CHECK
	if
	:: atomic { vm_mm != 0 -> mm = vm_mm; goto put }
	:: vm_mm == 0
	fi;
#endif
	if
#ifndef NO_SEQ_CHECK
	:: vm_lock_seq == mm_lock_seq[0] -> goto put
	:: atomic { vm_lock_seq != mm_lock_seq[0] -> inside++ }
#else
	:: inside++
#endif
	fi;
	if /* lock_vma_under_rcu: the re-check of the range */
#ifndef NO_RANGE_CHECK
	:: atomic { vm_start != 0 -> inside--; goto put }
	:: vm_start == 0
#else
	:: skip
#endif
	fi;
#ifdef SLEEP_INSIDE
	!mmap_lock[0];
#endif
	d_step { /* the fault itself */
		assert(!is_write_locked);
		assert(!is_free && vm_refcnt % VMA_LOCK_OFFSET >= 1);
		assert(vm_mm == 0 && vm_start == 0);
		inside--
	};

put:	/* vma_refcount_put */
#ifdef PUT_IS_RELEASE_ONLY
	if
	:: atomic { writer = vma_writer_wait[mm]; looked = true }
	:: skip
	fi;
#endif
	if
	:: atomic { vm_refcnt < VMA_LOCK_OFFSET ->
		    vm_refcnt--; mm = 0; writer = NOBODY; goto end }
	:: atomic { vm_refcnt >= VMA_LOCK_OFFSET -> vm_refcnt-- }
	fi;
#ifdef NO_UNPARK
	d_step { mm = 0; writer = NOBODY };
	goto end;
#else
#ifdef PUT_IS_RELEASE_ONLY
	if
	:: looked
	:: !looked -> writer = vma_writer_wait[mm]
	fi;
	looked = false;
#else
	writer = vma_writer_wait[mm];
#endif
	if
	:: atomic { writer != NOBODY -> token[writer] = true;
		    mm = 0; writer = NOBODY; goto end }
	:: atomic { writer == NOBODY -> mm = 0; goto end }
	fi;
#endif
out:	skip
}

/* --- writers ----------------------------------------------------------- */

inline wait_for_readers(mm, rest)
{
	if
	:: vm_refcnt == rest
	:: vm_refcnt != rest ->
		vma_writer_wait[mm] = self;
		do
		:: vm_refcnt == rest -> break
		:: vm_refcnt != rest -> /* machine_park */
			atomic { token[self] -> token[self] = false }
		od;
		atomic { vma_writer_wait[mm] = NOBODY; token[self] = false }
	fi
}

inline vma_start_write(mm)
{
	if
#ifdef TRUST_SEQ
	:: vm_lock_seq == mm_lock_seq[mm]
	:: vm_lock_seq != mm_lock_seq[mm] ->
#else
	:: vm_lock_seq == mm_lock_seq[mm] && vm_refcnt <= 1
	:: vm_lock_seq != mm_lock_seq[mm] || vm_refcnt > 1 ->
#endif
		if
		:: vm_refcnt == 0
		:: vm_refcnt != 0 ->
			vm_refcnt = vm_refcnt + VMA_LOCK_OFFSET;
#ifndef NO_READER_WAIT
			wait_for_readers(mm, VMA_LOCK_OFFSET + 1)
#endif
		fi;
		vm_lock_seq = mm_lock_seq[mm];
		if
		:: vm_refcnt < VMA_LOCK_OFFSET
		:: vm_refcnt >= VMA_LOCK_OFFSET ->
			vm_refcnt = vm_refcnt - VMA_LOCK_OFFSET
		fi
	fi;
	d_step { assert(!inside); is_write_locked = true }
}

inline vma_mark_detached(mm)
{
	d_step { got_last = vm_refcnt == 1; vm_refcnt-- };
#ifndef NO_DETACH_WAIT
	if
	:: got_last
	:: else ->
		vm_refcnt = vm_refcnt + VMA_LOCK_OFFSET;
		wait_for_readers(mm, VMA_LOCK_OFFSET);
		vm_refcnt = vm_refcnt - VMA_LOCK_OFFSET
	fi;
#endif
	got_last = false
}

/* Of mmap_write_unlock, and of mmap_write_downgrade. */
inline vma_end_write_all(mm)
{
	d_step {
		if
		:: vm_mm == mm -> is_write_locked = false
		:: else
		fi;
		if
		:: mm == 0 -> mm_lock_seq[0] = NEXT(mm_lock_seq[0])
		:: else
		fi
	}
}

/* vm_area_alloc, vma_link: the memory is ours, but stale readers look at it. */
inline map_area(mm)
{
	d_step { assert(!inside && vm_refcnt == 0 && !is_write_locked) };
	vm_mm = mm;
	if
	:: vm_start = 0
	:: vm_start = 1
	fi;
	vm_lock_seq = mm_lock_seq[mm]; /* vma_mark_attached: locked from birth */
	is_write_locked = true;
	vm_refcnt = 1;
	in_tree[mm] = true
}

inline change_area(mm)
{
	vma_start_write(mm);
#ifdef EARLY_END_WRITE
	vma_end_write_all(mm);
#endif
	d_step { assert(!inside); vm_start = 1 - vm_start }
}

/* vma_unlink, vm_area_free */
inline unmap_area(mm)
{
	vma_mark_detached(mm);
	in_tree[mm] = false;
	d_step {
		assert(!inside && vm_refcnt == 0);
		is_write_locked = false;
		is_free = true
	}
}

proctype writer(byte self)
{
	byte mm;
	bool got_last;

end:	do
	:: atomic { !mmap_lock[0] -> mmap_lock[0] = true; mm = 0 };
		goto call
	:: atomic { !mmap_lock[1] && self == 0 ->
		    mmap_lock[1] = true; mm = 1 };
		goto call
	:: goto out
	od;
call:	if
	:: in_tree[mm] -> change_area(mm)
	:: atomic { is_free && self == 0 -> is_free = false }; map_area(mm)
	:: in_tree[mm] && self == 0 -> unmap_area(mm)
	:: skip
	fi;
	vma_end_write_all(mm);
	atomic { mmap_lock[mm] = false; token[self] = false; mm = 0 };
	goto end;
out:	skip
}

init {
	byte i = 0;

	atomic {
		do
		:: i < WRITERS -> run writer(i); i++
		:: else -> break
		od;
		i = 0;
		do
		:: i < READERS -> run reader(); i++
		:: else -> break
		od
	}
}
