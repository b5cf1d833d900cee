/* SPDX-License-Identifier: MIT */
/*
 * The choice of a victim.
 *
 * No livelock: a victim is chosen only when no process that holds memory is on
 * its way out; whoever faults meanwhile sleeps a little and tries again. A
 * dying process cannot wait for memory itself, since its faults give up when a
 * fatal signal is pending.
 */
#include "kernel/oom.h"

#include "kernel/process.h"
#include "kernel/sched.h"
#include "kernel/signal.h"
#include "mm/mm.h"
#include "mm/page.h"
#include "mm/vmstat.h"

#define OOM_PAUSE 1000000UL /* nanoseconds */

/* What init and its like have; others are judged by their size. */
static bool is_exempt(const struct process *p)
{
	return p->pid_nr == 1 || p->traits.oom_score_adj == OOM_SCORE_ADJ_MIN;
}

/*
 * Pages that it would give back, and what its adjustment, in thousandths of
 * all memory, makes of them. process_lock is held.
 */
static int64_t badness(const struct process *p)
{
	uint64_t pages =
	    mm_rss(p->mm) + load_relaxed(&p->mm->pgtables_bytes) / PAGE_SIZE;

	return (int64_t)pages +
	       p->traits.oom_score_adj * (int64_t)(page_nr_total() / 1000);
}

int oom_score(const struct process *p)
{
	int64_t score = 0;

	spin_lock(&process_lock);
	if (p->mm && !is_exempt(p))
		score = 1000 + badness(p) * 1000 / (int64_t)page_nr_total();
	spin_unlock(&process_lock);
	return (int)max(score, 0) * 2 / 3;
}

/* The worst process; NULL when one is dying. process_lock is held. */
static struct process *choose_victim(bool *is_one_dying)
{
	struct process *best = NULL;
	int64_t most = INT64_MIN;
	struct pid *pid;

	for (pid = pid_next_locked(0); pid; pid = pid_next_locked(pid->nr)) {
		struct process *p = pid->process;

		if (!p || !p->mm)
			continue;
		if (load_relaxed(&p->is_group_exit)) {
			*is_one_dying = true;
			return NULL;
		}
		if (!is_exempt(p) && badness(p) > most) {
			most = badness(p);
			best = p;
		}
	}
	return best;
}

static void kill_self(void)
{
	struct process *p = current->process;

	spin_lock(&p->sighand->lock);
	kill_process_locked(p, SIGKILL);
	spin_unlock(&p->sighand->lock);
}

void oom_kill(void)
{
	bool is_one_dying = false;
	struct process *victim;

	if (must_die(current))
		return;
	spin_lock(&process_lock);
	victim = choose_victim(&is_one_dying);
	if (victim) {
		struct thread *t = process_first_thread(victim);

		kprintf("out of memory: killed process %d (%s), %lu pages\n",
			victim->pid_nr, t ? t->comm : "?", mm_rss(victim->mm));
		count_vm_event(OOM_KILL);
		send_signal_locked(victim, SIGKILL, NULL);
	}
	spin_unlock(&process_lock);
	if (!victim && !is_one_dying)
		kill_self(); /* init alone */
	else if (!must_die(current))
		park_until(machine_clock() + OOM_PAUSE);
}
