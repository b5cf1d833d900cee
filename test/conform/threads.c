/* SPDX-License-Identifier: MIT */
/*
 * What a change of the address space means to other threads: from the moment
 * the call returns it holds for them, too, whatever their hart remembers.
 */
#include "test/conform/conform.h"
#include "user/lib/thread.h"

struct shared_page {
	volatile long count; /* of stores by the other thread */
};

static struct shared_page *page;
static volatile int stop, faults, hold;

/* The other thread waits in its handler until it may try again. */
static void wait_in_handler(int sig, struct siginfo *info, struct ucontext *uc)
{
	(void)sig;
	(void)uc;
	faults += info->si_addr == (uintptr_t)page;
	while (hold)
		sched_yield();
}

static void count_up(void *arg)
{
	(void)arg;
	while (!stop)
		page->count++;
}

static void count_reads(void *arg)
{
	volatile long *seen = arg;

	while (!stop)
		*seen = page->count;
}

/* Start a thread that uses the page, and wait until it does. */
static void start_thread(struct thread *thread)
{
	page = (struct shared_page *)island(1, RW);
	EQ(handle(SIGSEGV, wait_in_handler, 0), 0);
	hold = 1;
	EQ(thread_start(thread, count_up, NULL), 0);
	while (page->count < 1000)
		sched_yield();
}

static void wait_for_fault(void)
{
	while (!faults)
		sched_yield();
}

static void stop_thread(struct thread *thread)
{
	hold = 0;
	stop = 1;
	thread_join(thread);
}

TEST(mprotect_stops_the_stores_of_other_threads)
{
	struct thread thread;
	long count;

	start_thread(&thread);
	EQ(mprotect(page, PAGE, PROT_READ), 0);
	count = page->count;
	sleep_ms(20);
	EQ(page->count, count);
	wait_for_fault();
	EQ(mprotect(page, PAGE, RW), 0);
	stop_thread(&thread);
	CHECK(page->count >= count);
}

TEST(mprotect_back_lets_other_threads_go_on)
{
	struct thread thread;
	long count;

	start_thread(&thread);
	EQ(mprotect(page, PAGE, PROT_NONE), 0);
	wait_for_fault();
	EQ(mprotect(page, PAGE, RW), 0);
	hold = 0;
	count = page->count;
	while (page->count < count + 1000)
		sched_yield();
	stop_thread(&thread);
}

TEST(munmap_stops_the_stores_of_other_threads)
{
	struct thread thread;

	start_thread(&thread);
	EQ(munmap(page, PAGE), 0);
	wait_for_fault();
	EQ(map(page, PAGE, RW, ANON | MAP_FIXED), (long)page);
	EQ(page->count, 0);
	stop_thread(&thread);
}

TEST(mremap_takes_the_page_away_from_other_threads)
{
	char *to = hole(1);
	struct thread thread;
	long count;

	start_thread(&thread);
	EQ((long)mremap(page, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to),
	   (long)to);
	count = ((struct shared_page *)to)->count;
	wait_for_fault();
	sleep_ms(20);
	EQ(((struct shared_page *)to)->count, count);
	EQ(map(page, PAGE, RW, ANON | MAP_FIXED), (long)page);
	stop_thread(&thread);
}

TEST(mmap_fixed_puts_another_page_under_other_threads)
{
	int fd = file_of(1);
	char *old = map_fd(fd, 1, RW, MAP_SHARED);
	struct thread thread;
	long count;

	start_thread(&thread);
	EQ((long)mmap(page, PAGE, RW, MAP_SHARED | MAP_FIXED, fd, 0),
	   (long)page);
	while (*(volatile long *)old == 0x4141414141414141)
		sched_yield();
	EQ(map(page, PAGE, RW, ANON | MAP_FIXED), (long)page);
	count = *(volatile long *)old;
	sleep_ms(20);
	EQ(*(volatile long *)old, count);
	stop_thread(&thread);
}

TEST(dontneed_empties_the_page_of_other_threads)
{
	static volatile long seen;
	struct thread thread;

	page = (struct shared_page *)island(1, RW);
	page->count = 5;
	EQ(thread_start(&thread, count_reads, (void *)(uintptr_t)&seen), 0);
	while (seen != 5)
		sched_yield();
	EQ(madvise(page, PAGE, MADV_DONTNEED), 0);
	while (seen != 0)
		sched_yield();
	stop_thread(&thread);
}

TEST(ftruncate_takes_the_page_away_from_other_threads)
{
	int fd = file_of(1);
	struct thread thread;

	page = (struct shared_page *)map_fd(fd, 1, RW, MAP_SHARED);
	EQ(handle(SIGBUS, wait_in_handler, 0), 0);
	hold = 1;
	EQ(thread_start(&thread, count_up, NULL), 0);
	while (page->count < 0x4141414141414141 + 1000)
		sched_yield();
	EQ(ftruncate(fd, 0), 0);
	wait_for_fault();
	EQ(ftruncate(fd, PAGE), 0);
	EQ(page->count, 0);
	stop_thread(&thread);
}

TEST(fork_gives_the_child_a_page_that_no_thread_writes)
{
	struct thread thread;
	int pid;

	start_thread(&thread);
	pid = fork();
	if (pid == 0) {
		long count = page->count;
		sleep_ms(20);
		exit(page->count == count ? 0 : 1);
	}
	joined(pid, 0);
	long count = page->count;
	while (page->count < count + 1000)
		sched_yield();
	stop_thread(&thread);
}

static void map_there(void *at)
{
	map(at, PAGE, RW, ANON | MAP_FIXED);
	*(volatile char *)at = 'x';
}

TEST(mmap_in_one_thread_serves_the_other)
{
	char *at = hole(1);
	struct thread thread;

	EQ(thread_start(&thread, map_there, at), 0);
	thread_join(&thread);
	EQ(get(at), 'x');
}

TEST(mmap_in_a_process_that_shares_memory_serves_the_other)
{
	char *at = hole(1);
	long pid = sys(SYS_clone, CLONE_VM | CLONE_VFORK | SIGCHLD);

	if (pid == 0) {
		map_there(at);
		exit(0);
	}
	joined((int)pid, 0);
	EQ(get(at), 'x');
}

TAP_MAIN
