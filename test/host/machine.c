/* SPDX-License-Identifier: MIT */
/*
 * The seam on the host.
 *
 * A kernel thread is a POSIX thread with a hart index of its own for as long
 * as it lives, so per-hart data has one user at a time, as in the kernel. Park
 * is a token guarded by a mutex, which orders the unparker's stores before the
 * parker's loads just as the scheduler's lock does.
 */
#include "test/host/host.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#include "lib/lockdep.h"
#include "lib/atomic.h"

struct thread {
	pthread_t handle;
	unsigned hart;
	void (*fn)(void *arg);
	void *arg;
	bool is_killed;
	bool has_spun; /* atomic */

	pthread_mutex_t lock; /* guards the rest */
	pthread_cond_t woken;
	bool has_token;
	bool is_parked;
};

unsigned char *host_ram;
size_t host_ram_size;
_Thread_local struct host_thread_view host_this;
_Thread_local jmp_buf *host_bug_target;
void (*host_tlb_fence_hook)(uint64_t harts, unsigned asid, vaddr_t start,
			    vaddr_t end);
void (*host_fence_i_hook)(uint64_t harts);
void (*host_print_hook)(const char *text);
bool host_quiet;

static pthread_mutex_t harts_lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t harts_used;
static uint64_t rcu_counts[MAX_HARTS]; /* atomic */
static long fail_countdown; /* atomic; the call that takes it to 0 fails */
static bool fail_fired;	    /* atomic */

static struct thread *thread_new(void)
{
	struct thread *t = calloc(1, sizeof(*t));

	if (!t)
		abort();
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->woken, NULL);
	pthread_mutex_lock(&harts_lock);
	BUG_ON(!~harts_used);
	t->hart = (unsigned)__builtin_ctzll(~harts_used);
	harts_used |= 1ULL << t->hart;
	pthread_mutex_unlock(&harts_lock);
	return t;
}

static void thread_become(struct thread *t)
{
	host_this.self = t;
	host_this.hart = t->hart;
	host_this.rcu_depth = 0;
	host_this.rcu_count = &rcu_counts[t->hart];
	host_this.has_spun = &t->has_spun;
}

void host_machine_init(size_t size)
{
	if (host_ram)
		munmap(host_ram, host_ram_size);
	host_ram_size = size ? size : HOST_RAM_DEFAULT;
	host_ram = mmap(NULL, host_ram_size, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (host_ram == MAP_FAILED)
		abort();
	host_fail_nth(0);
	if (!host_this.self)
		thread_become(thread_new());
}

static void *thread_main(void *arg)
{
	struct thread *t = arg;

	thread_become(t);
	t->fn(t->arg);
	return NULL;
}

struct thread *host_thread_start(void (*fn)(void *arg), void *arg)
{
	struct thread *t = thread_new();

	t->fn = fn;
	t->arg = arg;
	if (pthread_create(&t->handle, NULL, thread_main, t))
		abort();
	return t;
}

void host_thread_join(struct thread *t)
{
	pthread_join(t->handle, NULL);
	pthread_mutex_lock(&harts_lock);
	harts_used &= ~(1ULL << t->hart);
	pthread_mutex_unlock(&harts_lock);
	pthread_mutex_destroy(&t->lock);
	pthread_cond_destroy(&t->woken);
	free(t);
}

void host_thread_kill(struct thread *t)
{
	store_release(&t->is_killed, true);
	machine_unpark(t);
}

bool host_thread_is_parked(struct thread *t)
{
	bool is_parked;

	pthread_mutex_lock(&t->lock);
	is_parked = t->is_parked && !t->has_token;
	pthread_mutex_unlock(&t->lock);
	return is_parked;
}

bool host_thread_has_spun(struct thread *t)
{
	return load_acquire(&t->has_spun);
}

static _Thread_local struct held_locks held;

struct held_locks *machine_held_locks(void)
{
	return &held;
}

void machine_park(void)
{
	struct thread *t = host_this.self;
	struct lock_sleeper sleeper;

	BUG_ON(host_this.rcu_depth); /* readers do not sleep */
	lockdep_park(&sleeper, (int)t->hart);
	pthread_mutex_lock(&t->lock);
	t->is_parked = true;
	while (!t->has_token)
		pthread_cond_wait(&t->woken, &t->lock);
	t->is_parked = false;
	t->has_token = false;
	pthread_mutex_unlock(&t->lock);
	lockdep_unpark(&sleeper);
}

void machine_unpark(struct thread *t)
{
	pthread_mutex_lock(&t->lock);
	t->has_token = true;
	pthread_cond_signal(&t->woken);
	pthread_mutex_unlock(&t->lock);
}

bool machine_fatal_signal(void)
{
	return load_acquire(&host_this.self->is_killed);
}

void machine_yield(void)
{
	sched_yield();
}

void machine_tlb_fence(uint64_t harts, unsigned asid, vaddr_t start,
		       vaddr_t end)
{
	if (host_tlb_fence_hook)
		host_tlb_fence_hook(harts, asid, start, end);
}

void machine_fence_i(uint64_t harts)
{
	if (host_fence_i_hook)
		host_fence_i_hook(harts);
}

void machine_rcu_synchronize(void)
{
	BUG_ON(host_this.rcu_depth);
	for (unsigned hart = 0; hart < MAX_HARTS; hart++) {
		uint64_t *slot = &rcu_counts[hart];
		/* An RMW, so that it comes after the caller's stores. */
		uint64_t count = __atomic_fetch_add(slot, 0, __ATOMIC_SEQ_CST);

		while ((count & 1) && load_acquire(slot) == count)
			sched_yield();
	}
}

uint64_t machine_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* The host counts no instructions; time serves where a figure must move. */
uint64_t machine_instret(void)
{
	return machine_clock();
}

/* Each line becomes a TAP comment. */
static void print_comment(const char *fmt, va_list args)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static bool in_line;
	char text[1024];

	vsnprintf(text, sizeof(text), fmt, args);
	if (host_print_hook) {
		host_print_hook(text);
		return;
	}
	pthread_mutex_lock(&lock);
	for (const char *p = text; *p; p++) {
		if (!in_line)
			fputs("# ", stdout);
		putchar(*p);
		in_line = *p != '\n';
	}
	pthread_mutex_unlock(&lock);
}

void kprintf(const char *fmt, ...)
{
	va_list args;

	if (host_quiet && !host_print_hook)
		return;
	va_start(args, fmt);
	print_comment(fmt, args);
	va_end(args);
}

/* Back to EXPECT_BUG in this thread, or the end of the program. */
static _Noreturn void stop(void)
{
	jmp_buf *target = host_bug_target;

	if (target) {
		host_bug_target = NULL;
		longjmp(*target, 1);
	}
	fflush(stdout);
	abort();
}

void panic(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	if (!host_bug_target)
		print_comment(fmt, args);
	va_end(args);
	stop();
}

void bug(const char *file, int line, const char *what)
{
	panic("BUG %s:%d: %s\n", file, line, what);
}

void host_fail_nth(unsigned n)
{
	store_relaxed(&fail_fired, false);
	store_relaxed(&fail_countdown, (long)n);
}

bool host_fail_fired(void)
{
	return load_relaxed(&fail_fired);
}

bool machine_fail_alloc(void)
{
	if (load_relaxed(&fail_countdown) <= 0)
		return false;
	if (fetch_add_relaxed(&fail_countdown, -1) != 1)
		return false;
	store_relaxed(&fail_fired, true);
	return true;
}
