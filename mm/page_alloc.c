/* SPDX-License-Identifier: MIT */
/*
 * The page allocator: buddy system per node, per-hart stacks in front.
 *
 * A free block of 2^order pages is aligned to its size (by frame number), so
 * its buddy is found by flipping one bit. Only the first page of a free block
 * says PAGE_FREE and its order; the others say nothing that could be mistaken
 * for it.
 *
 * Locks: node->lock for the lists of a node; stack->lock for a hart's stack,
 * which only page_drain_all contends for. Order: stack, then node. Leaf locks.
 *
 * Left out: zones (all RAM is alike), compaction, migration types.
 */
#include "mm/page.h"

#include <string.h>

#include "abi/errno.h"
#include "config.h"
#include "mm/page_node.h"

#define STACK_SIZE    126 /* pages that one hart keeps at most */
#define STACK_ORDER   6	  /* how many move at a time, as an order */
#define STACK_BATCH   (1u << STACK_ORDER)
#define MAX_SHRINKERS 8

struct node {
	struct spinlock lock;
	uint64_t nr_free;		      /* pages in the lists */
	struct list_head free[MAX_ORDER + 1]; /* lock */
} __aligned(CACHE_LINE);

struct page_stack {
	struct spinlock lock;
	uint64_t nr;
	struct page *page[STACK_SIZE];
} __aligned(CACHE_LINE);

struct page *mem_map;
pfn_t mem_map_base_pfn, mem_map_end_pfn;
uint64_t mem_map_bias, mem_map_virt_bias, mem_map_address_bias;

static struct node nodes[MAX_NODES];
static unsigned nr_nodes;
static struct page_stack stacks[MAX_HARTS];
static uint8_t hart_node[MAX_HARTS];
static uint64_t nr_total;
static uint64_t user_reserve; /* pages that GFP_USER leaves free */
static uint64_t (*shrinkers[MAX_SHRINKERS])(void);
static unsigned nr_shrinkers;

void page_set_hart_node(unsigned hart, unsigned node)
{
	BUG_ON(hart >= MAX_HARTS);
	hart_node[hart] = node < MAX_NODES ? node : 0;
}

static struct page *buddy_of(const struct page *page, unsigned order)
{
	return pfn_to_page(page_to_pfn(page) ^ (1UL << order));
}

static void block_insert(struct node *node, struct page *page, unsigned order)
{
	page_set_type(page, PAGE_FREE);
	page->order = order;
	list_add(&page->lru, &node->free[order]);
	node->nr_free += 1UL << order;
}

static void block_remove(struct node *node, struct page *page, unsigned order)
{
	list_del(&page->lru);
	page_set_type(page, PAGE_KERNEL);
	node->nr_free -= 1UL << order;
}

/* Give back a block, joining it with free buddies. node->lock is held. */
static void buddy_free(struct node *node, struct page *page, unsigned order)
{
	for (; order < MAX_ORDER; order++) {
		struct page *buddy = buddy_of(page, order);

		if (!pfn_valid(page_to_pfn(buddy)) ||
		    load_relaxed(&buddy->type) != PAGE_FREE ||
		    buddy->order != order || buddy->node != page->node)
			break;
		block_remove(node, buddy, order);
		page = min(page, buddy);
	}
	block_insert(node, page, order);
}

/* Take a block, splitting a larger one if need be. node->lock is held. */
static struct page *buddy_alloc(struct node *node, unsigned order)
{
	unsigned found = order;
	struct page *page;

	while (found <= MAX_ORDER && list_empty(&node->free[found]))
		found++;
	if (found > MAX_ORDER)
		return NULL;
	page = list_first_entry(&node->free[found], struct page, lru);
	block_remove(node, page, found);
	while (found > order) {
		found--;
		block_insert(node, page + (1UL << found), found);
	}
	return page;
}

static bool may_take(const struct node *node, unsigned order, unsigned gfp)
{
	uint64_t floor = gfp & GFP_USER ? user_reserve : 0;

	return load_relaxed(&node->nr_free) >= floor + (1UL << order);
}

/* One block from the nearest node that has one. */
static struct page *block_alloc(unsigned order, unsigned gfp)
{
	unsigned local = hart_node[machine_hart()];

	for (unsigned i = 0; i < nr_nodes; i++) {
		struct node *node = &nodes[(local + i) % nr_nodes];
		struct page *page = NULL;

		if (!may_take(node, order, gfp))
			continue;
		spin_lock(&node->lock);
		page = buddy_alloc(node, order);
		spin_unlock(&node->lock);
		if (page)
			return page;
	}
	return NULL;
}

static void block_free(struct page *page, unsigned order)
{
	struct node *node = &nodes[page->node];

	spin_lock(&node->lock);
	buddy_free(node, page, order);
	spin_unlock(&node->lock);
}

/* Put the pages of a block on a stack, so that they come off in order. */
static void stack_push_block(struct page_stack *stack, struct page *page,
			     unsigned order)
{
	for (unsigned i = 1u << order; i-- > 0;) {
		page_set_type(&page[i], PAGE_PCP);
		stack->page[stack->nr++] = &page[i];
	}
}

/*
 * Fill an empty stack, from the largest blocks that fit; stack->lock is held.
 * Taking a block at once costs a few instructions a page, one by one 50.
 */
static __noinline void stack_refill(struct page_stack *stack, unsigned gfp)
{
	unsigned local = hart_node[machine_hart()];

	for (unsigned i = 0; i < nr_nodes && !stack->nr; i++) {
		struct node *node = &nodes[(local + i) % nr_nodes];
		int order = STACK_ORDER;

		spin_lock(&node->lock);
		while (order >= 0 && stack->nr + (1u << order) <= STACK_BATCH) {
			struct page *page = may_take(node, order, gfp)
						? buddy_alloc(node, order)
						: NULL;

			if (page)
				stack_push_block(stack, page, order);
			else
				order--;
		}
		spin_unlock(&node->lock);
	}
}

/* Give back [pfn, end), which lies in one node, in blocks as large as can be.
 */
static void range_free(pfn_t pfn, pfn_t end)
{
	while (pfn < end) {
		unsigned order = MAX_ORDER;

		while (!IS_ALIGNED(pfn, 1UL << order) ||
		       pfn + (1UL << order) > end)
			order--;
		block_free(pfn_to_page(pfn), order);
		pfn += 1UL << order;
	}
}

/*
 * Move `nr` pages of a stack to the buddy lists; stack->lock is held. Pages
 * that were freed one after the other often lie so in memory: such runs, in
 * either direction, go back as blocks.
 */
static __noinline void stack_drain(struct page_stack *stack, unsigned nr)
{
	struct page **top = &stack->page[stack->nr];
	struct page **at = top - nr;

	stack->nr -= nr;
	while (at < top) {
		struct page **next = at + 1;
		int64_t step = next < top ? *next - *at : 0;
		pfn_t first, last;

		if (step != 1 && step != -1)
			step = 0;
		while (step && next < top && *next == next[-1] + step &&
		       (*next)->node == (*at)->node)
			next++;
		first = page_to_pfn(min(*at, next[-1]));
		last = page_to_pfn(max(*at, next[-1]));
		range_free(first, last + 1);
		at = next;
	}
}

__cold void page_drain_all(void)
{
	for (unsigned hart = 0; hart < MAX_HARTS; hart++) {
		struct page_stack *stack = &stacks[hart];

		if (!load_relaxed(&stack->nr))
			continue;
		spin_lock(&stack->lock);
		stack_drain(stack, stack->nr);
		spin_unlock(&stack->lock);
	}
}

/* As a number: else the address is made anew for each field, 10 instructions.
 */
static inline struct page_stack *this_stack(void)
{
	return (struct page_stack *)((uint64_t)stacks +
				     machine_hart() * sizeof(stacks[0]));
}

static inline struct page *stack_pop(struct page_stack *stack)
{
	struct page *page = NULL;

	spin_lock(&stack->lock);
	if (likely(stack->nr))
		page = stack->page[--stack->nr];
	spin_unlock(&stack->lock);
	return page;
}

/* A block leaves the allocator: one reference, no flags. */
static inline struct page *page_prepare(struct page *page, unsigned order)
{
	page_set_type(page, PAGE_KERNEL);
	page->order = order;
	page->flags = 0;
	store_relaxed(&page->count, PAGE_REF);
	return page;
}

/* Refill the stack or take a block; when that fails, shrink and try again. */
static struct page *block_find(unsigned order, unsigned gfp)
{
	struct page_stack *stack = this_stack();
	struct page *page;

	if (!order) {
		spin_lock(&stack->lock);
		stack_refill(stack, gfp);
		spin_unlock(&stack->lock);
		page = stack_pop(stack);
	} else {
		page = block_alloc(order, gfp);
	}
	if (page)
		return page;
	if (!(gfp & GFP_NOSHRINK))
		page_shrink();
	page_drain_all();
	return block_alloc(order, gfp);
}

static __noinline struct page *page_alloc_slow(unsigned order, unsigned gfp)
{
	struct page *page = block_find(order, gfp);

	if (!page)
		return NULL;
	if (gfp & GFP_ZERO) {
		for (unsigned i = 0; i < 1u << order; i++)
			clear_page(page_address(page + i));
	}
	return page_prepare(page, order);
}

/* Of its own, so that page_alloc() calls nothing else and needs no frame. */
static __noinline struct page *page_cleared(struct page *page)
{
	clear_page(page_address(page));
	return page;
}

/* The common case, a single page from this hart's stack, is about 30 long. */
struct page *page_alloc(unsigned order, unsigned gfp)
{
	struct page *page;

	if (!(gfp & GFP_NOFAIL_INJECT) && unlikely(machine_fail_alloc()))
		return NULL;
	if (unlikely(order))
		return page_alloc_slow(order, gfp);
	page = stack_pop(this_stack());
	if (unlikely(!page))
		return page_alloc_slow(order, gfp);
	page_prepare(page, 0);
	return gfp & GFP_ZERO ? page_cleared(page) : page;
}

/* Poison and check what is about to be free; stack->lock need not be held. */
static inline void free_check(const struct page *page)
{
	if (CONFIG_DEBUG)
		BUG_ON(page->type == PAGE_FREE || page->type == PAGE_PCP ||
		       page->type == PAGE_RESERVED || page_mapcount(page) ||
		       page_refcount(page) > 1);
}

/* A single page whose count is 0 goes on the stack; stack->lock is held. */
static inline void stack_push(struct page_stack *stack, struct page *page)
{
	if (unlikely(stack->nr == STACK_SIZE))
		stack_drain(stack, STACK_BATCH);
	page_set_type(page, PAGE_PCP);
	stack->page[stack->nr++] = page;
}

void page_free(struct page *page, unsigned order)
{
	struct page_stack *stack;

	free_check(page);
	store_relaxed(&page->count, 0);
	if (order) {
		page_set_type(page, PAGE_KERNEL);
		block_free(page, order);
		return;
	}
	stack = this_stack();
	spin_lock(&stack->lock);
	stack_push(stack, page);
	spin_unlock(&stack->lock);
}

void page_put_mapped(struct page **page, uint64_t nr)
{
	struct page_stack *stack = this_stack();

	spin_lock(&stack->lock);
	for (struct page **end = page + nr; page < end; page++) {
		if (fetch_sub_acq_rel(&(*page)->count, PAGE_MAPPING) !=
		    PAGE_MAPPING)
			continue;
		free_check(*page);
		stack_push(stack, *page);
	}
	spin_unlock(&stack->lock);
}

void page_release(struct page *page)
{
	page_free(page, 0);
}

void *page_alloc_virt(unsigned gfp)
{
	struct page *page = page_alloc(0, gfp);

	return page ? page_address(page) : NULL;
}

void page_free_virt(void *va)
{
	page_free(virt_to_page(va), 0);
}

void page_add_shrinker(uint64_t (*shrink)(void))
{
	BUG_ON(nr_shrinkers == MAX_SHRINKERS);
	shrinkers[nr_shrinkers++] = shrink;
}

uint64_t page_shrink(void)
{
	uint64_t freed = 0;

	for (unsigned i = 0; i < nr_shrinkers; i++)
		freed += shrinkers[i]();
	return freed;
}

uint64_t page_nr_free(void)
{
	uint64_t nr = 0;

	for (unsigned i = 0; i < nr_nodes; i++)
		nr += load_relaxed(&nodes[i].nr_free);
	for (unsigned hart = 0; hart < MAX_HARTS; hart++)
		nr += load_relaxed(&stacks[hart].nr);
	return nr;
}

uint64_t page_nr_total(void)
{
	return nr_total;
}

void page_free_reserved(paddr_t start, paddr_t end)
{
	pfn_t first = PAGE_ALIGN(start) >> PAGE_SHIFT;
	pfn_t last = end >> PAGE_SHIFT;

	if (first >= last)
		return;
	range_free(first, last);
	nr_total += last - first;
}

/* Find room for `bytes` in the usable ranges; 0 when there is none. */
static paddr_t frame_array_place(const struct memory_range *usable, unsigned nr,
				 uint64_t bytes)
{
	for (unsigned i = 0; i < nr; i++) {
		if (usable[i].end - usable[i].start >= bytes)
			return usable[i].start;
	}
	return 0;
}

static void frames_set_node(const struct memory_range *range)
{
	pfn_t end = range->end >> PAGE_SHIFT;

	if (range->node >= nr_nodes)
		nr_nodes = range->node + 1;
	if (!range->node)
		return; /* the frame array starts as zeros */
	for (pfn_t pfn = range->start >> PAGE_SHIFT; pfn < end; pfn++)
		pfn_to_page(pfn)->node = range->node;
}

static void nodes_init(void)
{
	for (unsigned i = 0; i < MAX_NODES; i++) {
		spin_init(&nodes[i].lock);
		nodes[i].nr_free = 0;
		for (unsigned order = 0; order <= MAX_ORDER; order++)
			list_init(&nodes[i].free[order]);
	}
	memset(stacks, 0, sizeof(stacks));
	nr_nodes = 1;
	nr_total = 0;
	nr_shrinkers = 0;
}

/* mem_map is at physical address `map`. */
static void biases_init(paddr_t map)
{
	uint64_t va = (uint64_t)mem_map, page;

	mem_map_bias = va - mem_map_base_pfn * sizeof(struct page);
	page = (uint64_t)phys_to_page(map);
	mem_map_virt_bias = page - (va >> PAGE_SHIFT) * sizeof(struct page);
	mem_map_address_bias = va - page * PAGE_RATIO;
}

__cold int page_init(const struct memory_range *all, unsigned nr_all,
		     const struct memory_range *usable, unsigned nr_usable)
{
	uint64_t bytes;
	paddr_t map;

	BUG_ON(!nr_all);
	nodes_init();
	mem_map_base_pfn = all[0].start >> PAGE_SHIFT;
	mem_map_end_pfn = all[nr_all - 1].end >> PAGE_SHIFT;
	bytes = PAGE_ALIGN((mem_map_end_pfn - mem_map_base_pfn) *
			   sizeof(struct page));
	map = frame_array_place(usable, nr_usable, bytes);
	if (!map)
		return -ENOMEM;
	mem_map = phys_to_virt(map);
	biases_init(map);
	memset(mem_map, 0, bytes);

	for (unsigned i = 0; i < nr_all; i++) {
		BUG_ON(all[i].node >= MAX_NODES);
		frames_set_node(&all[i]);
	}
	for (unsigned i = 0; i < nr_usable; i++) {
		paddr_t start = usable[i].start;

		if (start == map)
			start += bytes;
		page_free_reserved(start, usable[i].end);
	}
	user_reserve = min(nr_total / 64, 512UL);
	return 0;
}

static uint64_t verify_list(unsigned node, unsigned order)
{
	uint64_t nr = 0;
	struct page *page;

	list_for_each_entry (page, &nodes[node].free[order], lru) {
		BUG_ON(page->type != PAGE_FREE || page->order != order);
		BUG_ON(page->node != node);
		BUG_ON(load_relaxed(&page->count));
		BUG_ON(!IS_ALIGNED(page_to_pfn(page), 1UL << order));
		nr += 1UL << order;
	}
	return nr;
}

void page_verify(void)
{
	for (unsigned i = 0; i < nr_nodes; i++) {
		uint64_t nr = 0;

		spin_lock(&nodes[i].lock);
		for (unsigned order = 0; order <= MAX_ORDER; order++)
			nr += verify_list(i, order);
		BUG_ON(nr != nodes[i].nr_free);
		spin_unlock(&nodes[i].lock);
	}
	for (unsigned hart = 0; hart < MAX_HARTS; hart++) {
		struct page_stack *stack = &stacks[hart];

		spin_lock(&stack->lock);
		for (unsigned i = 0; i < stack->nr; i++) {
			BUG_ON(stack->page[i]->type != PAGE_PCP);
			BUG_ON(load_relaxed(&stack->page[i]->count));
		}
		spin_unlock(&stack->lock);
	}
}
