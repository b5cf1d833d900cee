/* SPDX-License-Identifier: MIT */
/*
 * The memory of another process, by way of buffers of the running one.
 */
#pragma once

#include "kernel/fs/io.h"

struct mm_struct;

/*
 * Move up to len bytes between memory at addr and the buffer. Bytes moved; if
 * there are none, -EFAULT for the buffer, -EIO for the memory, or -ENOMEM.
 * `force` as for access_remote_vm().
 */
long remote_move(struct mm_struct *mm, struct io *io, vaddr_t addr, size_t len,
		 bool write, bool force);
