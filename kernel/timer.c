/* SPDX-License-Identifier: MIT */
/*
 * Timers: one tree for each hart, and park_until() on top of it.
 *
 * The hart's next interrupt is set again only when it must come earlier than
 * now set, since a call into the firmware costs more than a spurious interrupt
 * that seldom happens. Locks: a queue's lock is a leaf; it is dropped while a
 * timer's function runs, and `running` tells timer_cancel() so.
 */
#include "kernel/timer.h"

#include "kernel/riscv/smp.h"
#include "kernel/sched.h"
#include "kernel/sleep.h"

struct timer_queue {
	struct spinlock lock;
	struct rb_root tree;   /* lock; by deadline */
	uint64_t tick;	       /* lock; when sched_tick is wanted */
	uint64_t programmed;   /* lock; when the interrupt comes */
	struct timer *running; /* a */
} __aligned(CACHE_LINE);

static struct timer_queue timer_queues[MAX_HARTS];

void timer_init(void)
{
	for (unsigned hart = 0; hart < MAX_HARTS; hart++) {
		timer_queues[hart].tick = TIME_NEVER;
		timer_queues[hart].programmed = TIME_NEVER;
	}
}

void timer_setup(struct timer *timer, void (*fn)(struct timer *timer))
{
	timer->fn = fn;
	timer->is_armed = false;
	timer->hart = 0;
}

/* Make the interrupt come no later than `deadline`. Under the lock. */
static void program_by(struct timer_queue *q, uint64_t deadline)
{
	if (deadline >= q->programmed)
		return;
	q->programmed = deadline;
	hart_set_timer(deadline);
}

void timer_start(struct timer *timer, uint64_t deadline)
{
	struct timer_queue *q = &timer_queues[machine_hart()];
	struct rb_node *parent = NULL, **link = &q->tree.node;

	timer->deadline = deadline;
	timer->hart = machine_hart();
	spin_lock(&q->lock);
	while (*link) {
		parent = *link;
		if (deadline < rb_entry(parent, struct timer, node)->deadline)
			link = &parent->left;
		else
			link = &parent->right;
	}
	rb_link_node(&timer->node, parent, link);
	rb_insert(&timer->node, &q->tree);
	timer->is_armed = true;
	program_by(q, deadline);
	spin_unlock(&q->lock);
}

/* A function that runs may arm its timer again, so look until it is over. */
bool timer_cancel(struct timer *timer)
{
	struct timer_queue *q = &timer_queues[timer->hart];
	bool was_armed = false, is_running;

	do {
		spin_lock(&q->lock);
		if (timer->is_armed) {
			rb_erase(&timer->node, &q->tree);
			timer->is_armed = false;
			was_armed = true;
		}
		is_running = q->running == timer;
		spin_unlock(&q->lock);
	} while (is_running);
	return was_armed;
}

void timer_set_tick(uint64_t deadline)
{
	struct timer_queue *q = &timer_queues[machine_hart()];

	spin_lock(&q->lock);
	q->tick = min(q->tick, deadline);
	program_by(q, deadline);
	spin_unlock(&q->lock);
}

/* Take the first timer that is due off the tree. Under the lock. */
static struct timer *take_due(struct timer_queue *q, uint64_t now)
{
	struct rb_node *node = rb_first(&q->tree);
	struct timer *timer;

	if (!node)
		return NULL;
	timer = rb_entry(node, struct timer, node);
	if (timer->deadline > now)
		return NULL;
	rb_erase(node, &q->tree);
	timer->is_armed = false;
	q->running = timer;
	return timer;
}

void timer_run(void)
{
	struct timer_queue *q = &timer_queues[machine_hart()];
	uint64_t next, now = machine_clock();
	struct rb_node *node;
	struct timer *timer;
	bool is_tick;

	spin_lock(&q->lock);
	while ((timer = take_due(q, now))) {
		spin_unlock(&q->lock);
		timer->fn(timer);
		spin_lock(&q->lock);
		q->running = NULL;
	}
	is_tick = q->tick <= now;
	if (is_tick)
		q->tick = TIME_NEVER;
	node = rb_first(&q->tree);
	next = node ? rb_entry(node, struct timer, node)->deadline : TIME_NEVER;
	/* Always set: this is also what clears the pending interrupt. */
	q->programmed = min(next, q->tick);
	hart_set_timer(q->programmed);
	spin_unlock(&q->lock);
	if (is_tick)
		sched_tick();
}

struct sleeper {
	struct timer timer;
	struct thread *thread;
};

static void sleeper_wake(struct timer *timer)
{
	machine_unpark(container_of(timer, struct sleeper, timer)->thread);
}

bool park_until(uint64_t deadline)
{
	struct sleeper sleeper = {.thread = current};

	if (deadline == TIME_NEVER) {
		machine_park();
		return false;
	}
	if (machine_clock() >= deadline)
		return true;
	timer_setup(&sleeper.timer, sleeper_wake);
	timer_start(&sleeper.timer, deadline);
	machine_park();
	timer_cancel(&sleeper.timer);
	return machine_clock() >= deadline;
}
