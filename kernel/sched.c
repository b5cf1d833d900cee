/* SPDX-License-Identifier: MIT */
/*
 * Run queues and the context switch.
 *
 * A hart holds its queue's lock from before it gives up a thread until the
 * next thread has taken over (finish_switch). So whoever holds the lock of
 * t->home knows whether t still runs, and may put it on another queue when it
 * does not. Queue locks are leaf locks; never two at once.
 *
 * A bit in idle_harts says that the hart waits for an interrupt or will before
 * it looks at its queue again. Whoever gives it a thread clears the bit
 * (claims the hart) and sends an interrupt.
 */
#include "kernel/sched.h"

#include "kernel/fs/boot.h"
#include "kernel/process.h"
#include "kernel/rcu.h"
#include "kernel/riscv/mmu.h"
#include "kernel/riscv/smp.h"
#include "kernel/sleep.h"
#include "config.h"
#include "lib/bitops.h"
#include "mm/slab.h"

/* How often the first hart asks the console for typed bytes; nanoseconds. */
#define CONSOLE_PERIOD	    100000000UL
#define CONSOLE_PERIOD_FAST 1000000UL

struct run_queue {
	struct spinlock lock;
	bool is_tick_armed;	/* the end of a slice is programmed */
	unsigned nr;		/* threads in queue */
	struct list_head queue; /* runnable, not running */
	struct thread *running;
	struct thread *idle;
	struct mm_struct *active_mm; /* this hart only; NULL: kernel's root */
	uint64_t harts_to_interrupt; /* this hart only */
} __aligned(CACHE_LINE);

struct thread boot_thread;
static struct run_queue run_queues[MAX_HARTS];
static uint64_t online_harts, idle_harts; /* a */

static struct run_queue *this_queue(void)
{
	return &run_queues[machine_hart()];
}

uint64_t sched_online_harts(void)
{
	return load_relaxed(&online_harts);
}

uint64_t sched_idle_harts(void)
{
	return __atomic_load_n(&idle_harts, __ATOMIC_SEQ_CST);
}

uint64_t sched_runtime(const struct thread *t)
{
	uint64_t runtime = load_relaxed(&t->runtime);

	if (load_relaxed(&t->is_running))
		runtime += machine_clock() - load_relaxed(&t->started_at);
	return runtime;
}

bool sched_is_runnable(const struct thread *t)
{
	return load_relaxed(&t->park) != PARK_SLEEPING;
}

static void init_idle(struct thread *t, unsigned hart)
{
	t->is_idle = true;
	t->is_running = true;
	t->home = hart;
	t->arch.hart = hart;
	t->refs = 1;
	t->affinity = 1UL << hart;
	run_queues[hart].idle = t;
	run_queues[hart].running = t;
}

__cold void sched_init(void)
{
	for (unsigned hart = 0; hart < MAX_HARTS; hart++)
		list_init(&run_queues[hart].queue);
	init_idle(&boot_thread, machine_hart());
	online_harts = 1UL << machine_hart();
	timer_init();
}

struct thread *sched_new_idle(unsigned hart)
{
	struct thread *t = thread_alloc();

	if (t)
		init_idle(t, hart);
	return t;
}

/*
 * Interrupt a hart, but not yet: locks are held here that it would only run
 * into. The interrupt goes out when this hart is about to leave the kernel or
 * to sleep, together with others.
 */
static void interrupt_soon(unsigned hart)
{
	this_queue()->harts_to_interrupt |= 1UL << hart;
	if (!current->is_idle)
		thread_set_work(current, WORK_INTERRUPT);
}

inline void sched_send_interrupts(void)
{
	struct run_queue *rq = this_queue();
	uint64_t harts = rq->harts_to_interrupt;

	if (likely(!harts))
		return;
	rq->harts_to_interrupt = 0;
	hart_send_ipi(harts);
}

static __noinline void arm_tick_now(struct run_queue *rq, unsigned hart)
{
	store_relaxed(&rq->is_tick_armed, true);
	if (hart == machine_hart())
		timer_set_tick(machine_clock() + SCHED_SLICE);
	else
		interrupt_soon(hart); /* ipi_received() sets it there */
}

/* The end of a slice is to be seen. Under rq->lock. */
static inline void arm_tick(struct run_queue *rq, unsigned hart)
{
	if (!rq->is_tick_armed)
		arm_tick_now(rq, hart);
}

/* Take an idle hart of the set for a thread; its index, or -1. */
static int claim_idle(uint64_t harts)
{
	uint64_t idle;

	while ((idle = load_relaxed(&idle_harts) & harts)) {
		uint64_t bit = idle & -idle;

		if (fetch_and_acq_rel(&idle_harts, ~bit) & bit)
			return (int)bit_lowest(bit);
	}
	return -1;
}

/*
 * Under rq->lock. The hart of rq is to run t some time. It may have gone idle
 * since the caller looked; it sets its idle bit under this lock.
 */
static inline void enqueue(struct run_queue *rq, unsigned hart,
			   struct thread *t, bool is_claimed)
{
	list_add_tail(&t->run_node, &rq->queue);
	rq->nr++;
	t->home = hart;
	if (is_claimed || claim_idle(1UL << hart) >= 0)
		interrupt_soon(hart);
	else if (!rq->running->is_idle)
		arm_tick(rq, hart);
}

/*
 * Put a thread that is runnable and on no queue on the best one: its own hart
 * if that is idle, else any idle one, else its own.
 */
static void place(struct thread *t)
{
	struct run_queue *rq = &run_queues[t->home];
	uint64_t allowed = load_relaxed(&t->affinity) & sched_online_harts();
	uint64_t home_bit = 1UL << t->home;
	unsigned target = t->home;
	int claimed = -1;

	if (load_relaxed(&idle_harts)) {
		claimed = claim_idle(allowed & home_bit);
		if (claimed < 0)
			claimed = claim_idle(allowed);
	}
	if (claimed >= 0)
		target = (unsigned)claimed;
	else if (unlikely(!(allowed & home_bit)))
		target = bit_lowest(allowed);
	spin_lock(&rq->lock); /* from here on it has left its stack */
	if (target != t->home) {
		spin_unlock(&rq->lock);
		rq = &run_queues[target];
		spin_lock(&rq->lock);
	}
	enqueue(rq, target, t, claimed >= 0);
	spin_unlock(&rq->lock);
}

/* The thread that ran before is off its stack. Releases the queue's lock. */
static inline void finish_switch(struct thread *prev)
{
	struct spinlock *lock = &this_queue()->lock;
	uint32_t leave = prev->leave;

	lockdep_acquire(lock, spin_class(lock), LOCK_SPINS);
	prev->is_running = false;
	prev->leave = LEAVE_NOT;
	spin_unlock(lock);
	if (likely(leave == LEAVE_NOT))
		return;
	if (leave == LEAVE_DEAD)
		thread_put(prev);
	else
		place(prev);
}

void sched_thread_first(struct thread *prev)
{
	finish_switch(prev);
}

/* Use mm from here on; it may be in use already. */
static void activate(struct run_queue *rq, struct mm_struct *mm)
{
	struct mm_struct *prev = rq->active_mm;

	if (prev == mm)
		return;
	rq->active_mm = mm;
	mm_activate(mm, prev);
}

void sched_use_mm(struct mm_struct *mm)
{
	current->mm = mm;
	activate(this_queue(), mm);
}

/*
 * Run the next thread. Under the queue's lock, which is released; the running
 * thread is in the queue, asleep or dead.
 */
static void switch_away(struct run_queue *rq)
{
	struct thread *prev = current;
	struct thread *next = rq->idle;
	uint64_t now;

	if (rq->nr) {
		next = list_first_entry(&rq->queue, struct thread, run_node);
		list_del(&next->run_node);
		if (--rq->nr)
			arm_tick(rq, machine_hart());
	}
	if (next == prev) {
		spin_unlock(&rq->lock);
		return;
	}
	now = machine_clock();
	prev->runtime += now - prev->started_at;
	prev->nr_switches++;
	next->started_at = now;
	next->home = prev->home;
	next->is_running = true;
	rq->running = next;
	activate(rq, next->mm);
	lockdep_release(&rq->lock); /* next will release it */
	finish_switch(switch_to(prev, next));
}

void sched_start(struct thread *t)
{
	t->home = machine_hart();
	place(t);
}

void machine_park(void)
{
	struct thread *self = current;
	uint32_t state = PARK_NONE;
	struct lock_sleeper sleeper;
	struct run_queue *rq;

	lockdep_park(&sleeper, current_tid());
	rcu_quiescent();
	sched_send_interrupts();
	rq = this_queue();
	spin_lock(&rq->lock);
	if (cas_acq_rel(&self->park, &state, PARK_SLEEPING))
		switch_away(rq);
	else
		spin_unlock(&rq->lock);
	/* Pairs with the exchange in machine_unpark. */
	exchange_acquire(&self->park, PARK_NONE);
	lockdep_unpark(&sleeper);
}

/*
 * An exchange even where a token is there already: the thread that takes the
 * token must see what this caller wrote before. t may be gone: see thread.c.
 */
void machine_unpark(struct thread *t)
{
	if (CONFIG_DEBUG)
		BUG_ON(!kmem_is_stable(t));
	if (exchange_acq_rel(&t->park, PARK_TOKEN) == PARK_SLEEPING)
		place(t);
}

static void yield(bool is_preempted)
{
	struct run_queue *rq;

	lockdep_may_sleep();
	rcu_quiescent();
	sched_send_interrupts();
	rq = this_queue();
	if (!load_relaxed(&rq->nr))
		return;
	spin_lock(&rq->lock);
	if (!rq->nr) {
		spin_unlock(&rq->lock);
		return;
	}
	current->nr_preempted += is_preempted;
	list_add_tail(&current->run_node, &rq->queue);
	rq->nr++;
	switch_away(rq);
}

void machine_yield(void)
{
	yield(false);
}

void sched_yield_slice(void)
{
	sched_apply_affinity();
	yield(true);
}

void sched_exit(void)
{
	struct run_queue *rq;

	lockdep_may_sleep();
	rcu_quiescent();
	sched_send_interrupts();
	rq = this_queue();
	spin_lock(&rq->lock);
	current->leave = LEAVE_DEAD;
	switch_away(rq);
	BUG();
}

void sched_kick(struct thread *t)
{
	for (;;) {
		uint32_t home = load_relaxed(&t->home);
		struct run_queue *rq = &run_queues[home];

		spin_lock(&rq->lock);
		if (t->home == home) {
			if (t->is_running && t != current)
				interrupt_soon(home);
			spin_unlock(&rq->lock);
			break;
		}
		spin_unlock(&rq->lock);
	}
	machine_unpark(t);
}

__cold void sched_apply_affinity(void)
{
	struct run_queue *rq = this_queue();

	if (load_relaxed(&current->affinity) & 1UL << machine_hart())
		return;
	spin_lock(&rq->lock);
	current->leave = LEAVE_MOVE;
	switch_away(rq);
}

/* A slice has ended. From timer_run. */
void sched_tick(void)
{
	struct run_queue *rq = this_queue();

	spin_lock(&rq->lock);
	rq->is_tick_armed = rq->nr > 0;
	if (rq->nr) {
		thread_set_work(rq->running, WORK_RESCHED);
		timer_set_tick(machine_clock() + SCHED_SLICE);
	}
	spin_unlock(&rq->lock);
}

void timer_tick(void)
{
	timer_run();
	rcu_quiescent();
}

void ipi_received(void)
{
	if (load_relaxed(&this_queue()->is_tick_armed))
		timer_set_tick(machine_clock() + SCHED_SLICE);
	rcu_quiescent();
}

/* Take a waiting thread from another hart that is busy. */
static void steal(struct run_queue *rq)
{
	uint64_t self = 1UL << machine_hart();
	struct thread *t, *found = NULL;
	unsigned hart;

	for_each_bit(hart, sched_online_harts() & ~self)
	{
		struct run_queue *victim = &run_queues[hart];

		if (!load_relaxed(&victim->nr))
			continue;
		spin_lock(&victim->lock);
		list_for_each_entry (t, &victim->queue, run_node) {
			if (victim->running->is_idle)
				break;
			if (!(load_relaxed(&t->affinity) & self))
				continue;
			found = t;
			list_del(&t->run_node);
			victim->nr--;
			break;
		}
		spin_unlock(&victim->lock);
		if (found)
			break;
	}
	if (!found)
		return;
	spin_lock(&rq->lock);
	enqueue(rq, machine_hart(), found, false);
	spin_unlock(&rq->lock);
}

/* Typed bytes are fetched by the first hart, sooner when somebody waits. */
static __cold void poll_console(struct timer *timer)
{
	tty_poll_input();
	if (CONFIG_LOCKDEP)
		lockdep_check_sleepers(
		    (uint64_t)load_relaxed(&sysctl_hung_task_timeout_secs) *
		    1000000000);
	timer_start(timer,
		    machine_clock() + (tty_input_wanted() ? CONSOLE_PERIOD_FAST
							  : CONSOLE_PERIOD));
}

static void poll_console_idle(struct timer *timer)
{
	if (machine_hart() != timer->hart || !tty_input_wanted())
		return;
	if (timer_cancel(timer))
		poll_console(timer);
}

void sched_idle(void)
{
	static struct timer console_timer;
	struct run_queue *rq = this_queue();
	uint64_t self = 1UL << machine_hart();

	__atomic_fetch_or(&online_harts, self, __ATOMIC_SEQ_CST);
	if (current == &boot_thread) {
		timer_setup(&console_timer, poll_console);
		poll_console(&console_timer);
	}
	for (;;) {
		sched_send_interrupts();
		poll_console_idle(&console_timer);
		rcu_quiescent();
		if (!load_relaxed(&rq->nr))
			steal(rq);
		spin_lock(&rq->lock);
		if (rq->nr) {
			switch_away(rq);
			continue;
		}
		__atomic_fetch_or(&idle_harts, self, __ATOMIC_SEQ_CST);
		spin_unlock(&rq->lock);
		rcu_quiescent();
		hart_wait_for_interrupt();
		__atomic_fetch_and(&idle_harts, ~self, __ATOMIC_SEQ_CST);
	}
}
