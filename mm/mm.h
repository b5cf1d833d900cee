/* SPDX-License-Identifier: MIT */
/*
 * Operations on an address space: what the system calls and exec call.
 *
 * Each function takes the locks it needs; the caller holds none. All may
 * sleep. Addresses and lengths come raw from programs and are checked here;
 * results are 0 (or an address) or -Exxx as Linux gives it. prot is PROT_*,
 * flags MAP_* and so on from abi/mman.h.
 */
#pragma once

#include "abi/mman.h"
#include "mm/file.h"
#include "mm/mm_types.h"

/*
 * How freely memory is promised, see proc_sys_vm(5); any value may change at
 * any time. A limit in KiB, if there is one, replaces the ratio of all memory
 * in percent; both count in mode OVERCOMMIT_NEVER alone.
 */
#define OVERCOMMIT_GUESS  0
#define OVERCOMMIT_ALWAYS 1
#define OVERCOMMIT_NEVER  2
extern long sysctl_overcommit_memory, sysctl_overcommit_ratio,
    sysctl_overcommit_kbytes;

/* Pages promised by now, in all address spaces; the kernel knows them. */
extern uint64_t (*vm_memory_committed)(void);
uint64_t vm_commit_limit(void);

/* May this many pages more be promised? */
bool may_commit(uint64_t npages);

/* Set up the caches of this folder and the zero page; once, at boot. */
void mm_init(void);

/*
 * A fresh, empty address space with one user; NULL when out of memory. Limits
 * are unlimited (stack 8 MiB) until the caller sets mm->limits.
 */
struct mm_struct *mm_alloc(void);

static inline void mmget(struct mm_struct *mm)
{
	fetch_add_relaxed(&mm->mm_users, 1);
}

/*
 * mmget unless the last user is gone already; for those who found the mm by
 * other means (/proc, ptrace) and hold mm_count or a lock that keeps it.
 */
bool mmget_not_zero(struct mm_struct *mm);

/* Drop a user; the last one unmaps everything and frees all pages. */
void mmput(struct mm_struct *mm);

/* Keep or drop the struct alone. */
void mmgrab(struct mm_struct *mm);
void mmdrop(struct mm_struct *mm);

/*
 * fork: a copy of old whose private pages are shared copy-on-write. 0 or
 * -ENOMEM; *newp has one user. Also called as dup_mm.
 */
int mm_fork(struct mm_struct *old, struct mm_struct **newp);

/* What a forked or executed program keeps: no memory both W and X. */
static inline void mm_inherit(struct mm_struct *mm, const struct mm_struct *old)
{
	uint32_t deny = load_relaxed(&old->deny_write_exec);

	store_relaxed(&mm->deny_write_exec, deny & 2 ? 0 : deny);
}

/* mmap(2). file NULL for anonymous memory. The address, or -Exxx. */
long do_mmap(struct mm_struct *mm, struct file *file, vaddr_t addr,
	     uint64_t len, unsigned prot, unsigned flags, pgoff_t pgoff);

int do_munmap(struct mm_struct *mm, vaddr_t addr, uint64_t len);

/* Unmap [start, end) and remove its areas; mmap_lock is held for writing. */
int munmap_locked(struct mm_struct *mm, vaddr_t start, vaddr_t end);

int do_mprotect(struct mm_struct *mm, vaddr_t addr, uint64_t len,
		unsigned prot);
long do_mremap(struct mm_struct *mm, vaddr_t addr, uint64_t old_len,
	       uint64_t new_len, unsigned flags, vaddr_t new_addr);
int do_remap_file_pages(struct mm_struct *mm, vaddr_t addr, uint64_t len,
			unsigned prot, pgoff_t pgoff, unsigned flags);
int do_madvise(struct mm_struct *mm, vaddr_t addr, uint64_t len, int advice);
int do_msync(struct mm_struct *mm, vaddr_t addr, uint64_t len, int flags);
int do_mlock(struct mm_struct *mm, vaddr_t addr, uint64_t len, bool onfault);
int do_munlock(struct mm_struct *mm, vaddr_t addr, uint64_t len);
int do_mlockall(struct mm_struct *mm, int flags);
int do_munlockall(struct mm_struct *mm);
int do_mseal(struct mm_struct *mm, vaddr_t addr, uint64_t len, uint64_t flags);

/* brk(2): the new break, or the old one when it cannot be changed. */
vaddr_t do_brk(struct mm_struct *mm, vaddr_t brk);

/*
 * mincore(2) for [addr, addr + len): calls emit(ctx, first, vec, n) with runs
 * of up to 512 result bytes (bit 0: resident), without a lock held, so that
 * emit may write user memory. 0 or -Exxx (emit's included).
 */
int do_mincore(struct mm_struct *mm, vaddr_t addr, uint64_t len,
	       int (*emit)(void *ctx, uint64_t first, const uint8_t *vec,
			   unsigned n),
	       void *ctx);

/*
 * Make room for a program's first stack: an area of VM_GROWSDOWN whose top is
 * `top`, initially `size` bytes. 0 or -Exxx.
 */
int mm_setup_stack(struct mm_struct *mm, vaddr_t top, uint64_t size,
		   bool executable);

/*
 * Map `npages` pages that the kernel owns (the vDSO) at a free address, shared
 * by all who map them; never copied, grown or merged. The address or -Exxx.
 */
long install_special_mapping(struct mm_struct *mm, struct page **pages,
			     unsigned npages, unsigned prot, const char *name);

/*
 * Read or write the memory of an address space that need not be the current
 * one, as a fault of that program would (FAULT_FLAG_REMOTE). `force` lets a
 * reader ignore missing permissions. Bytes done; less than len when a page
 * could not be reached, or the caller was killed.
 */
uint64_t access_remote_vm(struct mm_struct *mm, vaddr_t addr, void *buf,
			  uint64_t len, bool write, bool force);

/*
 * Identity of the word at addr for futexes on shared memory: the mapping's id
 * and the offset when the area is shared file memory (*object, *offset), else
 * the address of mm, and addr. A waiter keeps its mm but not the file, whose
 * address another one may have before it wakes. 0, -EFAULT, or -EINTR when
 * killed.
 */
int mm_futex_key(struct mm_struct *mm, vaddr_t addr, bool shared,
		 uint64_t *object, uint64_t *offset);

/* One area as /proc/PID/maps and smaps show it, a copy. */
struct vma_info {
	vaddr_t start, end;
	uint64_t flags; /* VM_* */
	pgoff_t pgoff;
	struct file *file; /* with a reference (file_put), or NULL */
	const char *name;  /* "[heap]", "[stack]", ... or NULL */
	/* Filled when asked for (smaps); bytes. */
	uint64_t rss, pss, pss_dirty, shared_clean, shared_dirty, private_clean,
	    private_dirty, referenced, anonymous, lazyfree, locked;
};

/*
 * Copy the first area with vm_end > addr. Returns false when there is none, or
 * the caller was killed. `usage`: also count its pages.
 */
bool mm_next_area(struct mm_struct *mm, vaddr_t addr, struct vma_info *info,
		  bool usage);

/* /proc/PID/pagemap's word for one page; 0 when killed. */
#define PAGEMAP_FRAME ((1UL << 55) - 1) /* the bits that tell which frame */
uint64_t mm_pagemap(struct mm_struct *mm, vaddr_t addr);

/*
 * Forget which pages were accessed, of areas without (anon) and with a file
 * (file): smaps counts them as Referenced from then on only if they are again.
 */
void mm_clear_refs(struct mm_struct *mm, bool anon, bool file);

/* The most resident pages there were is what there are now. */
void mm_reset_hiwater(struct mm_struct *mm);

/* Resident pages of one kind; exact while nobody maps or unmaps. */
uint64_t get_mm_counter(const struct mm_struct *mm, enum rss_kind kind);

/* All resident pages, and the most there have been at a time. */
uint64_t mm_rss(const struct mm_struct *mm);
uint64_t mm_hiwater_rss(const struct mm_struct *mm);

/* Check every invariant of mm_types.h, its page tables and counts. BUG. */
void mm_verify(struct mm_struct *mm);
