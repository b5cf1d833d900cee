/* SPDX-License-Identifier: MIT */
/*
 * process_vm_readv(2) and process_vm_writev(2), and what /proc/PID/mem shares
 * with them. Bytes go through a page of the kernel's, so no lock of the other
 * address space is held while the caller's own memory is touched.
 */
#include "kernel/remote.h"

#include "abi/errno.h"
#include "kernel/process.h"
#include "kernel/sched.h"
#include "kernel/syscall.h"
#include "mm/mm.h"
#include "mm/slab.h"

/* One piece, within a page. *err says why it became shorter than n. */
static size_t move_piece(struct mm_struct *mm, struct io *io, vaddr_t addr,
			 char *buf, size_t n, bool write, bool force, long *err)
{
	size_t done = write ? io_get(io, buf, n) : n, copied;

	if (done < n)
		*err = -EFAULT;
	copied = access_remote_vm(mm, addr, buf, done, write, force);
	if (copied < done)
		*err = -EIO;
	if (write)
		return copied;
	done = io_put(io, buf, copied);
	if (done < copied)
		*err = -EFAULT;
	return done;
}

long remote_move(struct mm_struct *mm, struct io *io, vaddr_t addr, size_t len,
		 bool write, bool force)
{
	char *buf = page_alloc_virt(GFP_USER);
	long total = 0, err = buf ? 0 : -ENOMEM;

	len = min(len, io->count);
	while (len && !err && !machine_fatal_signal()) {
		size_t n = min(len, PAGE_SIZE - (addr & ~PAGE_MASK));

		n = move_piece(mm, io, addr, buf, n, write, force, &err);
		total += (long)n;
		addr += n;
		len -= n;
	}
	if (buf)
		page_free_virt(buf);
	/* What was written may be code. */
	if (write && total)
		machine_fence_i(sched_online_harts());
	return total ? total : err;
}

/* One may look into processes of the same user; root into all. */
static bool may_look_into(const struct process *p)
{
	const struct process *self = current->process;
	uint32_t uid = self->ids.uid[ID_REAL], gid = self->ids.gid[ID_REAL];

	if (p == self || process_is_root(self))
		return true;
	for (unsigned i = 0; i < NR_IDS; i++) {
		if (load_relaxed(&p->ids.uid[i]) != uid ||
		    load_relaxed(&p->ids.gid[i]) != gid)
			return false;
	}
	return !(load_relaxed(&p->traits.bits) & TRAIT_UNDUMPABLE);
}

static long find_mm(int pid, struct mm_struct **mm)
{
	struct process *p = NULL;
	struct pid *entry;
	long err = 0;

	/* A thread stands for its process. */
	spin_lock(&process_lock);
	entry = pid_find_locked(pid);
	if (entry && entry->thread)
		p = process_get(entry->thread->process);
	spin_unlock(&process_lock);
	if (!p)
		return -ESRCH;
	*mm = NULL;
	if (!may_look_into(p))
		err = -EPERM;
	else if (!(*mm = process_mm(p)))
		err = -ESRCH;
	process_put(p);
	return err;
}

/* Go through the pieces of the other's memory. */
static long move_pieces(int pid, struct io *io, const struct iovec *remote,
			size_t total, bool write)
{
	struct mm_struct *mm;
	size_t left = min(total, io->count);
	long done, err = 0;

	if (!left)
		return 0;
	err = find_mm(pid, &mm);
	if (err)
		return err;
	total = left;
	for (; left; remote++) {
		size_t n = min(remote->iov_len, left);

		done = remote_move(mm, io, remote->iov_base, n, write, false);
		if (done > 0)
			left -= (size_t)done;
		if (done != (long)n) {
			err = done == -ENOMEM ? done : -EFAULT;
			break;
		}
	}
	mmput(mm);
	return left < total ? (long)(total - left) : err;
}

static long process_vm(const uint64_t arg[6], bool write)
{
	struct iovec *local, *remote;
	long nr_local, nr_remote;
	struct io io;

	if (arg[5])
		return -EINVAL;
	nr_local = io_import_iovec(arg[1], arg[2], &local);
	if (nr_local < 0)
		return nr_local;
	nr_remote = io_import_iovec(arg[3], arg[4], &remote);
	if (nr_remote >= 0) {
		io_init_iovec(&io, local, (size_t)nr_local);
		nr_remote = move_pieces((int)arg[0], &io, remote,
					(size_t)nr_remote, write);
		kfree(remote);
	}
	kfree(local);
	return nr_remote;
}

long sys_process_vm_readv(uint64_t pid, uint64_t local, uint64_t nr_local,
			  uint64_t remote, uint64_t nr_remote, uint64_t flags)
{
	const uint64_t arg[] = {pid, local, nr_local, remote, nr_remote, flags};

	return process_vm(arg, false);
}

long sys_process_vm_writev(uint64_t pid, uint64_t local, uint64_t nr_local,
			   uint64_t remote, uint64_t nr_remote, uint64_t flags)
{
	const uint64_t arg[] = {pid, local, nr_local, remote, nr_remote, flags};

	return process_vm(arg, true);
}
