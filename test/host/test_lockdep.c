/* SPDX-License-Identifier: MIT */
/*
 * The lock-order checker: it lets sound orders pass and reports each kind of
 * mistake before it becomes a deadlock.
 */
#include <string.h>

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

static char printed[1000];

static void keep(const char *text)
{
	strncat(printed, text, sizeof(printed) - strlen(printed) - 1);
}

/* What the watchdog says when nobody may sleep longer than this; "": nothing */
static const char *sleepers_of(uint64_t patience)
{
	bool complains;

	printed[0] = '\0';
	host_print_hook = keep;
	complains = EXPECT_BUG(lockdep_check_sleepers(patience));
	host_print_hook = NULL;
	CHECK_EQ(complains, printed[0] != '\0');
	return printed;
}

static void lock_both(void *unused)
{
	(void)unused;
	down_read(&sem);
	mutex_lock(&mutex);
	mutex_unlock(&mutex);
	up_read(&sem);
}

static void sleeping_too_long_for_a_lock_is_reported(void)
{
	const uint64_t hour = 3600000000000UL;
	struct thread *t;
	const char *text;

	set_up();
	rwsem_init(&sem);
	mutex_init(&mutex);
	mutex_lock(&mutex);
	t = host_thread_start(lock_both, NULL);
	while (!host_thread_is_parked(t))
		machine_yield();
	CHECK_EQ(*sleepers_of(hour), '\0');
	text = sleepers_of(0);
	CHECK(strstr(text, "thread 1 sleeps\n  holds &sem"));
	CHECK(strstr(text, "waits for &mutex"));
	CHECK(strstr(text, "hart 0:\n  holds &mutex"));
	mutex_unlock(&mutex);
	host_thread_join(t);
	CHECK_EQ(*sleepers_of(0), '\0');
	CHECK_EQ(machine_held_locks()->nr, 0);
}

static void hold_and_park(void *unused)
{
	(void)unused;
	down_read(&sem);
	machine_park();
	up_read(&sem);
}

/* It may sleep for whatever it likes. */
static void sleeping_with_a_lock_is_no_fault(void)
{
	struct thread *t;

	set_up();
	rwsem_init(&sem);
	t = host_thread_start(hold_and_park, NULL);
	while (!host_thread_is_parked(t))
		machine_yield();
	CHECK_EQ(*sleepers_of(0), '\0');
	machine_unpark(t);
	host_thread_join(t);
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
    TEST(sleeping_too_long_for_a_lock_is_reported),
    TEST(sleeping_with_a_lock_is_no_fault),
};

TAP_MAIN(tests)
