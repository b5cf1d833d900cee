/* SPDX-License-Identifier: MIT */
/*
 * Grace periods.
 *
 * At most one is in progress. It begins by setting rcu_pending to all online
 * harts; each hart clears its bit at a quiescent state, idle harts' bits are
 * cleared on their behalf; whoever clears the last bit ends the period, runs
 * the callbacks that waited for it and begins the next one if more have come.
 *
 * Why an idle hart may be skipped: it sets its bit in the mask of idle harts
 * before it stops and clears it before it does anything else, both as
 * sequentially consistent operations. So if the beginner saw the bit, the hart
 * sees all that was removed before the period began.
 */
#include "kernel/rcu.h"

#include "kernel/riscv/smp.h"
#include "kernel/sched.h"
#include "kernel/sleep.h"
#include "lib/spinlock.h"

/* With so many callbacks waiting, harts are asked to hurry. */
#define RCU_HURRY 64

uint64_t rcu_pending;

static struct {
	struct spinlock lock;
	bool in_progress;
	struct rcu_head *waiting; /* wait for the period in progress */
	struct rcu_head *next;	  /* for the one after it */
	unsigned nr_next;
} rcu;

/* Under the lock. Callbacks in `next` are the ones it is for. */
static void begin_period(void)
{
	rcu.in_progress = true;
	rcu.waiting = rcu.next;
	rcu.next = NULL;
	rcu.nr_next = 0;
	/* Before the look at the idle harts, see above. */
	__atomic_store_n(&rcu_pending, sched_online_harts(), __ATOMIC_SEQ_CST);
}

/* Interrupt the harts that have not reported. */
static void hurry(void)
{
	uint64_t others = load_relaxed(&rcu_pending) & ~(1UL << machine_hart());

	if (others)
		hart_send_ipi(others);
}

/* The period is over: begin the next, then run what waited. */
static void end_period(void)
{
	struct rcu_head *head, *next;
	bool more;

	spin_lock(&rcu.lock);
	head = rcu.waiting;
	rcu.waiting = NULL;
	rcu.in_progress = false;
	more = rcu.next;
	if (more)
		begin_period();
	spin_unlock(&rcu.lock);
	for (; head; head = next) {
		next = head->next;
		head->fn(head);
	}
	if (more)
		rcu_report(sched_idle_harts());
}

void rcu_report(uint64_t harts)
{
	uint64_t before =
	    __atomic_fetch_and(&rcu_pending, ~harts, __ATOMIC_SEQ_CST);

	if (before && !(before & ~harts))
		end_period();
}

void call_rcu(struct rcu_head *head, void (*fn)(struct rcu_head *head))
{
	bool began = false, many;

	head->fn = fn;
	spin_lock(&rcu.lock);
	head->next = rcu.next;
	rcu.next = head;
	many = ++rcu.nr_next > RCU_HURRY;
	if (!rcu.in_progress) {
		begin_period();
		began = true;
	}
	spin_unlock(&rcu.lock);
	if (began)
		rcu_report(sched_idle_harts());
	if (many)
		hurry();
}

struct rcu_waiter {
	struct rcu_head head;
	struct thread *thread;
	bool is_done;
};

static void wake_waiter(struct rcu_head *head)
{
	struct rcu_waiter *waiter = container_of(head, struct rcu_waiter, head);
	struct thread *thread = thread_get(waiter->thread);

	store_release(&waiter->is_done, true); /* the waiter may go now */
	machine_unpark(thread);
	thread_put(thread);
}

/*
 * With one hart there is nothing to wait for: the caller may sleep, so it is
 * in no section itself. Else hurry on every round: a period that was already
 * in progress ends first.
 */
void synchronize_rcu(void)
{
	struct rcu_waiter waiter = {.thread = current};

	if (sched_online_harts() == 1UL << machine_hart())
		return;
	call_rcu(&waiter.head, wake_waiter);
	while (!load_acquire(&waiter.is_done)) {
		hurry();
		rcu_quiescent();
		if (!load_acquire(&waiter.is_done))
			park_until(machine_clock() + 1000000);
	}
}

void machine_rcu_synchronize(void)
{
	synchronize_rcu();
}
