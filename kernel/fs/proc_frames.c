/* SPDX-License-Identifier: MIT */
/*
 * /proc: what is known of each frame of memory: kpagecount and kpageflags. It
 * is read without a lock, so it is exact when nothing else runs.
 */
#include "kernel/fs/proc.h"
#include "kernel/fs/special.h"
#include "mm/page.h"

#include "abi/errno.h"

/* Bits of a word of kpageflags: Documentation/admin-guide/mm/pagemap.rst. */
#define KPF_LOCKED     0
#define KPF_UPTODATE   3
#define KPF_DIRTY      4
#define KPF_LRU	       5
#define KPF_SLAB       7
#define KPF_BUDDY      10
#define KPF_MMAP       11
#define KPF_ANON       12
#define KPF_SWAPBACKED 14
#define KPF_HWPOISON   19
#define KPF_NOPAGE     20
#define KPF_ZERO_PAGE  24
#define KPF_PGTABLE    26
#define KPF_RESERVED   32

long proc_read_words(struct io *io, uint64_t *pos, uint64_t nr,
		     uint64_t (*word)(void *ctx, uint64_t n), void *ctx)
{
	long total = 0;

	if (*pos % 8 || io->count % 8)
		return -EINVAL;
	while (io->count && *pos / 8 < nr) {
		uint64_t words[32], first = *pos / 8;
		size_t n = min(io->count / 8, ARRAY_SIZE(words)), done;

		n = min(n, nr - first);
		for (size_t i = 0; i < n; i++)
			words[i] = word(ctx, first + i);
		done = io_put(io, words, n * 8);
		*pos += done;
		total += (long)done;
		if (done < n * 8)
			return total ? total : -EFAULT;
	}
	return total;
}

static uint64_t frame_flags(void *ctx, uint64_t pfn)
{
	static const struct {
		uint8_t flag, bit;
	} table[] = {
	    {PG_LOCKED, KPF_LOCKED},	{PG_UPTODATE, KPF_UPTODATE},
	    {PG_DIRTY, KPF_DIRTY},	{PG_HWPOISON, KPF_HWPOISON},
	    {PG_SHMEM, KPF_SWAPBACKED},
	};
	const struct page *page = pfn_to_page(pfn);
	uint64_t bits = 0;

	(void)ctx;
	if (!pfn_valid(pfn))
		return 1UL << KPF_NOPAGE;
	for (unsigned i = 0; i < ARRAY_SIZE(table); i++)
		if (page_test_flag(page, table[i].flag))
			bits |= 1UL << table[i].bit;
	switch (load_relaxed(&page->type)) {
	case PAGE_RESERVED:
		return 1UL << KPF_RESERVED;
	case PAGE_FREE:
		return 1UL << KPF_BUDDY;
	case PAGE_PCP:
		return 0;
	case PAGE_SLAB:
		return 1UL << KPF_SLAB;
	case PAGE_TABLE:
		return 1UL << KPF_PGTABLE;
	case PAGE_ANON:
		bits |= 1UL << KPF_ANON | 1UL << KPF_SWAPBACKED |
			1UL << KPF_UPTODATE | 1UL << KPF_LRU;
		break;
	case PAGE_FILE:
		bits |= 1UL << KPF_LRU;
		break;
	default:
		return page == zero_page ? 1UL << KPF_ZERO_PAGE : bits;
	}
	if (page_mapcount(page))
		bits |= 1UL << KPF_MMAP;
	return bits;
}

static uint64_t frame_count(void *ctx, uint64_t pfn)
{
	(void)ctx;
	return pfn_valid(pfn) ? page_mapcount(pfn_to_page(pfn)) : 0;
}

/* The file's private data is what gives a frame's word. */
static long frames_read(struct open_file *file, struct io *io, uint64_t *pos)
{
	uint64_t (*word)(void *, uint64_t) = file->inode->private;

	return proc_read_words(io, pos, mem_map_end_pfn, word, NULL);
}

static const struct file_ops frames_ops = {
    .read = frames_read,
    .lseek = seq_lseek,
};

void proc_frames_init(void)
{
	kernel_file("/proc/kpageflags", FS_PROC, S_IFREG | 0400, &frames_ops,
		    frame_flags);
	kernel_file("/proc/kpagecount", FS_PROC, S_IFREG | 0400, &frames_ops,
		    frame_count);
}
