/* SPDX-License-Identifier: MIT */
/*
 * A sequence of memory operations that had different results on Linux and on
 * the library under test. This program does the same and prints, after each
 * step, the result and the areas of the window.
 *
 *	cc -static -no-pie -o reproducer reproducer.c && ./reproducer
 *
 * The address space is occupied but for the window and the room of the heap,
 * so that memory mapped anywhere lands there. Processes take turns.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define WINDOW	   0xffffe8000UL
#define WINDOW_LEN (384 * 4096UL)
#define HEAP_LEN   (32 * 4096UL)
#define FIXED_NOTHING                                                          \
	(MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE)

static uint64_t heap; /* the program break at the start */
static volatile int *turn;
static int me, fd[4], channel[2];
static sigjmp_buf after_signal;
static siginfo_t got;

static void on_signal(int signal, siginfo_t *info, void *context)
{
	(void)signal, (void)context;
	got = *info;
	siglongjmp(after_signal, 1);
}

static void print_areas(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512];
	uint64_t start, end;

	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx", &start, &end) != 2)
			continue;
		if ((end > WINDOW && start < WINDOW + WINDOW_LEN) ||
		    (end > heap && start < heap + HEAP_LEN))
			printf("    %s", line);
	}
	fclose(maps);
}

static int my_turn(int step, int who)
{
	while (*turn < step)
		sched_yield();
	return me == who;
}

static void done(const char *what, long result, int error)
{
	printf("%d: process %d: %s: ", *turn, me, what);
	if (result == -1)
		printf("%s\n", strerror(error));
	else
		printf("%#lx\n", result);
	print_areas();
	fflush(stdout);
	++*turn;
}

#define CALL(name, ...)                                                        \
	do {                                                                   \
		long result_ = syscall(SYS_##name, __VA_ARGS__);               \
		done(#name, result_, errno);                                   \
	} while (0)

static void load(uint64_t va)
{
	if (!sigsetjmp(after_signal, 1))
		printf("    value %#lx\n", *(volatile uint64_t *)va);
	else
		printf("    signal %d code %d address %p\n", got.si_signo,
		       got.si_code, got.si_addr);
	done("load", (long)va, 0);
}

static void store(uint64_t va, uint64_t value)
{
	if (!sigsetjmp(after_signal, 1))
		*(volatile uint64_t *)va = value;
	else
		printf("    signal %d code %d address %p\n", got.si_signo,
		       got.si_code, got.si_addr);
	done("store", (long)va, 0);
}

static void fetch(uint64_t va)
{
	if (!sigsetjmp(after_signal, 1))
		((void (*)(void))va)();
	else
		printf("    signal %d code %d address %p\n", got.si_signo,
		       got.si_code, got.si_addr);
	done("fetch", (long)va, 0);
}

static void kernel_load(uint64_t va)
{
	uint64_t value = 0;
	long result = write(channel[1], (void *)va, 8);

	if (result == 8 && read(channel[0], &value, 8) == 8)
		printf("    value %#lx\n", value);
	done("kernel_load", result, errno);
}

static void kernel_store(uint64_t va, uint64_t value)
{
	long result;

	if (write(channel[1], &value, 8) != 8)
		_exit(1);
	result = read(channel[0], (void *)va, 8);
	if (result != 8 && read(channel[0], &value, 8) != 8)
		_exit(1);
	done("kernel_store", result, errno);
}

static void fork_process(int who)
{
	pid_t pid = fork();

	if (!pid)
		me = who;
	else
		done("fork", pid < 0 ? -1 : 0, errno);
}

static void leave(void)
{
	done("exit", 0, 0);
	_exit(0);
}

/* 0: locked memory, 1: address space, 2: data; 1 and 2: so many pages more. */
static void limit(int which, uint64_t pages)
{
	static const int resource[] = {RLIMIT_MEMLOCK, RLIMIT_AS, RLIMIT_DATA};
	static const char *const form[] = {"", "VmSize: %lu", "VmData: %lu"};
	FILE *status = fopen("/proc/self/status", "r");
	struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
	uint64_t used = 0;
	char line[512];

	while (which && fgets(line, sizeof(line), status))
		if (sscanf(line, form[which], &used) == 1)
			break;
	fclose(status);
	if (pages != ~0UL)
		limit.rlim_cur = pages * 4096 + used * 1024;
	done("limit", setrlimit(resource[which], &limit), errno);
}

static void file_store(int file, uint64_t offset, uint64_t value)
{
	long result = pwrite(fd[file], &value, 8, (off_t)offset);

	done("pwrite", result, errno);
}

static void file_load(int file, uint64_t offset)
{
	uint64_t value = 0;
	long result = pread(fd[file], &value, 8, (off_t)offset);

	printf("    value %#lx\n", value);
	done("pread", result, errno);
}

static void core(uint64_t va, uint64_t len)
{
	unsigned char vec[512] = {0};
	long result = syscall(SYS_mincore, va, len, vec);
	int error = errno;

	printf("    ");
	for (uint64_t i = 0; i < len / 4096 && i < sizeof(vec); i++)
		printf("%d", vec[i] & 1);
	printf("\n");
	done("mincore", result, error);
}

static int make_file(uint64_t size, uint64_t holes)
{
	int file = memfd_create("reproducer", 0);

	if (ftruncate(file, (off_t)size))
		_exit(1);
	for (uint64_t at = 0; at < size; at += 8) {
		uint64_t value = 0xf11e000000000000UL | at;

		if (!(holes >> at / 4096 & 1) &&
		    pwrite(file, &value, 8, (off_t)at) != 8)
			_exit(1);
	}
	return file;
}

static int open_again(int file, int how)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	return open(path, how);
}

static void occupy(uint64_t start, uint64_t end)
{
	if (start < end)
		mmap((void *)start, end - start, PROT_NONE, FIXED_NOTHING, -1,
		     0);
}

static void occupy_around(uint64_t start, uint64_t end)
{
	if (start <= heap && end >= heap + HEAP_LEN) {
		occupy(start, heap);
		start = heap + HEAP_LEN;
	}
	if (start <= WINDOW && end >= WINDOW + WINDOW_LEN) {
		occupy(start, WINDOW);
		start = WINDOW + WINDOW_LEN;
	}
	occupy(start, end);
}

static void occupy_rest(void)
{
	static char text[1 << 16];
	uint64_t last = 0x10000, start, end;
	int maps = open("/proc/self/maps", O_RDONLY);
	size_t used = 0;
	ssize_t n;

	while ((n = read(maps, text + used, sizeof(text) - 1 - used)) > 0)
		used += (size_t)n;
	close(maps);
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		if (sscanf(line, "%lx-%lx", &start, &end) != 2 || start >> 57)
			break;
		occupy_around(last, start);
		last = end;
	}
	for (int bits = 57; bits > 36; bits--)
		occupy(last, (1UL << bits) - 4096);
}

static void begin(void)
{
	struct sigaction action = {.sa_sigaction = on_signal,
				   .sa_flags = SA_SIGINFO};
	struct rlimit stack = {200 * 4096, 200 * 4096};
	struct rlimit lock = {40 * 4096, RLIM_INFINITY};

	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	setrlimit(RLIMIT_STACK, &stack);
	setrlimit(RLIMIT_MEMLOCK, &lock);
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	turn = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (pipe(channel))
		_exit(1);
	fd[0] = make_file(10 * 4096, 0);
	fd[1] = open_again(fd[0], O_RDONLY);
	fd[2] = make_file(5 * 4096 + 2048, 0x0a);
	fd[3] = open_again(fd[2], O_WRONLY);
	printf("begin\n");
	print_areas(); /* stdio takes its memory before all is occupied */
	heap = (uint64_t)syscall(SYS_brk, 0) + (516 * 4096 - 1);
	heap &= -(512 * 4096UL);
	syscall(SYS_brk, heap);
	memset((void *)(heap - 4 * 4096), 1, 4 * 4096);
	occupy_rest();
	/* As in the test, the first process is a fork. */
	if (fork()) {
		while (wait(NULL) > 0)
			;
		_exit(0);
	}
}

static int finish(int steps)
{
	while (*turn < steps)
		sched_yield();
	while (!me && wait(NULL) > 0)
		;
	return 0;
}
