/* SPDX-License-Identifier: MIT */
/*
 * /proc, between its parts.
 */
#pragma once

#include "kernel/fs/seq.h"

struct process;

/* What a file, link or directory of /proc/PID is about; inode->private. */
struct proc_node {
	const struct seq_type *type; /* first: see seq.h */
	const struct proc_entry *entry;
	int pid, tid; /* tid 0: the process */
	int fd;	      /* of a link in fd/ */
};

static inline const struct proc_node *proc_node(const struct inode *inode)
{
	return inode->private;
}

/* proc_pid.c: /proc/self and the directories of processes. */
void proc_pid_init(void);

/* The process of a node with a reference, or NULL. */
struct process *proc_process(const struct inode *inode);

/* The same for its address space (mmput), also NULL when it has none. */
struct mm_struct *proc_mm(const struct inode *inode);

/* proc_frames.c: what is known of each frame of memory. */
void proc_frames_init(void);

/* proc_sys.c: /proc/sys. */
void proc_sys_init(void);

/* proc.c */
void show_mounts(struct seq *seq, const struct inode *inode);
void show_mountinfo(struct seq *seq, const struct inode *inode);

/* Number of a mounted file system: its fs_types[] one. */
#define MNT_ID(fs) (20 + (fs))

/*
 * read(2) of a file of 64-bit words, word(ctx, n) for n below `nr`. Bytes, or
 * -EINVAL: not a whole word; -EFAULT.
 */
long proc_read_words(struct io *io, uint64_t *pos, uint64_t nr,
		     uint64_t (*word)(void *ctx, uint64_t n), void *ctx);

/* proc_stat.c: numbers about one process. */
void show_pid_stat(struct seq *seq, const struct inode *inode);
void show_pid_status(struct seq *seq, const struct inode *inode);
void show_pid_statm(struct seq *seq, const struct inode *inode);
void show_pid_limits(struct seq *seq, const struct inode *inode);
void show_pid_comm(struct seq *seq, const struct inode *inode);
int store_pid_comm(const char *text, const struct inode *inode);

/* proc_mem.c: its address space. */
void show_pid_maps(struct seq *seq, const struct inode *inode);
void show_pid_smaps(struct seq *seq, const struct inode *inode);
void show_pid_smaps_rollup(struct seq *seq, const struct inode *inode);
void show_pid_cmdline(struct seq *seq, const struct inode *inode);
void show_pid_environ(struct seq *seq, const struct inode *inode);
void show_pid_auxv(struct seq *seq, const struct inode *inode);
int store_pid_clear_refs(const char *text, const struct inode *inode);
extern const struct file_ops pagemap_file_ops, mem_file_ops;
