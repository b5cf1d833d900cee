/* SPDX-License-Identifier: MIT */
/*
 * What a program here can call: the system calls under their usual names, and
 * a few dozen lines of C library.
 *
 * There is no errno. A call that fails returns the negated error number, as
 * the kernel did; for a pointer, err() gives that number or 0. Nothing here
 * allocates, buffers across calls or keeps state, so all of it may be used
 * after fork, in a thread and in a signal handler.
 *
 * The programs run on Linux/riscv64 too: nothing here is ours alone.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/auxvec.h"
#include "abi/dirent.h"
#include "abi/errno.h"
#include "abi/fcntl.h"
#include "abi/limits.h"
#include "abi/mman.h"
#include "abi/resource.h"
#include "abi/sched.h"
#include "abi/signal.h"
#include "abi/stat.h"
#include "abi/time.h"
#include "abi/uio.h"
#include "abi/wait.h"
#include "user/lib/syscall.h"

#define PAGE	      4096UL
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* start.c */
char **environ(void);
const char *getenv(const char *name); /* NULL when not set */
uint64_t getauxval(uint64_t type);    /* 0 when not there */

/* string.c: as in ISO C */
void *memset(void *to, int c, size_t len);
void *memcpy(void *restrict to, const void *restrict from, size_t len);
void *memmove(void *to, const void *from, size_t len);
int memcmp(const void *a, const void *b, size_t len);
size_t strlen(const char *s);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t len);
char *strchr(const char *s, int c);
char *strstr(const char *s, const char *what);
/* Decimal, or hexadecimal after 0x; *end is behind the last digit. */
unsigned long strtoul(const char *s, char **end);

/*
 * print.c: d u x c s p %, the size l, a width, and the flags 0 and -. One call
 * of printf makes one write, so that lines of several programs do not mix; at
 * most 512 bytes. Each returns the length, snprintf the one it wanted.
 */
int vsnprintf(char *to, size_t size, const char *fmt, va_list args);
int snprintf(char *to, size_t size, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
int dprintf(int fd, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* names.c: "ENOMEM" for -ENOMEM, "SIGSEGV" for SIGSEGV */
const char *error_name(long error);
const char *signal_name(int sig);

/* The negated error number that a call returned instead of p, or 0. */
static inline long err(const void *p)
{
	return (unsigned long)p >= -(unsigned long)MAX_ERRNO ? (long)p : 0;
}

static inline _Noreturn void exit(int status)
{
	for (;;)
		sys(SYS_exit_group, status);
}

/* Files */

static inline int open(const char *path, int flags, int mode)
{
	return (int)sys(SYS_openat, AT_FDCWD, path, flags, mode);
}

static inline int close(int fd)
{
	return (int)sys(SYS_close, fd);
}

static inline long read(int fd, void *to, size_t len)
{
	return sys(SYS_read, fd, to, len);
}

static inline long write(int fd, const void *from, size_t len)
{
	return sys(SYS_write, fd, from, len);
}

static inline long pread(int fd, void *to, size_t len, int64_t pos)
{
	return sys(SYS_pread64, fd, to, len, pos);
}

static inline long pwrite(int fd, const void *from, size_t len, int64_t pos)
{
	return sys(SYS_pwrite64, fd, from, len, pos);
}

static inline int64_t lseek(int fd, int64_t pos, int whence)
{
	return sys(SYS_lseek, fd, pos, whence);
}

static inline int ftruncate(int fd, int64_t len)
{
	return (int)sys(SYS_ftruncate, fd, len);
}

static inline int fstat(int fd, struct stat *st)
{
	return (int)sys(SYS_fstat, fd, st);
}

static inline int stat(const char *path, struct stat *st)
{
	return (int)sys(SYS_newfstatat, AT_FDCWD, path, st, 0);
}

static inline int unlink(const char *path)
{
	return (int)sys(SYS_unlinkat, AT_FDCWD, path, 0);
}

static inline int rmdir(const char *path)
{
	return (int)sys(SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR);
}

static inline int mkdir(const char *path, int mode)
{
	return (int)sys(SYS_mkdirat, AT_FDCWD, path, mode);
}

static inline int chdir(const char *path)
{
	return (int)sys(SYS_chdir, path);
}

static inline int pipe(int fds[2])
{
	return (int)sys(SYS_pipe2, fds, 0);
}

static inline int dup2(int from, int to)
{
	return (int)(from == to
			 ? sys(SYS_fcntl, from, F_GETFD) < 0 ? -EBADF : to
			 : sys(SYS_dup3, from, to, 0));
}

static inline int memfd_create(const char *name, unsigned flags)
{
	return (int)sys(SYS_memfd_create, name, flags);
}

/* Memory */

static inline void *mmap(void *at, size_t len, int prot, int flags, int fd,
			 int64_t pos)
{
	return (void *)sys(SYS_mmap, at, len, prot, flags, fd, pos);
}

static inline int munmap(void *at, size_t len)
{
	return (int)sys(SYS_munmap, at, len);
}

static inline int mprotect(void *at, size_t len, int prot)
{
	return (int)sys(SYS_mprotect, at, len, prot);
}

static inline void *mremap(void *at, size_t len, size_t new_len, int flags,
			   void *to)
{
	return (void *)sys(SYS_mremap, at, len, new_len, flags, to);
}

static inline int madvise(void *at, size_t len, int advice)
{
	return (int)sys(SYS_madvise, at, len, advice);
}

static inline int mincore(void *at, size_t len, uint8_t *resident)
{
	return (int)sys(SYS_mincore, at, len, resident);
}

static inline int msync(void *at, size_t len, int flags)
{
	return (int)sys(SYS_msync, at, len, flags);
}

/* The raw call: returns the end of the heap, unmoved when it cannot. */
static inline char *brk(const void *end)
{
	return (char *)sys(SYS_brk, end);
}

/* Processes */

static inline int getpid(void)
{
	return (int)sys(SYS_getpid);
}

static inline int gettid(void)
{
	return (int)sys(SYS_gettid);
}

static inline int fork(void)
{
	return (int)sys(SYS_clone, SIGCHLD);
}

static inline int execve(const char *path, char *const *argv, char *const *envp)
{
	return (int)sys(SYS_execve, path, argv, envp);
}

static inline int wait4(int pid, int *status, int options, struct rusage *use)
{
	return (int)sys(SYS_wait4, pid, status, options, use);
}

static inline int waitpid(int pid, int *status, int options)
{
	return wait4(pid, status, options, NULL);
}

static inline int sched_yield(void)
{
	return (int)sys(SYS_sched_yield);
}

static inline int getrusage(int who, struct rusage *use)
{
	return (int)sys(SYS_getrusage, who, use);
}

static inline int getrlimit(int what, struct rlimit *limit)
{
	return (int)sys(SYS_prlimit64, 0, what, NULL, limit);
}

static inline int setrlimit(int what, uint64_t soft, uint64_t hard)
{
	struct rlimit limit = {soft, hard};

	return (int)sys(SYS_prlimit64, 0, what, &limit, NULL);
}

/* Signals */

static inline int kill(int pid, int sig)
{
	return (int)sys(SYS_kill, pid, sig);
}

/* Send a signal to this very thread. */
static inline int raise(int sig)
{
	return (int)sys(SYS_tgkill, getpid(), gettid(), sig);
}

static inline int sigaction(int sig, const struct sigaction *act,
			    struct sigaction *old)
{
	return (int)sys(SYS_rt_sigaction, sig, act, old, sizeof(uint64_t));
}

static inline int sigprocmask(int how, const uint64_t *set, uint64_t *old)
{
	return (int)sys(SYS_rt_sigprocmask, how, set, old, sizeof(uint64_t));
}

static inline int sigaltstack(const struct sigaltstack *stack,
			      struct sigaltstack *old)
{
	return (int)sys(SYS_sigaltstack, stack, old);
}

typedef void signal_handler(int sig, struct siginfo *info, struct ucontext *uc);

/* Install a handler that is told everything; flags as in sa_flags. */
static inline int handle(int sig, signal_handler *handler, uint64_t flags)
{
	struct sigaction act = {(uintptr_t)handler, flags | SA_SIGINFO, 0};

	return sigaction(sig, &act, NULL);
}

/* Time */

static inline int clock_gettime(int clock, struct timespec *now)
{
	return (int)sys(SYS_clock_gettime, clock, now);
}

static inline int nanosleep(const struct timespec *len, struct timespec *left)
{
	return (int)sys(SYS_nanosleep, len, left);
}

/* Nanoseconds of CLOCK_MONOTONIC. */
static inline uint64_t now_ns(void)
{
	struct timespec now = {0, 0};

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static inline void sleep_ms(unsigned ms)
{
	struct timespec len = {ms / 1000, ms % 1000 * 1000000L};

	nanosleep(&len, NULL);
}
