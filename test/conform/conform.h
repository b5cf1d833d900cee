/* SPDX-License-Identifier: MIT */
/*
 * Conformance: one TEST for each error and each effect that a manual page of
 * memory management documents, one file for each page. The judge is Linux
 * 6.12 (`./run linux build/test/archives/conform-mmap`): a check that it does
 * not pass is a wrong check. Nothing here asks for an exact number of faults or
 * for the order in which addresses are handed out: no page promises those.
 */
#pragma once

#include "test/guest/guest.h"

#define ANON	    (MAP_PRIVATE | MAP_ANONYMOUS)
#define SHARED_ANON (MAP_SHARED | MAP_ANONYMOUS)
#define AN_END	    (1UL << 38) /* behind the last address of Sv39 */

/* mmap as a number: the address or the negated error. */
static inline long map(const void *at, size_t len, int prot, int flags)
{
	return (long)mmap((void *)(uintptr_t)at, len, prot, flags, -1, 0);
}

static inline long map_file(int fd, size_t len, int prot, int flags,
			    uint64_t offset)
{
	return (long)mmap(NULL, len, prot, flags, fd, (int64_t)offset);
}

/* Shared anonymous memory. */
static inline char *shared(unsigned long npages, int prot)
{
	long p = map(NULL, npages * PAGE, prot, SHARED_ANON);

	CHECK(p > 0);
	return (char *)p;
}

/* npages of private memory between PROT_NONE pages, 'A' + n in page n. */
static inline char *filled(unsigned long npages)
{
	char *p = island(npages, RW);

	for (unsigned long i = 0; i < npages; i++)
		memset(p + i * PAGE, (int)('A' + i), PAGE);
	return p;
}

/* Addresses with nothing there, between PROT_NONE pages. */
static inline char *hole(unsigned long npages)
{
	char *p = island(npages, PROT_NONE);

	EQ(munmap(p, npages * PAGE), 0);
	return p;
}

static inline uint64_t hex_number(const char *from, const char *to)
{
	uint64_t value = 0;

	for (; from < to; from++)
		value =
		    value << 4 |
		    (uint64_t)(*from <= '9' ? *from - '0' : *from - 'a' + 10);
	return value;
}

/* Where the kernel has put its own page of code. */
static inline char *vdso(void)
{
	static char text[16384];
	char *line, *p;

	CHECK(read_file("/proc/self/maps", text, sizeof(text)) > 0);
	p = strstr(text, "[vdso]");
	CHECK(p != NULL);
	for (line = p; line[-1] != '\n'; line--)
		;
	for (p = line; *p != '-'; p++)
		;
	return (char *)(uintptr_t)hex_number(line, p);
}

/* The permissions in /proc/self/maps, "none" when nothing is mapped. */
static inline const char *perms_at(const volatile void *p)
{
	static struct area area;

	area = area_at(p);
	return area.start ? area.perms : "none";
}

#define PERMS(p, wanted)                                                       \
	do {                                                                   \
		const char *perms_ = perms_at(p);                              \
		if (strcmp(perms_, wanted) != 0)                               \
			printf("# perms are %s, not %s\n", perms_, wanted);    \
		CHECK(strcmp(perms_, wanted) == 0);                            \
	} while (0)

/* An access must raise the signal, with this si_code and this si_addr. */
#define FAULTS(access, sig, si, at)                                            \
	do {                                                                   \
		struct probe faults_ = (access);                               \
		EQ(faults_.signal, sig);                                       \
		EQ(faults_.code, si);                                          \
		EQ(faults_.addr, (uintptr_t)(at));                             \
	} while (0)

#define UNMAPPED(p) FAULTS(probe_load(p), SIGSEGV, SEGV_MAPERR, p)
#define MAPPED(p)   EQ(probe_load(p).signal, 0)
#define IS_READONLY(p)                                                         \
	do {                                                                   \
		EQ(probe_load(p).signal, 0);                                   \
		FAULTS(probe_store(p, 1), SIGSEGV, SEGV_ACCERR, p);            \
	} while (0)

/* How many of the pages are resident, by mincore. */
static inline int resident(const char *p, unsigned long npages)
{
	static uint8_t map[512];
	int count = 0;

	EQ(mincore((char *)(uintptr_t)p, npages * PAGE, map), 0);
	for (unsigned long i = 0; i < npages; i++)
		count += map[i] & 1;
	return count;
}

/* The number behind a word in a text, or -1. */
static inline long number_after(const char *text, const char *word)
{
	const char *p = strstr(text, word);

	if (!p)
		return -1;
	p += strlen(word);
	while (*p && (*p < '0' || *p > '9') && *p != '\n')
		p++;
	return (long)strtoul(p, NULL);
}

/* A line of /proc/self/status ("VmLck:"), in KiB. */
static inline long status_kib(const char *line)
{
	static char text[8192];

	CHECK(read_file("/proc/self/status", text, sizeof(text)) > 0);
	return number_after(text, line);
}

/* Lines of /proc/self/smaps for the area that starts at p. */
static inline const char *smaps_of(const volatile void *p)
{
	static char text[128 * 1024];
	char start[24];

	CHECK(read_file("/proc/self/smaps", text, sizeof(text)) > 0);
	snprintf(start, sizeof(start), "%08lx-", (unsigned long)(uintptr_t)p);
	char *at = strstr(text, start);
	CHECK(at != NULL);
	return at;
}

static inline long smaps_kib(const volatile void *p, const char *line)
{
	return number_after(smaps_of(p), line);
}

/* Does the line VmFlags of that area have this word ("lo")? */
static inline bool has_vm_flag(const volatile void *p, const char *word)
{
	const char *flags = strstr(smaps_of(p), "VmFlags:");
	size_t len = strlen(word);

	CHECK(flags != NULL);
	for (flags += 8; *flags && *flags != '\n'; flags++)
		if (flags[0] == ' ' && strncmp(flags + 1, word, len) == 0 &&
		    flags[1 + len] == ' ')
			return true;
	return false;
}

/* Soft limit only. */
static inline void limit(int what, uint64_t value)
{
	struct rlimit old = {0, 0};

	EQ(getrlimit(what, &old), 0);
	EQ(setrlimit(what, value, old.rlim_max), 0);
}

/* Give up the privileges of root: limits hold from here on. */
static inline void drop_root(void)
{
	EQ(sys(SYS_setresuid, 1000, 1000, 1000), 0);
}

static inline long mlock(const void *p, size_t len)
{
	return sys(SYS_mlock, p, len);
}

static inline long mlock2(const void *p, size_t len, int flags)
{
	return sys(SYS_mlock2, p, len, flags);
}

static inline long munlock(const void *p, size_t len)
{
	return sys(SYS_munlock, p, len);
}

static inline long mlockall(int flags)
{
	return sys(SYS_mlockall, flags);
}

static inline long munlockall(void)
{
	return sys(SYS_munlockall);
}

/* A new file of this length, open for both; its name is gone already. */
static inline int named_file(const char *path, int64_t len)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	CHECK(fd >= 0);
	EQ(unlink(path), 0);
	EQ(ftruncate(fd, len), 0);
	return fd;
}

/*
 * What /bin/cat says of a file in /proc/self, in a process that first runs
 * prepare() and then becomes cat.
 */
static inline void cat_after(void (*prepare)(void), char *path, char *text,
			     size_t size)
{
	char *argv[] = {"/bin/cat", path, NULL};
	int fds[2], pid;
	size_t len = 0;
	long part;

	EQ(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		prepare();
		dup2(fds[1], 1);
		execve(argv[0], argv, environ());
		exit(1);
	}
	close(fds[1]);
	while ((part = read(fds[0], text + len, size - 1 - len)) > 0)
		len += (size_t)part;
	text[len] = '\0';
	joined(pid, 0);
}
