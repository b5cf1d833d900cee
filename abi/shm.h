/* SPDX-License-Identifier: MIT */
/*
 * System V shared memory: shmget(2), shmat(2), shmctl(2) of Linux/riscv64.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define IPC_PRIVATE 0

/* shmget; the low nine bits are the mode. */
#define IPC_CREAT     01000
#define IPC_EXCL      02000
#define SHM_HUGETLB   04000
#define SHM_NORESERVE 010000

/* shmat */
#define SHM_RDONLY 010000
#define SHM_RND	   020000
#define SHM_REMAP  040000
#define SHM_EXEC   0100000

#define SHMLBA 4096 /* what SHM_RND rounds to */

/* shmctl; those that end in STAT give an index, not an identifier. */
#define IPC_RMID     0
#define IPC_SET	     1
#define IPC_STAT     2
#define IPC_INFO     3
#define SHM_LOCK     11
#define SHM_UNLOCK   12
#define SHM_STAT     13
#define SHM_INFO     14
#define SHM_STAT_ANY 15

/* Bits of shm_perm.mode beside the permissions. */
#define SHM_DEST   01000 /* goes with the last attach */
#define SHM_LOCKED 02000

struct ipc_perm {
	int32_t key;
	uint32_t uid, gid;   /* owner */
	uint32_t cuid, cgid; /* creator */
	uint32_t mode;
	uint16_t seq;
	uint16_t pad;
	uint64_t unused[2];
};

struct shmid_ds {
	struct ipc_perm shm_perm;
	uint64_t shm_segsz; /* bytes */
	int64_t shm_atime, shm_dtime, shm_ctime;
	int32_t shm_cpid, shm_lpid;
	uint64_t shm_nattch;
	uint64_t unused[2];
};

/* IPC_INFO: the limits. */
struct shminfo {
	uint64_t shmmax, shmmin, shmmni, shmseg, shmall;
	uint64_t unused[4];
};

/* SHM_INFO: what there is; pages. */
struct shm_info {
	int32_t used_ids;
	uint64_t shm_tot, shm_rss, shm_swp;
	uint64_t swap_attempts, swap_successes;
};

_Static_assert(sizeof(struct ipc_perm) == 48, "ipc64_perm");
_Static_assert(sizeof(struct shmid_ds) == 112, "shmid64_ds");
_Static_assert(offsetof(struct shmid_ds, shm_nattch) == 88, "shmid64_ds");
_Static_assert(sizeof(struct shminfo) == 72, "shminfo64");
_Static_assert(sizeof(struct shm_info) == 48, "shm_info");
