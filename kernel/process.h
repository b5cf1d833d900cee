/* SPDX-License-Identifier: MIT */
/*
 * Processes, their numbers, groups and sessions.
 *
 * process_lock, a spinlock, guards the tree of processes, the numbers, the
 * lists of threads and groups, and the marks T below. It is taken before
 * sighand->lock. Marks are those of kernel/thread.h; s: by convention of the
 * field's comment.
 *
 * A process stays in the tree as a zombie until its parent has waited for it.
 * References (process_get) keep only the struct.
 */
#pragma once

#include "kernel/sleep.h"
#include "kernel/thread.h"
#include "lib/mutex.h"
#include "lib/rbtree.h"
#include "lib/spinlock.h"

#include "abi/resource.h"

#define PID_MAX 32768

#define OOM_SCORE_ADJ_MIN (-1000)
#define OOM_SCORE_ADJ_MAX 1000

extern struct spinlock process_lock;

/*
 * A number in use: by a thread, and besides by a process, a group or a
 * session. It is free for reuse when its last reference is gone.
 */
struct pid {
	struct rb_node node;	 /* T; all, by number */
	int nr;			 /* c */
	uint32_t refs;		 /* T */
	struct thread *thread;	 /* T; NULL: none has this number now */
	struct process *process; /* T; whose pid this is */
	struct list_head group;	 /* T; processes of this group */
};

/* Who a process is: a user and a group, each with three numbers. */
enum { ID_REAL, ID_EFFECTIVE, ID_SAVED, NR_IDS };
struct ids {
	_Alignas(8) uint32_t uid[NR_IDS]; /* fork copies words */
	uint32_t gid[NR_IDS];
};

/* What a child has from its parent and what is asked for seldom. */
#define TRAIT_UNDUMPABLE    1u
#define TRAIT_KEEPCAPS	    2u
#define TRAIT_NO_NEW_PRIVS  4u
#define TRAIT_NO_HUGE_PAGES 8u
#define TRAIT_SUBREAPER	    16u /* adopts orphans among its descendants */

/* Times a command of membarrier(2): registered for it, until the next exec. */
#define TRAIT_MEMBARRIER 256u

#define TIMER_SLACK 50000 /* nanoseconds, what every process begins with */

struct traits {
	int oom_score_adj;    /* OOM_SCORE_ADJ_MIN: never a victim */
	uint32_t bits;	      /* TRAIT_* */
	int64_t nice;	      /* kept, and shown */
	uint64_t timer_slack; /* 0: as at the start */
};

/* What signals do; shared by CLONE_SIGHAND. */
struct sighand {
	struct spinlock lock;
	uint32_t refs;	  /* a */
	uint64_t changed; /* bit n - 1: action[n - 1] is not SIG_DFL, flags 0 */
	struct sigaction action[SIGRTMAX]; /* valid where changed says so */
};

/* A parent that waits for its vfork child to leave the address space. */
struct vfork {
	struct wait_queue wait;
	bool is_done;
};

/* Resources used by threads that are gone, or by waited-for children. */
struct usage {
	uint64_t runtime; /* nanoseconds */
	uint64_t min_flt, maj_flt;
	uint64_t nr_switches, nr_preempted;
	uint64_t max_rss; /* pages */
};

struct process {
	uint32_t refs;		    /* a */
	int pid_nr;		    /* c */
	struct pid *pid;	    /* c; NULL once waited for, as these two */
	struct pid *pgrp;	    /* T */
	struct pid *session;	    /* T */
	struct list_head pgrp_node; /* T; pgrp->group */
	struct process *parent;	    /* T; NULL: init */
	struct list_head children;  /* T */
	struct list_head sibling;   /* T */
	struct list_head threads;   /* T+S; living ones */
	unsigned nr_threads;	    /* T+S */
	struct mm_struct *mm;	    /* T; NULL: zombie */

	struct sighand *sighand;   /* T+S; changes in exec only */
	struct sigpending pending; /* S; to any thread */
	uint32_t nr_queued;	   /* a; siginfos in all queues */
	bool is_group_exit;	   /* S; all threads are to die */
	bool is_zombie;		   /* T */
	bool has_execed;	   /* T */
	bool is_stop_unseen;	   /* T; wait has not seen that it stopped */
	bool is_continue_unseen;   /* T; nor that it went on */
	int stop_signal;	   /* S; threads are to stop, or have */
	unsigned nr_stopped;	   /* S; threads that have */
	int exit_status;	   /* S, T when zombie; as wait4 stores it */
	int exit_signal;	   /* T; to the parent; 0: none */
	struct thread *group_exec; /* S; the thread that waits to be alone */
	uint32_t nr_live;	   /* a; threads that still use mm */

	char comm[TASK_COMM_LEN];     /* T; of the last thread; a zombie's */
	struct wait_queue child_wait; /* wait4: a child changed state */
	struct usage dead_threads;    /* T */
	struct usage dead_children;   /* T */
	uint64_t start_time;	      /* c; machine_clock() */
	struct rlimit limit[RLIM_NLIMITS]; /* T to write */
	struct ids ids;			   /* T to write */
	struct traits traits;		   /* a */

	struct list_head timers; /* S and timer_mutex; posix_timer.c */
	int next_timer_id;	 /* timer_mutex */
	struct mutex timer_mutex;
};

/* Numbers of the running process. */
static inline struct process *current_process(void)
{
	return current->process;
}

void process_init(void);

/* Copy of what /proc shows of one process. */
struct process_info {
	int pid, ppid, pgrp, session;
	char comm[TASK_COMM_LEN];
	char state; /* R S D Z T */
	unsigned nr_threads;
	struct usage usage, children; /* of all its threads */
	uint64_t start_time;
	struct ids ids;
	int nice;
	bool no_new_privs;
	uint64_t sig_pending, sig_blocked, sig_ignored, sig_caught;
	int exit_signal;
	unsigned hart;
};

static inline struct process *process_get(struct process *p)
{
	fetch_add_relaxed(&p->refs, 1);
	return p;
}

void process_put(struct process *p);

/* The process with this pid, or with the lowest pid above; with reference. */
struct process *process_find(int pid);
struct process *process_next(int pid);

/* Thread ids of a process in ascending order: the lowest above tid, or 0. */
int process_next_tid(struct process *p, int tid);

void process_get_info(struct process *p, struct process_info *info);

/* Its address space with a user (mmput), or NULL: a zombie. */
struct mm_struct *process_mm(struct process *p);

/* Table of open files of one of its threads, with reference; NULL: zombie. */
struct files *process_files(struct process *p);
struct fs_context *process_fs(struct process *p);

/* Sum over the living threads and the dead ones. process_lock is held. */
void process_usage_locked(struct process *p, struct usage *usage);
void usage_add(struct usage *to, const struct usage *from);
void usage_add_thread(struct usage *to, const struct thread *t);

static inline uint64_t process_limit(const struct process *p, unsigned which)
{
	return load_relaxed(&p->limit[which].rlim_cur);
}

static inline bool process_is_root(const struct process *p)
{
	return !load_relaxed(&p->ids.uid[ID_EFFECTIVE]);
}

/* The limit of locked memory that holds: for root there is none. */
static inline uint64_t process_memlock(const struct process *p)
{
	return process_is_root(p) ? RLIM_INFINITY
				  : process_limit(p, RLIMIT_MEMLOCK);
}

/* A process without threads or place in the tree; NULL: no memory. */
struct process *process_alloc(void) __must_check;
struct sighand *sighand_alloc(void) __must_check;
void sighand_put(struct sighand *sighand);

/* A new number, one reference. 0, -ENOMEM, or -EAGAIN: none free. */
int pid_alloc(struct pid **pidp) __must_check;

/*
 * The following need process_lock.
 */
struct pid *pid_find_locked(int nr);
struct pid *pid_next_locked(int nr); /* the lowest above nr */

static inline struct pid *pid_get_locked(struct pid *pid)
{
	pid->refs++;
	return pid;
}

void pid_put_locked(struct pid *pid);

/* Join another group or session; takes references of its own. */
void process_set_pgrp_locked(struct process *p, struct pid *pgrp);
void process_set_session_locked(struct process *p, struct pid *session);

/* Take a zombie out of the tree; the tree's reference is dropped. */
void process_release_locked(struct process *p);

/* Its first thread, or NULL: a zombie. */
static inline struct thread *process_first_thread(const struct process *p)
{
	return list_first_entry_or_null(&p->threads, struct thread, group_node);
}

#define for_each_thread(t, p) list_for_each_entry (t, &(p)->threads, group_node)

/* Number of living threads in the system, and how many there may be. */
extern uint32_t nr_all_threads; /* a */
unsigned process_max_threads(void);
