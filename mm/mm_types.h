/* SPDX-License-Identifier: MIT */
/*
 * The central structures of virtual memory: the area (vm_area_struct), the
 * address space (mm_struct) and the typed result of a fault (vm_fault_t).
 *
 * Lock marks at fields; two marks mean: either to read, both to write.
 *   M  mmap_lock of the mm	    V  lock of the area (see mm/vma_lock.h)
 *   P  page_table_lock		    I  i_mmap_rwsem of the file's mapping
 *   A  lock of the anon_vma root   c  constant after creation
 *   a  atomic
 */
#pragma once

#include "lib/interval_tree.h"
#include "lib/list.h"
#include "lib/rbtree.h"
#include "lib/rwsem.h"
#include "lib/spinlock.h"
#include "mm/pte.h"

struct address_space;
struct anon_vma;
struct file;
struct page;
struct vm_area_struct;
struct vm_fault;

/*
 * Result of a page fault: a set of enum vm_fault_reason. One-member struct, so
 * that the compiler refuses to mix it with errno values or signals; a whole
 * register, so that it need not be extended at each look.
 */
typedef struct {
	uint64_t bits;
} vm_fault_t;

enum vm_fault_reason {
	VM_FAULT_OOM = 0x000001,	    /* no memory */
	VM_FAULT_SIGBUS = 0x000002,	    /* no page behind the area */
	VM_FAULT_MAJOR = 0x000004,	    /* had to wait for contents */
	VM_FAULT_HWPOISON = 0x000010,	    /* the page is bad */
	VM_FAULT_HWPOISON_LARGE = 0x000020, /* a bad page of a larger one */
	VM_FAULT_SIGSEGV = 0x000040,	    /* access not allowed */
	VM_FAULT_NOPAGE = 0x000100,	    /* the handler set the PTE itself */
	VM_FAULT_LOCKED = 0x000200,	    /* vmf->page is returned locked */
	VM_FAULT_RETRY = 0x000400,	    /* lock released: look up again */
	VM_FAULT_FALLBACK = 0x000800,	    /* huge page refused, go smaller */
	VM_FAULT_DONE_COW = 0x001000,	    /* the handler copied */
	VM_FAULT_NEEDDSYNC = 0x002000,	    /* file data must be synced first */
	VM_FAULT_COMPLETED = 0x004000,	    /* done, and lock released */
};

/* What makes a fault end in a signal or in OOM handling. */
#define VM_FAULT_ERROR                                                         \
	(VM_FAULT_OOM | VM_FAULT_SIGBUS | VM_FAULT_SIGSEGV |                   \
	 VM_FAULT_HWPOISON | VM_FAULT_HWPOISON_LARGE | VM_FAULT_FALLBACK)

#define VM_FAULT_NONE ((vm_fault_t){0})

static inline vm_fault_t vm_fault_make(uint64_t reasons)
{
	return (vm_fault_t){reasons};
}

static inline bool vm_fault_has(vm_fault_t fault, uint64_t reasons)
{
	return fault.bits & reasons;
}

static inline vm_fault_t vm_fault_or(vm_fault_t fault, uint64_t reasons)
{
	return (vm_fault_t){fault.bits | reasons};
}

/* After these two the guard is consumed and the area must not be touched. */
static inline bool vm_fault_released(vm_fault_t fault)
{
	return vm_fault_has(fault, VM_FAULT_RETRY | VM_FAULT_COMPLETED);
}

/*
 * Flags of an area. Opaque: read with vma_flags() and vma_has(), changed only
 * by vm_flags_init/reset/set/clear/mod of mm/vma.h, which assert the lock.
 */
typedef struct {
	uint64_t bits;
} vm_flags_t;

#define VM_NONE		0x00000000UL
#define VM_READ		0x00000001UL /* the low four as PROT_*, and shared */
#define VM_WRITE	0x00000002UL
#define VM_EXEC		0x00000004UL
#define VM_SHARED	0x00000008UL
#define VM_MAYREAD	0x00000010UL /* mprotect may grant it */
#define VM_MAYWRITE	0x00000020UL
#define VM_MAYEXEC	0x00000040UL
#define VM_MAYSHARE	0x00000080UL
#define VM_GROWSDOWN	0x00000100UL
#define VM_UFFD_MISSING 0x00000200UL
#define VM_PFNMAP	0x00000400UL /* no struct page behind the PTEs */
#define VM_UFFD_WP	0x00001000UL
#define VM_LOCKED	0x00002000UL
#define VM_IO		0x00004000UL
#define VM_SEQ_READ	0x00008000UL
#define VM_RAND_READ	0x00010000UL
#define VM_DONTCOPY	0x00020000UL /* not inherited by fork */
#define VM_DONTEXPAND	0x00040000UL /* mremap may not grow it */
#define VM_LOCKONFAULT	0x00080000UL
#define VM_ACCOUNT	0x00100000UL /* counted as committed */
#define VM_NORESERVE	0x00200000UL
#define VM_WIPEONFORK	0x02000000UL
#define VM_DONTDUMP	0x04000000UL
#define VM_MIXEDMAP	0x10000000UL
#define VM_HUGEPAGE	0x20000000UL
#define VM_NOHUGEPAGE	0x40000000UL
#define VM_MERGEABLE	0x80000000UL
#define VM_DROPPABLE	(1UL << 40) /* pages may go: mm->was_lazy is set */
#define VM_SEALED	(1UL << 63) /* mseal: stays as it is */

#define VM_ACCESS_FLAGS (VM_READ | VM_WRITE | VM_EXEC)
/* Areas that are never merged with a neighbour. */
#define VM_SPECIAL (VM_IO | VM_DONTEXPAND | VM_PFNMAP | VM_MIXEDMAP)

/* Values of vm_refcnt: 0 detached, 1 attached, more: readers. */
#define VMA_LOCK_OFFSET 0x40000000u /* added while a writer waits */
#define VMA_REF_LIMIT	(VMA_LOCK_OFFSET - 1)

/*
 * One area: [vm_start, vm_end) of one address space with the same permissions
 * and backing. Type-stable under RCU. Invariants (mm_verify checks them):
 *  - vm_start < vm_end, both page aligned, no overlap within the mm;
 *  - vm_file is NULL for private anonymous memory and then vm_ops is NULL;
 *  - rb_subtree_gap is the largest gap below an area of this subtree;
 *  - anon_vma is set before the first anonymous page is mapped;
 *  - attached (vm_refcnt >= 1) exactly while it is in the tree, and then its
 *    neighbours in the list are those in the tree.
 */
struct vm_area_struct {
	/* What a descent of the tree reads, by faults in other areas too. */
	vaddr_t vm_start;	 /* M V */
	vaddr_t vm_end;		 /* M V */
	struct rb_node vm_rb;	 /* M; lockless readers may miss */
	struct mm_struct *vm_mm; /* a; changes only while detached */
	vm_flags_t vm_flags;	 /* M V */
	pgprot_t vm_page_prot;	 /* M V */

	struct list_head vm_list;	 /* M; areas of the mm, ascending */
	uint64_t rb_gap;		 /* M; bytes free below (mm/vma.c) */
	uint64_t rb_subtree_gap;	 /* M; largest rb_gap of the subtree */
	struct list_head anon_vma_chain; /* M and A; of anon_vma_chain */
	struct file *vm_file;		 /* M V; holds a reference */
	void *vm_private_data;		 /* the owner of vm_ops */

	/* Written by each fault in this area, and what else it needs. */
	uint32_t vm_lock_seq;	   /* a; written under M for writing */
	uint32_t vm_refcnt;	   /* a */
	struct anon_vma *anon_vma; /* M or V for reading, +P to set */
	const struct vm_operations_struct *vm_ops; /* M V */
	pgoff_t vm_pgoff;			   /* M V; pages */
	struct interval_node shared;		   /* I; node in i_mmap */
};

_Static_assert(sizeof(struct vm_area_struct) <= 192, "budget of an area");
_Static_assert(offsetof(struct vm_area_struct, vm_list) == CACHE_LINE &&
		   offsetof(struct vm_area_struct, vm_lock_seq) ==
		       2 * CACHE_LINE,
	       "a fault writes to no line that others read on their way");

/* What the owner of a mapping does; each may be NULL. */
struct vm_operations_struct {
	/* The area was duplicated by fork, split or mremap. Under M. */
	void (*open)(struct vm_area_struct *vma);
	/* The area is going away. Under M for writing. */
	void (*close)(struct vm_area_struct *vma);
	/* May it be split at addr? 0 or -Exxx. */
	int (*may_split)(struct vm_area_struct *vma, vaddr_t addr);
	/* May mremap move it? 0 or -Exxx. */
	int (*mremap)(struct vm_area_struct *vma);
	/*
	 * Find the page for vmf->pgoff: set vmf->page with a reference
	 * (VM_FAULT_LOCKED: and locked), or set the PTE (VM_FAULT_NOPAGE), or
	 * an error. May sleep. May release the lock by vmf_release() and say
	 * so: VM_FAULT_RETRY, or VM_FAULT_COMPLETED when nothing is left to do.
	 */
	vm_fault_t (*fault)(struct vm_fault *vmf);
	/* Map pages around that are there already: [start, end) offsets. */
	vm_fault_t (*map_pages)(struct vm_fault *vmf, pgoff_t start,
				pgoff_t end);
	/* A shared page is about to become writable. May sleep. */
	vm_fault_t (*page_mkwrite)(struct vm_fault *vmf);
	/* As page_mkwrite for an area without struct pages. */
	vm_fault_t (*pfn_mkwrite)(struct vm_fault *vmf);
	/* Read or write bytes of an area without pages; bytes done or -Exxx. */
	int (*access)(struct vm_area_struct *vma, vaddr_t addr, void *buf,
		      int len, bool write);
	/* Name for /proc/PID/maps, or NULL. */
	const char *(*name)(struct vm_area_struct *vma);
};

/* Kinds of resident pages counted for each mm. */
enum rss_kind { MM_ANONPAGES, MM_FILEPAGES, MM_SHMEMPAGES, NR_RSS };

/*
 * What one hart, or a few, has counted: faults on different harts write to
 * different cache lines. A page may be counted here and uncounted there, so
 * only the sum over all of them means something (get_mm_counter).
 */
#define NR_MM_COUNTERS 4

struct mm_counters {
	int64_t rss[NR_RSS]; /* a; pages */
} __aligned(CACHE_LINE);

/* What the machine layer keeps for each address space (kernel/riscv/asid.c). */
struct mm_context {
	uint64_t asid;	    /* a; generation above the hardware bits */
	uint64_t hart_mask; /* a; harts that run it */
	/*
	 * a; harts that forget its translations before they run it again. What
	 * the others remember agrees with the tables between operations.
	 */
	uint64_t tlb_stale_mask;
};

/* Limits of a process that its address space must obey; bytes. */
struct mm_limits {
	uint64_t as, data, stack, memlock;
};

/*
 * One address space. mm_users counts those who run in it, mm_count those who
 * only keep the struct alive (all users together hold one).
 */
struct mm_struct {
	struct rb_root mm_rb;	/* M; areas by vm_start */
	struct list_head areas; /* M; the same, ascending */
	pte_t *pgd;		/* c; root table, linear address */
	uint32_t map_count;	/* M; number of areas */
	uint32_t mm_lock_seq;	/* a; see mm/vma_lock.h */
	uint64_t def_flags;	/* M; VM_LOCKED after mlockall(MCL_FUTURE) */
	struct mm_context ctx;	/* a */
	uint32_t tlb_flush_pending; /* a; open gathers, 0 between operations */
	uint32_t was_lazy;	    /* a; lazyfree.c: it was in that list */
	struct spinlock page_table_lock; /* upper levels; anon_vma of areas */
	uint32_t mm_users, mm_count;	 /* a */
	uint32_t deny_write_exec; /* a; PR_MDWE_*: 0 or 1, 2: only here */

	struct rwsem mmap_lock; /* its own cache lines, asserted in mm.c */
	struct thread *vma_writer_wait; /* a; who waits for readers to leave */

	uint64_t hiwater_rss;	 /* a; pages; before the last that went */
	uint64_t pgtables_bytes; /* a */
	uint64_t total_vm;	 /* M; pages, as the next four */
	uint64_t locked_vm, data_vm, exec_vm, stack_vm;
	uint64_t hiwater_vm; /* M */

	vaddr_t mmap_base; /* c; mappings are placed below it */
	vaddr_t start_code, end_code, start_data, end_data; /* exec */
	vaddr_t start_brk, brk;				    /* M */
	vaddr_t start_stack, arg_start, arg_end, env_start, env_end;
	vaddr_t vdso;		 /* a; where its special mapping is, or was */
	struct mm_limits limits; /* M */
	struct list_head lazy;	 /* lazyfree.c; valid if was_lazy */
	struct file *exe_file;	 /* exec; holds a reference */
	void *private;		 /* the kernel's */

	struct mm_counters counters[NR_MM_COUNTERS]; /* a; by hart */
};

/* User addresses: [MM_USER_START, MM_USER_END). */
#define MM_USER_START 0x10000UL
#define MM_USER_END   0x4000000000UL

/* An area that may grow keeps this distance from the area below it. */
#define STACK_GUARD_GAP (256UL << PAGE_SHIFT)

/* An address space may have about this many areas. */
extern long sysctl_max_map_count;

/* Why and how the fault came about; arguments of mm_fault. */
#define FAULT_FLAG_WRITE	0x001
#define FAULT_FLAG_READ		0x002 /* a load: needs VM_READ */
#define FAULT_FLAG_ALLOW_RETRY	0x004
#define FAULT_FLAG_RETRY_NOWAIT 0x008
#define FAULT_FLAG_KILLABLE	0x010
#define FAULT_FLAG_TRIED	0x020 /* second try after VM_FAULT_RETRY */
#define FAULT_FLAG_USER		0x040
#define FAULT_FLAG_REMOTE	0x080 /* not the current address space */
#define FAULT_FLAG_INSTRUCTION	0x100
#define FAULT_FLAG_VMA_LOCK	0x200	    /* only the area's lock is held */
#define FAULT_FLAG_ENDS		0x400	    /* see mm/strategy.h */
#define FAULT_FLAG_TRACE	0x80000000u /* describe the area in the report */
