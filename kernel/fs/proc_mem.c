/* SPDX-License-Identifier: MIT */
/*
 * /proc/PID: what concerns the address space. Layouts are Linux's, see
 * proc_pid_maps(5), proc_pid_smaps(5), proc_pid_pagemap(5).
 *
 * Each area is copied out by mm_next_area() and printed without a lock, so a
 * listing of a program that changes its areas meanwhile need not be a state
 * that ever was, but each line is.
 */
#include <stdio.h>
#include <string.h>

#include "abi/errno.h"
#include "abi/limits.h"
#include "kernel/fs/proc.h"
#include "kernel/process.h"
#include "kernel/remote.h"
#include "mm/mm.h"
#include "mm/slab.h"

#define NAME_COLUMN 73

static void show_area(struct seq *seq, const struct vma_info *info, char *path)
{
	uint64_t start = seq_len(seq), dev = 0, ino = 0, flags = info->flags;
	const char *name = info->name;

	if (info->file) {
		info->file->f_vm_ops->describe(info->file, path, PATH_MAX, &dev,
					       &ino);
		name = path;
	}
	seq_printf(seq, "%08lx-%08lx %c%c%c%c %08lx %02x:%02x %lu ",
		   (unsigned long)info->start, (unsigned long)info->end,
		   flags & VM_READ ? 'r' : '-', flags & VM_WRITE ? 'w' : '-',
		   flags & VM_EXEC ? 'x' : '-', flags & VM_MAYSHARE ? 's' : 'p',
		   (unsigned long)(info->file ? info->pgoff << PAGE_SHIFT : 0),
		   (unsigned)(dev >> 8), (unsigned)(dev & 0xff),
		   (unsigned long)ino);
	if (name) {
		seq_pad(seq, start, NAME_COLUMN);
		seq_puts(seq, name);
	}
	seq_puts(seq, "\n");
}

/* Call fn for each area; `usage`: with its pages counted. */
static void for_each_area(struct seq *seq, const struct inode *inode,
			  bool usage,
			  void (*fn)(struct seq *seq,
				     const struct vma_info *info, void *ctx),
			  void *ctx)
{
	struct mm_struct *mm = proc_mm(inode);
	struct vma_info info;
	vaddr_t addr = 0;

	if (!mm)
		return;
	while (!seq->err && !machine_fatal_signal() &&
	       mm_next_area(mm, addr, &info, usage)) {
		fn(seq, &info, ctx);
		file_put(info.file);
		addr = info.end;
	}
	mmput(mm);
}

static void maps_line(struct seq *seq, const struct vma_info *info, void *ctx)
{
	show_area(seq, info, ctx);
}

static void show_areas(struct seq *seq, const struct inode *inode, bool usage,
		       void (*fn)(struct seq *seq, const struct vma_info *info,
				  void *ctx))
{
	char *path = kmalloc(PATH_MAX, GFP_USER);

	if (path)
		for_each_area(seq, inode, usage, fn, path);
	else
		seq->err = -ENOMEM;
	kfree(path);
}

void show_pid_maps(struct seq *seq, const struct inode *inode)
{
	show_areas(seq, inode, false, maps_line);
}

/* "Rss:                  4 kB": the unit of every figure is KiB. */
static void show_kib(struct seq *seq, const char *name, uint64_t bytes)
{
	uint64_t start = seq_len(seq);

	seq_printf(seq, "%s:", name);
	seq_pad(seq, start, 16);
	seq_printf(seq, "%8lu kB\n", (unsigned long)bytes >> 10);
}

static void show_usage(struct seq *seq, const struct vma_info *info)
{
	show_kib(seq, "Rss", info->rss);
	show_kib(seq, "Pss", info->pss);
	show_kib(seq, "Pss_Dirty", info->pss_dirty);
	show_kib(seq, "Shared_Clean", info->shared_clean);
	show_kib(seq, "Shared_Dirty", info->shared_dirty);
	show_kib(seq, "Private_Clean", info->private_clean);
	show_kib(seq, "Private_Dirty", info->private_dirty);
	show_kib(seq, "Referenced", info->referenced);
	show_kib(seq, "Anonymous", info->anonymous);
	show_kib(seq, "LazyFree", info->lazyfree);
	show_kib(seq, "AnonHugePages", 0);
	show_kib(seq, "ShmemPmdMapped", 0);
	show_kib(seq, "FilePmdMapped", 0);
	show_kib(seq, "Shared_Hugetlb", 0);
	show_kib(seq, "Private_Hugetlb", 0);
	show_kib(seq, "Swap", 0);
	show_kib(seq, "SwapPss", 0);
	show_kib(seq, "Locked", info->locked);
}

static void show_vm_flags(struct seq *seq, uint64_t flags)
{
	static const struct {
		uint64_t flag;
		char name[4];
	} names[] = {
	    {VM_READ, "rd "},	     {VM_WRITE, "wr "},
	    {VM_EXEC, "ex "},	     {VM_SHARED, "sh "},
	    {VM_MAYREAD, "mr "},     {VM_MAYWRITE, "mw "},
	    {VM_MAYEXEC, "me "},     {VM_MAYSHARE, "ms "},
	    {VM_GROWSDOWN, "gd "},   {VM_PFNMAP, "pf "},
	    {VM_LOCKED, "lo "},	     {VM_IO, "io "},
	    {VM_SEQ_READ, "sr "},    {VM_RAND_READ, "rr "},
	    {VM_DONTCOPY, "dc "},    {VM_DONTEXPAND, "de "},
	    {VM_LOCKONFAULT, "lf "}, {VM_ACCOUNT, "ac "},
	    {VM_NORESERVE, "nr "},   {VM_WIPEONFORK, "wf "},
	    {VM_DONTDUMP, "dd "},    {VM_MIXEDMAP, "mm "},
	    {VM_HUGEPAGE, "hg "},    {VM_NOHUGEPAGE, "nh "},
	    {VM_MERGEABLE, "mg "},   {VM_UFFD_MISSING, "um "},
	    {VM_UFFD_WP, "uw "},     {VM_DROPPABLE, "dp "},
	};

	seq_puts(seq, "VmFlags: ");
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		if (flags & names[i].flag)
			seq_puts(seq, names[i].name);
	}
	seq_puts(seq, "\n");
}

static void smaps_lines(struct seq *seq, const struct vma_info *info, void *ctx)
{
	show_area(seq, info, ctx);
	show_kib(seq, "Size", info->end - info->start);
	show_kib(seq, "KernelPageSize", PAGE_SIZE);
	show_kib(seq, "MMUPageSize", PAGE_SIZE);
	show_usage(seq, info);
	seq_puts(seq, "THPeligible:           0\n");
	show_vm_flags(seq, info->flags);
}

void show_pid_smaps(struct seq *seq, const struct inode *inode)
{
	show_areas(seq, inode, true, smaps_lines);
}

static void add_usage(struct seq *seq, const struct vma_info *info, void *ctx)
{
	struct vma_info *sum = ctx;

	(void)seq;
	if (!sum->end)
		sum->start = info->start;
	sum->end = info->end;
	sum->rss += info->rss;
	sum->pss += info->pss;
	sum->pss_dirty += info->pss_dirty;
	sum->shared_clean += info->shared_clean;
	sum->shared_dirty += info->shared_dirty;
	sum->private_clean += info->private_clean;
	sum->private_dirty += info->private_dirty;
	sum->referenced += info->referenced;
	sum->anonymous += info->anonymous;
	sum->lazyfree += info->lazyfree;
	sum->locked += info->locked;
}

void show_pid_smaps_rollup(struct seq *seq, const struct inode *inode)
{
	struct vma_info sum = {0};
	uint64_t start;

	for_each_area(seq, inode, true, add_usage, &sum);
	start = seq_len(seq);
	seq_printf(seq, "%08lx-%08lx ---p 00000000 00:00 0 ",
		   (unsigned long)sum.start, (unsigned long)sum.end);
	seq_pad(seq, start, NAME_COLUMN);
	seq_puts(seq, "[rollup]\n");
	show_usage(seq, &sum);
}

/* The program's own bytes [start, end) as they are now. */
static void show_memory(struct seq *seq, struct mm_struct *mm, vaddr_t start,
			vaddr_t end)
{
	char buf[128];

	while (start < end && !seq->err) {
		uint64_t n = min(end - start, (uint64_t)sizeof(buf));
		uint64_t done =
		    access_remote_vm(mm, start, buf, n, false, false);

		seq_write(seq, buf, done);
		if (done < n)
			return;
		start += done;
	}
}

void show_pid_cmdline(struct seq *seq, const struct inode *inode)
{
	struct mm_struct *mm = proc_mm(inode);

	if (!mm)
		return;
	show_memory(seq, mm, mm->arg_start, mm->arg_end);
	mmput(mm);
}

void show_pid_environ(struct seq *seq, const struct inode *inode)
{
	struct mm_struct *mm = proc_mm(inode);

	if (!mm)
		return;
	show_memory(seq, mm, mm->env_start, mm->env_end);
	mmput(mm);
}

/*
 * The auxiliary vector: where exec put it, behind the pointers to arguments
 * and environment, which end in a null word each.
 */
void show_pid_auxv(struct seq *seq, const struct inode *inode)
{
	struct mm_struct *mm = proc_mm(inode);
	uint64_t pair[2] = {1, 0};
	unsigned nr_nulls = 0;
	vaddr_t at;

	if (!mm)
		return;
	at = mm->start_stack + sizeof(uint64_t);
	while (nr_nulls < 2 && at < mm->arg_start &&
	       access_remote_vm(mm, at, pair, 8, false, false) == 8) {
		nr_nulls += !pair[0];
		at += 8;
	}
	while (nr_nulls == 2 && at < mm->arg_start &&
	       access_remote_vm(mm, at, pair, 16, false, false) == 16) {
		seq_write(seq, pair, sizeof(pair));
		at += sizeof(pair);
		if (!pair[0])
			break;
	}
	mmput(mm);
}

struct pagemap {
	struct mm_struct *mm;
	uint64_t mask; /* where a page lies is nobody's business but root's */
};

static uint64_t pagemap_word(void *ctx, uint64_t n)
{
	const struct pagemap *map = ctx;

	return mm_pagemap(map->mm, n << PAGE_SHIFT) & map->mask;
}

static long pagemap_read(struct open_file *file, struct io *io, uint64_t *pos)
{
	struct pagemap map = {
	    proc_mm(file->inode),
	    process_is_root(current->process) ? ~0UL : ~PAGEMAP_FRAME};
	long done = 0;

	if (!map.mm)
		return 0;
	done = proc_read_words(io, pos, MM_USER_END >> PAGE_SHIFT, pagemap_word,
			       &map);
	mmput(map.mm);
	return done;
}

/* Which pages' reference marks to clear; see proc_pid_clear_refs(5). */
enum { CLEAR_ALL = 1, CLEAR_ANON, CLEAR_FILE, CLEAR_SOFT_DIRTY, CLEAR_PEAK };

int store_pid_clear_refs(const char *text, const struct inode *inode)
{
	struct mm_struct *mm;
	long what;

	if (!seq_parse(text, &what) || what < CLEAR_ALL || what > CLEAR_PEAK)
		return -EINVAL;
	mm = proc_mm(inode);
	if (!mm)
		return 0;
	if (what == CLEAR_PEAK)
		mm_reset_hiwater(mm);
	else if (what != CLEAR_SOFT_DIRTY) /* RISC-V has no bit for it */
		mm_clear_refs(mm, what != CLEAR_FILE, what != CLEAR_ANON);
	mmput(mm);
	return 0;
}

/* /proc/PID/mem: the file position is the address. */
static long mem_move(struct open_file *file, struct io *io, uint64_t *pos,
		     bool write)
{
	struct mm_struct *mm = proc_mm(file->inode);
	long done;

	if (!mm)
		return 0;
	done = remote_move(mm, io, *pos, io->count, write, true);
	mmput(mm);
	if (done > 0)
		*pos += (uint64_t)done;
	return done;
}

static long mem_read(struct open_file *file, struct io *io, uint64_t *pos)
{
	return mem_move(file, io, pos, false);
}

static long mem_write(struct open_file *file, struct io *io, uint64_t *pos)
{
	return mem_move(file, io, pos, true);
}

const struct file_ops pagemap_file_ops = {
    .read = pagemap_read,
    .lseek = seq_lseek,
};

const struct file_ops mem_file_ops = {
    .read = mem_read,
    .write = mem_write,
    .lseek = seq_lseek,
};
