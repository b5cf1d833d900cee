/* SPDX-License-Identifier: MIT */
/*
 * Locks on files: fcntl(2) and flock(2). May sleep, under no spinlock.
 */
#pragma once

#include "kernel/fs/vfs.h"

extern uint32_t nr_file_locks; /* atomic; hint that there is one */

void file_locks_init(void);

/* The owner has closed this file: its locks go. */
void file_locks_release(const struct inode *inode, const void *owner);

/* The same where mostly there is none: costs three instructions. */
static inline void file_locks_end(const struct open_file *file,
				  const void *owner)
{
	if (unlikely(load_relaxed(&nr_file_locks)) &&
	    !(file->file.f_mode & FMODE_PATH))
		file_locks_release(file->inode, owner);
}

/* F_GETLK, F_SETLK, F_SETLKW and the same with F_OFD_. 0 or -Exxx. */
long fcntl_lock(int fd, struct open_file *file, unsigned cmd, vaddr_t arg);

/* flock(2). 0 or -Exxx. */
long flock_file(struct open_file *file, unsigned op);
