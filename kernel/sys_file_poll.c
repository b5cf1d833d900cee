/* SPDX-License-Identifier: MIT */
/*
 * ppoll(2) and pselect6(2): from what programs pass to poll_files().
 */
#include <string.h>

#include "abi/errno.h"
#include "abi/select.h"
#include "abi/time.h"
#include "kernel/fs/files.h"
#include "kernel/fs/poll.h"
#include "kernel/process.h"
#include "kernel/riscv/uaccess.h"
#include "kernel/signal.h"
#include "kernel/sleep.h"
#include "kernel/syscall.h"
#include "mm/slab.h"

#define NSEC_PER_SEC 1000000000UL

/* When the wait ends: 0 at once, TIME_NEVER without a timeout. 0 or -Exxx. */
static int get_deadline(vaddr_t timeout, uint64_t *deadline)
{
	struct timespec ts;
	uint64_t now;

	*deadline = TIME_NEVER;
	if (!timeout)
		return 0;
	if (copy_from_user(&ts, timeout, sizeof(ts)))
		return -EFAULT;
	if (ts.tv_sec < 0 || (uint64_t)ts.tv_nsec >= NSEC_PER_SEC)
		return -EINVAL;
	now = machine_clock();
	if (!ts.tv_sec && !ts.tv_nsec)
		*deadline = 0;
	else if ((uint64_t)ts.tv_sec < (TIME_NEVER - now) / NSEC_PER_SEC - 1)
		*deadline = now + (uint64_t)ts.tv_sec * NSEC_PER_SEC +
			    (uint64_t)ts.tv_nsec;
	return 0;
}

/* As Linux, say how much time was left; failing to is not an error. */
static void put_remaining(vaddr_t timeout, uint64_t deadline)
{
	uint64_t now = machine_clock(), left = 0;
	struct timespec ts;

	if (!timeout || deadline == TIME_NEVER)
		return;
	if (deadline > now)
		left = deadline - now;
	ts.tv_sec = (int64_t)(left / NSEC_PER_SEC);
	ts.tv_nsec = (int64_t)(left % NSEC_PER_SEC);
	if (copy_to_user(timeout, &ts, sizeof(ts)))
		return;
}

/* Block the program's mask, if any, until the call has returned. */
static int set_mask(vaddr_t mask, uint64_t size)
{
	uint64_t set;

	if (!mask)
		return 0;
	if (size != sizeof(set))
		return -EINVAL;
	if (copy_from_user(&set, mask, sizeof(set)))
		return -EFAULT;
	signal_set_temporary_mask(set);
	return 0;
}

/* Result of the call; a signal that came is taken with the mask in place. */
static long finish(long result, vaddr_t mask, vaddr_t timeout,
		   uint64_t deadline)
{
	put_remaining(timeout, deadline);
	if (result == -EINTR)
		return -ERESTARTNOHAND;
	if (mask)
		signal_restore_mask();
	return result;
}

long sys_ppoll(uint64_t ufds, uint64_t nr, uint64_t timeout, uint64_t mask,
	       uint64_t mask_size)
{
	struct pollfd *fds;
	uint64_t deadline;
	long result;

	nr = (unsigned)nr;
	result = get_deadline(timeout, &deadline);
	if (result)
		return result;
	if (nr > process_limit(current_process(), RLIMIT_NOFILE))
		return -EINVAL;
	fds = kmalloc(nr * sizeof(*fds) + 1, GFP_USER);
	if (!fds)
		return -ENOMEM;
	result = copy_from_user(fds, ufds, nr * sizeof(*fds));
	if (!result)
		result = set_mask(mask, mask_size);
	if (!result) {
		result = poll_files(fds, (unsigned)nr, deadline);
		for (uint64_t i = 0; result >= 0 && i < nr; i++) {
			vaddr_t at = ufds + i * sizeof(*fds) +
				     offsetof(struct pollfd, revents);

			if (put_user_u16(at, (uint16_t)fds[i].revents))
				result = -EFAULT;
		}
		result = finish(result, mask, timeout, deadline);
	}
	kfree(fds);
	return result;
}

/* The three sets of select, and the events that each stands for. */
#define SETS  3
#define WORDS (FD_SETSIZE / 64)

static const uint16_t set_wants[SETS] = {POLLIN | POLLRDNORM,
					 POLLOUT | POLLWRNORM, POLLPRI};
static const uint16_t set_reports[SETS] = {
    POLLIN | POLLRDNORM | POLLHUP | POLLERR, POLLOUT | POLLWRNORM | POLLERR,
    POLLPRI};

struct select {
	uint64_t set[SETS][WORDS];
	struct pollfd fds[FD_SETSIZE];
};

static bool in_set(const struct select *s, unsigned set, unsigned fd)
{
	return s->set[set][fd / 64] >> fd % 64 & 1;
}

/* One pollfd for each descriptor that is in a set; their number. */
static unsigned select_collect(struct select *s, unsigned nr)
{
	unsigned n = 0;

	for (unsigned fd = 0; fd < nr; fd++) {
		uint16_t events = 0;

		for (unsigned set = 0; set < SETS; set++) {
			if (in_set(s, set, fd))
				events |= set_wants[set];
		}
		if (events)
			s->fds[n++] =
			    (struct pollfd){(int)fd, (int16_t)events, 0};
	}
	return n;
}

/* Turn the sets into those of ready descriptors; number of bits or -EBADF. */
static long select_report(struct select *s, unsigned n)
{
	uint64_t ready[SETS][WORDS] = {0};
	long count = 0;

	for (unsigned i = 0; i < n; i++) {
		unsigned fd = (unsigned)s->fds[i].fd;
		uint16_t events = (uint16_t)s->fds[i].revents;

		if (events & POLLNVAL)
			return -EBADF;
		for (unsigned set = 0; set < SETS; set++) {
			if (!(events & set_reports[set]) || !in_set(s, set, fd))
				continue;
			ready[set][fd / 64] |= 1UL << fd % 64;
			count++;
		}
	}
	memcpy(s->set, ready, sizeof(ready));
	return count;
}

static long select_wait(struct select *s, unsigned nr, const uint64_t *usets,
			uint64_t deadline)
{
	size_t size = ALIGN_UP(nr, 64) / 8;
	unsigned n = select_collect(s, nr);
	long result = poll_files(s->fds, n, deadline);

	if (result >= 0)
		result = select_report(s, n);
	for (unsigned set = 0; set < SETS && result >= 0; set++) {
		if (usets[set] && copy_to_user(usets[set], s->set[set], size))
			result = -EFAULT;
	}
	return result;
}

long sys_pselect6(uint64_t unr, uint64_t in, uint64_t out, uint64_t ex,
		  uint64_t timeout, uint64_t umask)
{
	const uint64_t usets[SETS] = {in, out, ex};
	struct pselect_sigmask mask = {0, 0};
	unsigned nr = min((unsigned)unr, (unsigned)FD_SETSIZE);
	struct select *s;
	uint64_t deadline;
	long result;

	if ((int)unr < 0)
		return -EINVAL;
	result = get_deadline(timeout, &deadline);
	if (result)
		return result;
	if (umask && copy_from_user(&mask, umask, sizeof(mask)))
		return -EFAULT;
	s = kzalloc(sizeof(*s), GFP_USER);
	if (!s)
		return -ENOMEM;
	for (unsigned set = 0; set < SETS && !result; set++) {
		if (usets[set])
			result = copy_from_user(s->set[set], usets[set],
						ALIGN_UP(nr, 64) / 8);
	}
	if (!result)
		result = set_mask(mask.ss, mask.ss_len);
	if (!result)
		result = finish(select_wait(s, nr, usets, deadline), mask.ss,
				timeout, deadline);
	kfree(s);
	return result;
}
