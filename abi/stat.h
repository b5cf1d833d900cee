/* SPDX-License-Identifier: MIT */
/*
 * File status of Linux/riscv64: what fstat(2), newfstatat(2), statx(2) and
 * statfs(2) fill in, and the bits of st_mode.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct stat {
	uint64_t st_dev;
	uint64_t st_ino;
	uint32_t st_mode;
	uint32_t st_nlink;
	uint32_t st_uid;
	uint32_t st_gid;
	uint64_t st_rdev;
	uint64_t st_pad1;
	int64_t st_size;
	int32_t st_blksize;
	int32_t st_pad2;
	int64_t st_blocks; /* in units of 512 bytes */
	int64_t st_atime;
	uint64_t st_atime_nsec;
	int64_t st_mtime;
	uint64_t st_mtime_nsec;
	int64_t st_ctime;
	uint64_t st_ctime_nsec;
	uint32_t st_unused[2];
};

#define S_IFMT	 0170000
#define S_IFSOCK 0140000
#define S_IFLNK	 0120000
#define S_IFREG	 0100000
#define S_IFBLK	 0060000
#define S_IFDIR	 0040000
#define S_IFCHR	 0020000
#define S_IFIFO	 0010000
#define S_ISUID	 0004000
#define S_ISGID	 0002000
#define S_ISVTX	 0001000

#define S_ISREG(m)  (((m)&S_IFMT) == S_IFREG)
#define S_ISDIR(m)  (((m)&S_IFMT) == S_IFDIR)
#define S_ISLNK(m)  (((m)&S_IFMT) == S_IFLNK)
#define S_ISCHR(m)  (((m)&S_IFMT) == S_IFCHR)
#define S_ISFIFO(m) (((m)&S_IFMT) == S_IFIFO)

struct statx_timestamp {
	int64_t tv_sec;
	uint32_t tv_nsec;
	int32_t tv_pad;
};

struct statx {
	uint32_t stx_mask; /* which fields are filled in */
	uint32_t stx_blksize;
	uint64_t stx_attributes;
	uint32_t stx_nlink;
	uint32_t stx_uid;
	uint32_t stx_gid;
	uint16_t stx_mode;
	uint16_t stx_pad1;
	uint64_t stx_ino;
	uint64_t stx_size;
	uint64_t stx_blocks;
	uint64_t stx_attributes_mask;
	struct statx_timestamp stx_atime, stx_btime, stx_ctime, stx_mtime;
	uint32_t stx_rdev_major, stx_rdev_minor;
	uint32_t stx_dev_major, stx_dev_minor;
	uint64_t stx_spare[14];
};

#define STATX_BASIC_STATS 0x7ffU

struct statfs {
	int64_t f_type;
	int64_t f_bsize;
	int64_t f_blocks;
	int64_t f_bfree;
	int64_t f_bavail;
	int64_t f_files;
	int64_t f_ffree;
	int32_t f_fsid[2];
	int64_t f_namelen;
	int64_t f_frsize;
	int64_t f_flags;
	int64_t f_spare[4];
};

#define TMPFS_MAGIC 0x01021994
#define RAMFS_MAGIC 0x858458f6
#define PROC_MAGIC  0x9fa0

_Static_assert(sizeof(struct stat) == 128, "stat");
_Static_assert(offsetof(struct stat, st_size) == 48, "stat");
_Static_assert(offsetof(struct stat, st_atime) == 72, "stat");
_Static_assert(sizeof(struct statx) == 256, "statx");
_Static_assert(offsetof(struct statx, stx_atime) == 64, "statx");
_Static_assert(sizeof(struct statfs) == 120, "statfs");
