/* SPDX-License-Identifier: MIT */
/*
 * The lock-order checker: a graph of classes as a bit matrix, and a depth-first
 * search from the class to be taken back to those that are held.
 *
 * graph_lock protects the matrix, and the list of threads that are parked and
 * hold a lock or wait for one. It is a bare word, since a spinlock would come
 * back here.
 */
#include "lib/lockdep.h"

#include "lib/atomic.h"
#include "lib/machine.h"

#define WORDS (LOCKDEP_CLASSES / 64)

static uint32_t graph_lock;
static uint64_t after[LOCKDEP_CLASSES][WORDS]; /* [a]: taken while a is held */
static const char *names[LOCKDEP_CLASSES] = {"(no class)"};
static uint16_t nr_classes = 1;
static struct list_head sleepers = LIST_HEAD_INIT(sleepers);

long sysctl_hung_task_timeout_secs = LOCKDEP_PATIENCE / 1000000000;

#define MOST_PRINTED 16 /* sleepers */

/* What the thread that each hart ran last holds; spinlocks do not move. */
static struct held_locks *held_by[CONFIG_LOCKDEP ? MAX_HARTS : 1]; /* a */

static void graph_enter(void)
{
	while (exchange_acquire(&graph_lock, 1))
		machine_relax();
}

static void graph_leave(void)
{
	store_release(&graph_lock, 0);
}

uint16_t lockdep_class(struct lock_class *class)
{
	uint16_t id = load_acquire(&class->id);

	if (likely(id))
		return id;
	graph_enter();
	id = class->id;
	if (!id && nr_classes < LOCKDEP_CLASSES) {
		id = nr_classes++;
		names[id] = class->name;
		store_release(&class->id, id);
	}
	graph_leave();
	return id;
}

static bool is_after(uint16_t first, uint16_t second)
{
	return after[first][second / 64] >> (second % 64) & 1;
}

/* Is there a chain of orders from `from` to `to`? graph_lock is held. */
static bool leads_to(uint16_t from, uint16_t to, uint64_t *seen)
{
	if (is_after(from, to))
		return true;
	seen[from / 64] |= 1UL << (from % 64);
	for (uint16_t next = 1; next < nr_classes; next++) {
		if (is_after(from, next) &&
		    !(seen[next / 64] >> (next % 64) & 1) &&
		    leads_to(next, to, seen))
			return true;
	}
	return false;
}

void lockdep_print(const struct held_locks *held)
{
	for (uint32_t i = 0; i < held->nr; i++)
		kprintf("  %s %s (%p)%s\n",
			held->lock[i].how & LOCK_WAITS ? "waits for" : "holds",
			names[held->lock[i].class], held->lock[i].lock,
			held->lock[i].how & LOCK_SLEEPS ? ", may sleep" : "");
}

static _Noreturn void complain(const struct held_locks *held, const char *what,
			       const void *lock, uint16_t class)
{
	kprintf("lockdep: %s: taking %s (%p)\n", what, names[class], lock);
	lockdep_print(held);
	panic("lockdep: %s\n", what);
}

/* Remember the orders that this acquisition shows; false: a circle. */
static bool note_order(const struct held_locks *held, uint16_t class)
{
	bool is_fine = true;

	graph_enter();
	for (uint32_t i = 0; i < held->nr && is_fine; i++) {
		uint16_t first = held->lock[i].class;
		uint64_t seen[WORDS] = {0};

		if (!first || first == class || is_after(first, class))
			continue;
		if (leads_to(class, first, seen))
			is_fine = false;
		else
			after[first][class / 64] |= 1UL << (class % 64);
	}
	graph_leave();
	return is_fine;
}

static bool holds_spinlock(const struct held_locks *held)
{
	for (uint32_t i = 0; i < held->nr; i++) {
		if (!(held->lock[i].how & LOCK_SLEEPS))
			return true;
	}
	return false;
}

void lockdep_note_acquire(const void *lock, uint16_t class, unsigned how)
{
	struct held_locks *held = machine_held_locks();

	if (!held)
		return; /* before the first thread, or after a panic */
	if ((how & LOCK_SLEEPS) && !(how & LOCK_TRIES) && holds_spinlock(held))
		complain(held, "sleeping lock inside a spinlock", lock, class);
	if (!(how & LOCK_TRIES)) {
		for (uint32_t i = 0; i < held->nr; i++) {
			if (held->lock[i].lock == lock)
				complain(held, "lock taken twice", lock, class);
			if (class && held->lock[i].class == class &&
			    !(how & LOCK_NESTED))
				complain(held, "two locks of one class", lock,
					 class);
		}
		if (class && !note_order(held, class))
			complain(held, "circular order", lock, class);
	}
	if (held->nr == LOCKDEP_HELD)
		complain(held, "too many locks", lock, class);
	store_release(&held_by[machine_hart()], held);
	held->lock[held->nr].lock = lock;
	held->lock[held->nr].class = class;
	held->lock[held->nr++].how = how;
}

void lockdep_note_release(const void *lock)
{
	struct held_locks *held = machine_held_locks();
	uint32_t i;

	if (!held)
		return;
	for (i = held->nr; i-- > 0;) {
		if (held->lock[i].lock == lock)
			break;
	}
	if (i >= held->nr)
		return; /* taken before the checker could note it */
	for (; i + 1 < held->nr; i++)
		held->lock[i] = held->lock[i + 1];
	held->nr--;
}

void lockdep_note_sleep(void)
{
	struct held_locks *held = machine_held_locks();

	if (held && holds_spinlock(held))
		complain(held, "sleeping inside a spinlock", NULL, 0);
}

void lockdep_note_wait(bool begins)
{
	struct held_locks *held = machine_held_locks();

	if (!held || !held->nr)
		return;
	if (begins)
		held->lock[held->nr - 1].how |= LOCK_WAITS;
	else
		held->lock[held->nr - 1].how &= (uint16_t)~LOCK_WAITS;
}

static bool waits(const struct held_locks *held)
{
	return held->lock[held->nr - 1].how & LOCK_WAITS;
}

void lockdep_note_park(struct lock_sleeper *sleeper, int id)
{
	struct held_locks *held = machine_held_locks();

	lockdep_note_sleep();
	sleeper->held = held && held->nr ? held : NULL;
	if (!sleeper->held)
		return;
	sleeper->since = machine_clock();
	sleeper->id = id;
	graph_enter();
	list_add_tail(&sleeper->node, &sleepers);
	graph_leave();
}

void lockdep_note_unpark(struct lock_sleeper *sleeper)
{
	if (!sleeper->held)
		return;
	graph_enter();
	list_del(&sleeper->node);
	graph_leave();
}

/* Those that have run last on each hart, as far as they hold anything. */
static void print_running(void)
{
	for (unsigned hart = 0; hart < ARRAY_SIZE(held_by); hart++) {
		struct held_locks *other = load_acquire(&held_by[hart]);

		if (!other || !other->nr)
			continue;
		kprintf("hart %u:\n", hart);
		lockdep_print(other);
	}
}

/* Copies of the list: printing takes locks, which come back here. */
static unsigned list_sleepers(uint64_t patience, struct lock_sleeper *copy,
			      bool *is_late)
{
	uint64_t now = machine_clock();
	struct lock_sleeper *sleeper;
	unsigned nr = 0;

	*is_late = false;
	graph_enter();
	list_for_each_entry (sleeper, &sleepers, node) {
		if (waits(sleeper->held) && now > sleeper->since + patience)
			*is_late = true;
		if (nr < MOST_PRINTED)
			copy[nr++] = *sleeper;
	}
	graph_leave();
	return nr;
}

void lockdep_check_sleepers(uint64_t patience)
{
	struct lock_sleeper sleeper[MOST_PRINTED];
	bool is_late;
	unsigned nr = list_sleepers(patience, sleeper, &is_late);

	if (!is_late)
		return;
	for (unsigned i = 0; i < nr; i++) {
		kprintf("watchdog: thread %d sleeps\n", sleeper[i].id);
		lockdep_print(sleeper[i].held);
	}
	print_running();
	panic("watchdog: a thread sleeps too long for a lock\n");
}

void lockdep_spin(const void *lock, uint16_t class, const uint64_t *word,
		  uint64_t held)
{
	uint64_t start = machine_clock();

	while (load_relaxed(word) & held) {
		if (machine_clock() - start < LOCKDEP_PATIENCE) {
			machine_relax();
			continue;
		}
		kprintf("watchdog: hart %u waits for %s (%p)\n", machine_hart(),
			names[class], lock);
		print_running();
		panic("watchdog: a spinlock is not to be had\n");
	}
}
