/* SPDX-License-Identifier: MIT */
/*
 * /proc: what concerns the whole system, and /sys, which is as generated as
 * that. Processes are in proc_pid.c, /proc/sys in proc_sys.c.
 *
 * Figures about memory are counted when asked for, by a look at the type of
 * each frame: exact when nothing else runs, and free when nobody asks.
 */
#include "kernel/fs/proc.h"

#include <stdio.h>
#include <string.h>

#include "abi/errno.h"
#include "abi/time.h"
#include "kernel/fs/special.h"
#include "kernel/process.h"
#include "kernel/riscv/boot.h"
#include "kernel/sched.h"
#include "kernel/uts.h"
#include "lib/bitops.h"
#include "mm/mm.h"
#include "mm/vmstat.h"

/* A file at a fixed place; the inode's private. */
struct proc_file {
	const struct seq_type *type; /* first: see seq.h */
	const char *path;
	const char *text; /* of show_text */
};

#define KIB(pages) ((unsigned long)(pages) << (PAGE_SHIFT - 10))

static void show_text(struct seq *seq, const struct inode *inode)
{
	seq_puts(seq, ((const struct proc_file *)inode->private)->text);
}

struct memory_use {
	uint64_t anon, file, mapped, shmem, slab, tables, kernel;
};

static void count_memory(struct memory_use *use)
{
	*use = (struct memory_use){0};
	for (pfn_t pfn = mem_map_base_pfn; pfn < mem_map_end_pfn; pfn++) {
		struct page *page = pfn_to_page(pfn);

		switch (load_relaxed(&page->type)) {
		case PAGE_ANON:
			use->anon++;
			break;
		case PAGE_FILE:
			use->file++;
			use->mapped += page_mapcount(page) != 0;
			use->shmem += page_test_flag(page, PG_SHMEM);
			break;
		case PAGE_SLAB:
			use->slab++;
			break;
		case PAGE_TABLE:
			use->tables++;
			break;
		case PAGE_KERNEL:
			use->kernel++;
			break;
		}
	}
}

static void show_meminfo(struct seq *seq, const struct inode *inode)
{
	uint64_t free = page_nr_free(), total = page_nr_total();
	struct memory_use use;

	(void)inode;
	count_memory(&use);
	const struct {
		const char *name;
		uint64_t pages;
	} line[] = {
	    {"MemTotal", total},
	    {"MemFree", free},
	    {"MemAvailable", free},
	    {"Buffers", 0},
	    {"Cached", use.file},
	    {"SwapCached", 0},
	    {"Active", use.anon + use.file},
	    {"Inactive", 0},
	    {"Unevictable", 0},
	    {"Mlocked", 0},
	    {"SwapTotal", 0},
	    {"SwapFree", 0},
	    {"Dirty", 0},
	    {"Writeback", 0},
	    {"AnonPages", use.anon},
	    {"Mapped", use.mapped},
	    {"Shmem", use.shmem},
	    {"KReclaimable", 0},
	    {"Slab", use.slab},
	    {"SReclaimable", 0},
	    {"SUnreclaim", use.slab},
	    {"KernelStack", load_relaxed(&nr_all_threads) * 4UL},
	    {"PageTables", use.tables},
	    {"CommitLimit", vm_commit_limit()},
	    {"Committed_AS", vm_memory_committed()},
	};
	for (unsigned i = 0; i < ARRAY_SIZE(line); i++) {
		uint64_t start = seq_len(seq);

		seq_printf(seq, "%s:", line[i].name);
		seq_pad(seq, start, 16);
		seq_printf(seq, "%8lu kB\n", KIB(line[i].pages));
	}
	seq_puts(seq, "HugePages_Total:       0\nHugePages_Free:        0\n"
		      "HugePages_Rsvd:        0\nHugePages_Surp:        0\n"
		      "Hugepagesize:       2048 kB\n");
}

static void show_vmstat(struct seq *seq, const struct inode *inode)
{
	struct memory_use use;
	char name[40];

	(void)inode;
	count_memory(&use);
	seq_printf(seq,
		   "nr_free_pages %lu\nnr_anon_pages %lu\nnr_file_pages %lu\n"
		   "nr_mapped %lu\nnr_page_table_pages %lu\nnr_slab %lu\n",
		   (unsigned long)page_nr_free(), (unsigned long)use.anon,
		   (unsigned long)use.file, (unsigned long)use.mapped,
		   (unsigned long)use.tables, (unsigned long)use.slab);
	for (unsigned i = 0; i < NR_VM_EVENTS; i++)
		seq_printf(seq, "%s %lu\n",
			   vm_event_name(i, name, sizeof(name)),
			   (unsigned long)vm_event_sum(i));
}

static void show_cpuinfo(struct seq *seq, const struct inode *inode)
{
	unsigned hart;

	(void)inode;
	for_each_bit(hart, sched_online_harts())
	    seq_printf(seq,
		       "processor\t: %u\nhart\t\t: %u\n"
		       "isa\t\t: rv64imafdc\nmmu\t\t: sv39\n\n",
		       hart, hart);
}

/* Ticks of USER_HZ since boot. */
static unsigned long uptime_ticks(void)
{
	return (unsigned long)(machine_clock() / (1000000000 / USER_HZ));
}

static void show_stat(struct seq *seq, const struct inode *inode)
{
	unsigned long ticks = uptime_ticks();
	unsigned hart;

	(void)inode;
	seq_printf(seq, "cpu  0 0 0 %lu 0 0 0 0 0 0\n",
		   ticks * bit_count(sched_online_harts()));
	for_each_bit(hart, sched_online_harts())
	    seq_printf(seq, "cpu%u 0 0 0 %lu 0 0 0 0 0 0\n", hart, ticks);
	seq_printf(seq,
		   "intr 0\nctxt 0\nbtime %lu\nprocesses %u\n"
		   "procs_running 1\nprocs_blocked 0\n",
		   (unsigned long)((time_now() - machine_clock()) / 1000000000),
		   load_relaxed(&nr_all_threads));
}

static void show_uptime(struct seq *seq, const struct inode *inode)
{
	unsigned long ticks = uptime_ticks();

	(void)inode;
	seq_printf(seq, "%lu.%02lu %lu.%02lu\n", ticks / 100, ticks % 100,
		   ticks / 100, ticks % 100);
}

static void show_loadavg(struct seq *seq, const struct inode *inode)
{
	(void)inode;
	seq_printf(seq, "0.00 0.00 0.00 1/%u %d\n",
		   load_relaxed(&nr_all_threads), current_pid());
}

static void show_cmdline(struct seq *seq, const struct inode *inode)
{
	(void)inode;
	seq_puts(seq, boot_info.cmdline);
	seq_puts(seq, "\n");
}

void show_mounts(struct seq *seq, const struct inode *inode)
{
	(void)inode;
	for (unsigned i = 0; i < FS_ANON; i++)
		seq_printf(seq, "%s %s %s rw,relatime 0 0\n", fs_types[i].name,
			   fs_types[i].where, fs_types[i].name);
}

void show_mountinfo(struct seq *seq, const struct inode *inode)
{
	(void)inode;
	for (unsigned i = 0; i < FS_ANON; i++)
		seq_printf(seq, "%u %u 0:%u / %s rw,relatime - %s %s rw\n",
			   MNT_ID(i), i ? MNT_ID(FS_ROOT) : 1,
			   (unsigned)fs_types[i].dev, fs_types[i].where,
			   fs_types[i].name, fs_types[i].name);
}

static void show_filesystems(struct seq *seq, const struct inode *inode)
{
	(void)inode;
	for (unsigned i = 0; i < FS_ANON; i++)
		seq_printf(seq, "nodev\t%s\n", fs_types[i].name);
}

static void show_version(struct seq *seq, const struct inode *inode)
{
	(void)inode;
	seq_printf(seq, "Linux version %s (faultline) %s\n", UTS_RELEASE,
		   UTS_VERSION);
}

/* "0-3\n", or "0\n" for one. */
static void show_cpu_list(struct seq *seq, const struct inode *inode)
{
	unsigned last = bit_highest(sched_online_harts());

	(void)inode;
	seq_printf(seq, last ? "0-%u\n" : "%u\n", last);
}

static void show_node_list(struct seq *seq, const struct inode *inode)
{
	unsigned last = 0;

	(void)inode;
	for (unsigned i = 0; i < boot_info.nr_ram; i++)
		last = max(last, boot_info.ram[i].node);
	seq_printf(seq, last ? "0-%u\n" : "%u\n", last);
}

static const struct seq_type text_type = {show_text, NULL};

#define SHOW(fn) (&(const struct seq_type){fn, NULL})

static const struct proc_file proc_files[] = {
    {SHOW(show_meminfo), "/proc/meminfo", NULL},
    {SHOW(show_vmstat), "/proc/vmstat", NULL},
    {SHOW(show_cpuinfo), "/proc/cpuinfo", NULL},
    {SHOW(show_stat), "/proc/stat", NULL},
    {SHOW(show_uptime), "/proc/uptime", NULL},
    {SHOW(show_loadavg), "/proc/loadavg", NULL},
    {SHOW(show_cmdline), "/proc/cmdline", NULL},
    {SHOW(show_filesystems), "/proc/filesystems", NULL},
    {SHOW(show_version), "/proc/version", NULL},
};

static const struct proc_file sys_files[] = {
    {SHOW(show_cpu_list), "/sys/devices/system/cpu/online", NULL},
    {SHOW(show_cpu_list), "/sys/devices/system/cpu/possible", NULL},
    {SHOW(show_cpu_list), "/sys/devices/system/cpu/present", NULL},
    {&text_type, "/sys/devices/system/cpu/offline", "\n"},
    {SHOW(show_node_list), "/sys/devices/system/node/online", NULL},
    {SHOW(show_node_list), "/sys/devices/system/node/possible", NULL},
    {SHOW(show_node_list), "/sys/devices/system/node/has_memory", NULL},
    {SHOW(show_cpu_list), "/sys/devices/system/node/node0/cpulist", NULL},
    {SHOW(show_meminfo), "/sys/devices/system/node/node0/meminfo", NULL},
};

static void add_files(const struct proc_file *file, unsigned nr, unsigned fs)
{
	for (; nr; nr--, file++)
		kernel_file(file->path, fs, S_IFREG | 0444, &seq_file_ops,
			    file);
}

void proc_init(void)
{
	proc_pid_init();
	proc_sys_init();
	add_files(proc_files, ARRAY_SIZE(proc_files), FS_PROC);
	proc_frames_init();
}

void sysfs_init(void)
{
	kernel_file("/sys", FS_SYS, S_IFDIR | 0555, NULL, NULL);
	add_files(sys_files, ARRAY_SIZE(sys_files), FS_SYS);
}
