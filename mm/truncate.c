/* SPDX-License-Identifier: MIT */
/*
 * Taking pages away from files: truncation, holes, and the end of an inode.
 * The order of steps is explained in filemap.c.
 */
#include <string.h>

#include "abi/errno.h"
#include "mm/file.h"
#include "mm/internal.h"
#include "mm/vma.h"

void unmap_mapping_range(struct address_space *mapping, pgoff_t start,
			 pgoff_t end, bool even_cows)
{
	struct interval_node *node;

	if (start >= end)
		return;
	down_read(&mapping->i_mmap_rwsem);
	interval_for_each (node, &mapping->i_mmap, start, end - 1) {
		struct vm_area_struct *vma =
		    container_of(node, struct vm_area_struct, shared);
		pgoff_t first = max(start, vma->vm_pgoff);
		pgoff_t last = min(end, vma->vm_pgoff + vma_pages(vma));
		struct tlb_gather gather;

		tlb_gather_init(&gather, vma->vm_mm, false);
		zap_pages(
		    &gather, vma,
		    vma->vm_start + ((first - vma->vm_pgoff) << PAGE_SHIFT),
		    vma->vm_start + ((last - vma->vm_pgoff) << PAGE_SHIFT),
		    even_cows ? 0 : ~0UL);
		tlb_gather_finish(&gather);
	}
	up_read(&mapping->i_mmap_rwsem);
}

/* The page leaves the cache; its entries are zapped by the caller. */
static void delete_page(struct address_space *mapping, struct page *page)
{
	page_lock(page);
	spin_lock(&mapping->pages_lock);
	page_index_remove(&mapping->pages, page->index);
	mapping->nr_pages--;
	page->mapping = NULL;
	spin_unlock(&mapping->pages_lock);
	page_unlock(page);
	page_put(page);
}

/* Remove all pages of [start, end); additions are excluded by the caller. */
static void delete_pages(struct address_space *mapping, pgoff_t start,
			 pgoff_t end)
{
	for (;;) {
		struct page *page;
		pgoff_t at;

		spin_lock(&mapping->pages_lock);
		page = page_index_next(&mapping->pages, start, &at);
		spin_unlock(&mapping->pages_lock);
		if (!page || at >= end)
			return;
		delete_page(mapping, page);
		start = at + 1;
	}
}

/* invalidate_lock is held for writing. */
static void remove_range(struct address_space *mapping, pgoff_t start,
			 pgoff_t end, bool even_cows)
{
	unmap_mapping_range(mapping, start, end, even_cows);
	delete_pages(mapping, start, end);
	/* Those that were faulted in between the two. */
	unmap_mapping_range(mapping, start, end, even_cows);
}

/* Bytes of the last page behind the new end must read as zeros again. */
static void zero_tail(struct address_space *mapping, uint64_t size)
{
	uint64_t offset = size & ~PAGE_MASK;
	struct page *page;

	if (!offset)
		return;
	page = filemap_find(mapping, size >> PAGE_SHIFT);
	if (!page)
		return;
	memset((char *)page_address(page) + offset, 0, PAGE_SIZE - offset);
	page_put(page);
}

int truncate_setsize(struct address_space *mapping, uint64_t size)
{
	uint64_t old;

	down_write(&mapping->invalidate_lock);
	old = mapping->i_size;
	store_release(&mapping->i_size, size);
	if (size < old) {
		remove_range(mapping, PAGE_ALIGN(size) >> PAGE_SHIFT,
			     ~0UL >> PAGE_SHIFT, true);
		zero_tail(mapping, size);
	}
	up_write(&mapping->invalidate_lock);
	return 0;
}

int truncate_hole(struct address_space *mapping, pgoff_t start, pgoff_t end)
{
	down_write(&mapping->invalidate_lock);
	remove_range(mapping, start, end, false);
	up_write(&mapping->invalidate_lock);
	return 0;
}

void mapping_destroy(struct address_space *mapping)
{
	BUG_ON(!interval_is_empty(&mapping->i_mmap));
	delete_pages(mapping, 0, ~0UL);
	page_index_destroy(&mapping->pages);
}
