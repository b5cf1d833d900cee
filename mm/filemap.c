/* SPDX-License-Identifier: MIT */
/*
 * The page cache: pages of files, how they are found, mapped and taken away.
 *
 * Truncation against faults. A page leaves the cache under its page lock and
 * pages_lock, after i_size was lowered; after that all its entries are zapped
 * once more. A fault installs an entry either with the page locked and seen to
 * be in the cache still, or (filemap_map_pages) under pages_lock. So an entry
 * is installed before the page left, and the second zap finds it, or not at
 * all.
 *
 * Order: invalidate_lock, i_mmap_rwsem, page lock, pages_lock, table lock.
 */
#include <string.h>

#include "abi/errno.h"
#include "lib/waitqueue.h"
#include "mm/fault.h"
#include "mm/file.h"
#include "mm/internal.h"
#include "mm/pagetable.h"
#include "mm/rmap.h"
#include "mm/slab.h"
#include "mm/vma.h"

#define NR_PAGE_QUEUES 16

/* Threads that wait for page locks, by page; a few share a queue. */
static struct wait_queue page_queues[NR_PAGE_QUEUES];

void filemap_init(void)
{
	for (unsigned i = 0; i < NR_PAGE_QUEUES; i++)
		wait_queue_init(&page_queues[i]);
}

static struct wait_queue *page_queue(const struct page *page)
{
	return &page_queues[page_to_pfn(page) % NR_PAGE_QUEUES];
}

/* Try, and leave a mark so that the unlocker wakes us. */
static bool trylock_or_mark(struct page *page)
{
	return !(fetch_or_acq_rel(&page->flags, PG_LOCKED | PG_WAITERS) &
		 PG_LOCKED);
}

void page_lock(struct page *page)
{
	if (unlikely(!page_trylock(page)))
		wait_event(page_queue(page), trylock_or_mark(page));
}

void page_wake_waiters(struct page *page)
{
	wake_all(page_queue(page));
}

void file_put(struct file *file)
{
	if (file && fetch_sub_acq_rel(&file->f_count, 1) == 1)
		file->f_vm_ops->release(file);
}

void mapping_init(struct address_space *mapping, void *host)
{
	static uint64_t last_id;

	memset(mapping, 0, sizeof(*mapping));
	spin_init(&mapping->pages_lock);
	rwsem_init(&mapping->invalidate_lock);
	rwsem_init(&mapping->i_mmap_rwsem);
	interval_root_init(&mapping->i_mmap, &i_mmap_ops);
	mapping->id = fetch_add_relaxed(&last_id, 1) + 1;
	mapping->host = host;
}

/* Number of pages that i_size reaches into. */
static pgoff_t size_pages(const struct address_space *mapping)
{
	return (load_acquire(&mapping->i_size) + PAGE_SIZE - 1) >> PAGE_SHIFT;
}

static inline struct page *find_page(struct address_space *mapping,
				     pgoff_t pgoff)
{
	struct page *page;

	spin_lock(&mapping->pages_lock);
	page = page_index_find(&mapping->pages, pgoff);
	if (likely(page))
		page_get(page);
	spin_unlock(&mapping->pages_lock);
	return page;
}

struct page *filemap_find(struct address_space *mapping, pgoff_t pgoff)
{
	return find_page(mapping, pgoff);
}

__cold int filemap_adopt(struct address_space *mapping, pgoff_t pgoff,
			 struct page *page)
{
	int err;

	spin_lock(&mapping->pages_lock);
	err = page_index_prepare(&mapping->pages, pgoff);
	if (!err && page_index_find(&mapping->pages, pgoff))
		err = -EEXIST;
	if (!err) {
		page_set_type(page, PAGE_FILE);
		page->mapping = mapping;
		page->index = pgoff;
		page_set_flag(page, mapping->is_shmem ? PG_UPTODATE | PG_SHMEM
						      : PG_UPTODATE);
		page_index_store(&mapping->pages, pgoff, page);
		mapping->nr_pages++;
	}
	spin_unlock(&mapping->pages_lock);
	return err;
}

struct page *filemap_find_or_add(struct address_space *mapping, pgoff_t pgoff,
				 unsigned gfp)
{
	for (;;) {
		struct page *page = filemap_find(mapping, pgoff);
		int err;

		if (page)
			return page;
		page = page_alloc(0, gfp | GFP_ZERO);
		if (!page)
			return NULL;
		page_get(page); /* the caller's */
		err = filemap_adopt(mapping, pgoff, page);
		if (!err)
			return page;
		page_put(page);
		page_put(page);
		if (err != -EEXIST)
			return NULL;
	}
}

/* The page was not there: fill the hole, unless the file ends before it. */
static __noinline __cold vm_fault_t fill_hole(struct address_space *mapping,
					      pgoff_t pgoff,
					      struct page **pagep)
{
	vm_fault_t fault = VM_FAULT_NONE;

	down_read(&mapping->invalidate_lock);
	if (pgoff >= size_pages(mapping)) {
		fault = vm_fault_make(VM_FAULT_SIGBUS);
	} else {
		*pagep = filemap_find_or_add(mapping, pgoff, GFP_USER);
		if (!*pagep)
			fault = vm_fault_make(VM_FAULT_OOM);
	}
	up_read(&mapping->invalidate_lock);
	return fault;
}

/*
 * The page of a fault is locked by somebody else. Rather than sleep with the
 * area locked, the first attempt gives the guard back, waits, and asks for a
 * retry; the second one waits. Returns whether the page is locked now.
 */
static __noinline __cold bool lock_page_or_retry(struct vm_fault *vmf,
						 struct page *page)
{
	if (!(vmf->flags & FAULT_FLAG_ALLOW_RETRY) ||
	    vmf->flags & FAULT_FLAG_TRIED) {
		page_lock(page);
		return true;
	}
	vmf_release(vmf);
	page_lock(page);
	page_unlock(page);
	return false;
}

static __cold vm_fault_t filemap_fault(struct vm_fault *vmf)
{
	struct address_space *mapping = vmf->vma->vm_file->f_mapping;

	while (likely(vmf->pgoff < size_pages(mapping))) {
		struct page *page = find_page(mapping, vmf->pgoff);

		if (unlikely(!page)) {
			vm_fault_t fault =
			    fill_hole(mapping, vmf->pgoff, &page);

			if (vm_fault_has(fault, VM_FAULT_SIGBUS))
				break;
			if (fault.bits)
				return fault;
		}
		if (unlikely(!page_trylock(page)) &&
		    !lock_page_or_retry(vmf, page)) {
			page_put(page);
			return vm_fault_make(VM_FAULT_RETRY);
		}
		if (likely(page->mapping == mapping)) {
			vmf->page = page;
			return vm_fault_make(VM_FAULT_LOCKED);
		}
		page_unlock(page); /* truncated meanwhile */
		page_put(page);
	}
	vmf->report->kind = FAULT_PAST_EOF;
	return vm_fault_make(VM_FAULT_SIGBUS);
}

/*
 * Fill the empty ones of n entries from *ptep with the n pages of a node from
 * *slot, as far as there are any; how many. Both locks are held.
 */
static inline unsigned map_run(pte_t *ptep, void **slot, uint64_t n,
			       pgprot_t prot)
{
	unsigned nr = 0;

	for (; n; n--, slot++, ptep++) {
		struct page *page = *slot;

		if (!page || page_test_flag(page, PG_HWPOISON) ||
		    !pte_is_none(pte_load(ptep)))
			continue;
		fetch_add_relaxed(&page->count, PAGE_MAPPING);
		pte_store(ptep, pte_make_page(page, prot));
		nr++;
	}
	return nr;
}

/* The same for the pages [at, end): one descent for each node. */
static inline unsigned map_window(pte_t *ptep, const struct page_index *pages,
				  pgoff_t at, pgoff_t end, pgprot_t prot)
{
	unsigned nr = 0;

	while (at < end) {
		void **slot = page_index_leaf_slot(pages, at);
		uint64_t n = PAGE_INDEX_SLOTS - at % PAGE_INDEX_SLOTS;

		n = min(n, end - at);
		if (slot)
			nr += map_run(ptep, slot, n, prot);
		ptep += n;
		at += n;
	}
	return nr;
}

/*
 * Map what is there of a window that lies in one table and holds vmf->pgoff.
 * NOPAGE when the entry asked for is there afterwards.
 */
static vm_fault_t filemap_map_pages(struct vm_fault *vmf, pgoff_t start,
				    pgoff_t end)
{
	struct vm_area_struct *vma = vmf->vma;
	struct address_space *mapping = vma->vm_file->f_mapping;
	pgprot_t prot = vma_file_prot(vma);
	pte_t *target = vmf->pte;
	struct spinlock *ptl = pte_lockptr(target);
	bool has_target;
	unsigned nr;

	spin_lock(&mapping->pages_lock);
	spin_lock(ptl);
	end = min(end, size_pages(mapping));
	nr = map_window(target - (vmf->pgoff - start), &mapping->pages, start,
			end, prot);
	has_target = !pte_is_none(pte_load(target));
	spin_unlock(ptl);
	spin_unlock(&mapping->pages_lock);
	if (nr)
		add_mm_counter(vma->vm_mm, file_rss_kind(vma), nr);
	if (!has_target)
		return VM_FAULT_NONE;
	vmf->report->kind = FAULT_FILE_READ;
	return vm_fault_make(VM_FAULT_NOPAGE);
}

static __cold vm_fault_t filemap_page_mkwrite(struct vm_fault *vmf)
{
	struct address_space *mapping = vmf->vma->vm_file->f_mapping;
	struct page *page = vmf->page;

	if (mapping->page_mkwrite(mapping, page))
		return vm_fault_make(VM_FAULT_SIGBUS);
	page_lock(page);
	if (page->mapping == mapping)
		return vm_fault_make(VM_FAULT_LOCKED);
	page_unlock(page); /* truncated meanwhile: fault again, see SIGBUS */
	return vm_fault_make(VM_FAULT_NOPAGE);
}

const struct vm_operations_struct generic_file_vm_ops = {
    .fault = filemap_fault,
    .map_pages = filemap_map_pages,
};

/* For files that want to know of the first write to each page. */
static const struct vm_operations_struct notify_file_vm_ops = {
    .fault = filemap_fault,
    .map_pages = filemap_map_pages,
    .page_mkwrite = filemap_page_mkwrite,
};

int generic_file_mmap(struct file *file, struct vm_area_struct *vma)
{
	if (!file->f_mapping)
		return -ENODEV;
	vma->vm_ops = file->f_mapping->page_mkwrite ? &notify_file_vm_ops
						    : &generic_file_vm_ops;
	return 0;
}
