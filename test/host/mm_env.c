/* SPDX-License-Identifier: MIT */
/*
 * The environment of the tests of mm/; see mm_env.h.
 *
 * It plays the kernel's part: assigns ASIDs, switches harts, and handles the
 * page faults of the software MMU as the trap handler does.
 */
#include "test/host/mm_env.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/lockdep.h"
#include "mm/page.h"
#include "mm/slab.h"
#include "mm/tlb.h"

#define MAX_MMS	     256
#define MAX_PAGES    8
#define MAX_TRIES    16
#define MAX_INJECTED 3000
#define LAST_ASID    0xffff

struct env_stats env_stats;
void (*env_before_fence)(void);
bool env_keeps_going;

static jmp_buf body_end;
static struct mm_struct *mms[MAX_MMS];
static unsigned nr_mms;
static struct file *files[MAX_MMS];
static unsigned nr_files, nr_live_files;
static struct page *pages[MAX_PAGES];
static unsigned nr_pages;
static struct env_inode *inodes;
static struct mm_struct *on_hart[MMU_HARTS];
static unsigned last_asid;
static uint64_t nr_free_before;
static bool is_kind_machine;

static void on_fence(uint64_t harts, unsigned asid, vaddr_t start, vaddr_t end)
{
	fetch_add_relaxed(&env_stats.nr_fences, 1);
	store_relaxed(&env_stats.fence_harts, harts);
	store_relaxed(&env_stats.fence_start, start);
	store_relaxed(&env_stats.fence_end, end);
	if (env_before_fence)
		env_before_fence();
	mmu_fence(harts, asid, start, end);
}

void env_boot(void)
{
	struct memory_range ram;

	host_machine_init(0);
	host_quiet = true;
	host_tlb_fence_hook = on_fence;
	ram.start = HOST_RAM_BASE;
	ram.end = HOST_RAM_BASE + host_ram_size;
	ram.node = 0;
	BUG_ON(page_init(&ram, 1, &ram, 1));
	kmem_init();
	mm_init();
}

static uint64_t count_free(void)
{
	page_shrink();
	kmem_shrink_stable();
	page_drain_all();
	page_verify();
	return page_nr_free();
}

static void machine_reset(void)
{
	struct mmu_config config = {
	    .hardware_ad = is_kind_machine,
	    .cache_invalid = !is_kind_machine,
	    .cache_tables = !is_kind_machine,
	    .ram_start = HOST_RAM_BASE,
	    .ram_end = HOST_RAM_BASE + host_ram_size,
	};

	mmu_reset(&config);
	last_asid = 0;
}

void env_begin(bool kind_machine)
{
	static bool is_booted;

	if (!is_booted)
		env_boot();
	is_booted = true;
	is_kind_machine = kind_machine;
	host_fail_nth(0);
	host_this.hart = 0;
	machine_held_locks()->nr = 0; /* of a test that failed half-way */
	machine_reset();
	/* What a failed test left behind stays lost. */
	memset(on_hart, 0, sizeof(on_hart));
	nr_mms = nr_files = nr_live_files = nr_pages = 0;
	inodes = NULL;
	env_before_fence = NULL;
	env_keeps_going = false;
	nr_free_before = count_free();
	env_stats_clear();
}

void env_end(void)
{
	host_fail_nth(0);
	for (unsigned i = 0; i < MMU_HARTS; i++)
		env_switch(i, NULL);
	env_hart(0);
	while (nr_mms)
		env_exit(mms[nr_mms - 1]);
	while (nr_files)
		file_put(files[--nr_files]);
	CHECK_EQ(nr_live_files, 0);
	while (inodes) {
		struct env_inode *inode = inodes;

		inodes = inode->next;
		CHECK(interval_is_empty(&inode->mapping.i_mmap));
		CHECK_EQ(inode->mapping.nr_writable, 0);
		mapping_destroy(&inode->mapping);
		free(inode);
	}
	while (nr_pages) {
		CHECK_EQ(page_refcount(pages[--nr_pages]), 1);
		page_put(pages[nr_pages]);
	}
	CHECK_EQ(count_free(), nr_free_before);
}

bool env_injected(void)
{
	return host_fail_fired();
}

/* One run; n = 0: no failure. Returns whether an allocation was failed. */
static bool run_once(void (*body)(void), bool kind_machine, unsigned n)
{
	bool fired;

	env_begin(kind_machine);
	host_fail_nth(n);
	if (!setjmp(body_end))
		body();
	fired = host_fail_fired();
	env_end();
	return fired;
}

void env_run(void (*body)(void), bool inject)
{
	run_once(body, true, 0);
	run_once(body, false, 0);
	for (unsigned n = 1; inject && run_once(body, false, n); n++)
		CHECK(n < MAX_INJECTED);
}

void env_step(const char *file, int line)
{
	for (unsigned i = 0; i < nr_mms; i++) {
		unsigned asid = mms[i]->ctx.asid & LAST_ASID;
		uint64_t va;

		mm_verify(mms[i]);
		if (asid && mmu_find_stale(~mms[i]->ctx.tlb_stale_mask, asid,
					   virt_to_phys(mms[i]->pgd), &va))
			tap_fail(file, line, "no fence for %#llx",
				 (unsigned long long)va);
	}
}

static void leave_if_injected(bool oom)
{
	if (oom && env_injected() && !env_keeps_going)
		longjmp(body_end, 1);
}

long env_try(const char *file, int line, long result)
{
	env_step(file, line);
	leave_if_injected(result == -ENOMEM || result == -EAGAIN);
	return result;
}

static void mm_add(struct mm_struct *mm)
{
	BUG_ON(nr_mms == MAX_MMS);
	mms[nr_mms++] = mm;
}

struct mm_struct *env_mm(void)
{
	struct mm_struct *mm = mm_alloc();

	leave_if_injected(!mm);
	CHECK(mm);
	mm_add(mm);
	env_switch(0, mm);
	return mm;
}

struct mm_struct *env_try_fork(struct mm_struct *mm)
{
	struct mm_struct *child = NULL;
	int error = mm_fork(mm, &child);

	if (!error)
		mm_add(child);
	TRY(error);
	return child;
}

struct mm_struct *env_fork(struct mm_struct *mm)
{
	struct mm_struct *child = env_try_fork(mm);

	CHECK(child);
	return child;
}

void env_exit(struct mm_struct *mm)
{
	unsigned i = 0, self = machine_hart();

	for (unsigned hart = 0; hart < MMU_HARTS; hart++)
		if (on_hart[hart] == mm)
			env_switch(hart, NULL);
	env_hart(self);
	while (mms[i] != mm)
		i++;
	mms[i] = mms[--nr_mms];
	mmput(mm);
}

/* What mm_activate() of the kernel does. */
void env_switch(unsigned hart, struct mm_struct *mm)
{
	struct mm_struct *prev = on_hart[hart];

	host_this.hart = hart;
	on_hart[hart] = mm;
	if (prev == mm)
		return;
	if (mm && !mm->ctx.asid) {
		BUG_ON(last_asid == LAST_ASID);
		mm->ctx.asid = ++last_asid;
	}
	if (mm && mm_hart_enter(mm))
		mmu_fence(1ULL << hart, (unsigned)mm->ctx.asid, 0, ~0ULL);
	if (mm)
		mmu_set_satp(hart, (unsigned)mm->ctx.asid,
			     virt_to_phys(mm->pgd));
	else
		mmu_set_satp(hart, 0, 0);
	if (prev)
		mm_hart_leave(prev);
}

void env_hart(unsigned hart)
{
	host_this.hart = hart;
}

vaddr_t env_mmap(struct mm_struct *mm, vaddr_t at, uint64_t npages,
		 unsigned prot)
{
	unsigned fixed = at ? MAP_FIXED_NOREPLACE : 0;
	long va =
	    TRY(do_mmap(mm, NULL, at, npages * PG, prot, ANON | fixed, 0));

	CHECK(va > 0);
	return va;
}

static void file_release(struct file *file)
{
	nr_live_files--;
	free(container_of(file, struct env_file, file));
}

static void file_describe(struct file *file, char *buf, size_t len,
			  uint64_t *dev, uint64_t *ino)
{
	snprintf(buf, len, "%s", env_inode(file)->name);
	*dev = 1;
	*ino = 2;
}

static const struct file_vm_operations file_ops = {
    .release = file_release,
    .describe = file_describe,
};

static int on_mkwrite(struct address_space *mapping, struct page *page)
{
	struct env_inode *inode =
	    container_of(mapping, struct env_inode, mapping);

	(void)page;
	fetch_add_relaxed(&inode->nr_mkwrite, 1);
	return inode->forbid_mkwrite ? -ENOSPC : 0;
}

static struct file *file_new(struct env_inode *inode, uint32_t mode)
{
	struct env_file *f = calloc(1, sizeof(*f));

	BUG_ON(!f || nr_files == MAX_MMS);
	f->inode = inode;
	f->file.f_count = 1;
	f->file.f_mode = mode;
	f->file.f_mapping = &inode->mapping;
	f->file.f_vm_ops = &file_ops;
	nr_live_files++;
	files[nr_files++] = &f->file;
	return &f->file;
}

static void file_fill(struct env_inode *inode, uint64_t size, uint64_t holes)
{
	for (pgoff_t i = 0; i < PAGE_ALIGN(size) / PG; i++) {
		struct page *page;
		uint64_t *word;

		if (i < 64 && holes >> i & 1)
			continue;
		page = filemap_find_or_add(&inode->mapping, i, GFP_USER);
		leave_if_injected(!page);
		CHECK(page);
		word = page_address(page);
		for (uint64_t off = i * PG; off < min((i + 1) * PG, size);
		     off += 8)
			*word++ = FILE_WORD(off);
		page_put(page);
	}
}

struct file *env_file(uint64_t size, uint64_t holes)
{
	struct env_inode *inode = calloc(1, sizeof(*inode));
	struct file *file;

	BUG_ON(!inode);
	mapping_init(&inode->mapping, inode);
	inode->mapping.page_mkwrite = on_mkwrite;
	inode->mapping.i_size = size;
	snprintf(inode->name, sizeof(inode->name), "/file%u", nr_files);
	inode->next = inodes;
	inodes = inode;
	file = file_new(inode, FMODE_READ | FMODE_WRITE | FMODE_EXEC);
	file_fill(inode, size, holes);
	return file;
}

struct file *env_open(struct file *file, uint32_t mode)
{
	return file_new(env_inode(file), mode);
}

struct env_inode *env_inode(struct file *file)
{
	return container_of(file, struct env_file, file)->inode;
}

bool env_file_word(struct file *file, uint64_t off, uint64_t *word)
{
	struct page *page = filemap_find(file->f_mapping, off / PG);

	if (!page)
		return false;
	memcpy(word, (char *)page_address(page) + off % PG, 8);
	page_put(page);
	return true;
}

struct page *env_page(void)
{
	struct page *page =
	    page_alloc(0, GFP_KERNEL | GFP_ZERO | GFP_NOFAIL_INJECT);

	BUG_ON(!page || nr_pages == MAX_PAGES);
	pages[nr_pages++] = page;
	return page;
}

static uint32_t flags_of(enum mmu_cause cause, bool supervisor)
{
	uint32_t who = supervisor ? 0 : FAULT_FLAG_USER;

	switch (cause) {
	case MMU_FETCH_PAGE:
		return who | FAULT_FLAG_KILLABLE | FAULT_FLAG_INSTRUCTION;
	case MMU_LOAD_PAGE:
		return who | FAULT_FLAG_KILLABLE | FAULT_FLAG_READ;
	default:
		return who | FAULT_FLAG_KILLABLE | FAULT_FLAG_WRITE;
	}
}

/*
 * One page fault, as the trap handler takes it. False: it ends in a signal.
 * The outcome tells of the last fault that was not merely a stale translation.
 */
static bool handle(struct outcome *out, enum mmu_cause cause, bool supervisor)
{
	struct mm_struct *mm = on_hart[machine_hart()];
	struct fault_report report;

	memset(&report, 0x5a, sizeof(report));
	out->nr_faults++;
	out->fault =
	    mm_fault(mm, out->stval,
		     flags_of(cause, supervisor) | FAULT_FLAG_TRACE, &report);
	CHECK(report.kind < NR_FAULT_KINDS);
	CHECK(!vm_fault_released(out->fault));
	env_stats.kind[report.kind]++;
	if (report.kind != FAULT_SPURIOUS || out->nr_faults == 1) {
		out->kind = report.kind;
		out->report = report;
	}
	if (vm_fault_has(out->fault, VM_FAULT_ERROR)) {
		out->signal = report.signal;
		out->code = report.code;
		out->oom = vm_fault_has(out->fault, VM_FAULT_OOM);
		CHECK(out->signal || out->oom);
		return false;
	}
	CHECK_EQ(report.signal, 0);
	return true;
}

static struct outcome access_loop(vaddr_t va, void *buf, size_t len,
				  enum mmu_access access, bool supervisor)
{
	struct outcome out = {.kind = FAULT_NONE};
	enum mmu_cause cause;

	for (unsigned i = 0; i < MAX_TRIES; i++) {
		cause = mmu_access(machine_hart(), va, buf, len, access,
				   supervisor, &out.stval);
		if (cause == MMU_DONE)
			return out;
		if (cause == MMU_STORE_MISALIGNED) {
			out.signal = SIGBUS;
			out.code = BUS_ADRALN;
			return out;
		}
		/* An access fault: a translation that leads outside RAM. */
		CHECK(cause >= MMU_FETCH_PAGE);
		if (!handle(&out, cause, supervisor))
			return out;
	}
	tap_fail(__FILE__, __LINE__, "access %d to %#llx does not get through",
		 access, (unsigned long long)va);
	return out;
}

struct outcome env_access(vaddr_t va, void *buf, size_t len,
			  enum mmu_access access)
{
	struct outcome out = access_loop(va, buf, len, access, false);

	env_step(__FILE__, __LINE__);
	leave_if_injected(out.oom);
	return out;
}

struct outcome env_uaccess(vaddr_t va, void *buf, size_t len, bool write)
{
	struct outcome out =
	    access_loop(va, buf, len, write ? MMU_STORE : MMU_LOAD, true);

	env_step(__FILE__, __LINE__);
	leave_if_injected(out.oom);
	return out;
}

uint64_t env_load(const char *file, int line, vaddr_t va)
{
	uint64_t value = 0;
	struct outcome out = env_access(va, &value, 8, MMU_LOAD);

	if (out.signal || out.oom)
		tap_fail(file, line, "load of %#llx: signal %d code %d",
			 (unsigned long long)va, out.signal, out.code);
	return value;
}

void env_store(const char *file, int line, vaddr_t va, uint64_t value)
{
	struct outcome out = env_access(va, &value, 8, MMU_STORE);

	if (out.signal || out.oom)
		tap_fail(file, line, "store to %#llx: signal %d code %d",
			 (unsigned long long)va, out.signal, out.code);
}

struct outcome env_check_access(const char *file, int line, vaddr_t va,
				enum mmu_access access, int signal, int code,
				enum fault_kind kind)
{
	uint64_t value = 0x1234;
	struct outcome out =
	    env_access(va, &value, access == MMU_FETCH ? 4 : 8, access);

	if (out.signal != signal || out.code != code || out.oom)
		tap_fail(file, line,
			 "access to %#llx: signal %d code %d oom %d, not %d %d",
			 (unsigned long long)va, out.signal, out.code, out.oom,
			 signal, code);
	if (kind != NR_FAULT_KINDS && out.kind != kind)
		tap_fail(file, line, "fault is %s, not %s",
			 fault_kind_name(out.kind), fault_kind_name(kind));
	return out;
}

void env_stats_clear(void)
{
	memset(&env_stats, 0, sizeof(env_stats));
}

static int area_print(char *buf, size_t len, const struct vma_info *info,
		      vaddr_t base)
{
	uint64_t f = info->flags;
	char off[24] = "";

	if (info->file)
		snprintf(off, sizeof(off), " %llu",
			 (unsigned long long)info->pgoff);
	return snprintf(buf, len, "%llu-%llu %c%c%c%c%s%s%s%s%s",
			(unsigned long long)(info->start - base) / PG,
			(unsigned long long)(info->end - base) / PG,
			f & VM_READ ? 'r' : '-', f & VM_WRITE ? 'w' : '-',
			f & VM_EXEC ? 'x' : '-', f & VM_SHARED ? 's' : 'p',
			f & VM_LOCKED ? "L" : "", f & VM_GROWSDOWN ? "G" : "",
			f & VM_DONTCOPY ? "D" : "",
			f & VM_WIPEONFORK ? "W" : "", off);
}

const char *env_areas(struct mm_struct *mm, vaddr_t base, vaddr_t end)
{
	static char text[4096];
	struct vma_info info;
	vaddr_t at = base;
	size_t used = 0;

	text[0] = '\0';
	while (mm_next_area(mm, at, &info, false) && info.start < end) {
		at = info.end;
		if (info.start >= base && used < sizeof(text) - 64) {
			if (used)
				used += (size_t)snprintf(text + used, 3, "; ");
			used +=
			    (size_t)area_print(text + used, 64, &info, base);
		}
		file_put(info.file);
	}
	return text;
}

void env_check_areas(const char *file, int line, struct mm_struct *mm,
		     vaddr_t base, vaddr_t end, const char *text)
{
	if (!env_injected())
		tap_check_str(file, line, "areas", env_areas(mm, base, end),
			      text);
}

unsigned env_resident(struct mm_struct *mm, vaddr_t start, vaddr_t end)
{
	unsigned nr = 0;

	for (vaddr_t va = start; va < end; va += PG)
		nr += mm_pagemap(mm, va) >> 63;
	return nr;
}
