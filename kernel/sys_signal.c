/* SPDX-License-Identifier: MIT */
/*
 * System calls about signals.
 */
#include "kernel/syscall.h"

#include <string.h>

#include "kernel/time.h"
#include "kernel/riscv/uaccess.h"
#include "kernel/sched.h"
#include "kernel/signal.h"

#include "abi/time.h"

/* Root, who is the same user in one way or another, SIGCONT in a session. */
static bool may_signal(const struct process *p, int sig)
{
	const struct process *self = current->process;
	const uint32_t *own = self->ids.uid, *other = p->ids.uid;

	return process_is_root(self) || p == self ||
	       own[ID_EFFECTIVE] == other[ID_SAVED] ||
	       own[ID_EFFECTIVE] == other[ID_REAL] ||
	       own[ID_REAL] == other[ID_SAVED] ||
	       own[ID_REAL] == other[ID_REAL] ||
	       (sig == SIGCONT && p->session == self->session);
}

int send_user_signal_locked(struct process *p, struct thread *t, int sig,
			    const struct siginfo *info)
{
	if (!may_signal(p, sig))
		return -EPERM;
	if (!sig)
		return 0;
	return t ? send_thread_signal_locked(t, sig, info)
		 : send_signal_locked(p, sig, info);
}

/* Send to the thread `tid`, of process `tgid` unless that is 0. */
static long send_to_thread(int tgid, int tid, int sig,
			   const struct siginfo *info)
{
	struct pid *pid;
	long err = -ESRCH;

	if (tid <= 0 || tgid < 0 || (sig && !sig_is_valid((uint64_t)sig)))
		return -EINVAL;
	spin_lock(&process_lock);
	pid = pid_find_locked(tid);
	if (pid && pid->thread &&
	    (!tgid || pid->thread->process->pid_nr == tgid))
		err = send_user_signal_locked(pid->thread->process, pid->thread,
					      sig, info);
	spin_unlock(&process_lock);
	return err;
}

/* Send to every process but the first and the caller's own. */
static long send_to_all(int sig, const struct siginfo *info)
{
	struct process *p, *self = current->process;
	long err = -ESRCH;
	int nr = 2;

	while ((p = process_next(nr))) {
		nr = p->pid_nr + 1;
		if (p != self) {
			spin_lock(&process_lock);
			send_user_signal_locked(p, NULL, sig, info);
			spin_unlock(&process_lock);
			err = 0;
		}
		process_put(p);
	}
	return err;
}

static long send_to_process(int nr, int sig, const struct siginfo *info)
{
	struct pid *pid;
	long err = -ESRCH;

	spin_lock(&process_lock);
	pid = pid_find_locked(nr);
	if (pid && (pid->process || pid->thread)) {
		struct process *p =
		    pid->process ? pid->process : pid->thread->process;

		err = send_user_signal_locked(p, NULL, sig, info);
	}
	spin_unlock(&process_lock);
	return err;
}

long sys_kill(uint64_t pid_arg, uint64_t sig_arg)
{
	int pid = (int)pid_arg, sig = (int)sig_arg;
	struct siginfo info;

	if (sig && !sig_is_valid((uint64_t)sig))
		return -EINVAL;
	siginfo_user(&info, sig, SI_USER);
	if (pid > 0)
		return send_to_process(pid, sig, &info);
	if (pid == -1)
		return send_to_all(sig, &info);
	if (pid == 0)
		return signal_pgrp(current->process->pgrp->nr, sig, &info);
	return pid == INT32_MIN ? -ESRCH : signal_pgrp(-pid, sig, &info);
}

long sys_tkill(uint64_t tid, uint64_t sig)
{
	struct siginfo info;

	siginfo_user(&info, (int)sig, SI_TKILL);
	return send_to_thread(0, (int)tid, (int)sig, &info);
}

long sys_tgkill(uint64_t tgid, uint64_t tid, uint64_t sig)
{
	struct siginfo info;

	if ((int)tgid <= 0)
		return -EINVAL;
	siginfo_user(&info, (int)sig, SI_TKILL);
	return send_to_thread((int)tgid, (int)tid, (int)sig, &info);
}

/* A program may claim anything but to be the kernel or kill(2). */
static int get_siginfo(struct siginfo *info, uint64_t addr, int sig, int pid)
{
	if (copy_from_user(info, addr, SIG_INFO_BYTES))
		return -EFAULT;
	info->si_signo = sig;
	if ((info->si_code >= 0 || info->si_code == SI_TKILL) &&
	    pid != current->process->pid_nr)
		return -EPERM;
	return 0;
}

long sys_rt_sigqueueinfo(uint64_t pid, uint64_t sig, uint64_t info_addr)
{
	struct siginfo info;
	int err = get_siginfo(&info, info_addr, (int)sig, (int)pid);

	if (err)
		return err;
	if ((int)sig && !sig_is_valid((uint64_t)(int)sig))
		return -EINVAL;
	return send_to_process((int)pid, (int)sig, &info);
}

long sys_rt_tgsigqueueinfo(uint64_t tgid, uint64_t tid, uint64_t sig,
			   uint64_t info_addr)
{
	struct siginfo info;
	int err;

	if ((int)tgid <= 0)
		return -EINVAL;
	err = get_siginfo(&info, info_addr, (int)sig, (int)tgid);
	return err ? err : send_to_thread((int)tgid, (int)tid, (int)sig, &info);
}

long sys_rt_sigaction(uint64_t sig_arg, uint64_t new_addr, uint64_t old_addr,
		      uint64_t size)
{
	struct process *p = current->process;
	struct sigaction new, old;
	uint64_t sig = (uint32_t)sig_arg;

	if (size != sizeof(uint64_t))
		return -EINVAL;
	if (new_addr && copy_from_user(&new, new_addr, sizeof(new)))
		return -EFAULT;
	if (!sig_is_valid(sig) || (new_addr && SIG_UNBLOCKABLE & SIGMASK(sig)))
		return -EINVAL;
	spin_lock(&process_lock);
	spin_lock(&p->sighand->lock);
	old = sighand_action(p->sighand, (int)sig);
	if (new_addr) {
		new.sa_mask &= ~SIG_UNBLOCKABLE;
		new.sa_flags &= ~SA_UNSUPPORTED;
		sighand_set_action(p->sighand, (int)sig, &new);
		if (new.sa_handler == SIG_IGN ||
		    (new.sa_handler ==
		     SIG_DFL &&SIG_KERNEL_IGNORE &SIGMASK(sig)))
			signal_flush_locked(p, SIGMASK(sig));
	}
	spin_unlock(&p->sighand->lock);
	spin_unlock(&process_lock);
	if (old_addr && copy_to_user(old_addr, &old, sizeof(old)))
		return -EFAULT;
	return 0;
}

long sys_rt_sigprocmask(uint64_t how, uint64_t set_addr, uint64_t old_addr,
			uint64_t size)
{
	uint64_t set, old = current->blocked;

	if (size != sizeof(uint64_t))
		return -EINVAL;
	if (set_addr) {
		if (get_user_u64(&set, set_addr))
			return -EFAULT;
		switch ((int)how) {
		case SIG_BLOCK:
			set = old | set;
			break;
		case SIG_UNBLOCK:
			set = old & ~set;
			break;
		case SIG_SETMASK:
			break;
		default:
			return -EINVAL;
		}
		signal_set_blocked(set);
	}
	return old_addr ? put_user_u64(old_addr, old) : 0;
}

long sys_rt_sigpending(uint64_t set_addr, uint64_t size)
{
	uint64_t set;

	if (size > sizeof(set))
		return -EINVAL;
	set = current->blocked &
	      (current->pending.set | current->process->pending.set);
	return copy_to_user(set_addr, &set, size);
}

long sys_rt_sigsuspend(uint64_t mask_addr, uint64_t size)
{
	uint64_t mask;

	if (size != sizeof(mask))
		return -EINVAL;
	if (get_user_u64(&mask, mask_addr))
		return -EFAULT;
	signal_set_temporary_mask(mask);
	while (!signal_pending())
		machine_park();
	return -ERESTARTNOHAND;
}

/* Wait for a signal of `set`, which the program normally blocks. */
static int wait_for_signal(uint64_t set, struct siginfo *info,
			   uint64_t deadline)
{
	struct thread *self = current;
	struct spinlock *lock = &self->process->sighand->lock;
	bool is_late = false;
	int sig;

	spin_lock(lock);
	sig = signal_dequeue_locked(set, info);
	if (!sig && deadline) {
		/* Unblocked, so that senders wake this thread. */
		self->real_blocked = self->blocked;
		self->blocked &= ~set;
		signal_recalc_locked(self);
		spin_unlock(lock);
		while (!signal_pending() && !is_late)
			is_late = park_until(deadline);
		spin_lock(lock);
		self->blocked = self->real_blocked;
		self->real_blocked = 0;
		sig = signal_dequeue_locked(set, info);
	}
	spin_unlock(lock);
	if (sig)
		return sig;
	return signal_pending() ? -EINTR : -EAGAIN;
}

long sys_rt_sigtimedwait(uint64_t set_addr, uint64_t info_addr,
			 uint64_t time_addr, uint64_t size)
{
	uint64_t set, deadline = TIME_NEVER;
	struct siginfo info;
	int sig, err;

	if (size != sizeof(set))
		return -EINVAL;
	if (get_user_u64(&set, set_addr))
		return -EFAULT;
	if (time_addr) {
		err = get_timeout(time_addr, &deadline);
		if (err)
			return err;
	}
	sig = wait_for_signal(set & ~SIG_UNBLOCKABLE, &info, deadline);
	if (sig > 0 && info_addr &&
	    (copy_to_user(info_addr, &info, SIG_INFO_BYTES) ||
	     clear_user(info_addr + SIG_INFO_BYTES,
			sizeof(info) - SIG_INFO_BYTES)))
		return -EFAULT;
	return sig;
}

long sys_sigaltstack(uint64_t new_addr, uint64_t old_addr)
{
	struct sigaltstack *alt = &current->altstack;
	uint64_t sp = current->arch.frame.sp;
	struct sigaltstack new, old = *alt;
	bool is_on = !(alt->ss_flags & SS_DISABLE) && sp > alt->ss_sp &&
		     sp - alt->ss_sp <= alt->ss_size;

	if (new_addr) {
		int mode;

		if (copy_from_user(&new, new_addr, sizeof(new)))
			return -EFAULT;
		if (is_on && !(alt->ss_flags & (int32_t)SS_AUTODISARM))
			return -EPERM;
		mode = new.ss_flags & ~(int32_t)SS_AUTODISARM;
		if (mode != 0 && mode != SS_DISABLE && mode != SS_ONSTACK)
			return -EINVAL;
		if (mode == SS_DISABLE) {
			new.ss_size = 0;
			new.ss_sp = 0;
		} else if (new.ss_size < MINSIGSTKSZ) {
			return -ENOMEM;
		}
		new.ss_flags &= ~SS_ONSTACK;
		*alt = new;
	}
	if (is_on)
		old.ss_flags |= SS_ONSTACK;
	old.ss_pad = 0;
	return old_addr ? copy_to_user(old_addr, &old, sizeof(old)) : 0;
}

long restart_eintr(struct restart_block *block)
{
	(void)block;
	return -EINTR;
}

long sys_restart_syscall(void)
{
	struct restart_block *block = &current->restart;

	return block->fn ? block->fn(block) : -EINTR;
}
