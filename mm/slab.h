/* SPDX-License-Identifier: MIT */
/*
 * Object caches: many small objects of one size from whole pages.
 *
 * Each hart keeps a short list of free objects, so that the common case takes
 * no lock. A cache may be type-stable: its pages are given back only after a
 * grace period, so a reader that holds a stale pointer under RCU sees
 * an object of the same type, perhaps another one, never foreign bytes. The
 * constructor runs once for each object when its page is added, and a
 * type-stable object keeps whatever it had when it was freed, but for its last
 * word, which is the cache's meanwhile.
 */
#pragma once

#include "mm/page.h"

#define SLAB_TYPE_STABLE   (1u << 0)
#define SLAB_CACHE_ALIGNED (1u << 1) /* objects begin at cache lines */

struct kmem_cache {
	const char *name;
	uint32_t size;	   /* bytes of one object, 8-aligned, at most 2048 */
	uint32_t flags;	   /* SLAB_* */
	uint32_t stride;   /* bytes from one object to the next */
	uint32_t link;	   /* offset of the free-list word in an object */
	uint32_t per_slab; /* objects in one page */
	void (*ctor)(void *object);
	struct kmem_cache *next;  /* in the list of all caches */
	struct spinlock lock;	  /* partial, nr_slabs */
	struct list_head partial; /* pages with free objects */
	uint64_t nr_slabs;
	struct kmem_hart {
		struct spinlock lock; /* contended by kmem_shrink alone */
		uint32_t nr_free;     /* a; lock to write */
		void *free;	      /* linked through the link word */
	} __aligned(CACHE_LINE) hart[MAX_HARTS];
};

/* Initialise a statically allocated cache. No error. */
void kmem_cache_init(struct kmem_cache *cache, const char *name, size_t size,
		     unsigned flags, void (*ctor)(void *));

/* One object, or NULL. GFP_ZERO is honoured (not for type-stable caches). */
void *kmem_cache_alloc(struct kmem_cache *cache, unsigned gfp) __must_check;
void kmem_cache_free(struct kmem_cache *cache, void *object);

/* Is p in a type-stable cache? Also when the object was freed. For checks. */
bool kmem_is_stable(const void *p);

/* Objects in use, all harts. Exact only when nobody allocates. */
uint64_t kmem_cache_used(struct kmem_cache *cache);

/*
 * Give empty pages of all caches back to the page allocator; pages freed.
 * Type-stable caches are left out, since their pages need a grace period.
 */
uint64_t kmem_shrink(void);

/* As kmem_shrink, type-stable caches included. Sleeps for a grace period. */
uint64_t kmem_shrink_stable(void);

/* Call once after page_init. */
void kmem_init(void);

/*
 * Memory of any size: up to 2048 bytes from power-of-two caches, larger from
 * whole pages (up to 2 MiB). NULL when there is none. kfree(NULL) is allowed.
 */
void *kmalloc(size_t size, unsigned gfp) __must_check;
void *kzalloc(size_t size, unsigned gfp) __must_check;
void kfree(const void *p);
