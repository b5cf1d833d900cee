/* SPDX-License-Identifier: MIT */
/*
 * Sequences on mm/: the same steps, the same questions afterwards.
 *
 * Each actor is an address space on a hart of its own. As on the Linux side
 * there is a parent whose address space is taken but for the window and the
 * heap's room, and the first actor is its fork.
 */
#include <string.h>

#include "mm/page.h"
#include "test/host/mm_env.h"
#include "test/oracle/oracle.h"

#define PARENT_HART NR_ACTORS
_Static_assert(NR_ACTORS < ENV_HARTS, "a hart for each actor");

static struct mm_struct *parent, *actors[NR_ACTORS];
static struct file *files[NR_FILES];

/* Memory as of a memfd: nobody wants to hear of the first write. */
static struct file *make_file(uint64_t size, uint64_t holes)
{
	struct file *file = env_file(size, holes);
	struct env_inode *inode = env_inode(file);

	inode->mapping.page_mkwrite = NULL;
	inode->mapping.is_shmem = true;
	return file;
}

static void occupy(struct mm_struct *mm, vaddr_t start, vaddr_t end)
{
	CHECK_EQ(do_mmap(mm, NULL, start, end - start, PROT_NONE,
			 ANON | MAP_NORESERVE | MAP_FIXED_NOREPLACE, 0),
		 start);
}

void mm_begin(uint64_t seed)
{
	vaddr_t brk = HEAP_START - HEAP_BELOW * PG;

	memset(actors, 0, sizeof(actors));
	env_begin(seed & 1);
	parent = env_mm();
	env_switch(0, NULL);
	env_switch(PARENT_HART, parent);
	parent->limits.stack = LIMIT_STACK;
	parent->limits.memlock = LIMIT_MEMLOCK;
	parent->start_brk = parent->brk = brk;
	CHECK_EQ(do_brk(parent, HEAP_START), HEAP_START);
	for (; brk < HEAP_START; brk += PG)
		STORE(brk, 0x0101010101010101);
	occupy(parent, MM_USER_START, HEAP_START - HEAP_BELOW * PG);
	occupy(parent, HEAP_END, WINDOW_START);
	occupy(parent, WINDOW_END, MM_USER_END);
	actors[0] = env_fork(parent);
	env_switch(0, actors[0]);
	files[0] = make_file(FILE0_SIZE, 0);
	files[1] = env_open(files[0], FMODE_READ | FMODE_EXEC);
	files[2] = make_file(FILE2_SIZE, FILE2_HOLES);
	files[3] = env_open(files[2], FMODE_WRITE | FMODE_EXEC);
}

void mm_end(void)
{
	env_end();
}

static void run_access(const struct step *step, struct observation *seen)
{
	static const enum mmu_access kind[NR_OPS] = {[OP_LOAD] = MMU_LOAD,
						     [OP_STORE] = MMU_STORE,
						     [OP_FETCH] = MMU_FETCH};
	uint64_t value = step->arg[1];
	struct outcome out = env_access(
	    step->arg[0], &value, step->op == OP_FETCH ? 4 : 8, kind[step->op]);

	CHECK(!out.oom);
	seen->signal = out.signal;
	seen->code = out.code;
	if (out.signal)
		seen->address = out.stval;
	else if (step->op == OP_LOAD)
		seen->value = value;
}

static int64_t kernel_access(const struct step *step, struct observation *seen)
{
	uint64_t value = step->arg[1];
	struct outcome out =
	    env_uaccess(step->arg[0], &value, 8, step->op == OP_KERNEL_STORE);

	if (out.signal)
		return -EFAULT;
	if (step->op == OP_KERNEL_LOAD)
		seen->value = value;
	return 8;
}

/* What write(2) of a file in memory does. */
static int64_t file_write(struct file *file, uint64_t offset, uint64_t value)
{
	struct address_space *mapping = file->f_mapping;
	struct page *page;

	down_read(&mapping->invalidate_lock);
	page = filemap_find_or_add(mapping, offset / PG, GFP_USER);
	CHECK(page);
	memcpy((char *)page_address(page) + offset % PG, &value, 8);
	page_put(page);
	mapping->i_size = max(mapping->i_size, offset + 8);
	up_read(&mapping->invalidate_lock);
	return 8;
}

static int64_t file_read(struct file *file, uint64_t offset, uint64_t *value)
{
	uint64_t size = file->f_mapping->i_size;

	*value = 0;
	if (offset >= size)
		return 0;
	/* A short read leaves the rest as it was: zeros. */
	env_file_word(file, offset, value);
	if (size - offset < 8)
		*value &= ~0ULL >> (64 - 8 * (size - offset));
	return (int64_t)min(size - offset, (uint64_t)8);
}

static void zero_range(struct file *file, uint64_t start, uint64_t end)
{
	for (; start < end; start += 8) {
		uint64_t value;

		if (env_file_word(file, start, &value))
			file_write(file, start, 0);
	}
}

/* Whole pages go, the rest of the range is written with zeros. */
static int64_t punch_hole(struct file *file, uint64_t start, uint64_t len)
{
	uint64_t end = start + len, first = PAGE_ALIGN(start),
		 last = PAGE_ALIGN_DOWN(end), size = file->f_mapping->i_size;

	if (first < last)
		truncate_hole(file->f_mapping, first / PG, last / PG);
	end = min(end, size);
	zero_range(file, start, min(first, end));
	if (last >= first)
		zero_range(file, last, end);
	return 0;
}

static int64_t run_file(const struct step *step, struct observation *seen)
{
	struct file *file = files[step->arg[0] % NR_FILES];
	bool reads = step->op == OP_PREAD;

	if (step->op == OP_PUNCH_HOLE && !step->arg[2])
		return -EINVAL;
	if (!(file->f_mode & (reads ? FMODE_READ : FMODE_WRITE)))
		return step->op == OP_FTRUNCATE ? -EINVAL : -EBADF;
	switch (step->op) {
	case OP_FTRUNCATE:
		return truncate_setsize(file->f_mapping, step->arg[1]);
	case OP_PWRITE:
		return file_write(file, step->arg[1], step->arg[2]);
	case OP_PREAD:
		return file_read(file, step->arg[1], &seen->value);
	default:
		return punch_hole(file, step->arg[1], step->arg[2]);
	}
}

static int take_vec(void *ctx, uint64_t first, const uint8_t *vec, unsigned n)
{
	struct observation *seen = ctx;

	if (first + n > sizeof(seen->vec))
		return -EFAULT;
	memcpy(seen->vec + first, vec, n);
	return 0;
}

/* What the system call does before do_mmap: the file, the offset. */
static int64_t run_mmap(struct mm_struct *mm, const uint64_t *arg)
{
	struct file *file = NULL;

	if (arg[5] % PG)
		return -EINVAL;
	if (!(arg[3] & MAP_ANONYMOUS)) {
		if (arg[4] >= NR_FILES)
			return -EBADF;
		file = files[arg[4]];
	}
	return do_mmap(mm, file, arg[0], arg[1], (unsigned)arg[2],
		       (unsigned)arg[3], arg[5] / PG);
}

static int64_t set_limit(struct mm_struct *mm, const uint64_t *arg)
{
	static const uint64_t infinite = ~0UL;
	uint64_t bytes = arg[1] * PG;

	if (arg[0] == OF_LOCKED)
		mm->limits.memlock = arg[1] == infinite ? infinite : bytes;
	else if (arg[0] == OF_SPACE)
		mm->limits.as =
		    arg[1] == infinite ? infinite : bytes + mm->total_vm * PG;
	else
		mm->limits.data =
		    arg[1] == infinite ? infinite : bytes + mm->data_vm * PG;
	return 0;
}

static int64_t run_call(struct mm_struct *mm, const struct step *step,
			struct observation *seen)
{
	const uint64_t *arg = step->arg;

	switch (step->op) {
	case OP_MMAP:
		return run_mmap(mm, arg);
	case OP_MUNMAP:
		return do_munmap(mm, arg[0], arg[1]);
	case OP_MPROTECT:
		return do_mprotect(mm, arg[0], arg[1], (unsigned)arg[2]);
	case OP_MREMAP:
		return do_mremap(mm, arg[0], arg[1], arg[2], (unsigned)arg[3],
				 arg[4]);
	case OP_MADVISE:
		return do_madvise(mm, arg[0], arg[1], (int)arg[2]);
	case OP_MLOCK2:
		if (arg[2] & ~(uint64_t)MLOCK_ONFAULT)
			return -EINVAL;
		return do_mlock(mm, arg[0], arg[1], arg[2]);
	case OP_MUNLOCK:
		return do_munlock(mm, arg[0], arg[1]);
	case OP_MLOCKALL:
		return do_mlockall(mm, (int)arg[0]);
	case OP_MUNLOCKALL:
		return do_munlockall(mm);
	case OP_LIMIT:
		return set_limit(mm, arg);
	case OP_BRK:
		return (int64_t)do_brk(mm, arg[0]);
	case OP_MSYNC:
		return do_msync(mm, arg[0], arg[1], (int)arg[2]);
	default:
		return do_mincore(mm, arg[0], arg[1], take_vec, seen);
	}
}

/* Steps that begin or end an actor. */
static void run_process(const struct step *step)
{
	struct mm_struct **child = &actors[step->arg[0] % NR_ACTORS];

	if (step->op == OP_EXIT) {
		env_exit(actors[step->actor]);
		actors[step->actor] = NULL;
		return;
	}
	*child = env_fork(actors[step->actor]);
	env_switch((unsigned)step->arg[0], *child);
	env_hart(step->actor);
}

static bool cut(struct area *area)
{
	static const uint64_t range[2][2] = {{HEAP_START, HEAP_END},
					     {WINDOW_START, WINDOW_END}};

	for (unsigned i = 0; i < 2; i++) {
		if (area->start >= range[i][1] || area->end <= range[i][0])
			continue;
		if (area->start < range[i][0]) {
			if (area->object)
				area->offset += range[i][0] - area->start;
			area->start = range[i][0];
		}
		area->end = min(area->end, range[i][1]);
		return true;
	}
	return false;
}

static uint32_t area_flags(uint64_t vm_flags)
{
	static const uint64_t bit[NR_AREA_BITS] = {
	    VM_READ,	  VM_WRITE,    VM_EXEC,	      VM_SHARED,
	    VM_MAYREAD,	  VM_MAYWRITE, VM_MAYEXEC,    VM_MAYSHARE,
	    VM_GROWSDOWN, VM_LOCKED,   VM_SEQ_READ,   VM_RAND_READ,
	    VM_DONTCOPY,  VM_ACCOUNT,  VM_NORESERVE,  VM_WIPEONFORK,
	    VM_DONTDUMP,  VM_HUGEPAGE, VM_NOHUGEPAGE,
	};
	uint32_t flags = 0;

	for (unsigned i = 0; i < NR_AREA_BITS; i++)
		if (vm_flags & bit[i])
			flags |= 1U << i;
	return flags;
}

static void take_usage(struct area *area, const struct vma_info *info)
{
	area->flags = area_flags(info->flags);
	area->rss = (uint32_t)(info->rss >> 10);
	area->pss = (uint32_t)(info->pss >> 10);
	area->anonymous = (uint32_t)(info->anonymous >> 10);
	area->locked = (uint32_t)(info->locked >> 10);
	area->mapped_once =
	    (uint32_t)((info->private_clean + info->private_dirty) >> 10);
}

/* Number of a mapping in the order of appearance. */
static uint32_t object_number(const struct file *file, const void **known,
			      uint32_t *nr)
{
	uint32_t i = 0;

	while (i < *nr && known[i] != file->f_mapping)
		i++;
	if (i == *nr)
		known[(*nr)++] = file->f_mapping;
	return i + 1;
}

static void look_areas(struct mm_struct *mm, struct observation *seen,
		       bool usage)
{
	const void *known[MAX_AREAS];
	struct vma_info info;
	uint32_t nr_known = 0;
	vaddr_t at = 0;

	while (mm_next_area(mm, at, &info, usage)) {
		uint64_t f = info.flags;
		struct area area = {
		    .start = info.start,
		    .end = info.end,
		    .offset = info.pgoff * PG,
		    .read = f & VM_READ,
		    .write = f & VM_WRITE,
		    .exec = f & VM_EXEC,
		    .shared = f & VM_MAYSHARE,
		    .heap = info.name && !strcmp(info.name, "[heap]"),
		};

		at = info.end;
		if (usage && page_number(info.start) >= 0 &&
		    page_number(info.end - 1) >= 0)
			take_usage(&area, &info);
		area.object = info.file != NULL;
		if (cut(&area)) {
			if (info.file)
				area.object =
				    object_number(info.file, known, &nr_known);
			CHECK(seen->nr_areas < MAX_AREAS);
			seen->area[seen->nr_areas++] = area;
		}
		file_put(info.file);
	}
}

/* The memory itself, found as the tables say, so that looking changes nothing.
 */
static void read_words(struct observation *seen, unsigned number, uint64_t pfn)
{
	const char *page = phys_to_virt(pfn << PAGE_SHIFT);

	for (unsigned i = 0; i < NR_WORDS; i++)
		memcpy(&seen->word[number][i], page + word_offset[i], 8);
	seen->page[number] |= SEEN_TEXT;
}

static int take_core(void *ctx, uint64_t first, const uint8_t *vec, unsigned n)
{
	uint8_t *page = ctx;

	for (unsigned i = 0; i < n; i++)
		if (vec[i] & 1)
			page[first + i] |= SEEN_CORE;
	return 0;
}

static void look_pages(struct mm_struct *mm, struct observation *seen)
{
	for (unsigned i = 0; i < seen->nr_areas; i++) {
		const struct area *area = &seen->area[i];
		int n = page_number(area->start);

		CHECK_EQ(do_mincore(mm, area->start, area->end - area->start,
				    take_core, seen->page + n),
			 0);
		for (vaddr_t va = area->start; va < area->end; va += PG, n++) {
			uint64_t word = mm_pagemap(mm, va);

			if (!(word >> 63))
				continue;
			seen->page[n] |= SEEN_ENTRY;
			if (word >> 61 & 1)
				seen->page[n] |= SEEN_FILE;
			if (area->read || area->write)
				read_words(seen, (unsigned)n,
					   word & ((1ULL << 55) - 1));
		}
	}
}

void mm_run_step(const struct step *step, bool skip, struct observation *seen)
{
	struct mm_struct *mm = actors[step->actor];

	memset(seen, 0, sizeof(*seen));
	seen->was_skipped = skip;
	if (skip)
		return;
	CHECK(mm);
	env_hart(step->actor);
	switch (step->op) {
	case OP_LOOK:
		break;
	case OP_FORK:
	case OP_EXIT:
		run_process(step);
		break;
	case OP_LOAD:
	case OP_STORE:
	case OP_FETCH:
		run_access(step, seen);
		break;
	case OP_KERNEL_LOAD:
	case OP_KERNEL_STORE:
		seen->result = kernel_access(step, seen);
		break;
	case OP_FTRUNCATE:
	case OP_PWRITE:
	case OP_PREAD:
	case OP_PUNCH_HOLE:
		seen->result = run_file(step, seen);
		break;
	default:
		seen->result = run_call(mm, step, seen);
	}
	env_step(__FILE__, __LINE__);
	if (step->op == OP_EXIT)
		return;
	look_areas(mm, seen, step->op == OP_LOOK);
	look_pages(mm, seen);
}
