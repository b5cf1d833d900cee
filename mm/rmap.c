/* SPDX-License-Identifier: MIT */
/*
 * Reverse maps; rmap.h has the picture.
 *
 * An anon_vma lives while a chain or, if it is a root, a member of its family
 * refers to it. A child may take over an ancestor's anon_vma, the root's
 * excepted, that no area uses any more as its own (num_active_vmas is 0 and at
 * most one child is left), so a line of processes that fork and exit for ever
 * does not grow the chain.
 */
#include "mm/rmap.h"

#include "abi/errno.h"
#include "mm/file.h"
#include "mm/slab.h"
#include "mm/vma.h"

static struct kmem_cache anon_vma_cache;
static struct kmem_cache chain_cache;

void rmap_init(void)
{
	kmem_cache_init(&anon_vma_cache, "anon_vma", sizeof(struct anon_vma), 0,
			NULL);
	kmem_cache_init(&chain_cache, "anon_vma_chain",
			sizeof(struct anon_vma_chain), 0, NULL);
}

static uint64_t vma_last_pgoff(const struct vm_area_struct *vma)
{
	return vma->vm_pgoff + vma_pages(vma) - 1;
}

static uint64_t chain_start(const struct interval_node *node)
{
	return container_of(node, struct anon_vma_chain, rb)->vma->vm_pgoff;
}

static uint64_t chain_last(const struct interval_node *node)
{
	return vma_last_pgoff(
	    container_of(node, struct anon_vma_chain, rb)->vma);
}

static const struct interval_ops chain_ops =
    INTERVAL_OPS(chain_start, chain_last);

static uint64_t shared_start(const struct interval_node *node)
{
	return container_of(node, struct vm_area_struct, shared)->vm_pgoff;
}

static uint64_t shared_last(const struct interval_node *node)
{
	return vma_last_pgoff(
	    container_of(node, struct vm_area_struct, shared));
}

const struct interval_ops i_mmap_ops = INTERVAL_OPS(shared_start, shared_last);

/* May the area write the file itself? Counted for sealing and locks. */
static bool writes_file(const struct vm_area_struct *vma)
{
	return (vma_flags(vma) & (VM_SHARED | VM_MAYWRITE)) ==
	       (VM_SHARED | VM_MAYWRITE);
}

static struct address_space *mapping_of(const struct vm_area_struct *vma)
{
	return vma->vm_file ? vma->vm_file->f_mapping : NULL;
}

inline void i_mmap_lock(const struct vm_area_struct *vma)
{
	if (mapping_of(vma))
		down_write(&mapping_of(vma)->i_mmap_rwsem);
}

void i_mmap_unlock(const struct vm_area_struct *vma)
{
	if (mapping_of(vma))
		up_write(&mapping_of(vma)->i_mmap_rwsem);
}

void i_mmap_insert(struct vm_area_struct *vma)
{
	struct address_space *mapping = mapping_of(vma);

	if (!mapping)
		return;
	if (writes_file(vma))
		mapping->nr_writable++;
	interval_insert_with(&mapping->i_mmap, &vma->shared, &i_mmap_ops);
}

void i_mmap_remove(struct vm_area_struct *vma)
{
	struct address_space *mapping = mapping_of(vma);

	if (!mapping)
		return;
	if (writes_file(vma))
		mapping->nr_writable--;
	interval_remove_with(&mapping->i_mmap, &vma->shared, &i_mmap_ops);
}

static void chain_insert(struct anon_vma_chain *chain)
{
	interval_insert_with(&chain->anon_vma->rb_root, &chain->rb, &chain_ops);
}

static void chain_remove(struct anon_vma_chain *chain)
{
	interval_remove_with(&chain->anon_vma->rb_root, &chain->rb, &chain_ops);
}

/* A new family (parent NULL) or a member of the parent's. */
static struct anon_vma *anon_vma_alloc(struct anon_vma *parent)
{
	struct anon_vma *av = kmem_cache_alloc(&anon_vma_cache, GFP_KERNEL);

	if (!av)
		return NULL;
	spin_init(&av->lock);
	store_relaxed(&av->refcount, 1);
	av->num_children = 0;
	av->num_active_vmas = 0;
	interval_root_init(&av->rb_root, &chain_ops);
	av->parent = parent;
	av->root = parent ? parent->root : av;
	if (parent)
		fetch_add_relaxed(&av->root->refcount, 1);
	return av;
}

/*
 * Nobody need hold the parent: every area in a child anon_vma has a chain to
 * the parent as well.
 */
static inline void anon_vma_put(struct anon_vma *av)
{
	while (av && fetch_sub_acq_rel(&av->refcount, 1) == 1) {
		struct anon_vma *root = av->parent ? av->root : NULL;

		kmem_cache_free(&anon_vma_cache, av);
		av = root;
	}
}

/* Tie vma to av; the family's lock is held. */
static void chain_link(struct anon_vma_chain *chain, struct vm_area_struct *vma,
		       struct anon_vma *av)
{
	chain->vma = vma;
	chain->anon_vma = av;
	fetch_add_relaxed(&av->refcount, 1);
	list_add(&chain->same_vma, &vma->anon_vma_chain);
	chain_insert(chain);
}

/* Could the two be one area but for their access permissions? */
static bool anon_vma_compatible(const struct vm_area_struct *low,
				const struct vm_area_struct *high)
{
	return low->vm_end == high->vm_start && low->vm_file == high->vm_file &&
	       !((vma_flags(low) ^ vma_flags(high)) & ~VM_ACCESS_FLAGS) &&
	       high->vm_pgoff == low->vm_pgoff + vma_pages(low);
}

static struct anon_vma *reusable(const struct vm_area_struct *low,
				 const struct vm_area_struct *high,
				 const struct vm_area_struct *owner)
{
	struct anon_vma *av = load_acquire(&owner->anon_vma);

	return av && anon_vma_compatible(low, high) &&
		       list_is_singular(&owner->anon_vma_chain)
		   ? av
		   : NULL;
}

static struct anon_vma *find_mergeable_anon_vma(struct vm_area_struct *vma)
{
	struct vm_area_struct *next = vma_next(vma), *prev;
	struct anon_vma *av = next ? reusable(vma, next, next) : NULL;

	if (av)
		return av;
	prev = vma_prev(vma);
	return prev ? reusable(prev, vma, prev) : NULL;
}

int anon_vma_prepare(struct vm_area_struct *vma)
{
	struct mm_struct *mm = vma->vm_mm;
	struct anon_vma_chain *chain;
	struct anon_vma *av, *fresh = NULL;

	mmap_assert_locked(mm);
	if (load_acquire(&vma->anon_vma))
		return 0;
	chain = kmem_cache_alloc(&chain_cache, GFP_KERNEL);
	if (!chain)
		return -ENOMEM;
	av = find_mergeable_anon_vma(vma);
	if (!av) {
		av = fresh = anon_vma_alloc(NULL);
		if (!av) {
			kmem_cache_free(&chain_cache, chain);
			return -ENOMEM;
		}
	}
	spin_lock(&av->root->lock);
	spin_lock(&mm->page_table_lock);
	if (likely(!vma->anon_vma)) {
		chain_link(chain, vma, av);
		av->num_active_vmas++;
		/* Pairs with the acquire at the top of this function. */
		store_release(&vma->anon_vma, av);
		chain = NULL;
	}
	spin_unlock(&mm->page_table_lock);
	spin_unlock(&av->root->lock);
	if (chain)
		kmem_cache_free(&chain_cache, chain);
	anon_vma_put(fresh);
	return 0;
}

static struct spinlock *family_lock(const struct vm_area_struct *vma)
{
	return &vma->anon_vma->root->lock;
}

static void free_chains(struct list_head *chains)
{
	struct anon_vma_chain *chain, *next;

	list_for_each_entry_safe (chain, next, chains, same_vma)
		kmem_cache_free(&chain_cache, chain);
}

/* As many fresh chains as src has; 0 or -ENOMEM. */
static int reserve_chains(const struct vm_area_struct *src,
			  struct list_head *chains)
{
	struct anon_vma_chain *have;

	list_init(chains);
	list_for_each_entry (have, &src->anon_vma_chain, same_vma) {
		struct anon_vma_chain *chain =
		    kmem_cache_alloc(&chain_cache, GFP_KERNEL);

		if (!chain) {
			free_chains(chains);
			return -ENOMEM;
		}
		list_add(&chain->same_vma, chains);
	}
	return 0;
}

/*
 * Put dst into all anon_vmas of src, in the same order. With `reuse`, the
 * first one that no area calls its own any more becomes dst's own.
 */
static int clone_chains(struct vm_area_struct *dst, struct vm_area_struct *src,
			bool reuse)
{
	struct anon_vma_chain *have;
	struct list_head chains;

	if (reserve_chains(src, &chains))
		return -ENOMEM;
	spin_lock(family_lock(src));
	list_for_each_entry_reverse(have, &src->anon_vma_chain, same_vma)
	{
		struct anon_vma *av = have->anon_vma;
		struct anon_vma_chain *chain =
		    list_first_entry(&chains, struct anon_vma_chain, same_vma);

		list_del(&chain->same_vma);
		chain_link(chain, dst, av);
		if (reuse && !dst->anon_vma && av->parent &&
		    av->num_children < 2 && av->num_active_vmas == 0) {
			dst->anon_vma = av;
			av->num_active_vmas++;
		}
	}
	spin_unlock(family_lock(src));
	return 0;
}

int anon_vma_clone(struct vm_area_struct *dst, struct vm_area_struct *src)
{
	if (!src->anon_vma)
		return 0;
	if (clone_chains(dst, src, false))
		return -ENOMEM;
	spin_lock(family_lock(src));
	dst->anon_vma = src->anon_vma;
	dst->anon_vma->num_active_vmas++;
	spin_unlock(family_lock(src));
	return 0;
}

/* Tie dst to its own, fresh anon_vma; the chain takes over the reference. */
static void link_own(struct anon_vma_chain *chain, struct vm_area_struct *dst,
		     struct anon_vma *av)
{
	av->parent->num_children++;
	av->num_active_vmas = 1;
	chain->vma = dst;
	chain->anon_vma = av;
	list_add(&chain->same_vma, &dst->anon_vma_chain);
	chain_insert(chain);
	dst->anon_vma = av;
}

/*
 * anon_vma_fork() where src is only in its own anon_vma: nothing can be reused,
 * since src uses that. Saves some 80 instructions an area against a list of
 * chains and two rounds of the lock.
 */
static int fork_single(struct vm_area_struct *dst, struct vm_area_struct *src)
{
	struct anon_vma_chain *chain =
	    kmem_cache_alloc(&chain_cache, GFP_KERNEL);
	struct anon_vma_chain *own = kmem_cache_alloc(&chain_cache, GFP_KERNEL);
	struct anon_vma *av = anon_vma_alloc(src->anon_vma);

	if (unlikely(!chain || !own || !av)) {
		if (chain)
			kmem_cache_free(&chain_cache, chain);
		if (own)
			kmem_cache_free(&chain_cache, own);
		anon_vma_put(av);
		return -ENOMEM;
	}
	spin_lock(&av->root->lock);
	chain_link(chain, dst, src->anon_vma);
	link_own(own, dst, av);
	spin_unlock(&av->root->lock);
	return 0;
}

__called_once int anon_vma_fork(struct vm_area_struct *dst,
				struct vm_area_struct *src)
{
	struct anon_vma_chain *chain;
	struct anon_vma *av;

	if (!src->anon_vma)
		return 0;
	if (likely(list_is_singular(&src->anon_vma_chain)))
		return fork_single(dst, src);
	if (clone_chains(dst, src, true))
		return -ENOMEM;
	if (dst->anon_vma)
		return 0;
	chain = kmem_cache_alloc(&chain_cache, GFP_KERNEL);
	av = chain ? anon_vma_alloc(src->anon_vma) : NULL;
	if (!av) {
		if (chain)
			kmem_cache_free(&chain_cache, chain);
		unlink_anon_vmas(dst);
		return -ENOMEM;
	}
	spin_lock(&av->root->lock);
	link_own(chain, dst, av);
	spin_unlock(&av->root->lock);
	return 0;
}

void unlink_anon_vmas(struct vm_area_struct *vma)
{
	struct anon_vma_chain *chain, *next;
	struct anon_vma *root;

	if (list_empty(&vma->anon_vma_chain))
		return;
	root = list_first_entry(&vma->anon_vma_chain, struct anon_vma_chain,
				same_vma)
		   ->anon_vma->root;
	spin_lock(&root->lock);
	list_for_each_entry (chain, &vma->anon_vma_chain, same_vma) {
		struct anon_vma *av = chain->anon_vma;

		chain_remove(chain);
		if (interval_is_empty(&av->rb_root) && av->parent)
			av->parent->num_children--;
	}
	if (vma->anon_vma)
		vma->anon_vma->num_active_vmas--;
	spin_unlock(&root->lock);
	vma->anon_vma = NULL;
	list_for_each_entry_safe (chain, next, &vma->anon_vma_chain, same_vma) {
		anon_vma_put(chain->anon_vma);
		kmem_cache_free(&chain_cache, chain);
	}
	list_init(&vma->anon_vma_chain);
}

void rmap_set_end(struct vm_area_struct *vma, vaddr_t end)
{
	struct anon_vma_chain *chain;

	if (vma->anon_vma)
		spin_lock(family_lock(vma));
	store_relaxed(&vma->vm_end, end);
	if (mapping_of(vma))
		interval_changed_with(&vma->shared, &i_mmap_ops);
	if (!vma->anon_vma)
		return;
	list_for_each_entry (chain, &vma->anon_vma_chain, same_vma)
		interval_changed_with(&chain->rb, &chain_ops);
	spin_unlock(family_lock(vma));
}

__called_once void anon_vma_tree_remove(struct vm_area_struct *vma)
{
	struct anon_vma_chain *chain;

	spin_lock(family_lock(vma));
	list_for_each_entry (chain, &vma->anon_vma_chain, same_vma)
		chain_remove(chain);
}

/* The family's lock was taken by anon_vma_tree_remove and is released here. */
__called_once void anon_vma_tree_insert(struct vm_area_struct *vma)
{
	struct anon_vma_chain *chain;

	list_for_each_entry (chain, &vma->anon_vma_chain, same_vma)
		chain_insert(chain);
	spin_unlock(family_lock(vma));
}

static vaddr_t page_vaddr(const struct page *page,
			  const struct vm_area_struct *vma)
{
	return vma->vm_start + ((page->index - vma->vm_pgoff) << PAGE_SHIFT);
}

static bool walk_anon(struct page *page,
		      bool (*fn)(void *ctx, struct vm_area_struct *vma,
				 vaddr_t va),
		      void *ctx)
{
	struct anon_vma *av = page->mapping;
	struct interval_node *node;
	bool done = false;

	spin_lock(&av->root->lock);
	interval_for_each (node, &av->rb_root, page->index, page->index) {
		struct vm_area_struct *vma =
		    container_of(node, struct anon_vma_chain, rb)->vma;

		done = fn(ctx, vma, page_vaddr(page, vma));
		if (done)
			break;
	}
	spin_unlock(&av->root->lock);
	return done;
}

static bool walk_file(struct page *page,
		      bool (*fn)(void *ctx, struct vm_area_struct *vma,
				 vaddr_t va),
		      void *ctx)
{
	struct address_space *mapping = page->mapping;
	struct interval_node *node;
	bool done = false;

	down_read(&mapping->i_mmap_rwsem);
	interval_for_each (node, &mapping->i_mmap, page->index, page->index) {
		struct vm_area_struct *vma =
		    container_of(node, struct vm_area_struct, shared);

		done = fn(ctx, vma, page_vaddr(page, vma));
		if (done)
			break;
	}
	up_read(&mapping->i_mmap_rwsem);
	return done;
}

bool rmap_walk(struct page *page,
	       bool (*fn)(void *ctx, struct vm_area_struct *vma, vaddr_t va),
	       void *ctx)
{
	return page->type == PAGE_ANON ? walk_anon(page, fn, ctx)
				       : walk_file(page, fn, ctx);
}
