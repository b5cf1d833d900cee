/* SPDX-License-Identifier: MIT */
/*
 * Locks on files: the record locks of fcntl(2), which belong to a process (its
 * table of descriptors) or to an open file, and those of flock(2), which are
 * for whole files, belong to an open file, and do not see the others.
 *
 * All locks are in one list under one mutex, and all who wait sleep in one
 * queue: few programs use them, and none often. Invariant: locks of one owner
 * on one file do not overlap, and two that touch differ in type.
 *
 * A lock holds no reference to its file. It goes when its owner closes the
 * file; whoever sets one looks afterwards whether the descriptor is still
 * there. Nobody reads at another's position, so pos is read without its lock.
 */
#include "kernel/fs/locks.h"

#include "abi/errno.h"
#include "abi/fcntl.h"
#include "kernel/fs/files.h"
#include "kernel/process.h"
#include "kernel/sleep.h"
#include "mm/slab.h"

#define LAST_BYTE  ((uint64_t)INT64_MAX)
#define CHAIN_MAX  10 /* owners that wait for each other, as on Linux */
#define NO_PROCESS (-1)

struct file_lock {
	struct list_head node;
	const struct inode *inode;
	const void *owner;
	uint64_t start, last; /* bytes */
	uint16_t type;	      /* F_RDLCK, F_WRLCK; to unlock F_UNLCK */
	bool is_flock;
	int pid; /* NO_PROCESS: of an open file */
};

/* A thread that waits for somebody's locks. */
struct blocked {
	struct list_head node;
	const void *owner, *blocker;
	uint32_t seen; /* nr_changes then; if it has changed we look again */
};

uint32_t nr_file_locks; /* atomic; changed under locks_mutex */
static struct mutex locks_mutex;
static struct list_head locks;	 /* locks_mutex */
static struct list_head blocked; /* locks_mutex */
static uint32_t nr_changes;	 /* atomic; counts what may unblock */
static struct wait_queue waiting;

void file_locks_init(void)
{
	mutex_init(&locks_mutex);
	list_init(&locks);
	list_init(&blocked);
	wait_queue_init(&waiting);
}

static bool is_same(const struct file_lock *a, const struct file_lock *b)
{
	return a->inode == b->inode && a->is_flock == b->is_flock;
}

static struct file_lock *find_conflict(const struct file_lock *want)
{
	struct file_lock *lock;

	list_for_each_entry (lock, &locks, node) {
		if (is_same(lock, want) && lock->owner != want->owner &&
		    lock->start <= want->last && want->start <= lock->last &&
		    (lock->type | want->type) & F_WRLCK)
			return lock;
	}
	return NULL;
}

static void lock_remove(struct file_lock *lock)
{
	list_del(&lock->node);
	kfree(lock);
	store_relaxed(&nr_file_locks, nr_file_locks - 1);
}

static void lock_insert(struct file_lock **spare, const struct file_lock *from)
{
	**spare = *from;
	list_add(&(*spare)->node, &locks);
	*spare = NULL;
	store_relaxed(&nr_file_locks, nr_file_locks + 1);
}

/* Take the range of `want` out of another lock of its owner. */
static void cut(struct file_lock *lock, const struct file_lock *want,
		struct file_lock **spare)
{
	struct file_lock rest = *lock;

	if (lock->start > want->last || lock->last < want->start)
		return;
	rest.start = want->last + 1;
	if (lock->last > want->last)
		lock_insert(spare, &rest);
	if (lock->start < want->start)
		lock->last = want->start - 1;
	else
		lock_remove(lock);
}

/* What the owner has in this range becomes what it wants. */
static void apply(struct file_lock *want, struct file_lock **fresh,
		  struct file_lock **spare)
{
	struct file_lock *lock, *next;

	list_for_each_entry_safe (lock, next, &locks, node) {
		if (!is_same(lock, want) || lock->owner != want->owner)
			continue;
		if (lock->type != want->type) {
			cut(lock, want, spare);
		} else if (lock->start <= want->last + 1 &&
			   want->start <= lock->last + 1) {
			want->start = min(want->start, lock->start);
			want->last = max(want->last, lock->last);
			lock_remove(lock);
		}
	}
	if (want->type != F_UNLCK)
		lock_insert(fresh, want);
}

/* Does whom we would wait for wait for us? */
static bool is_deadlock(const struct blocked *self)
{
	const void *owner = self->blocker;

	for (unsigned i = 0; i < CHAIN_MAX && owner; i++) {
		const struct blocked *other;
		const void *next = NULL;

		list_for_each_entry (other, &blocked, node) {
			if (other->owner == owner &&
			    other->seen == load_relaxed(&nr_changes))
				next = other->blocker;
		}
		owner = next;
		if (owner == self->owner)
			return true;
	}
	return false;
}

/* Until something changes; locks_mutex is released meanwhile. */
static long wait_for(const struct file_lock *want, const void *blocker)
{
	struct blocked self = {
	    .owner = want->owner,
	    .blocker = blocker,
	    .seen = load_relaxed(&nr_changes),
	};
	long err;

	if (want->pid != NO_PROCESS && is_deadlock(&self))
		return -EDEADLK;
	list_add(&self.node, &blocked);
	mutex_unlock(&locks_mutex);
	err = wait_event_interruptible(&waiting,
				       load_acquire(&nr_changes) != self.seen);
	mutex_lock(&locks_mutex);
	list_del(&self.node);
	return err;
}

static void let_others_look(void)
{
	/* Pairs with the acquire of a waiter. */
	store_release(&nr_changes, nr_changes + 1);
	wake_all(&waiting);
}

static void release(const struct file_lock *of)
{
	struct file_lock *lock, *next;
	bool is_changed = false;

	list_for_each_entry_safe (lock, next, &locks, node) {
		if (!is_same(lock, of) || lock->owner != of->owner)
			continue;
		lock_remove(lock);
		is_changed = true;
	}
	if (is_changed)
		let_others_look();
}

/* flock() that converts gives others the chance to be first, as on Linux. */
static bool is_conversion(const struct file_lock *want)
{
	const struct file_lock *lock;

	list_for_each_entry (lock, &locks, node) {
		if (is_same(lock, want) && lock->owner == want->owner)
			return lock->type != want->type;
	}
	return false;
}

static long set_lock(struct file_lock *want, bool can_wait)
{
	struct file_lock *fresh = kmalloc(sizeof(*fresh), GFP_USER);
	struct file_lock *spare = kmalloc(sizeof(*spare), GFP_USER);
	bool cuts_none =
	    want->type == F_UNLCK && !want->start && want->last == LAST_BYTE;
	long err = cuts_none || (fresh && spare) ? 0 : -ENOLCK;
	struct file_lock *other;

	mutex_lock(&locks_mutex);
	if (!err && want->is_flock && is_conversion(want))
		release(want);
	while (!err && want->type != F_UNLCK && (other = find_conflict(want)))
		err = can_wait ? wait_for(want, other->owner) : -EAGAIN;
	if (!err) {
		apply(want, &fresh, &spare);
		let_others_look();
	}
	mutex_unlock(&locks_mutex);
	kfree(fresh);
	kfree(spare);
	return err;
}

void file_locks_release(const struct inode *inode, const void *owner)
{
	struct file_lock of = {.inode = inode, .owner = owner};

	mutex_lock(&locks_mutex);
	release(&of);
	of.is_flock = true;
	release(&of);
	mutex_unlock(&locks_mutex);
}

/* The bytes that the program means. 0 or -Exxx. */
static long set_range(struct file_lock *want, const struct open_file *file,
		      const struct flock *fl)
{
	int64_t start = 0, last;

	if ((uint16_t)fl->l_type > F_UNLCK)
		return -EINVAL;
	if (fl->l_whence == SEEK_CUR)
		start = (int64_t)file->pos;
	else if (fl->l_whence == SEEK_END && file->file.f_mapping)
		start = (int64_t)load_relaxed(&file->file.f_mapping->i_size);
	else if (fl->l_whence != SEEK_SET)
		return -EINVAL;
	if (__builtin_add_overflow(start, fl->l_start, &start))
		return -EOVERFLOW;
	last = INT64_MAX;
	if (fl->l_len &&
	    __builtin_add_overflow(start, fl->l_len - (fl->l_len > 0), &last))
		return -EOVERFLOW;
	if (fl->l_len < 0) {
		want->last = (uint64_t)start - 1;
		start = last;
	} else {
		want->last = (uint64_t)last;
	}
	want->start = (uint64_t)start;
	want->type = (uint16_t)fl->l_type;
	return start < 0 ? -EINVAL : 0;
}

/* F_GETLK: who is in the way, if anybody. */
static void get_lock(const struct file_lock *want, struct flock *fl)
{
	struct file_lock *other;

	mutex_lock(&locks_mutex);
	other = find_conflict(want);
	fl->l_type = F_UNLCK;
	if (other) {
		*fl = (struct flock){
		    .l_type = other->type,
		    .l_whence = SEEK_SET,
		    .l_start = (int64_t)other->start,
		    .l_len = other->last == LAST_BYTE
				 ? 0
				 : (int64_t)(other->last - other->start + 1),
		    .l_pid = other->pid,
		};
	}
	mutex_unlock(&locks_mutex);
}

long fcntl_lock(int fd, struct open_file *file, unsigned cmd, vaddr_t arg)
{
	bool is_own = cmd >= F_OFD_GETLK;
	struct file_lock want = {
	    .inode = file->inode,
	    .owner = is_own ? (void *)file : current_files(),
	    .pid = is_own ? NO_PROCESS : current_pid(),
	};
	uint32_t mode = file->file.f_mode;
	struct open_file *now;
	struct flock fl;
	long err;

	if (mode & FMODE_PATH)
		return -EBADF;
	if (copy_from_user(&fl, arg, sizeof(fl)))
		return -EFAULT;
	err = is_own && fl.l_pid ? -EINVAL : set_range(&want, file, &fl);
	if (err)
		return err;
	cmd -= is_own ? F_OFD_GETLK : F_GETLK;
	if (!cmd) {
		if (fl.l_type == F_UNLCK)
			return -EINVAL;
		get_lock(&want, &fl);
		return copy_to_user(arg, &fl, sizeof(fl));
	}
	if ((want.type == F_RDLCK && !(mode & FMODE_READ)) ||
	    (want.type == F_WRLCK && !(mode & FMODE_WRITE)))
		return -EBADF;
	err = set_lock(&want, cmd == F_SETLKW - F_GETLK);
	if (err || is_own || want.type == F_UNLCK)
		return err;
	now = fd_get_any(fd);
	if (now != file) {
		file_locks_release(file->inode, want.owner);
		err = -EBADF;
	}
	if (now)
		open_file_put(now);
	return err;
}

long flock_file(struct open_file *file, unsigned op)
{
	static const uint8_t types[] = {
	    [LOCK_SH] = F_RDLCK, [LOCK_EX] = F_WRLCK, [LOCK_UN] = F_UNLCK};
	struct file_lock want = {
	    .inode = file->inode,
	    .owner = file,
	    .last = LAST_BYTE,
	    .is_flock = true,
	    .pid = NO_PROCESS,
	};
	unsigned how = op & ~(unsigned)LOCK_NB;

	if (how != LOCK_SH && how != LOCK_EX && how != LOCK_UN)
		return -EINVAL;
	want.type = types[how];
	return set_lock(&want, !(op & LOCK_NB));
}
