/* SPDX-License-Identifier: MIT */
/* Threads and futexes, and threads that share one address space and race. */
#include "abi/futex.h"
#include "test/guest/guest.h"
#include "user/lib/thread.h"

#define THREADS 4

static uint32_t word;
static volatile int flag;

static void add_many(void *arg)
{
	for (int i = 0; i < 10000; i++)
		__atomic_fetch_add((long *)arg, 1, __ATOMIC_RELAXED);
}

/* Run the same function in all threads, with &args[i], and wait. */
static void in_threads(void (*run)(void *), void *args, size_t size)
{
	struct thread threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		EQ(thread_start(&threads[i], run, (char *)args + i * size), 0);
	for (int i = 0; i < THREADS; i++)
		thread_join(&threads[i]);
}

TEST(threads_share_memory)
{
	long count = 0;

	in_threads(add_many, &count, 0);
	EQ(count, THREADS * 10000);
}

static void note_ids(void *arg)
{
	int *ids = arg;

	ids[0] = getpid();
	ids[1] = gettid();
}

TEST(threads_share_the_pid_not_the_tid)
{
	int ids[2];
	struct thread thread;

	EQ(thread_start(&thread, note_ids, ids), 0);
	thread_join(&thread);
	EQ(ids[0], getpid());
	CHECK(ids[1] != ids[0]);
}

static void open_file(void *arg)
{
	*(int *)arg = memfd_create("thread", 0);
}

TEST(threads_share_descriptors)
{
	int fd = -1;
	struct thread thread;

	EQ(thread_start(&thread, open_file, &fd), 0);
	thread_join(&thread);
	EQ(write(fd, "x", 1), 1);
}

static void map_page(void *arg)
{
	char *p = anon(1, RW);

	*p = 'x';
	*(char **)arg = p;
}

TEST(threads_share_mappings)
{
	char *p = NULL;
	struct thread thread;

	EQ(thread_start(&thread, map_page, &p), 0);
	thread_join(&thread);
	EQ(get(p), 'x');
}

TEST(futex_wait_returns_when_the_word_differs)
{
	EQ(futex_wait(&word, 1, NULL), -EAGAIN);
}

TEST(futex_wait_times_out)
{
	struct timespec len = {0, 20000000};
	uint64_t start = now_ns();

	EQ(futex_wait(&word, 0, &len), -ETIMEDOUT);
	CHECK(now_ns() - start >= 20000000);
}

TEST(futex_wake_of_no_one)
{
	EQ(futex_wake(&word, 1), 0);
}

TEST(futex_errors)
{
	struct timespec bad = {0, 1000000000};

	EQ(sys(SYS_futex, 8, FUTEX_WAIT, 0, NULL), -EFAULT);
	EQ(sys(SYS_futex, (char *)&word + 1, FUTEX_WAIT, 0, NULL), -EINVAL);
	EQ(sys(SYS_futex, &word, FUTEX_WAIT, 0, &bad), -EINVAL);
	EQ(sys(SYS_futex, &word, FUTEX_WAIT_BITSET, 0, NULL, NULL, 0), -EINVAL);
	EQ(sys(SYS_futex, &word, 99, 0, NULL), -ENOSYS);
}

static void sleep_on_word(void *arg)
{
	while (__atomic_load_n(&word, __ATOMIC_ACQUIRE) == 0)
		futex_wait(&word, 0, NULL);
	__atomic_fetch_add((long *)arg, 1, __ATOMIC_RELAXED);
}

TEST(futex_wakes_all)
{
	struct thread threads[THREADS];
	long woken = 0;

	for (int i = 0; i < THREADS; i++)
		EQ(thread_start(&threads[i], sleep_on_word, &woken), 0);
	sleep_ms(20);
	__atomic_store_n(&word, 1, __ATOMIC_RELEASE);
	futex_wake(&word, 1000);
	for (int i = 0; i < THREADS; i++)
		thread_join(&threads[i]);
	EQ(woken, THREADS);
}

static void sleep_for_ever(void *arg)
{
	for (;;)
		futex_wait(arg, 0, NULL);
}

static void *map_shared(void)
{
	return mmap(NULL, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

/* Memory that is gone may be followed by other memory, but not its waiters. */
TEST(futex_waiters_stay_with_their_memory)
{
	struct thread thread;
	int pid = fork();

	if (pid == 0) {
		void *shared = map_shared();
		int woken = 0;

		thread_start(&thread, sleep_for_ever, shared);
		while (sys(SYS_futex, shared, FUTEX_REQUEUE, 0, 1, shared) != 1)
			sleep_ms(1);
		munmap(shared, PAGE);
		for (int i = 0; i < 16; i++)
			woken += (int)futex_wake(map_shared(), 1);
		exit(woken);
	}
	joined(pid, 0);
}

TEST(futex_works_between_processes)
{
	uint32_t *shared =
	    mmap(NULL, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	EQ(err(shared), 0);
	int pid = fork();
	if (pid == 0) {
		while (__atomic_load_n(shared, __ATOMIC_ACQUIRE) == 0)
			futex_wait(shared, 0, NULL);
		exit(9);
	}
	sleep_ms(20);
	__atomic_store_n(shared, 1, __ATOMIC_RELEASE);
	futex_wake(shared, 1);
	joined(pid, 9);
}

/* A mutex of two states and a sleeping one: 0 free, 1 held, 2 contended. */
static uint32_t lock;

static void mutex_lock(void)
{
	uint32_t state = 0;

	if (__atomic_compare_exchange_n(&lock, &state, 1, false,
					__ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return;
	while (__atomic_exchange_n(&lock, 2, __ATOMIC_ACQUIRE) != 0)
		futex_wait(&lock, 2, NULL);
}

static void mutex_unlock(void)
{
	if (__atomic_exchange_n(&lock, 0, __ATOMIC_RELEASE) == 2)
		futex_wake(&lock, 1);
}

static void count_locked(void *arg)
{
	volatile long *count = arg;

	for (int i = 0; i < 3000; i++) {
		mutex_lock();
		*count = *count + 1;
		mutex_unlock();
	}
}

TEST(a_mutex_of_futexes_excludes)
{
	long count = 0;

	in_threads(count_locked, &count, 0);
	EQ(count, THREADS * 3000);
}

static void touch_pages(void *arg)
{
	char **p = arg;

	for (int i = 0; i < 256; i++)
		__atomic_fetch_add((int *)(*p + i * PAGE), 1, __ATOMIC_RELAXED);
}

TEST(threads_fault_on_the_same_pages)
{
	for (int round = 0; round < 4; round++) {
		char *p = anon(256, RW);

		in_threads(touch_pages, &p, 0);
		for (int i = 0; i < 256; i++)
			EQ(*(int *)(p + i * PAGE), THREADS);
		EQ(munmap(p, 256 * PAGE), 0);
	}
}

static void map_and_unmap(void *arg)
{
	(void)arg;
	for (int i = 0; i < 60; i++) {
		char *p = mmap(NULL, 4 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS,
			       -1, 0);

		EQ(err(p), 0);
		for (int n = 0; n < 4; n++)
			p[n * PAGE] = (char)(i + n);
		EQ(mprotect(p + PAGE, PAGE, PROT_READ), 0);
		for (int n = 0; n < 4; n++)
			EQ((uint8_t)p[n * PAGE], (uint8_t)(i + n));
		EQ(munmap(p, 4 * PAGE), 0);
	}
}

TEST(threads_map_and_unmap_at_once)
{
	in_threads(map_and_unmap, NULL, 0);
}

static void read_zeros(void *arg)
{
	char **p = arg;

	while (!flag)
		for (int i = 0; i < 16; i++) {
			int c =
			    __atomic_load_n(*p + i * PAGE, __ATOMIC_RELAXED);

			CHECK(c == 0 || c == 'x');
		}
}

TEST(dontneed_under_readers)
{
	struct thread thread;
	char *p = anon(16, RW);

	EQ(thread_start(&thread, read_zeros, &p), 0);
	for (int i = 0; i < 100; i++) {
		for (int n = 0; n < 16; n++)
			__atomic_store_n(p + n * PAGE, 'x', __ATOMIC_RELAXED);
		EQ(madvise(p, 16 * PAGE, MADV_DONTNEED), 0);
		EQ(get(p), 0);
	}
	flag = 1;
	thread_join(&thread);
}

static void keep_writing(void *arg)
{
	volatile long *count = arg;

	while (!flag)
		*count = *count + 1;
}

TEST(fork_under_a_writer_takes_a_snapshot)
{
	struct thread thread;
	long *count = (long *)anon(1, RW);

	EQ(thread_start(&thread, keep_writing, count), 0);
	for (int i = 0; i < 20; i++) {
		int pid = fork();

		if (pid == 0) {
			long seen = *(volatile long *)count;

			sched_yield();
			exit(seen == *(volatile long *)count ? 0 : 1);
		}
		joined(pid, 0);
	}
	flag = 1;
	thread_join(&thread);
}

static void sleep_forever(void *arg)
{
	(void)arg;
	for (;;)
		sleep_ms(1000);
}

TEST(exit_group_ends_all_threads)
{
	int status, pid = fork();

	if (pid == 0) {
		struct thread thread;

		thread_start(&thread, sleep_forever, NULL);
		thread_start(&thread, keep_writing, &status);
		sleep_ms(10);
		exit(4);
	}
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, 4 << 8);
}

static void crash(void *arg)
{
	*(volatile char *)arg = 1;
}

TEST(a_fault_in_one_thread_kills_all)
{
	char *p = anon(1, PROT_NONE);
	int status, pid = fork();

	if (pid == 0) {
		struct thread thread;

		thread_start(&thread, crash, p);
		sleep_forever(NULL);
	}
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status & 0x7f, SIGSEGV);
}

static void become_echo(void *arg)
{
	char *argv[] = {"thread", "echo", NULL};

	(void)arg;
	execve("/proc/self/exe", argv, environ());
}

TEST(exec_in_a_thread_replaces_the_process)
{
	int status, pid = fork();

	if (pid == 0) {
		struct thread thread;

		thread_start(&thread, become_echo, NULL);
		sleep_forever(NULL);
	}
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, 33 << 8);
}

static void exit_thread(void *arg)
{
	(void)arg;
}

TEST(the_process_lives_as_long_as_a_thread)
{
	int status, pid = fork();

	if (pid == 0) {
		static struct thread thread;

		thread_start(&thread, sleep_forever, NULL);
		thread_start(&thread, exit_thread, NULL);
		sys(SYS_exit, 1); /* this thread only */
	}
	sleep_ms(30);
	EQ(waitpid(pid, &status, WNOHANG), 0);
	EQ(kill(pid, SIGKILL), 0);
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status & 0x7f, SIGKILL);
}

static volatile int handled_by;

static void note_tid(int sig, struct siginfo *info, struct ucontext *uc)
{
	(void)sig, (void)info, (void)uc;
	handled_by = gettid();
}

TEST(tgkill_picks_the_thread)
{
	struct thread thread;
	long count = 0;

	handle(SIGUSR1, note_tid, 0);
	EQ(thread_start(&thread, keep_writing, &count), 0);
	int tid = (int)thread.tid;
	EQ(sys(SYS_tgkill, getpid(), tid, SIGUSR1), 0);
	for (int i = 0; i < 1000 && !handled_by; i++)
		sleep_ms(1);
	flag = 1;
	thread_join(&thread);
	EQ(handled_by, tid);
}

TEST(the_tls_register_is_the_programs)
{
	uint64_t tp;

	__asm__ volatile("li tp, 0x5555\n\tli a7, 172\n\tecall\n\tmv %0, tp"
			 : "=r"(tp)
			 :
			 : "a0", "a7", "memory");
	EQ(tp, 0x5555);
}

TEST(clone_refuses_nonsense)
{
	EQ(sys(SYS_clone, CLONE_THREAD, 0), -EINVAL);
	EQ(sys(SYS_clone, CLONE_SIGHAND, 0), -EINVAL);
	EQ(sys(SYS_clone, CLONE_THREAD | CLONE_SIGHAND, 0), -EINVAL);
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "echo") == 0)
		return 33;
	return tap_main(argc, argv);
}
