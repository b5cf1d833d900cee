/* SPDX-License-Identifier: MIT */
/*
 * /proc/sys: what an administrator may read and change, see proc_sys_vm(5).
 *
 * Most are numbers with bounds. Those of memory that have a meaning here act
 * (mm/commit.c); the others are kept, so that a program that sets one and looks
 * again, or puts back what it found, sees what Linux would show.
 */
#include "kernel/fs/proc.h"

#include <string.h>

#include "abi/errno.h"
#include "kernel/fs/special.h"
#include "kernel/process.h"
#include "kernel/kstack.h"
#include "kernel/shm.h"
#include "kernel/sleep.h"
#include "kernel/uts.h"
#include "lib/lockdep.h"
#include "mm/mm.h"
#include "mm/slab.h"
#include "mm/vma_lock.h"

/* A number; the inode's private. */
struct knob {
	const struct seq_type *type; /* first: see seq.h */
	const char *path;
	int min, max; /* max below min: any unsigned number */
	long own;
	long *value; /* NULL: own */
};

static long *knob_value(const struct inode *inode)
{
	struct knob *knob = inode->private;

	return knob->value ? knob->value : &knob->own;
}

static void show_knob(struct seq *seq, const struct inode *inode)
{
	seq_printf(seq, "%lu\n",
		   (unsigned long)load_relaxed(knob_value(inode)));
}

static int store_knob(const char *text, const struct inode *inode)
{
	const struct knob *knob = inode->private;
	uint64_t value;

	if (!seq_parse_u64(text, &value) ||
	    (knob->min <= knob->max &&
	     (value < (uint64_t)knob->min || value > (uint64_t)knob->max)))
		return -EINVAL;
	store_relaxed(knob_value(inode), (long)value);
	return 0;
}

static const struct seq_type knob_type = {show_knob, store_knob};

#define BOUNDED(name, first, min, max)                                         \
	{                                                                      \
		&knob_type, name, min, max, first, NULL                        \
	}
#define NUMBER(name, first) BOUNDED(name, first, 0, INT32_MAX)
#define ACTIVE(name, min, max, value)                                          \
	{                                                                      \
		&knob_type, name, min, max, 0, value                           \
	}

static struct knob knobs[] = {
    ACTIVE("vm/max_map_count", 0, INT32_MAX, &sysctl_max_map_count),
    ACTIVE("vm/overcommit_memory", 0, 2, &sysctl_overcommit_memory),
    ACTIVE("vm/overcommit_ratio", 0, INT32_MAX, &sysctl_overcommit_ratio),
    ACTIVE("vm/overcommit_kbytes", 0, INT32_MAX, &sysctl_overcommit_kbytes),
    NUMBER("vm/admin_reserve_kbytes", 8192),
    NUMBER("vm/user_reserve_kbytes", 131072),
    NUMBER("vm/min_free_kbytes", 1024),
    NUMBER("vm/mmap_min_addr", MM_USER_START),
    BOUNDED("vm/oom_kill_allocating_task", 0, 0, 1),
    BOUNDED("vm/panic_on_oom", 0, 0, 2),
    BOUNDED("vm/swappiness", 60, 0, 200),
    BOUNDED("vm/unprivileged_userfaultfd", 0, 0, 1),
    NUMBER("vm/vfs_cache_pressure", 100),
    ACTIVE("kernel/shmall", 0, -1, &sysctl_shmall),
    ACTIVE("kernel/shmmax", 0, -1, &sysctl_shmmax),
    ACTIVE("kernel/shmmni", 0, 32768, &sysctl_shmmni),
    BOUNDED("kernel/pid_max", PID_MAX, PID_MAX, PID_MAX),
    BOUNDED("kernel/randomize_va_space", 0, 0, 2),
    NUMBER("kernel/tainted", 0),
    NUMBER("kernel/threads-max", PID_MAX),
    NUMBER("fs/file-max", 65536),
    NUMBER("fs/nr_open", 65536),
    NUMBER("fs/pipe-max-size", 65536),
};

/* A text that stays as it is; the inode's private. */
struct text {
	const struct seq_type *type; /* first: see seq.h */
	const char *path, *text;
};

static void show_text(struct seq *seq, const struct inode *inode)
{
	seq_puts(seq, ((const struct text *)inode->private)->text);
	seq_puts(seq, "\n");
}

static void show_hostname(struct seq *seq, const struct inode *inode)
{
	(void)inode;
	seq_printf(seq, "%s\n", system_name.nodename);
}

static int store_hostname(const char *text, const struct inode *inode)
{
	size_t len = strlen(text);
	char *name = system_name.nodename;

	(void)inode;
	len -= len && text[len - 1] == '\n';
	if (len >= sizeof(system_name.nodename))
		return -EINVAL;
	memcpy(name, text, len);
	memset(name + len, 0, sizeof(system_name.nodename) - len);
	return 0;
}

/* Give back all that is kept for speed, so that free pages can be compared. */
static int store_drop_caches(const char *text, const struct inode *inode)
{
	long what;

	(void)inode;
	if (!seq_parse(text, &what) || what < 1 || what > 4)
		return -EINVAL;
	kstack_drain();
	page_shrink();
	kmem_shrink_stable();
	page_drain_all();
	return 0;
}

static const struct seq_type text_type = {show_text, NULL};

static const struct text texts[] = {
    {&text_type, "kernel/ostype", UTS_SYSNAME},
    {&text_type, "kernel/osrelease", UTS_RELEASE},
    {&text_type, "kernel/version", UTS_VERSION},
    {&text_type, "kernel/ngroups_max", "65536"},
    {&text_type, "kernel/cap_last_cap", "40"},
    {&text_type, "kernel/core_pattern", "core"},
    {&(const struct seq_type){show_hostname, store_hostname}, "kernel/hostname",
     NULL},
    {&(const struct seq_type){NULL, store_drop_caches}, "vm/drop_caches", NULL},
};

/* For the test of the watchdog: so many seconds nobody else gets the lock. */
static int store_hold(const char *text, const struct inode *inode)
{
	struct mm_struct *mm = current->mm;
	uint64_t end;
	long secs;

	(void)inode;
	if (!seq_parse(text, &secs))
		return -EINVAL;
	end = machine_clock() + (uint64_t)secs * 1000000000;
	mmap_write_lock(mm);
	while (!park_until(end))
		;
	mmap_write_unlock(mm);
	return 0;
}

/* Only where locks are checked. */
static struct knob lockdep_knob =
    ACTIVE("kernel/hung_task_timeout_secs", 1, INT32_MAX,
	   &sysctl_hung_task_timeout_secs);
static const struct seq_type hold_type = {NULL, store_hold};
static const struct seq_type *const hold_file = &hold_type;

static void add_file(const char *path, const void *private)
{
	const struct seq_type *type = *(const struct seq_type *const *)private;
	char full[48] = "/proc/sys/";

	strcpy(full + strlen(full), path);
	kernel_file(full, FS_PROC,
		    S_IFREG | (type->show ? 0444 : 0) |
			(type->store ? 0200 : 0),
		    &seq_file_ops, private);
}

void proc_sys_init(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(knobs); i++)
		add_file(knobs[i].path, &knobs[i]);
	for (unsigned i = 0; i < ARRAY_SIZE(texts); i++)
		add_file(texts[i].path, &texts[i]);
	if (CONFIG_LOCKDEP) {
		add_file(lockdep_knob.path, &lockdep_knob);
		add_file("kernel/hold_mmap_lock", &hold_file);
	}
}
