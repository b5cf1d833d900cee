/* SPDX-License-Identifier: MIT */
/*
 * Sleeping locks and wait queues between real threads. Run under ASan for
 * waiters that outlive their stack, and under TSan for missing orders.
 */
#include <sched.h>

#include "abi/errno.h"
#include "lib/mutex.h"
#include "lib/rwsem.h"
#include "lib/waitqueue.h"

#include "test/host/host.h"
#include "test/host/tap.h"

#define THREADS 6
#define ROUNDS	3000

static struct rwsem sem;
static struct mutex mutex;
static struct wait_queue queue;
static uint64_t shared[4]; /* plain: TSan sees whether the lock orders it */
static uint32_t readers_inside, most_readers; /* atomic */

static void set_up(void)
{
	host_machine_init(0);
	rwsem_init(&sem);
	mutex_init(&mutex);
	wait_queue_init(&queue);
	for (size_t i = 0; i < ARRAY_SIZE(shared); i++)
		shared[i] = 0;
	store_relaxed(&readers_inside, 0);
	store_relaxed(&most_readers, 0);
}

static void run_threads(void (*fn)(void *arg), int count)
{
	struct thread *threads[THREADS];

	for (int i = 0; i < count; i++)
		threads[i] = host_thread_start(fn, (void *)(uintptr_t)i);
	for (int i = 0; i < count; i++)
		host_thread_join(threads[i]);
}

static void wait_until_parked(struct thread *t)
{
	while (!host_thread_is_parked(t))
		sched_yield();
}

static void write_shared(void)
{
	CHECK(rwsem_is_write_locked(&sem));
	CHECK(rwsem_is_mine(&sem));
	CHECK_EQ(load_relaxed(&readers_inside), 0);
	for (size_t i = 0; i < ARRAY_SIZE(shared); i++)
		shared[i]++;
}

static void read_shared(void)
{
	CHECK(rwsem_is_locked(&sem));
	CHECK(!rwsem_is_write_locked(&sem));
	fetch_add_relaxed(&readers_inside, 1);
	for (size_t i = 1; i < ARRAY_SIZE(shared); i++)
		CHECK_EQ(shared[i], shared[0]);
	fetch_add_relaxed(&readers_inside, -1U);
}

static void use_rwsem(void *arg)
{
	struct rng rng;

	rng_init(&rng, tap_seed() + (uintptr_t)arg);
	for (int round = 0; round < ROUNDS; round++) {
		switch (rng_below(&rng, 6)) {
		case 0:
			down_write(&sem);
			write_shared();
			up_write(&sem);
			break;
		case 1:
			down_write(&sem);
			write_shared();
			downgrade_write(&sem);
			read_shared();
			up_read(&sem);
			break;
		case 2:
			if (down_write_trylock(&sem)) {
				write_shared();
				up_write(&sem);
			}
			break;
		case 3:
			if (down_read_trylock(&sem)) {
				read_shared();
				up_read(&sem);
			}
			break;
		default:
			CHECK_EQ(down_read_killable(&sem), 0);
			read_shared();
			up_read(&sem);
		}
	}
}

static void writers_exclude_everyone(void)
{
	set_up();
	run_threads(use_rwsem, THREADS);
	CHECK(!rwsem_is_locked(&sem));
	CHECK_EQ(sem.count, 0);
}

static void trylocks_refuse(void)
{
	set_up();
	CHECK(down_read_trylock(&sem));
	CHECK(down_read_trylock(&sem));
	CHECK(!down_write_trylock(&sem));
	up_read(&sem);
	CHECK(!down_write_trylock(&sem));
	up_read(&sem);
	CHECK(down_write_trylock(&sem));
	CHECK(!down_read_trylock(&sem));
	CHECK(rwsem_is_mine(&sem));
	downgrade_write(&sem);
	CHECK(!rwsem_is_mine(&sem));
	CHECK(down_read_trylock(&sem));
	up_read(&sem);
	up_read(&sem);
	CHECK(!rwsem_is_locked(&sem));
}

/* Who came first, second, ... into the lock; guarded by mutex. */
static int arrivals[THREADS], arrived;

static void note_arrival(void *arg)
{
	mutex_lock(&mutex);
	arrivals[arrived++] = (int)(uintptr_t)arg;
	mutex_unlock(&mutex);
}

static void write_once(void *arg)
{
	down_write(&sem);
	note_arrival(arg);
	up_write(&sem);
}

/* Stay inside until a second reader is, so that a batch shows itself. */
static void read_once(void *arg)
{
	down_read(&sem);
	note_arrival(arg);
	fetch_add_acq_rel(&most_readers, 1);
	while (load_acquire(&most_readers) < 2)
		sched_yield();
	up_read(&sem);
}

static void queue_is_in_order_of_arrival(void)
{
	static void (*const role[])(void *) = {write_once, read_once, read_once,
					       write_once};
	struct thread *threads[4];

	set_up();
	arrived = 0;
	down_read(&sem);
	for (uintptr_t i = 0; i < 4; i++) {
		threads[i] = host_thread_start(role[i], (void *)i);
		wait_until_parked(threads[i]);
	}
	/* Readers do not overtake the writer that waits. */
	CHECK(!down_read_trylock(&sem));
	up_read(&sem);
	for (int i = 0; i < 4; i++)
		host_thread_join(threads[i]);
	CHECK_EQ(arrivals[0], 0);
	CHECK_EQ(arrivals[1] + arrivals[2], 3);
	CHECK_EQ(arrivals[3], 3);
}

static void downgrade_lets_readers_in(void)
{
	struct thread *threads[2];

	set_up();
	arrived = 0;
	down_write(&sem);
	for (uintptr_t i = 0; i < 2; i++) {
		threads[i] = host_thread_start(read_once, (void *)i);
		wait_until_parked(threads[i]);
	}
	downgrade_write(&sem);
	for (int i = 0; i < 2; i++)
		host_thread_join(threads[i]);
	CHECK_EQ(arrived, 2);
	up_read(&sem);
	CHECK_EQ(sem.count, 0);
}

static int killed_result;

static void write_killably(void *arg)
{
	(void)arg;
	killed_result = down_write_killable(&sem);
}

static void read_killably(void *arg)
{
	(void)arg;
	killed_result = down_read_killable(&sem);
}

/* The writer that stood between two readers goes away, the second gets in. */
static void killed_writer_lets_the_queue_move(void)
{
	struct thread *writer, *reader;

	set_up();
	arrived = 0;
	killed_result = 0;
	store_relaxed(&most_readers, 1);
	down_read(&sem);
	writer = host_thread_start(write_killably, NULL);
	wait_until_parked(writer);
	reader = host_thread_start(read_once, NULL);
	wait_until_parked(reader);
	host_thread_kill(writer);
	host_thread_join(writer);
	CHECK_EQ(killed_result, -EINTR);
	host_thread_join(reader);
	CHECK_EQ(arrived, 1);
	up_read(&sem);
	CHECK_EQ(sem.count, 0);
}

static void killed_reader_leaves_the_lock_alone(void)
{
	struct thread *reader;

	set_up();
	killed_result = 0;
	down_write(&sem);
	reader = host_thread_start(read_killably, NULL);
	wait_until_parked(reader);
	host_thread_kill(reader);
	host_thread_join(reader);
	CHECK_EQ(killed_result, -EINTR);
	up_write(&sem);
	CHECK_EQ(sem.count, 0);
}

static void use_mutex(void *arg)
{
	(void)arg;
	for (int round = 0; round < ROUNDS; round++) {
		if (round % 4 || !mutex_trylock(&mutex))
			mutex_lock(&mutex);
		CHECK(mutex_is_locked(&mutex));
		CHECK_EQ(shared[0], shared[1]);
		shared[0]++;
		shared[1]++;
		mutex_unlock(&mutex);
	}
}

static void mutex_excludes(void)
{
	set_up();
	run_threads(use_mutex, THREADS);
	CHECK_EQ(shared[0], THREADS * ROUNDS);
	CHECK(!mutex_is_locked(&mutex));
	CHECK(mutex_trylock(&mutex));
	CHECK(!mutex_trylock(&mutex));
	mutex_unlock(&mutex);
	CHECK(EXPECT_BUG(mutex_unlock(&mutex)));
}

static void mutex_once(void *arg)
{
	note_arrival(arg);
}

static void mutex_queue_is_in_order_of_arrival(void)
{
	struct thread *threads[4];

	set_up();
	arrived = 0;
	mutex_lock(&mutex);
	for (uintptr_t i = 0; i < 4; i++) {
		threads[i] = host_thread_start(mutex_once, (void *)i);
		wait_until_parked(threads[i]);
	}
	mutex_unlock(&mutex);
	for (int i = 0; i < 4; i++)
		host_thread_join(threads[i]);
	for (int i = 0; i < 4; i++)
		CHECK_EQ(arrivals[i], i);
}

static void lock_killably(void *arg)
{
	(void)arg;
	killed_result = mutex_lock_killable(&mutex);
}

static void killed_thread_leaves_the_mutex_alone(void)
{
	struct thread *t;

	set_up();
	killed_result = 0;
	CHECK_EQ(mutex_lock_killable(&mutex), 0);
	t = host_thread_start(lock_killably, NULL);
	wait_until_parked(t);
	host_thread_kill(t);
	host_thread_join(t);
	CHECK_EQ(killed_result, -EINTR);
	mutex_unlock(&mutex);
	CHECK_EQ(mutex.count, 0);
}

/* A box with room for tokens: producers and consumers, a wake per token. */
static uint32_t tokens; /* atomic */

static bool take_token(void)
{
	uint32_t have = load_acquire(&tokens);

	while (have) {
		if (cas_acq_rel(&tokens, &have, have - 1))
			return true;
	}
	return false;
}

static void exchange_tokens(void *arg)
{
	for (int round = 0; round < ROUNDS; round++) {
		if ((uintptr_t)arg % 2) {
			fetch_add_acq_rel(&tokens, 1);
			wake_one(&queue);
		} else {
			wait_event(&queue, take_token());
		}
	}
}

static void no_wake_up_is_lost(void)
{
	set_up();
	store_relaxed(&tokens, 0);
	run_threads(exchange_tokens, THREADS);
	CHECK_EQ(load_relaxed(&tokens), 0);
	CHECK(list_empty(&queue.waiters));
}

static void wait_for_token(void *arg)
{
	*(int *)arg = wait_event_killable(&queue, take_token());
}

static void wake_all_wakes_all(void)
{
	struct thread *threads[3];
	int results[3] = {1, 1, 1};

	set_up();
	store_relaxed(&tokens, 0);
	for (int i = 0; i < 3; i++) {
		threads[i] = host_thread_start(wait_for_token, &results[i]);
		wait_until_parked(threads[i]);
	}
	fetch_add_acq_rel(&tokens, 3);
	wake_all(&queue);
	for (int i = 0; i < 3; i++) {
		host_thread_join(threads[i]);
		CHECK_EQ(results[i], 0);
	}
	CHECK(!wake_one(&queue));
}

static void kill_ends_a_wait(void)
{
	struct thread *t;
	int result = 0;

	set_up();
	store_relaxed(&tokens, 0);
	t = host_thread_start(wait_for_token, &result);
	wait_until_parked(t);
	host_thread_kill(t);
	host_thread_join(t);
	CHECK_EQ(result, -EINTR);
	CHECK(list_empty(&queue.waiters));
}

/* A wake-up that picked somebody who no longer needs it goes to the next. */
static void unneeded_wake_up_is_passed_on(void)
{
	struct wait_entry entry;
	struct thread *t;
	int result = 1;

	set_up();
	store_relaxed(&tokens, 0);
	wait_entry_init(&entry);
	wait_prepare(&queue, &entry);
	t = host_thread_start(wait_for_token, &result);
	wait_until_parked(t);
	fetch_add_acq_rel(&tokens, 1);
	CHECK(wake_one(&queue));
	CHECK(host_thread_is_parked(t));
	wait_finish(&queue, &entry);
	host_thread_join(t);
	CHECK_EQ(result, 0);
}

/* RCU of the host machine itself: the sleeper waits for the reader. */
static uint32_t rcu_step; /* atomic */

static void read_rcu(void *arg)
{
	(void)arg;
	rcu_read_lock();
	store_release(&rcu_step, 1);
	for (int i = 0; i < 1000; i++)
		sched_yield();
	shared[0] = 1;
	rcu_read_unlock();
}

static void rcu_synchronize_waits_for_readers(void)
{
	struct thread *t;

	set_up();
	store_relaxed(&rcu_step, 0);
	t = host_thread_start(read_rcu, NULL);
	while (!load_acquire(&rcu_step))
		sched_yield();
	machine_rcu_synchronize();
	CHECK_EQ(shared[0], 1);
	host_thread_join(t);
	rcu_read_lock();
	CHECK(EXPECT_BUG(machine_park()));
	rcu_read_unlock();
}

static const struct tap_test tests[] = {
    TEST(writers_exclude_everyone),
    TEST(trylocks_refuse),
    TEST(queue_is_in_order_of_arrival),
    TEST(downgrade_lets_readers_in),
    TEST(killed_writer_lets_the_queue_move),
    TEST(killed_reader_leaves_the_lock_alone),
    TEST(mutex_excludes),
    TEST(mutex_queue_is_in_order_of_arrival),
    TEST(killed_thread_leaves_the_mutex_alone),
    TEST(no_wake_up_is_lost),
    TEST(wake_all_wakes_all),
    TEST(kill_ends_a_wait),
    TEST(unneeded_wake_up_is_passed_on),
    TEST(rcu_synchronize_waits_for_readers),
};

TAP_MAIN(tests)
