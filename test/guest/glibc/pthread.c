/* SPDX-License-Identifier: MIT */
/* Threads of an ordinary C library: mutex, condition, storage per thread. */
#include <pthread.h>
#include <stdio.h>

#define THREADS 4
#define ROUNDS	2000

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static long count, turn;
static __thread long mine;

static void *work(void *arg)
{
	long self = (long)arg;

	for (int i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&lock);
		count++;
		mine++;
		pthread_mutex_unlock(&lock);
	}
	/* In the order of their numbers. */
	pthread_mutex_lock(&lock);
	while (turn != self)
		pthread_cond_wait(&changed, &lock);
	turn++;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
	return (void *)mine;
}

int main(void)
{
	pthread_t threads[THREADS];
	void *result;
	long sum = 0;

	for (long i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, work, (void *)i))
			return 1;
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &result);
		sum += (long)result;
	}
	printf("count %ld, sum %ld, turns %ld, mine %ld\n", count, sum, turn,
	       mine);
	return 0;
}
