/* SPDX-License-Identifier: MIT */
/*
 * Red-black trees: random operations against a plain array, the whole tree
 * verified after each; the verifier itself against broken trees; and a
 * lockless reader beside a writer.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/rbtree.h"

#include "test/host/host.h"
#include "test/host/tap.h"

#define NODES 200

/* The value kept over subtrees is the sum of the keys: any slip shows. */
struct item {
	struct rb_node rb;
	uint64_t key;
	uint64_t sum;
	bool is_in;
};

static struct item items[NODES];
static struct rb_root root;

static struct item *to_item(const struct rb_node *rb)
{
	return rb_entry(rb, struct item, rb);
}

static uint64_t sum_of(const struct rb_node *rb)
{
	uint64_t sum = to_item(rb)->key;

	if (rb->left)
		sum += to_item(rb->left)->sum;
	if (rb->right)
		sum += to_item(rb->right)->sum;
	return sum;
}

static bool update_sum(struct rb_node *rb, const struct rb_augment *self)
{
	uint64_t before = to_item(rb)->sum;

	(void)self;
	to_item(rb)->sum = sum_of(rb);
	return to_item(rb)->sum != before;
}

static const struct rb_augment sums = {update_sum};

static bool sum_is_right(const struct rb_node *rb)
{
	return to_item(rb)->sum == sum_of(rb);
}

static bool in_order(const struct rb_node *a, const struct rb_node *b)
{
	return to_item(a)->key <= to_item(b)->key;
}

static void insert(struct item *item, const struct rb_augment *augment)
{
	struct rb_node **link = &root.node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = item->key < to_item(parent)->key ? &parent->left
							: &parent->right;
	}
	rb_link_node(&item->rb, parent, link);
	if (augment) {
		item->sum = item->key;
		rb_propagate(parent, augment);
	}
	rb_insert_augmented(&item->rb, &root, augment);
	item->is_in = true;
}

static void erase(struct item *item, const struct rb_augment *augment)
{
	if (augment) {
		item->sum = sum_of(&item->rb) - item->key;
		rb_propagate(rb_parent(&item->rb), augment);
	}
	rb_erase_augmented(&item->rb, &root, augment);
	item->is_in = false;
}

static void set_up(void)
{
	memset(items, 0, sizeof(items));
	root = RB_ROOT_INIT;
}

static int compare_keys(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* The tree holds the keys of the items that are in, forwards and backwards. */
static void check_contents(void)
{
	uint64_t keys[NODES];
	size_t count = 0, at = 0;

	for (int i = 0; i < NODES; i++) {
		if (items[i].is_in)
			keys[count++] = items[i].key;
	}
	qsort(keys, count, sizeof(*keys), compare_keys);
	for (struct rb_node *rb = rb_first(&root); rb; rb = rb_next(rb)) {
		CHECK(at < count);
		CHECK_EQ(to_item(rb)->key, keys[at]);
		at++;
	}
	CHECK_EQ(at, count);
	for (struct rb_node *rb = rb_last(&root); rb; rb = rb_prev(rb))
		CHECK_EQ(to_item(rb)->key, keys[--at]);
	CHECK_EQ(at, 0);
	CHECK_EQ(rb_is_empty(&root), count == 0);
}

/* Small populations reach the corner cases, large ones the depth. */
static void random_steps(const struct rb_augment *augment)
{
	static const uint64_t populations[] = {3, 8, 20, NODES};
	struct rng rng;

	rng_init(&rng, tap_seed());
	for (size_t p = 0; p < ARRAY_SIZE(populations); p++) {
		set_up();
		for (int step = 0; step < 5000; step++) {
			struct item *item =
			    &items[rng_below(&rng, populations[p])];

			if (item->is_in) {
				erase(item, augment);
			} else {
				item->key = rng_below(&rng, 100);
				item->sum = rng_below(&rng, 100);
				insert(item, augment);
			}
			CHECK_SOUND(rb_verify(&root, in_order,
					      augment ? sum_is_right : NULL));
			if (step % 16 == 0)
				check_contents();
		}
	}
}

static void random_steps_keep_the_rules(void)
{
	random_steps(NULL);
}

static void random_steps_keep_the_values(void)
{
	random_steps(&sums);
}

static void ascending_keys_stay_balanced(void)
{
	const struct rb_node *rb;
	int depth = 0;

	set_up();
	for (int i = 0; i < NODES; i++) {
		items[i].key = (uint64_t)i;
		insert(&items[i], NULL);
		CHECK_SOUND(rb_verify(&root, in_order, NULL));
	}
	for (rb = root.node; rb; rb = rb->right)
		depth++;
	CHECK(depth <= 16); /* 2 * log2(201) */
}

static void propagate_follows_a_changed_key(void)
{
	set_up();
	for (int i = 0; i < 50; i++) {
		items[i].key = (uint64_t)i * 10;
		insert(&items[i], &sums);
	}
	for (int i = 0; i < 50; i++) {
		items[i].key += 5;
		rb_propagate(&items[i].rb, &sums);
		CHECK_SOUND(rb_verify(&root, in_order, sum_is_right));
	}
}

/* One thing broken in a sound tree of 15, and what the verifier says of it. */
static void verify_names_each_broken_rule(void)
{
	struct item *item;

	set_up();
	for (int i = 0; i < 15; i++) {
		items[i].key = (uint64_t)i;
		insert(&items[i], &sums);
	}
	item = to_item(rb_first(&root));

	item->key = 99;
	CHECK_STR(rb_verify(&root, in_order, NULL), "order");
	CHECK_STR(rb_verify(&root, NULL, sum_is_right), "value");
	item->key = 0;
	CHECK_SOUND(rb_verify(&root, in_order, sum_is_right));

	item->rb.parent_color ^= RB_BLACK;
	CHECK_STR(rb_verify(&root, NULL, NULL), "black height");
	item->rb.parent_color ^= RB_BLACK;

	item->rb.parent_color += 2 * sizeof(struct rb_node);
	CHECK_STR(rb_verify(&root, NULL, NULL), "parent link");
	item->rb.parent_color -= 2 * sizeof(struct rb_node);

	root.node->parent_color &= ~RB_BLACK;
	CHECK_STR(rb_verify(&root, NULL, NULL), "root");
	root.node->parent_color |= RB_BLACK;

	for (item = to_item(rb_last(&root)); item->rb.parent_color & RB_BLACK;
	     item = to_item(rb_parent(&item->rb)))
		;
	rb_parent(&item->rb)->parent_color &= ~RB_BLACK;
	CHECK(rb_verify(&root, NULL, NULL) != NULL);
}

/*
 * Readers without the lock: each descent ends, and keys that are never removed
 * may be missed but are found, again and again, while the tree changes.
 */
#define STABLE	  64
#define READERS	  2
#define MIN_FOUND 10000

static uint32_t stop_readers;	   /* atomic */
static uint64_t nr_found[READERS]; /* atomic */

static void descend(void *arg)
{
	uint64_t *found = &nr_found[(uintptr_t)arg];
	struct rng rng;

	rng_init(&rng, tap_seed() + (uintptr_t)arg);
	while (!load_acquire(&stop_readers)) {
		uint64_t key = rng_below(&rng, STABLE) * 2;
		struct rb_node *rb = rb_root_lockless(&root);
		int steps = 0;

		while (rb && to_item(rb)->key != key) {
			rb = key < to_item(rb)->key ? rb_left_lockless(rb)
						    : rb_right_lockless(rb);
			CHECK(++steps < 100000);
		}
		if (rb)
			store_relaxed(found, *found + 1);
	}
}

static void lockless_descent_ends(void)
{
	struct thread *readers[READERS];
	struct rng rng;

	host_machine_init(0);
	set_up();
	rng_init(&rng, tap_seed());
	store_release(&stop_readers, 0);
	/* Even keys stay, odd ones come and go; no key ever changes. */
	for (uint64_t i = 0; i < NODES; i++) {
		items[i].key = i;
		if (i % 2 == 0 && i < 2 * STABLE)
			insert(&items[i], &sums);
	}
	for (uintptr_t i = 0; i < READERS; i++) {
		nr_found[i] = 0;
		readers[i] = host_thread_start(descend, (void *)i);
	}
	/* On a busy machine they may start late: go on until each has had it.
	 */
	for (int step = 0;
	     step < 100000 || load_relaxed(&nr_found[0]) < MIN_FOUND ||
	     load_relaxed(&nr_found[1]) < MIN_FOUND;
	     step++) {
		struct item *item = &items[rng_below(&rng, NODES / 2) * 2 + 1];

		if (item->is_in)
			erase(item, &sums);
		else
			insert(item, &sums);
	}
	store_release(&stop_readers, 1);
	for (int i = 0; i < READERS; i++)
		host_thread_join(readers[i]);
	CHECK_SOUND(rb_verify(&root, in_order, sum_is_right));
}

static const struct tap_test tests[] = {
    TEST(random_steps_keep_the_rules),	 TEST(random_steps_keep_the_values),
    TEST(ascending_keys_stay_balanced),	 TEST(propagate_follows_a_changed_key),
    TEST(verify_names_each_broken_rule), TEST(lockless_descent_ends),
};

TAP_MAIN(tests)
