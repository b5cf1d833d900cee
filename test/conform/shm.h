/* SPDX-License-Identifier: MIT */
/*
 * What the tests of System V shared memory have in common. Every test runs in a
 * process of its own, and what it makes it removes: segments outlive processes.
 */
#pragma once

#include "abi/shm.h"
#include "test/conform/conform.h"

#define KEY 0x464c5348 /* nobody else's, it is hoped */

static inline long shmget(int key, size_t size, int flags)
{
	return sys(SYS_shmget, key, size, flags);
}

static inline long shmat(long id, const void *at, int flags)
{
	return sys(SYS_shmat, id, at, flags);
}

static inline long shmdt(const void *at)
{
	return sys(SYS_shmdt, at);
}

static inline long shmctl(long id, int cmd, void *arg)
{
	return sys(SYS_shmctl, id, cmd, arg);
}

/* A segment of npages that is gone when its last attach is. */
static inline long made(unsigned long npages)
{
	long id = shmget(IPC_PRIVATE, npages * PAGE, 0600);

	CHECK(id >= 0);
	return id;
}

static inline void removed(long id)
{
	EQ(shmctl(id, IPC_RMID, NULL), 0);
}

static inline char *attached(long id, int flags)
{
	long p = shmat(id, NULL, flags);

	CHECK(p > 0);
	return (char *)p;
}

/* An attach of a segment that is to go with it. */
static inline char *fleeting(unsigned long npages)
{
	long id = made(npages);
	char *p = attached(id, 0);

	removed(id);
	return p;
}

static inline struct shmid_ds state(long id)
{
	struct shmid_ds ds;

	EQ(shmctl(id, IPC_STAT, &ds), 0);
	return ds;
}

#define NATTCH(id, n) EQ(state(id).shm_nattch, (n))

/* Run a piece of code as another user, in a child. */
#define AS_ANOTHER_USER(code)                                                  \
	do {                                                                   \
		int pid_ = fork();                                             \
		if (pid_ == 0) {                                               \
			EQ(sys(SYS_setresgid, 1000, 1000, 1000), 0);           \
			drop_root();                                           \
			code;                                                  \
			exit(0);                                               \
		}                                                              \
		joined(pid_, 0);                                               \
	} while (0)
