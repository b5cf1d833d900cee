/* SPDX-License-Identifier: MIT */
/*
 * Small things that most guest tests need. Each fails the test when it cannot
 * do its work. The tests talk to the kernel through system calls only, and
 * hold on Linux as they do here.
 */
#pragma once

#include "user/lib/maps.h"
#include "user/lib/probe.h"
#include "user/lib/tap.h"

#define RW (PROT_READ | PROT_WRITE)

/* Private anonymous memory. */
static inline char *anon(unsigned long npages, int prot)
{
	char *p =
	    mmap(NULL, npages * PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	EQ(err(p), 0);
	return p;
}

/* The same, with PROT_NONE pages before and behind so that nothing merges. */
static inline char *island(unsigned long npages, int prot)
{
	char *p = anon(npages + 2, PROT_NONE);

	EQ(mprotect(p + PAGE, npages * PAGE, prot), 0);
	return p + PAGE;
}

/* An unnamed file of npages pages; page n is full of 'A' + n. */
static inline int file_of(unsigned long npages)
{
	char page[PAGE];
	int fd = memfd_create("test", 0);

	CHECK(fd >= 0);
	for (unsigned long i = 0; i < npages; i++) {
		memset(page, (int)('A' + i), PAGE);
		EQ(write(fd, page, PAGE), PAGE);
	}
	EQ(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static inline char *map_fd(int fd, unsigned long npages, int prot, int flags)
{
	char *p = mmap(NULL, npages * PAGE, prot, flags, fd, 0);

	EQ(err(p), 0);
	return p;
}

/* An access that must succeed. */
static inline uint8_t get(const volatile char *p)
{
	struct probe seen = probe_load(p);

	EQ(seen.signal, 0);
	return (uint8_t)seen.value;
}

static inline void put(volatile char *p, char value)
{
	EQ(probe_store(p, (uint8_t)value).signal, 0);
}

/* An access that must raise this signal with this si_code. */
#define REFUSED(access, sig, si)                                               \
	do {                                                                   \
		struct probe refused_ = (access);                              \
		EQ(refused_.signal, sig);                                      \
		EQ(refused_.code, si);                                         \
	} while (0)

/* Wait for a child and expect its exit code. */
static inline void joined(int pid, int code)
{
	int status = 0;

	CHECK(pid > 0);
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, code << 8);
}
