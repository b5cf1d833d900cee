/* SPDX-License-Identifier: MIT */
/*
 * The lock-order checker: it lets sound orders pass and reports each kind of
 * mistake before it becomes a deadlock.
 */
#include "lib/mutex.h"
#include "lib/rwsem.h"
#include "lib/spinlock.h"

#include "test/host/host.h"
#include "test/host/tap.h"

static struct spinlock a, b, c;
static struct rwsem sem, other_sem;
static struct mutex mutex;

static void set_up(void)
{
	host_machine_init(0);
	host_quiet = true;
	machine_held_locks()->nr = 0;
}

static void one_order_is_sound(void)
{
	set_up();
	spin_init(&a);
	spin_init(&b);
	for (int i = 0; i < 2; i++) {
		spin_lock(&a);
		spin_lock(&b);
		spin_unlock(&a); /* release in any order */
		spin_unlock(&b);
	}
	CHECK_EQ(machine_held_locks()->nr, 0);
}

static void inversion_is_reported(void)
{
	set_up();
	spin_init(&a);
	spin_init(&b);
	spin_lock(&a);
	spin_lock(&b);
	spin_unlock(&b);
	spin_unlock(&a);
	spin_lock(&b);
	CHECK(EXPECT_BUG(spin_lock(&a)));
}

static void inversion_through_a_third_is_reported(void)
{
	set_up();
	spin_init(&a);
	spin_init(&b);
	spin_init(&c);
	spin_lock(&a);
	spin_lock(&b);
	spin_unlock(&b);
	spin_unlock(&a);
	spin_lock(&b);
	spin_lock(&c);
	spin_unlock(&c);
	spin_unlock(&b);
	spin_lock(&c);
	CHECK(EXPECT_BUG(spin_lock(&a)));
}

static void init_pair(struct spinlock *pair)
{
	for (int i = 0; i < 2; i++)
		spin_init(&pair[i]);
}

static void two_of_a_class_need_nested(void)
{
	struct spinlock pair[2];

	set_up();
	init_pair(pair);
	spin_lock(&pair[0]);
	spin_lock_nested(&pair[1]);
	spin_unlock(&pair[1]);
	CHECK(EXPECT_BUG(spin_lock(&pair[1])));
}

static void same_lock_twice_is_reported(void)
{
	set_up();
	rwsem_init(&sem);
	down_read(&sem);
	CHECK(EXPECT_BUG(down_read(&sem)));
}

static void trylock_makes_no_order(void)
{
	set_up();
	spin_init(&a);
	spin_init(&b);
	spin_lock(&a);
	spin_lock(&b);
	spin_unlock(&b);
	spin_unlock(&a);
	spin_lock(&b);
	CHECK(spin_trylock(&a));
	spin_unlock(&a);
	spin_unlock(&b);
	CHECK_EQ(machine_held_locks()->nr, 0);
}

static void sleeping_lock_in_spinlock_is_reported(void)
{
	set_up();
	spin_init(&a);
	rwsem_init(&sem);
	mutex_init(&mutex);
	spin_lock(&a);
	CHECK(EXPECT_BUG(down_write(&sem)));
	CHECK(EXPECT_BUG(mutex_lock(&mutex)));
	CHECK(down_read_trylock(&sem));
	up_read(&sem);
	spin_unlock(&a);
}

static void parking_in_spinlock_is_reported(void)
{
	set_up();
	spin_init(&a);
	spin_lock(&a);
	CHECK(EXPECT_BUG(machine_park()));
}

static void sleeping_locks_have_an_order_too(void)
{
	set_up();
	rwsem_init(&sem);
	rwsem_init(&other_sem);
	down_write(&sem);
	down_read(&other_sem);
	up_read(&other_sem);
	downgrade_write(&sem);
	up_read(&sem);
	CHECK_EQ(machine_held_locks()->nr, 0);
	down_read(&other_sem);
	CHECK(EXPECT_BUG(down_write(&sem)));
}

static void killed_waiter_holds_nothing(void)
{
	set_up();
	mutex_init(&mutex);
	mutex_lock(&mutex);
	mutex_unlock(&mutex);
	CHECK(!mutex_lock_killable(&mutex));
	mutex_unlock(&mutex);
	CHECK_EQ(machine_held_locks()->nr, 0);
}

static const struct tap_test tests[] = {
    TEST(one_order_is_sound),
    TEST(inversion_is_reported),
    TEST(inversion_through_a_third_is_reported),
    TEST(two_of_a_class_need_nested),
    TEST(same_lock_twice_is_reported),
    TEST(trylock_makes_no_order),
    TEST(sleeping_lock_in_spinlock_is_reported),
    TEST(parking_in_spinlock_is_reported),
    TEST(sleeping_locks_have_an_order_too),
    TEST(killed_waiter_holds_nothing),
};

TAP_MAIN(tests)
