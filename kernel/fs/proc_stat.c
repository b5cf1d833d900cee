/* SPDX-License-Identifier: MIT */
/*
 * /proc/PID: numbers about a process. Layouts are Linux's, see
 * proc_pid_stat(5), proc_pid_status(5), proc_pid_statm(5).
 */
#include <stdio.h>
#include <string.h>

#include "abi/errno.h"
#include "abi/time.h"
#include "kernel/fs/files.h"
#include "kernel/fs/proc.h"
#include "kernel/process.h"
#include "kernel/sched.h"
#include "mm/mm.h"

#define NS_PER_TICK (1000000000UL / USER_HZ)

/* What is shown of an address space; all zero for a zombie. */
struct mm_numbers {
	uint64_t total, locked, data, stack, exec; /* pages */
	uint64_t rss[NR_RSS], hiwater_rss, hiwater_vm, tables;
	uint64_t start_code, end_code, start_stack, start_data, end_data;
	uint64_t start_brk, arg_start, arg_end, env_start, env_end;
};

static void get_mm_numbers(const struct inode *inode, struct mm_numbers *n)
{
	struct mm_struct *mm = proc_mm(inode);

	*n = (struct mm_numbers){0};
	if (!mm)
		return;
	*n = (struct mm_numbers){
	    .total = load_relaxed(&mm->total_vm),
	    .locked = load_relaxed(&mm->locked_vm),
	    .data = load_relaxed(&mm->data_vm),
	    .stack = load_relaxed(&mm->stack_vm),
	    .exec = load_relaxed(&mm->exec_vm),
	    .hiwater_rss = mm_hiwater_rss(mm),
	    .hiwater_vm = load_relaxed(&mm->hiwater_vm),
	    .tables = load_relaxed(&mm->pgtables_bytes),
	    .start_code = mm->start_code,
	    .end_code = mm->end_code,
	    .start_stack = mm->start_stack,
	    .start_data = mm->start_data,
	    .end_data = mm->end_data,
	    .start_brk = load_relaxed(&mm->start_brk),
	    .arg_start = mm->arg_start,
	    .arg_end = mm->arg_end,
	    .env_start = mm->env_start,
	    .env_end = mm->env_end,
	};
	for (unsigned i = 0; i < NR_RSS; i++)
		n->rss[i] = get_mm_counter(mm, i);
	n->hiwater_vm = max(n->hiwater_vm, n->total);
	mmput(mm);
}

static uint64_t rss_sum(const struct mm_numbers *n)
{
	return n->rss[MM_ANONPAGES] + n->rss[MM_FILEPAGES] +
	       n->rss[MM_SHMEMPAGES];
}

/* The process of the inode, copied; false: it is gone. */
static bool get_info(const struct inode *inode, struct process_info *info,
		     struct seq *seq)
{
	struct process *p = proc_process(inode);

	if (!p) {
		seq->err = -ESRCH;
		return false;
	}
	process_get_info(p, info);
	process_put(p);
	if (proc_node(inode)->tid)
		info->pid = proc_node(inode)->tid;
	return true;
}

static void show_numbers(struct seq *seq, const uint64_t *number, unsigned nr)
{
	for (unsigned i = 0; i < nr; i++)
		seq_printf(seq, " %lu", (unsigned long)number[i]);
}

void show_pid_stat(struct seq *seq, const struct inode *inode)
{
	struct process_info info;
	struct mm_numbers n;

	if (!get_info(inode, &info, seq))
		return;
	get_mm_numbers(inode, &n);
	seq_printf(seq, "%d (%s) %c %d %d %d 0 -1 0", info.pid, info.comm,
		   info.state, info.ppid, info.pgrp, info.session);
	const uint64_t use[] = {
	    info.usage.min_flt,
	    info.children.min_flt,
	    info.usage.maj_flt,
	    info.children.maj_flt,
	    info.usage.runtime / NS_PER_TICK,
	    0, /* stime: not told apart */
	    info.children.runtime / NS_PER_TICK,
	    0,
	};
	const uint64_t number[] = {
	    info.nr_threads,
	    0,
	    info.start_time / NS_PER_TICK,
	    n.total << PAGE_SHIFT,
	    rss_sum(&n),
	    RLIM_INFINITY,
	    n.start_code,
	    n.end_code,
	    n.start_stack,
	    0, /* kstkesp, kstkeip: not shown */
	    0,
	    info.sig_pending,
	    info.sig_blocked,
	    info.sig_ignored,
	    info.sig_caught,
	    0, /* wchan, nswap, cnswap */
	    0,
	    0,
	    (uint64_t)info.exit_signal,
	    info.hart,
	    0, /* rt_priority, policy, three kinds of time */
	    0,
	    0,
	    0,
	    0,
	    n.start_data,
	    n.end_data,
	    n.start_brk,
	    n.arg_start,
	    n.arg_end,
	    n.env_start,
	    n.env_end,
	    0, /* exit_code */
	};
	show_numbers(seq, use, ARRAY_SIZE(use));
	seq_printf(seq, " %d %d", 20 + info.nice, info.nice);
	show_numbers(seq, number, ARRAY_SIZE(number));
	seq_puts(seq, "\n");
}

void show_pid_statm(struct seq *seq, const struct inode *inode)
{
	struct mm_numbers n;

	get_mm_numbers(inode, &n);
	seq_printf(seq, "%lu %lu %lu %lu 0 %lu 0\n", (unsigned long)n.total,
		   (unsigned long)rss_sum(&n),
		   (unsigned long)(n.rss[MM_FILEPAGES] + n.rss[MM_SHMEMPAGES]),
		   (unsigned long)(n.end_code - n.start_code) >> PAGE_SHIFT,
		   (unsigned long)(n.data + n.stack));
}

static void show_kib(struct seq *seq, const char *name, uint64_t pages)
{
	seq_printf(seq, "%s:\t%8lu kB\n", name,
		   (unsigned long)(pages << (PAGE_SHIFT - 10)));
}

static void show_mm_status(struct seq *seq, const struct mm_numbers *n)
{
	uint64_t code = (PAGE_ALIGN(n->end_code) >> PAGE_SHIFT) -
			(n->start_code >> PAGE_SHIFT);

	show_kib(seq, "VmPeak", n->hiwater_vm);
	show_kib(seq, "VmSize", n->total);
	show_kib(seq, "VmLck", n->locked);
	show_kib(seq, "VmPin", 0);
	show_kib(seq, "VmHWM", n->hiwater_rss);
	show_kib(seq, "VmRSS", rss_sum(n));
	show_kib(seq, "RssAnon", n->rss[MM_ANONPAGES]);
	show_kib(seq, "RssFile", n->rss[MM_FILEPAGES]);
	show_kib(seq, "RssShmem", n->rss[MM_SHMEMPAGES]);
	show_kib(seq, "VmData", n->data);
	show_kib(seq, "VmStk", n->stack);
	show_kib(seq, "VmExe", code);
	show_kib(seq, "VmLib", n->exec > code ? n->exec - code : 0);
	show_kib(seq, "VmPTE", n->tables >> PAGE_SHIFT);
	show_kib(seq, "VmSwap", 0);
}

static const char *state_name(char state)
{
	switch (state) {
	case 'R':
		return "R (running)";
	case 'S':
		return "S (sleeping)";
	case 'T':
		return "T (stopped)";
	case 'Z':
		return "Z (zombie)";
	}
	return "D (disk sleep)";
}

static unsigned get_umask(const struct inode *inode)
{
	struct process *p = proc_process(inode);
	struct fs_context *fs = p ? process_fs(p) : NULL;
	unsigned mask = fs ? load_relaxed(&fs->umask) : 0;

	if (fs)
		fs_context_put(fs);
	if (p)
		process_put(p);
	return mask;
}

/* The fourth, for access to files, is always the effective one. */
static void show_ids(struct seq *seq, const char *name,
		     const uint32_t ids[NR_IDS])
{
	seq_printf(seq, "%s:\t%u\t%u\t%u\t%u\n", name, ids[ID_REAL],
		   ids[ID_EFFECTIVE], ids[ID_SAVED], ids[ID_EFFECTIVE]);
}

void show_pid_status(struct seq *seq, const struct inode *inode)
{
	const struct proc_node *node = proc_node(inode);
	struct process_info info;
	struct mm_numbers n;

	if (!get_info(inode, &info, seq))
		return;
	get_mm_numbers(inode, &n);
	seq_printf(seq,
		   "Name:\t%s\nUmask:\t%04o\nState:\t%s\nTgid:\t%d\nNgid:\t0\n"
		   "Pid:\t%d\nPPid:\t%d\nTracerPid:\t0\n",
		   info.comm, get_umask(inode), state_name(info.state),
		   node->pid, info.pid, info.ppid);
	show_ids(seq, "Uid", info.ids.uid);
	show_ids(seq, "Gid", info.ids.gid);
	seq_printf(seq, "FDSize:\t64\nGroups:\t \n");
	if (n.total)
		show_mm_status(seq, &n);
	seq_printf(seq,
		   "Threads:\t%u\nSigQ:\t0/0\nSigPnd:\t%016lx\n"
		   "ShdPnd:\t%016lx\nSigBlk:\t%016lx\nSigIgn:\t%016lx\n"
		   "SigCgt:\t%016lx\n",
		   info.nr_threads, 0UL, (unsigned long)info.sig_pending,
		   (unsigned long)info.sig_blocked,
		   (unsigned long)info.sig_ignored,
		   (unsigned long)info.sig_caught);
	seq_printf(
	    seq,
	    "CapEff:\t000001ffffffffff\nNoNewPrivs:\t%u\nSeccomp:\t0\n"
	    "Cpus_allowed:\t%lx\n"
	    "voluntary_ctxt_switches:\t%lu\n"
	    "nonvoluntary_ctxt_switches:\t%lu\n",
	    info.no_new_privs, (unsigned long)sched_online_harts(),
	    (unsigned long)(info.usage.nr_switches - info.usage.nr_preempted),
	    (unsigned long)info.usage.nr_preempted);
}

static void show_limit(struct seq *seq, uint64_t value)
{
	uint64_t start = seq_len(seq);

	if (value == RLIM_INFINITY)
		seq_puts(seq, "unlimited");
	else
		seq_printf(seq, "%lu", (unsigned long)value);
	seq_pad(seq, start, 21);
}

void show_pid_limits(struct seq *seq, const struct inode *inode)
{
	static const struct {
		const char *name, *unit;
	} line[RLIM_NLIMITS] = {
	    [RLIMIT_CPU] = {"Max cpu time", "seconds"},
	    [RLIMIT_FSIZE] = {"Max file size", "bytes"},
	    [RLIMIT_DATA] = {"Max data size", "bytes"},
	    [RLIMIT_STACK] = {"Max stack size", "bytes"},
	    [RLIMIT_CORE] = {"Max core file size", "bytes"},
	    [RLIMIT_RSS] = {"Max resident set", "bytes"},
	    [RLIMIT_NPROC] = {"Max processes", "processes"},
	    [RLIMIT_NOFILE] = {"Max open files", "files"},
	    [RLIMIT_MEMLOCK] = {"Max locked memory", "bytes"},
	    [RLIMIT_AS] = {"Max address space", "bytes"},
	    [RLIMIT_LOCKS] = {"Max file locks", "locks"},
	    [RLIMIT_SIGPENDING] = {"Max pending signals", "signals"},
	    [RLIMIT_MSGQUEUE] = {"Max msgqueue size", "bytes"},
	    [RLIMIT_NICE] = {"Max nice priority", ""},
	    [RLIMIT_RTPRIO] = {"Max realtime priority", ""},
	    [RLIMIT_RTTIME] = {"Max realtime timeout", "us"},
	};
	struct process *p = proc_process(inode);

	if (!p) {
		seq->err = -ESRCH;
		return;
	}
	seq_printf(seq, "%-26s%-21s%-21sUnits     \n", "Limit", "Soft Limit",
		   "Hard Limit");
	for (unsigned i = 0; i < RLIM_NLIMITS; i++) {
		seq_printf(seq, "%-26s", line[i].name);
		show_limit(seq, load_relaxed(&p->limit[i].rlim_cur));
		show_limit(seq, load_relaxed(&p->limit[i].rlim_max));
		seq_printf(seq, "%-10s\n", line[i].unit);
	}
	process_put(p);
}

void show_pid_comm(struct seq *seq, const struct inode *inode)
{
	struct process_info info;

	if (get_info(inode, &info, seq))
		seq_printf(seq, "%s\n", info.comm);
}

/* A process may name its own threads. */
int store_pid_comm(const char *text, const struct inode *inode)
{
	const struct proc_node *node = proc_node(inode);
	size_t len = min(strcspn(text, "\n"), (size_t)TASK_COMM_LEN - 1);
	int tid = node->tid ? node->tid : node->pid;
	int err = -EINVAL;
	struct pid *pid;

	spin_lock(&process_lock);
	pid = pid_find_locked(tid);
	if (pid && pid->thread && pid->thread->process == current_process()) {
		memset(pid->thread->comm, 0, TASK_COMM_LEN);
		memcpy(pid->thread->comm, text, len);
		err = 0;
	}
	spin_unlock(&process_lock);
	return err;
}
