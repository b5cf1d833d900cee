/* SPDX-License-Identifier: MIT */
/*
 * Where the bytes of a read go and those of a write come from: one user
 * buffer, a vector of them, or memory of the kernel.
 *
 * The copy functions move a cursor and return how many bytes they copied; a
 * short count means a user address that could not be reached, or the end of
 * the buffer. They may sleep in a page fault: no spinlock may be held, and no
 * lock that the fault path takes (mmap_lock, invalidate_lock).
 */
#pragma once

#include "abi/uio.h"
#include "kernel/riscv/uaccess.h"
#include "lib/types.h"

struct io {
	vaddr_t addr;		  /* next byte */
	size_t len;		  /* bytes left in this segment */
	size_t count;		  /* bytes left in all segments */
	const struct iovec *next; /* further segments, checked */
	bool is_kernel;		  /* addr is a kernel address */
};

static inline void io_init_user(struct io *io, vaddr_t addr, size_t len)
{
	*io = (struct io){.addr = addr, .len = len, .count = len};
}

static inline void io_init_kernel(struct io *io, const void *buf, size_t len)
{
	*io = (struct io){(vaddr_t)buf, len, len, NULL, true};
}

/* A vector that io_import_iovec made; `total` is what it returned. */
static inline void io_init_iovec(struct io *io, const struct iovec *iov,
				 size_t total)
{
	*io = (struct io){.count = total, .next = iov};
}

/*
 * Copy a program's vector into kernel memory (kfree). Total bytes, at most
 * MAX_RW, or -EINVAL, -EFAULT, -ENOMEM.
 */
long io_import_iovec(vaddr_t iov, uint64_t nr, struct iovec **vec);

/* Fill with zeros. Bytes done. */
size_t io_zero(struct io *io, size_t len);

/* Any kind of buffer; for the inline functions below. */
size_t io_put_slow(struct io *io, const void *from, size_t len);
size_t io_get_slow(struct io *io, void *to, size_t len);

static inline void io_advance(struct io *io, size_t len)
{
	io->addr += len;
	io->len -= len;
	io->count -= len;
}

/* Copy to the buffer. Bytes done. */
static inline size_t io_put(struct io *io, const void *from, size_t len)
{
	if (unlikely(len > io->len || io->is_kernel))
		return io_put_slow(io, from, len);
	len -= raw_copy_to_user(io->addr, from, len);
	io_advance(io, len);
	return len;
}

/* Copy from the buffer. Bytes done. */
static inline size_t io_get(struct io *io, void *to, size_t len)
{
	if (unlikely(len > io->len || io->is_kernel))
		return io_get_slow(io, to, len);
	len -= raw_copy_from_user(to, io->addr, len);
	io_advance(io, len);
	return len;
}

/* One call moves no more than this, as on Linux. */
#define MAX_RW 0x7ffff000UL
