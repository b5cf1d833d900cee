/* SPDX-License-Identifier: MIT */
/*
 * Futexes: threads that wait for a word of user memory to change.
 *
 * A waiter queues first and reads the word afterwards, so that no lock is held
 * over the access, which may fault: whoever changes the word and then wakes
 * either finds the waiter queued, or the waiter reads the new value and leaves
 * again. A waiter that was woken while it found the value changed counts as
 * woken: nobody can tell that it did not read the word a moment earlier.
 *
 * Locks: one for each bucket; two only in address order (requeue). A waiter
 * takes its bucket's lock to leave, so it outlives whoever wakes it.
 */
#include "kernel/futex.h"

#include "kernel/process.h"
#include "kernel/riscv/uaccess.h"
#include "kernel/sched.h"
#include "kernel/syscall.h"
#include "kernel/time.h"
#include "mm/mm.h"

#include "abi/futex.h"

#define NR_BUCKETS 256

struct futex_key {
	uint64_t object, offset; /* see mm_futex_key() */
};

struct futex_bucket {
	struct spinlock lock;
	struct list_head waiters; /* lock */
};

struct futex_waiter {
	struct list_head node;
	struct futex_key key;	     /* bucket lock */
	struct futex_bucket *bucket; /* a; changes under both locks */
	struct thread *thread;
	uint32_t bitset;
	bool is_woken; /* bucket lock to set; off the list then */
};

static struct futex_bucket buckets[NR_BUCKETS];

void futex_init(void)
{
	for (unsigned i = 0; i < NR_BUCKETS; i++)
		list_init(&buckets[i].waiters);
}

static __noinline struct futex_bucket *bucket_of(const struct futex_key *key)
{
	uint64_t hash = key->object ^ (key->offset >> 2);

	return &buckets[hash * 0x9e3779b97f4a7c15UL >> 56];
}

static bool is_same_key(const struct futex_key *a, const struct futex_key *b)
{
	return a->object == b->object && a->offset == b->offset;
}

static int get_key(vaddr_t addr, bool is_shared, struct futex_key *key)
{
	if (addr % sizeof(uint32_t))
		return -EINVAL;
	return mm_futex_key(current->mm, addr, is_shared, &key->object,
			    &key->offset);
}

static void enqueue(struct futex_waiter *waiter)
{
	struct futex_bucket *bucket = bucket_of(&waiter->key);

	waiter->thread = current;
	waiter->is_woken = false;
	waiter->bucket = bucket;
	spin_lock(&bucket->lock);
	list_add_tail(&waiter->node, &bucket->waiters);
	spin_unlock(&bucket->lock);
}

/* Leave the queue; returns whether somebody has woken this waiter. */
static bool dequeue(struct futex_waiter *waiter)
{
	struct futex_bucket *bucket;
	bool was_woken;

	for (;;) {
		bucket = load_relaxed(&waiter->bucket);
		spin_lock(&bucket->lock);
		if (bucket == waiter->bucket)
			break;
		spin_unlock(&bucket->lock); /* requeued meanwhile */
	}
	was_woken = waiter->is_woken;
	if (!was_woken)
		list_del(&waiter->node);
	spin_unlock(&bucket->lock);
	return was_woken;
}

/* Under the bucket's lock. */
static void wake_waiter(struct futex_waiter *waiter)
{
	list_del(&waiter->node);
	store_relaxed(&waiter->is_woken, true);
	machine_unpark(waiter->thread);
}

static long wake(const struct futex_key *key, uint32_t nr, uint32_t bitset)
{
	struct futex_bucket *bucket = bucket_of(key);
	struct futex_waiter *waiter, *next;
	long woken = 0;

	spin_lock(&bucket->lock);
	list_for_each_entry_safe (waiter, next, &bucket->waiters, node) {
		if (woken >= (long)nr)
			break;
		if (!is_same_key(&waiter->key, key) ||
		    !(waiter->bitset & bitset))
			continue;
		wake_waiter(waiter);
		woken++;
	}
	spin_unlock(&bucket->lock);
	return woken;
}

static long restart_wait(struct restart_block *block);

/* A call with a time-out goes on with the same deadline after a restart. */
static long interrupted(vaddr_t addr, uint32_t value, bool is_shared,
			uint32_t bitset, uint64_t deadline)
{
	struct restart_block *block = &current->restart;

	if (deadline == TIME_NEVER)
		return -ERESTARTSYS;
	block->fn = restart_wait;
	block->arg[0] = addr;
	block->arg[1] = deadline;
	block->arg[2] = (uint64_t)bitset << 32 | value;
	block->arg[3] = is_shared;
	return -ERESTART_RESTARTBLOCK;
}

static long futex_wait(vaddr_t addr, uint32_t value, bool is_shared,
		       uint32_t bitset, uint64_t deadline)
{
	struct futex_waiter waiter = {.bitset = bitset};
	bool is_late = false;
	uint32_t found;
	int err = get_key(addr, is_shared, &waiter.key);

	if (!bitset)
		err = -EINVAL;
	if (err)
		return err;
	enqueue(&waiter);
	err = get_user_u32(&found, addr);
	if (!err && found != value)
		err = -EAGAIN;
	while (!err && !load_relaxed(&waiter.is_woken)) {
		if (is_late)
			err = -ETIMEDOUT;
		else if (signal_pending())
			err = -EINTR;
		else
			is_late = park_until(deadline);
	}
	if (dequeue(&waiter))
		return 0;
	if (err == -EINTR)
		return interrupted(addr, value, is_shared, bitset, deadline);
	return err;
}

static long restart_wait(struct restart_block *block)
{
	return futex_wait(block->arg[0], (uint32_t)block->arg[2], block->arg[3],
			  (uint32_t)(block->arg[2] >> 32), block->arg[1]);
}

static void lock_two(struct futex_bucket *a, struct futex_bucket *b)
{
	spin_lock(&min(a, b)->lock);
	if (a != b)
		spin_lock(&max(a, b)->lock);
}

static void unlock_two(struct futex_bucket *a, struct futex_bucket *b)
{
	spin_unlock(&a->lock);
	if (a != b)
		spin_unlock(&b->lock);
}

/*
 * Wake the first nr_wake waiters and let the next nr_move wait at `to`. The
 * value was compared before the locks are taken: a program whose other threads
 * change it in between holds no lock that would make the comparison mean more.
 */
static long requeue(const struct futex_key *from, const struct futex_key *to,
		    uint32_t nr_wake, uint32_t nr_move)
{
	struct futex_bucket *a = bucket_of(from), *b = bucket_of(to);
	struct futex_waiter *waiter, *next;
	struct list_head moved;
	long done = 0;

	list_init(&moved);
	lock_two(a, b);
	list_for_each_entry_safe (waiter, next, &a->waiters, node) {
		if (!is_same_key(&waiter->key, from))
			continue;
		if (done >= (long)nr_wake + (long)nr_move)
			break;
		if (done++ < (long)nr_wake) {
			wake_waiter(waiter);
			continue;
		}
		list_move_tail(&waiter->node, &moved);
		waiter->key = *to;
		store_relaxed(&waiter->bucket, b);
	}
	list_splice_tail_init(&moved, &b->waiters);
	unlock_two(a, b);
	return done;
}

static long futex_requeue(vaddr_t addr, vaddr_t addr2, bool is_shared,
			  uint32_t nr_wake, uint32_t nr_move,
			  const uint32_t *expected)
{
	struct futex_key from, to;
	uint32_t found;
	int err;

	if ((int32_t)nr_wake < 0 || (int32_t)nr_move < 0)
		return -EINVAL;
	err = get_key(addr, is_shared, &from);
	if (!err)
		err = get_key(addr2, is_shared, &to);
	if (!err && expected) {
		err = get_user_u32(&found, addr);
		if (!err && found != *expected)
			err = -EAGAIN;
	}
	return err ? err : requeue(&from, &to, nr_wake, nr_move);
}

/* Change the word at addr as `op` says; *result: is its old value as asked? */
static int wake_op_apply(vaddr_t addr, uint32_t op, bool *result)
{
	static const enum user_amo amos[] = {USER_AMO_SET, USER_AMO_ADD,
					     USER_AMO_OR, USER_AMO_AND,
					     USER_AMO_XOR};
	uint32_t kind = op >> 28 & 7, cmp = op >> 24 & 15;
	int32_t arg = (int32_t)(op << 8) >> 20;
	int32_t cmp_arg = (int32_t)(op << 20) >> 20, old;
	int err;

	if (op >> 28 & FUTEX_OP_OPARG_SHIFT)
		arg = (int32_t)(1U << (arg & 31));
	if (kind > FUTEX_OP_XOR || cmp > FUTEX_OP_CMP_GE)
		return -ENOSYS;
	if (kind == FUTEX_OP_ANDN)
		arg = ~arg;
	err = amo_user_u32((uint32_t *)&old, addr, amos[kind], (uint32_t)arg);
	if (err)
		return err;
	*result = (cmp == FUTEX_OP_CMP_EQ && old == cmp_arg) ||
		  (cmp == FUTEX_OP_CMP_NE && old != cmp_arg) ||
		  (cmp == FUTEX_OP_CMP_LT && old < cmp_arg) ||
		  (cmp == FUTEX_OP_CMP_LE && old <= cmp_arg) ||
		  (cmp == FUTEX_OP_CMP_GT && old > cmp_arg) ||
		  (cmp == FUTEX_OP_CMP_GE && old >= cmp_arg);
	return 0;
}

static long futex_wake_op(vaddr_t addr, vaddr_t addr2, bool is_shared,
			  uint32_t nr, uint32_t nr2, uint32_t op)
{
	struct futex_key key, key2;
	bool also_second;
	long woken;
	int err = get_key(addr, is_shared, &key);

	if (!err)
		err = get_key(addr2, is_shared, &key2);
	if (!err)
		err = wake_op_apply(addr2, op, &also_second);
	if (err)
		return err;
	woken = wake(&key, nr, FUTEX_BITSET_MATCH_ANY);
	if (also_second)
		woken += wake(&key2, nr2, FUTEX_BITSET_MATCH_ANY);
	return woken;
}

static long futex_wake(vaddr_t addr, bool is_shared, uint32_t nr,
		       uint32_t bitset)
{
	struct futex_key key;
	int err = get_key(addr, is_shared, &key);

	if (!bitset)
		err = -EINVAL;
	/* Linux wakes one when asked for none. */
	return err ? err : wake(&key, max((int32_t)nr, 1), bitset);
}

/* FUTEX_WAIT's time counts from now, FUTEX_WAIT_BITSET's is absolute. */
static int wait_deadline(int cmd, bool is_realtime, vaddr_t addr,
			 uint64_t *deadline)
{
	uint64_t ns;
	int err;

	*deadline = TIME_NEVER;
	if (!addr)
		return 0;
	if (cmd == FUTEX_WAIT)
		return get_timeout(addr, deadline);
	err = get_timespec(addr, &ns);
	if (!err)
		*deadline = is_realtime ? deadline_from_realtime(ns) : ns;
	return err;
}

long sys_futex(uint64_t addr, uint64_t op_arg, uint64_t val_arg,
	       uint64_t timeout, uint64_t addr2, uint64_t val3_arg)
{
	int op = (int)op_arg, cmd = op & FUTEX_CMD_MASK;
	uint32_t val = (uint32_t)val_arg, val2 = (uint32_t)timeout;
	uint32_t val3 = (uint32_t)val3_arg;
	bool is_shared = !(op & FUTEX_PRIVATE_FLAG);
	bool is_realtime = op & FUTEX_CLOCK_REALTIME;
	uint64_t deadline;
	int err;

	if (is_realtime && cmd != FUTEX_WAIT_BITSET && cmd != FUTEX_WAIT)
		return -ENOSYS;
	switch (cmd) {
	case FUTEX_WAIT:
		val3 = FUTEX_BITSET_MATCH_ANY;
		/* fall through */
	case FUTEX_WAIT_BITSET:
		err = wait_deadline(cmd, is_realtime, timeout, &deadline);
		return err ? err
			   : futex_wait(addr, val, is_shared, val3, deadline);
	case FUTEX_WAKE:
		return futex_wake(addr, is_shared, val, FUTEX_BITSET_MATCH_ANY);
	case FUTEX_WAKE_BITSET:
		return futex_wake(addr, is_shared, val, val3);
	case FUTEX_REQUEUE:
		return futex_requeue(addr, addr2, is_shared, val, val2, NULL);
	case FUTEX_CMP_REQUEUE:
		return futex_requeue(addr, addr2, is_shared, val, val2, &val3);
	case FUTEX_WAKE_OP:
		return futex_wake_op(addr, addr2, is_shared, val, val2, val3);
	default:
		return -ENOSYS;
	}
}

long sys_set_robust_list(uint64_t head, uint64_t size)
{
	if (size != sizeof(struct robust_list_head))
		return -EINVAL;
	current->robust_list = head;
	return 0;
}

long sys_get_robust_list(uint64_t tid, uint64_t head, uint64_t size)
{
	uint64_t list = 0;
	bool found = true;

	spin_lock(&process_lock);
	if ((int)tid == 0) {
		list = current->robust_list;
	} else {
		struct pid *pid = pid_find_locked((int)tid);

		found = pid && pid->thread;
		if (found)
			list = load_relaxed(&pid->thread->robust_list);
	}
	spin_unlock(&process_lock);
	if (!found)
		return -ESRCH;
	if (put_user_u64(size, sizeof(struct robust_list_head)) ||
	    put_user_u64(head, list))
		return -EFAULT;
	return 0;
}

/* The dead thread's lock: mark it so, and let a waiter find out. */
static int release_robust(vaddr_t addr, bool is_pending)
{
	uint32_t value, old;

	if (addr % sizeof(uint32_t) || get_user_u32(&value, addr))
		return -EFAULT;
	if (is_pending && !value)
		return futex_wake(addr, true, 1, FUTEX_BITSET_MATCH_ANY) < 0;
	for (;;) {
		if ((value & FUTEX_TID_MASK) != (uint32_t)current->pid->nr)
			return 0;
		if (cmpxchg_user_u32(&old, addr, value,
				     (value & FUTEX_WAITERS) |
					 FUTEX_OWNER_DIED))
			return -EFAULT;
		if (old == value)
			break;
		value = old;
	}
	if (value & FUTEX_WAITERS)
		futex_wake(addr, true, 1, FUTEX_BITSET_MATCH_ANY);
	return 0;
}

/* The list is the program's: any address, any length, perhaps a circle. */
static void walk_robust_list(vaddr_t head_addr)
{
	struct robust_list_head head;
	uint64_t entry, next, offset;

	if (copy_from_user(&head, head_addr, sizeof(head)))
		return;
	offset = (uint64_t)head.futex_offset;
	entry = head.list.next & ~1UL; /* bit 0: priority inheriting */
	for (int n = 0; entry != head_addr && n < ROBUST_LIST_LIMIT; n++) {
		if (get_user_u64(&next, entry))
			break;
		if (entry != (head.list_op_pending & ~1UL) &&
		    release_robust(entry + offset, false))
			break;
		entry = next & ~1UL;
	}
	if (head.list_op_pending)
		release_robust((head.list_op_pending & ~1UL) + offset, true);
}

void futex_thread_exit(void)
{
	struct thread *self = current;
	uint64_t tid_addr = self->clear_child_tid;
	uint64_t list = self->robust_list;

	self->clear_child_tid = 0;
	self->robust_list = 0;
	if (list)
		walk_robust_list(list);
	/* Nobody else to see it: spare the page. */
	if (!tid_addr || (load_relaxed(&self->process->nr_live) == 1 &&
			  load_relaxed(&self->mm->mm_users) == 1))
		return;
	if (!put_user_u32(tid_addr, 0))
		futex_wake(tid_addr, true, 1, FUTEX_BITSET_MATCH_ANY);
}
