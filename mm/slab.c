/* SPDX-License-Identifier: MIT */
/*
 * Object caches. A slab is one page whose struct page holds the list of its
 * free objects (freelist) and their number (private); slabs with free objects
 * are on cache->partial. Objects move between slabs and the harts' lists in
 * batches of HART_BATCH.
 *
 * The word that links free objects is the first of the object, or the last
 * when the cache is type-stable: a stale reader may still look at the others.
 *
 * Locks: hart list, then cache->lock; both are leaf locks.
 */
#include "mm/slab.h"

#include <string.h>

#include "config.h"

#define HART_MAX   64
#define HART_BATCH 32

#define KMALLOC_SHIFT_MIN 4 /* 16 bytes */
#define KMALLOC_SHIFT_MAX 11
#define KMALLOC_MAX	  (1UL << KMALLOC_SHIFT_MAX)

static struct kmem_cache kmalloc_caches[KMALLOC_SHIFT_MAX + 1];
static struct kmem_cache *caches; /* all, through next */

static void **link_of(const struct kmem_cache *cache, void *object)
{
	return (void **)((char *)object + cache->link);
}

/* Some look at the number without the lock, as a hint. */
static __always_inline void count_free(struct kmem_hart *hart, int n)
{
	store_hint(&hart->nr_free, hart->nr_free + (uint32_t)n);
}

__cold void kmem_cache_init(struct kmem_cache *cache, const char *name,
			    size_t size, unsigned flags, void (*ctor)(void *))
{
	memset(cache, 0, sizeof(*cache));
	cache->name = name;
	cache->size = ALIGN_UP(size, sizeof(void *));
	if (flags & SLAB_TYPE_STABLE)
		cache->link = cache->size - sizeof(void *);
	cache->stride = cache->size;
	if (flags & SLAB_CACHE_ALIGNED)
		cache->stride = ALIGN_UP(cache->stride, CACHE_LINE);
	cache->flags = flags;
	cache->per_slab = PAGE_SIZE / cache->stride;
	cache->ctor = ctor;
	list_init(&cache->partial);
	cache->next = caches;
	caches = cache;
	BUG_ON(cache->per_slab < 1);
}

/* A fresh page, all its objects free. Not on any list yet. */
static struct page *slab_new(struct kmem_cache *cache, unsigned gfp)
{
	struct page *slab =
	    page_alloc(0, (gfp & ~(GFP_ZERO | GFP_USER)) | GFP_NOSHRINK);
	char *object;

	if (!slab)
		return NULL;
	page_set_type(slab, PAGE_SLAB);
	slab->cache = cache;
	slab->freelist = NULL;
	slab->private = cache->per_slab;
	object = page_address(slab);
	for (unsigned i = 0; i < cache->per_slab; i++) {
		if (cache->ctor)
			cache->ctor(object);
		*link_of(cache, object) = slab->freelist;
		slab->freelist = object;
		object += cache->stride;
	}
	return slab;
}

/* Move objects from one slab to a hart's list; both locks are held. */
static void take_from_slab(struct kmem_cache *cache, struct kmem_hart *hart,
			   struct page *slab)
{
	while (slab->freelist && hart->nr_free < HART_BATCH) {
		void *object = slab->freelist;

		slab->freelist = *link_of(cache, object);
		slab->private --;
		*link_of(cache, object) = hart->free;
		hart->free = object;
		count_free(hart, 1);
	}
	if (!slab->freelist)
		list_del(&slab->lru);
}

/* hart->lock is held. Returns whether the hart has an object now. */
static __noinline bool hart_refill(struct kmem_cache *cache,
				   struct kmem_hart *hart, unsigned gfp)
{
	spin_lock(&cache->lock);
	while (!list_empty(&cache->partial) && hart->nr_free < HART_BATCH)
		take_from_slab(
		    cache, hart,
		    list_first_entry(&cache->partial, struct page, lru));
	spin_unlock(&cache->lock);
	if (!hart->nr_free) {
		struct page *slab = slab_new(cache, gfp);

		if (!slab)
			return false;
		spin_lock(&cache->lock);
		cache->nr_slabs++;
		list_add(&slab->lru, &cache->partial);
		take_from_slab(cache, hart, slab);
		spin_unlock(&cache->lock);
	}
	return true;
}

/* Return `nr` of a hart's free objects to their slabs; hart->lock is held. */
static __noinline void hart_drain(struct kmem_cache *cache,
				  struct kmem_hart *hart, unsigned nr)
{
	spin_lock(&cache->lock);
	while (nr--) {
		void *object = hart->free;
		struct page *slab = virt_to_page(object);

		hart->free = *link_of(cache, object);
		count_free(hart, -1);
		if (!slab->freelist)
			list_add(&slab->lru, &cache->partial);
		*link_of(cache, object) = slab->freelist;
		slab->freelist = object;
		slab->private ++;
	}
	spin_unlock(&cache->lock);
}

/* The hart's list is empty; hart->lock is held, and released. */
static __noinline void *alloc_slow(struct kmem_cache *cache,
				   struct kmem_hart *hart, unsigned gfp)
{
	void *object = NULL;

	gfp |= GFP_NOFAIL_INJECT;
	if (!hart_refill(cache, hart, gfp)) {
		/* Shrinkers take locks that ours is inside of. */
		spin_unlock(&hart->lock);
		page_shrink();
		spin_lock(&hart->lock);
	}
	if (hart->free || hart_refill(cache, hart, gfp)) {
		object = hart->free;
		hart->free = *link_of(cache, object);
		count_free(hart, -1);
	}
	spin_unlock(&hart->lock);
	if (object && gfp & GFP_ZERO)
		memset(object, 0, cache->size);
	return object;
}

/* About 25 instructions; nothing is called but in the rare cases. */
void *kmem_cache_alloc(struct kmem_cache *cache, unsigned gfp)
{
	struct kmem_hart *hart = &cache->hart[machine_hart()];
	void *object;

	if (!(gfp & GFP_NOFAIL_INJECT) && unlikely(machine_fail_alloc()))
		return NULL;
	spin_lock(&hart->lock);
	object = hart->free;
	if (unlikely(!object))
		return alloc_slow(cache, hart, gfp);
	hart->free = *link_of(cache, object);
	count_free(hart, -1);
	spin_unlock(&hart->lock);
	if (gfp & GFP_ZERO)
		return memset(object, 0, cache->size);
	return object;
}

/* The hart's list is full; hart->lock is held, and released. */
static __noinline void free_slow(struct kmem_cache *cache,
				 struct kmem_hart *hart, void *object)
{
	hart_drain(cache, hart, HART_BATCH);
	*link_of(cache, object) = hart->free;
	hart->free = object;
	count_free(hart, 1);
	spin_unlock(&hart->lock);
}

void kmem_cache_free(struct kmem_cache *cache, void *object)
{
	struct kmem_hart *hart = &cache->hart[machine_hart()];

	if (CONFIG_DEBUG) {
		BUG_ON(virt_to_page(object)->type != PAGE_SLAB ||
		       virt_to_page(object)->cache != cache);
		if (!(cache->flags & SLAB_TYPE_STABLE))
			memset(object, 0x5a, cache->size);
	}
	spin_lock(&hart->lock);
	if (unlikely(hart->nr_free == HART_MAX)) {
		free_slow(cache, hart, object);
		return;
	}
	*link_of(cache, object) = hart->free;
	hart->free = object;
	count_free(hart, 1);
	spin_unlock(&hart->lock);
}

bool kmem_is_stable(const void *p)
{
	const struct page *slab = virt_to_page(p);

	return slab->type == PAGE_SLAB && slab->cache->flags & SLAB_TYPE_STABLE;
}

uint64_t kmem_cache_used(struct kmem_cache *cache)
{
	struct page *slab;
	uint64_t nr;

	spin_lock(&cache->lock);
	nr = cache->nr_slabs * cache->per_slab;
	list_for_each_entry (slab, &cache->partial, lru)
		nr -= slab->private;
	spin_unlock(&cache->lock);
	for (unsigned i = 0; i < MAX_HARTS; i++)
		nr -= load_relaxed(&cache->hart[i].nr_free);
	return nr;
}

/* Move the wholly free slabs of a cache to `empty`. */
static __cold void cache_collect(struct kmem_cache *cache,
				 struct list_head *empty)
{
	struct page *slab, *next;

	for (unsigned i = 0; i < MAX_HARTS; i++) {
		struct kmem_hart *hart = &cache->hart[i];

		/* An allocation on this very hart may have brought us here. */
		if (!load_relaxed(&hart->nr_free) || !spin_trylock(&hart->lock))
			continue;
		hart_drain(cache, hart, hart->nr_free);
		spin_unlock(&hart->lock);
	}
	if (!spin_trylock(&cache->lock))
		return;
	list_for_each_entry_safe (slab, next, &cache->partial, lru) {
		if (slab->private != cache->per_slab)
			continue;
		list_del(&slab->lru);
		list_add(&slab->lru, empty);
		cache->nr_slabs--;
	}
	spin_unlock(&cache->lock);
}

static uint64_t slabs_free(struct list_head *empty)
{
	struct page *slab, *next;
	uint64_t nr = 0;

	list_for_each_entry_safe (slab, next, empty, lru) {
		page_free(slab, 0);
		nr++;
	}
	return nr;
}

uint64_t kmem_shrink(void)
{
	struct list_head empty;
	struct kmem_cache *cache;

	list_init(&empty);
	for (cache = caches; cache; cache = cache->next) {
		if (!(cache->flags & SLAB_TYPE_STABLE))
			cache_collect(cache, &empty);
	}
	return slabs_free(&empty);
}

__cold uint64_t kmem_shrink_stable(void)
{
	struct list_head empty;
	struct kmem_cache *cache;

	list_init(&empty);
	for (cache = caches; cache; cache = cache->next)
		cache_collect(cache, &empty);
	machine_rcu_synchronize();
	return slabs_free(&empty);
}

__cold void kmem_init(void)
{
	static const char *const names[] = {
	    "kmalloc-16",  "kmalloc-32",  "kmalloc-64",	  "kmalloc-128",
	    "kmalloc-256", "kmalloc-512", "kmalloc-1024", "kmalloc-2048",
	};

	caches = NULL;
	for (unsigned i = KMALLOC_SHIFT_MIN; i <= KMALLOC_SHIFT_MAX; i++)
		kmem_cache_init(&kmalloc_caches[i],
				names[i - KMALLOC_SHIFT_MIN], 1UL << i, 0,
				NULL);
	page_add_shrinker(kmem_shrink);
}

/*
 * The smallest power of two, as a shift, that holds `size` bytes, but no less
 * than the smallest cache has. Few steps: without an instruction that counts
 * zeros, __builtin_clzl() is a call of 43.
 */
static unsigned size_shift(size_t size)
{
	unsigned shift = KMALLOC_SHIFT_MIN;

	while (size > 1UL << shift)
		shift++;
	return shift;
}

void *kmalloc(size_t size, unsigned gfp)
{
	struct page *page;
	unsigned shift;

	if (size <= KMALLOC_MAX)
		return kmem_cache_alloc(&kmalloc_caches[size_shift(size)], gfp);
	if (size > PAGE_SIZE << MAX_ORDER)
		return NULL;
	shift = max(size_shift(size), (unsigned)PAGE_SHIFT);
	page = page_alloc(shift - PAGE_SHIFT, gfp);
	return page ? page_address(page) : NULL;
}

void *kzalloc(size_t size, unsigned gfp)
{
	void *object;

	if (size > KMALLOC_MAX)
		return kmalloc(size, gfp | GFP_ZERO);
	object = kmalloc(size, gfp); /* only what was asked for is cleared */
	return object ? memset(object, 0, size) : NULL;
}

void kfree(const void *p)
{
	struct page *page;

	if (!p)
		return;
	page = virt_to_page(p);
	if (page->type == PAGE_SLAB)
		kmem_cache_free(page->cache, (void *)(uintptr_t)p);
	else
		page_free(page, page->order);
}
