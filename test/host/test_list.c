/* SPDX-License-Identifier: MIT */
/*
 * Lists: each operation against the order it promises.
 */
#include "lib/bitops.h"
#include "lib/list.h"

#include "test/host/tap.h"

struct item {
	int id;
	struct list_head node;
};

static LIST_HEAD(list);
static struct item items[8];

static void set_up(void)
{
	list_init(&list);
	for (int i = 0; i < 8; i++)
		items[i].id = i;
}

/* The list holds exactly these ids, read in both directions. */
static void check_ids(const struct list_head *head, const char *ids)
{
	const struct item *item;
	const char *id = ids;

	list_for_each_entry (item, head, node) {
		CHECK(*id);
		CHECK_EQ(item->id, *id - '0');
		id++;
	}
	CHECK(!*id);
	list_for_each_entry_reverse(item, head, node)
	{
		id--;
		CHECK_EQ(item->id, *id - '0');
	}
	CHECK(id == ids);
}

static void add_is_a_stack(void)
{
	set_up();
	CHECK(list_empty(&list));
	for (int i = 0; i < 3; i++)
		list_add(&items[i].node, &list);
	CHECK(!list_empty(&list));
	check_ids(&list, "210");
}

static void add_tail_is_a_queue(void)
{
	set_up();
	for (int i = 0; i < 3; i++)
		list_add_tail(&items[i].node, &list);
	check_ids(&list, "012");
	CHECK_EQ(list_first_entry(&list, struct item, node)->id, 0);
	CHECK_EQ(list_last_entry(&list, struct item, node)->id, 2);
	CHECK(list_is_last(&items[2].node, &list));
	CHECK(!list_is_last(&items[1].node, &list));
	list_add_tail(&items[3].node, &items[1].node);
	check_ids(&list, "0312");
}

static void del_unlinks_and_marks(void)
{
	set_up();
	for (int i = 0; i < 4; i++)
		list_add_tail(&items[i].node, &list);
	list_del(&items[1].node);
	CHECK(!items[1].node.next && !items[1].node.prev);
	list_del_init(&items[3].node);
	CHECK(list_empty(&items[3].node));
	list_del_init(&items[3].node);
	check_ids(&list, "02");
	list_del(&items[0].node);
	CHECK(list_is_singular(&list));
	list_del(&items[2].node);
	CHECK(list_empty(&list));
	CHECK(!list_is_singular(&list));
	CHECK(!list_first_entry_or_null(&list, struct item, node));
}

static void move_keeps_the_rest(void)
{
	set_up();
	for (int i = 0; i < 4; i++)
		list_add_tail(&items[i].node, &list);
	list_move(&items[2].node, &list);
	check_ids(&list, "2013");
	list_move_tail(&items[0].node, &list);
	check_ids(&list, "2130");
}

static void splice_moves_all(void)
{
	LIST_HEAD(other);

	set_up();
	list_splice_init(&other, &list);
	CHECK(list_empty(&list));
	for (int i = 0; i < 2; i++)
		list_add_tail(&items[i].node, &list);
	for (int i = 2; i < 4; i++)
		list_add_tail(&items[i].node, &other);
	list_splice_init(&other, &list);
	check_ids(&list, "2301");
	CHECK(list_empty(&other));
	list_add_tail(&items[4].node, &other);
	list_add_tail(&items[5].node, &other);
	list_splice_tail_init(&other, &list);
	check_ids(&list, "230145");
	CHECK(list_empty(&other));
}

static void safe_walk_may_unlink(void)
{
	struct item *item, *tmp;

	set_up();
	for (int i = 0; i < 8; i++)
		list_add_tail(&items[i].node, &list);
	list_for_each_entry_safe (item, tmp, &list, node) {
		if (item->id % 2)
			list_del(&item->node);
	}
	check_ids(&list, "0246");
}

static void bits_are_found(void)
{
	unsigned bit, sum = 0;

	for (unsigned i = 0; i < 64; i++) {
		CHECK_EQ(bit_lowest(~0ULL << i), i);
		CHECK_EQ(bit_highest(~0ULL >> (63 - i)), i);
		CHECK_EQ(ilog2(1ULL << i), i);
		CHECK_EQ(ilog2_ceil(1ULL << i), i);
		CHECK(is_power_of_2(1ULL << i));
	}
	CHECK_EQ(ilog2_ceil(1), 0);
	CHECK_EQ(ilog2_ceil(5), 3);
	CHECK(!is_power_of_2(0) && !is_power_of_2(12));
	CHECK_EQ(bit_count(0xf0f0), 8);
	for_each_bit(bit, 1ULL << 63 | 1ULL << 5 | 1) sum += bit;
	CHECK_EQ(sum, 68);
}

static const struct tap_test tests[] = {
    TEST(add_is_a_stack),	 TEST(add_tail_is_a_queue),
    TEST(del_unlinks_and_marks), TEST(move_keeps_the_rest),
    TEST(splice_moves_all),	 TEST(safe_walk_may_unlink),
    TEST(bits_are_found),
};

TAP_MAIN(tests)
