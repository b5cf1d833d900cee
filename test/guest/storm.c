/* SPDX-License-Identifier: MIT */
/*
 * Programs that take all there is: processes, memory, page tables, files,
 * pipes, areas. Each gets an error or is killed; the others live on.
 */
#include "test/guest/guest.h"
#include "user/lib/thread.h"

/* Take memory with take() until it fails or kills the child; never harmless. */
static void exhaust(void (*take)(void *))
{
	int status = in_child(take, NULL);

	CHECK(status == 0 || status == SIGKILL);
	char *p = anon(200, RW);
	memset(p, 1, 200 * PAGE);
}

static void grow_memory(void *arg)
{
	enum { PIECE = 256 };
	char *p;

	(void)arg;
	for (;;) {
		p = mmap(NULL, PIECE * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);
		if (err(p))
			break;
		for (unsigned long i = 0; i < PIECE; i++)
			*(volatile char *)(p + i * PAGE) = 1;
	}
	EQ(err(p), -ENOMEM);
}

TEST(memory_runs_out)
{
	exhaust(grow_memory);
}

static void populate_memory(void *arg)
{
	size_t len = meminfo("MemTotal:");
	char *p = mmap(NULL, len, RW,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	(void)arg;
	if (!err(p))
		CHECK(madvise(p, len, MADV_POPULATE_WRITE) < 0);
}

TEST(memory_runs_out_while_populating)
{
	exhaust(populate_memory);
}

static void grow_shared(void *arg)
{
	size_t len = meminfo("MemTotal:");
	char *p = mmap(NULL, len, RW,
		       MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	(void)arg;
	if (err(p))
		return;
	for (size_t i = 0; i < len; i += PAGE)
		*(volatile char *)(p + i) = 1;
	CHECK(!"all memory could be shared");
}

TEST(memory_runs_out_in_shared_memory)
{
	exhaust(grow_shared);
}

/* One page in each 2 MiB: page tables take as much as the pages do. */
static void grow_tables(void *arg)
{
	enum { STEP = 2 << 20 };
	size_t len = 200UL << 30;
	char *p = mmap(NULL, len, RW,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	(void)arg;
	EQ(err(p), 0);
	for (size_t i = 0; i < len; i += STEP)
		*(volatile char *)(p + i) = 1;
}

TEST(page_tables_take_all_memory)
{
	exhaust(grow_tables);
}

static void grow_file(void *arg)
{
	static char buf[64 * 1024];
	int fd = memfd_create("big", 0);
	long len;

	(void)arg;
	memset(buf, 1, sizeof(buf));
	while ((len = write(fd, buf, sizeof(buf))) > 0)
		;
	CHECK(len == -ENOSPC || len == -ENOMEM || len == -EFBIG);
}

TEST(a_file_takes_all_memory)
{
	exhaust(grow_file);
}

static void fill_pipes(void *arg)
{
	static char buf[4096];
	int fds[2], error;

	(void)arg;
	setrlimit(RLIMIT_NOFILE, 4096, 4096);
	while ((error = (int)sys(SYS_pipe2, fds, O_NONBLOCK)) == 0)
		while (write(fds[1], buf, sizeof(buf)) > 0)
			;
	CHECK(error == -EMFILE || error == -ENFILE || error == -ENOMEM);
}

TEST(pipes_take_all_memory)
{
	exhaust(fill_pipes);
}

TEST(addresses_run_out)
{
	int count = 0;
	char *p;

	do
		p = mmap(NULL, 1UL << 30, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	while (!err(p) && ++count < 300);
	EQ(err(p), -ENOMEM);
	CHECK(count > 200 && count < 256);
	while ((p = mmap(NULL, PAGE << 8, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)),
	       !err(p))
		;
	EQ(err(p), -ENOMEM);
}

/* Everyone forks, and their children fork. The count is shared. */
static void bomb(uint32_t *count, uint32_t most)
{
	while (__atomic_fetch_add(count, 1, __ATOMIC_RELAXED) < most)
		if (fork() < 0)
			sched_yield();
	for (;;)
		sleep_ms(1000);
}

static void kill_group(int group)
{
	int status;

	EQ(kill(-group, SIGKILL), 0);
	while (waitpid(-1, &status, 0) > 0)
		;
}

TEST(a_fork_bomb)
{
	uint32_t *count =
	    mmap(NULL, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int pid = fork();

	if (pid == 0) {
		sys(SYS_setpgid, 0, 0);
		bomb(count, 300);
	}
	while (__atomic_load_n(count, __ATOMIC_RELAXED) < 300)
		sleep_ms(10);
	kill_group(pid);
	pid = fork();
	if (pid == 0)
		exit(6);
	joined(pid, 6);
}

static void fork_until_it_fails(void *arg)
{
	int count = 0, pid;

	(void)arg;
	sys(SYS_setpgid, 0, 0);
	while ((pid = fork()) > 0 && ++count < 50000)
		;
	if (pid == 0)
		for (;;)
			sleep_ms(1000);
	printf("# %d processes, then %s\n", count, error_name(pid));
	CHECK(pid == -EAGAIN || pid == -ENOMEM);
	kill(0, SIGKILL);
}

TEST(processes_run_out)
{
	int status = in_child(fork_until_it_fails, NULL);

	EQ(status, SIGKILL);
	sleep_ms(100); /* the rest of the group is init's to reap */
	int pid = fork();
	if (pid == 0)
		exit(6);
	joined(pid, 6);
}

static void sleep_forever(void *arg)
{
	(void)arg;
	for (;;)
		sleep_ms(100000);
}

static void thread_storm(void *arg)
{
	long tid;
	int count = 0;

	(void)arg;
	do {
		char *stack = mmap(NULL, 4 * PAGE, RW,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (err(stack))
			break;
		tid = clone_on_stack(CLONE_PTHREAD, stack + 4 * PAGE, NULL, 0,
				     NULL, sleep_forever, NULL);
	} while (tid > 0 && ++count < 50000);
	printf("# %d threads\n", count);
	CHECK(count < 50000);
}

TEST(threads_run_out)
{
	exhaust(thread_storm);
}

TAP_MAIN
