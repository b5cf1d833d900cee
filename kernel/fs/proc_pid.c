/* SPDX-License-Identifier: MIT */
/*
 * /proc/PID, /proc/PID/task/TID, their fd directories, and /proc/self.
 *
 * Everything here is made by lookup and goes with its last reference. A node
 * knows its process by number only, so it keeps nobody alive: once the process
 * is gone, reading gives -ESRCH.
 */
#include "kernel/fs/proc.h"

#include <stdio.h>
#include <string.h>

#include "abi/errno.h"
#include "abi/limits.h"
#include "kernel/fs/files.h"
#include "kernel/fs/special.h"
#include "kernel/oom.h"
#include "kernel/process.h"
#include "mm/mm.h"
#include "mm/slab.h"

/* A name in /proc/PID. */
struct proc_entry {
	const char *name;
	uint32_t mode;
	const struct inode_ops *ops; /* directories and links */
	const struct file_ops *fops; /* files that are no text */
	const struct seq_type type;  /* texts */
	/* Where a link leads; *out with a reference. 0 or -Exxx. */
	int (*target)(struct process *p, struct dentry **out);
};

struct process *proc_process(const struct inode *inode)
{
	return process_find(proc_node(inode)->pid);
}

struct mm_struct *proc_mm(const struct inode *inode)
{
	struct process *p = proc_process(inode);
	struct mm_struct *mm = p ? process_mm(p) : NULL;

	if (p)
		process_put(p);
	return mm;
}

static struct files *proc_files(const struct inode *inode)
{
	struct process *p = proc_process(inode);
	struct files *files = p ? process_files(p) : NULL;

	if (p)
		process_put(p);
	return files;
}

static int exe_target(struct process *p, struct dentry **out)
{
	struct mm_struct *mm = process_mm(p);
	struct open_file *of = NULL;

	if (mm && mm->exe_file)
		of = open_file_from(mm->exe_file);
	if (of)
		*out = dentry_get(of->dentry);
	if (mm)
		mmput(mm);
	return of ? 0 : -ENOENT;
}

static int fs_target(struct process *p, struct dentry **out, bool is_cwd)
{
	struct fs_context *fs = process_fs(p);

	if (!fs)
		return -ENOENT;
	spin_lock(&fs->lock);
	*out = dentry_get(is_cwd ? fs->cwd : fs->root);
	spin_unlock(&fs->lock);
	fs_context_put(fs);
	return 0;
}

static int cwd_target(struct process *p, struct dentry **out)
{
	return fs_target(p, out, true);
}

static int root_target(struct process *p, struct dentry **out)
{
	return fs_target(p, out, false);
}

static int link_follow(struct inode *inode, struct dentry **out)
{
	struct process *p = proc_process(inode);
	int err = -ENOENT;

	if (p) {
		err = proc_node(inode)->entry->target(p, out);
		process_put(p);
	}
	return err;
}

static int fd_follow(struct inode *inode, struct dentry **out)
{
	struct files *files = proc_files(inode);
	struct open_file *file = NULL;

	if (files) {
		file = files_lookup(files, (unsigned)proc_node(inode)->fd);
		files_put(files);
	}
	if (!file)
		return -ENOENT;
	*out = dentry_get(file->dentry);
	open_file_put(file);
	return 0;
}

/* The text of a link is the path of what it leads to. */
static long link_text(struct inode *inode, char *buf, size_t len)
{
	struct dentry *target;
	char *path;
	long n;

	n = inode->ops->follow(inode, &target);
	if (n)
		return n;
	path = kmalloc(PATH_MAX, GFP_USER);
	n = path ? dentry_path(target, path, PATH_MAX) : -ENOMEM;
	if (n > 0) {
		n = min(n, (long)len);
		memcpy(buf, path, (size_t)n);
	}
	kfree(path);
	dentry_put(target);
	return n;
}

static void node_destroy(struct inode *inode)
{
	kfree(inode->private);
}

static const struct inode_ops link_ops = {
    .follow = link_follow,
    .readlink = link_text,
    .destroy = node_destroy,
};

static const struct inode_ops fd_link_ops = {
    .follow = fd_follow,
    .readlink = link_text,
    .destroy = node_destroy,
};

static const struct inode_ops file_inode_ops = {
    .destroy = node_destroy,
};

/* A name in dir that is about `node`; *out with a reference. 0, -ENOMEM. */
static int make_node(struct dentry *dir, const char *name, size_t len,
		     uint32_t mode, const struct inode_ops *ops,
		     const struct proc_node *node, struct dentry **out)
{
	struct proc_node *copy = kmalloc(sizeof(*copy), GFP_USER);
	struct inode *inode;

	if (!copy)
		return -ENOMEM;
	inode = inode_alloc(&fs_types[FS_PROC], mode);
	if (!inode) {
		kfree(copy);
		return -ENOMEM;
	}
	*copy = *node;
	inode->private = copy;
	inode->ops = ops;
	inode->nlink = S_ISDIR(mode) ? 2 : 1;
	if (S_ISREG(mode))
		inode->fops =
		    node->entry->fops ? node->entry->fops : &seq_file_ops;
	*out = dentry_alloc(dir, name, len, inode);
	return *out ? 0 : -ENOMEM;
}

/* A decimal number without leading zeros, or -1. */
static int parse_number(const char *name, size_t len)
{
	int value = 0;

	if (!len || len > 9 || (name[0] == '0' && len > 1))
		return -1;
	for (size_t i = 0; i < len; i++) {
		if (name[i] < '0' || name[i] > '9')
			return -1;
		value = value * 10 + name[i] - '0';
	}
	return value;
}

static void show_fdinfo(struct seq *seq, const struct inode *inode)
{
	struct files *files = proc_files(inode);
	int fd = proc_node(inode)->fd;
	struct open_file *file =
	    files ? files_lookup(files, (unsigned)fd) : NULL;
	unsigned flags;

	if (file) {
		flags = load_relaxed(&file->flags);
		if (files_get_cloexec(files, fd) > 0)
			flags |= O_CLOEXEC;
		seq_printf(seq,
			   "pos:\t%lu\nflags:\t0%o\nmnt_id:\t%u\nino:\t%lu\n",
			   (unsigned long)load_relaxed(&file->pos),
			   flags | O_LARGEFILE,
			   MNT_ID((unsigned)(file->inode->fs - fs_types)),
			   (unsigned long)file->inode->ino);
		open_file_put(file);
	} else {
		seq->err = -ENOENT;
	}
	if (files)
		files_put(files);
}

static const struct proc_entry fdinfo_entry = {
    .ops = &file_inode_ops,
    .type = {show_fdinfo, NULL},
};

/* fd/ has links, fdinfo/ has texts. */
static bool is_fdinfo(const struct dentry *dir)
{
	return !strcmp(proc_node(dir->inode)->entry->name, "fdinfo");
}

static int fd_lookup(struct dentry *dir, const char *name, size_t len,
		     struct dentry **out)
{
	struct files *files = proc_files(dir->inode);
	struct proc_node node = *proc_node(dir->inode);
	struct open_file *file = NULL;

	node.fd = parse_number(name, len);
	if (files && node.fd >= 0)
		file = files_lookup(files, (unsigned)node.fd);
	if (files)
		files_put(files);
	if (!file)
		return -ENOENT;
	open_file_put(file);
	if (!is_fdinfo(dir))
		return make_node(dir, name, len, S_IFLNK | 0700, &fd_link_ops,
				 &node, out);
	node.type = &fdinfo_entry.type;
	node.entry = &fdinfo_entry;
	return make_node(dir, name, len, S_IFREG | 0400, &file_inode_ops, &node,
			 out);
}

/* List a number; false: no room. */
static bool emit_number(struct dir_sink *sink, int number, uint32_t mode)
{
	char name[16];
	int len = snprintf(name, sizeof(name), "%d", number);

	return dir_emit(sink, name, (size_t)len, (uint64_t)number + 1, mode,
			DIR_POS_DYNAMIC + (uint64_t)number + 1);
}

static int first_number(const struct dir_sink *sink)
{
	return (int)(dir_pos(sink) - DIR_POS_DYNAMIC);
}

static void fd_readdir(struct dentry *dir, struct dir_sink *sink)
{
	struct files *files = proc_files(dir->inode);
	uint32_t mode = is_fdinfo(dir) ? S_IFREG : S_IFLNK;
	int fd;

	if (!files)
		return;
	while ((fd = files_next(files, (unsigned)first_number(sink))) >= 0 &&
	       emit_number(sink, fd, mode))
		;
	files_put(files);
}

static const struct inode_ops fd_dir_ops = {
    .lookup = fd_lookup,
    .readdir = fd_readdir,
    .destroy = node_destroy,
};

static int task_lookup(struct dentry *dir, const char *name, size_t len,
		       struct dentry **out);
static void task_readdir(struct dentry *dir, struct dir_sink *sink);

static const struct inode_ops task_dir_ops = {
    .lookup = task_lookup,
    .readdir = task_readdir,
    .destroy = node_destroy,
};

/* A number in [min, max]; the process with a reference. 0 or -Exxx. */
static int parse_for(const char *text, long min, long max,
		     const struct inode *inode, long *value, struct process **p)
{
	if (!seq_parse(text, value) || *value < min || *value > max)
		return -EINVAL;
	*p = proc_process(inode);
	return *p ? 0 : -ESRCH;
}

static int store_oom_score_adj(const char *text, const struct inode *inode)
{
	struct process *p;
	long value;
	int err = parse_for(text, OOM_SCORE_ADJ_MIN, OOM_SCORE_ADJ_MAX, inode,
			    &value, &p);

	if (err)
		return err;
	store_relaxed(&p->traits.oom_score_adj, (int)value);
	process_put(p);
	return 0;
}

static void show_oom_score_adj(struct seq *seq, const struct inode *inode)
{
	struct process *p = proc_process(inode);

	if (!p)
		return;
	seq_printf(seq, "%d\n", load_relaxed(&p->traits.oom_score_adj));
	process_put(p);
}

/* The older scale: -17 is never a victim, 15 the first. */
#define OOM_ADJ_MIN (-17)
#define OOM_ADJ_MAX 15

static int store_oom_adj(const char *text, const struct inode *inode)
{
	struct process *p;
	long value;
	int err = parse_for(text, OOM_ADJ_MIN, OOM_ADJ_MAX, inode, &value, &p);

	if (err)
		return err;
	value = value == OOM_ADJ_MAX ? OOM_SCORE_ADJ_MAX
				     : value * OOM_SCORE_ADJ_MAX / -OOM_ADJ_MIN;
	store_relaxed(&p->traits.oom_score_adj, (int)value);
	process_put(p);
	return 0;
}

static void show_oom_adj(struct seq *seq, const struct inode *inode)
{
	struct process *p = proc_process(inode);
	int value;

	if (!p)
		return;
	value = load_relaxed(&p->traits.oom_score_adj);
	seq_printf(seq, "%d\n",
		   value == OOM_SCORE_ADJ_MAX
		       ? OOM_ADJ_MAX
		       : value * -OOM_ADJ_MIN / OOM_SCORE_ADJ_MAX);
	process_put(p);
}

static int store_timer_slack(const char *text, const struct inode *inode)
{
	struct process *p;
	long value;
	int err = parse_for(text, 0, INT64_MAX, inode, &value, &p);

	if (err)
		return err;
	store_relaxed(&p->traits.timer_slack, (uint64_t)value);
	process_put(p);
	return 0;
}

static void show_timer_slack(struct seq *seq, const struct inode *inode)
{
	struct process *p = proc_process(inode);
	uint64_t value;

	if (!p)
		return;
	value = load_relaxed(&p->traits.timer_slack);
	seq_printf(seq, "%lu\n", (unsigned long)(value ? value : TIMER_SLACK));
	process_put(p);
}

static void show_oom_score(struct seq *seq, const struct inode *inode)
{
	struct process *p = proc_process(inode);

	if (!p)
		return;
	seq_printf(seq, "%d\n", oom_score(p));
	process_put(p);
}

#define STORED(name, mode, show, store)                                        \
	{                                                                      \
		name, S_IFREG | (mode), &file_inode_ops, NULL, {show, store},  \
		    NULL                                                       \
	}
#define TEXT(name, show) STORED(name, 0444, show, NULL)
#define DIR(name, ops)                                                         \
	{                                                                      \
		name, S_IFDIR | 0555, ops, NULL, {NULL, NULL}, NULL            \
	}
#define LINK(name, target)                                                     \
	{                                                                      \
		name, S_IFLNK | 0777, &link_ops, NULL, {NULL, NULL}, target    \
	}

static const struct proc_entry entries[] = {
    DIR("task", &task_dir_ops), /* first: left out in task/TID */
    TEXT("maps", show_pid_maps),
    TEXT("smaps", show_pid_smaps),
    TEXT("smaps_rollup", show_pid_smaps_rollup),
    TEXT("stat", show_pid_stat),
    TEXT("statm", show_pid_statm),
    TEXT("status", show_pid_status),
    TEXT("cmdline", show_pid_cmdline),
    TEXT("environ", show_pid_environ),
    TEXT("auxv", show_pid_auxv),
    STORED("comm", 0644, show_pid_comm, store_pid_comm),
    TEXT("limits", show_pid_limits),
    TEXT("mounts", show_mounts),
    TEXT("mountinfo", show_mountinfo),
    TEXT("oom_score", show_oom_score),
    STORED("oom_score_adj", 0644, show_oom_score_adj, store_oom_score_adj),
    STORED("oom_adj", 0644, show_oom_adj, store_oom_adj),
    STORED("timerslack_ns", 0666, show_timer_slack, store_timer_slack),
    STORED("clear_refs", 0200, NULL, store_pid_clear_refs),
    {"pagemap",
     S_IFREG | 0400,
     &file_inode_ops,
     &pagemap_file_ops,
     {NULL, NULL},
     NULL},
    {"mem", S_IFREG | 0600, &file_inode_ops, &mem_file_ops, {NULL, NULL}, NULL},
    LINK("exe", exe_target),
    LINK("cwd", cwd_target),
    LINK("root", root_target),
    DIR("fd", &fd_dir_ops),
    DIR("fdinfo", &fd_dir_ops),
};

static int pid_lookup(struct dentry *dir, const char *name, size_t len,
		      struct dentry **out)
{
	struct proc_node node = *proc_node(dir->inode);

	for (unsigned i = node.tid ? 1 : 0; i < ARRAY_SIZE(entries); i++) {
		const struct proc_entry *entry = &entries[i];

		if (strlen(entry->name) != len ||
		    memcmp(entry->name, name, len))
			continue;
		node.type = &entry->type;
		node.entry = entry;
		return make_node(dir, name, len, entry->mode, entry->ops, &node,
				 out);
	}
	return -ENOENT;
}

static void pid_readdir(struct dentry *dir, struct dir_sink *sink)
{
	bool is_task = proc_node(dir->inode)->tid;
	unsigned i = max((unsigned)first_number(sink), is_task ? 1u : 0u);

	for (; i < ARRAY_SIZE(entries); i++) {
		if (!dir_emit(sink, entries[i].name, strlen(entries[i].name),
			      i + 1, entries[i].mode, DIR_POS_DYNAMIC + i + 1))
			return;
	}
}

static const struct inode_ops pid_dir_ops = {
    .lookup = pid_lookup,
    .readdir = pid_readdir,
    .destroy = node_destroy,
};

static int task_lookup(struct dentry *dir, const char *name, size_t len,
		       struct dentry **out)
{
	struct proc_node node = *proc_node(dir->inode);
	struct process *p = proc_process(dir->inode);
	bool found;

	node.tid = parse_number(name, len);
	found =
	    p && node.tid > 0 && process_next_tid(p, node.tid - 1) == node.tid;
	if (p)
		process_put(p);
	if (!found)
		return -ENOENT;
	return make_node(dir, name, len, S_IFDIR | 0555, &pid_dir_ops, &node,
			 out);
}

static void task_readdir(struct dentry *dir, struct dir_sink *sink)
{
	struct process *p = proc_process(dir->inode);
	int tid;

	if (!p)
		return;
	/* Position n means: n - 1 was the last one listed. */
	while ((tid = process_next_tid(p, max(first_number(sink), 1) - 1)) &&
	       emit_number(sink, tid, S_IFDIR))
		;
	process_put(p);
}

static int root_lookup(struct dentry *dir, const char *name, size_t len,
		       struct dentry **out)
{
	struct proc_node node = {.pid = parse_number(name, len)};
	struct process *p = node.pid > 0 ? process_find(node.pid) : NULL;

	if (!p)
		return -ENOENT;
	process_put(p);
	return make_node(dir, name, len, S_IFDIR | 0555, &pid_dir_ops, &node,
			 out);
}

static void root_readdir(struct dentry *dir, struct dir_sink *sink)
{
	struct process *p;
	bool fits = true;

	(void)dir;
	while (fits && (p = process_next(first_number(sink)))) {
		fits = emit_number(sink, p->pid->nr, S_IFDIR);
		process_put(p);
	}
}

static const struct inode_ops root_dir_ops = {
    .lookup = root_lookup,
    .readdir = root_readdir,
};

static long self_readlink(struct inode *inode, char *buf, size_t len)
{
	char text[48];
	int n;

	if (inode->private)
		n = snprintf(text, sizeof(text), "%d/task/%d", current_pid(),
			     current_tid());
	else
		n = snprintf(text, sizeof(text), "%d", current_pid());
	n = (int)min((size_t)n, len);
	memcpy(buf, text, (size_t)n);
	return n;
}

static const struct inode_ops self_ops = {
    .readlink = self_readlink,
};

void proc_pid_init(void)
{
	kernel_file("/proc", FS_PROC, S_IFDIR | 0555, NULL, NULL)->ops =
	    &root_dir_ops;
	kernel_file("/proc/self", FS_PROC, S_IFLNK | 0777, NULL, NULL)->ops =
	    &self_ops;
	kernel_file("/proc/thread-self", FS_PROC, S_IFLNK | 0777, NULL, "task")
	    ->ops = &self_ops;
	kernel_link("/proc/mounts", FS_PROC, "self/mounts");
}
