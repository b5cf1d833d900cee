/* SPDX-License-Identifier: MIT */
/*
 * Waiting for children: wait4(2) and waitid(2).
 */
#include <string.h>

#include "kernel/riscv/uaccess.h"
#include "kernel/signal.h"
#include "kernel/syscall.h"
#include "kernel/usage.h"

#include "abi/wait.h"

/* Which children, and which of their news. */
struct wait_request {
	int type, id; /* P_*; pid or group */
	uint32_t options;
};

/* What happened to a child. */
struct wait_result {
	int pid;	  /* 0: nothing yet */
	int code, status; /* CLD_*; its exit code or signal */
	struct usage usage;
};

static bool is_wanted(const struct wait_request *request,
		      const struct process *child)
{
	bool is_clone = child->exit_signal != SIGCHLD;

	if (request->type == P_PID && child->pid_nr != request->id)
		return false;
	if (request->type == P_PGID && child->pgrp->nr != request->id)
		return false;
	if (request->options & __WALL)
		return true;
	return is_clone == !!(request->options & __WCLONE);
}

/* Bury a zombie: its usage is its parent's from now on. */
static void reap(struct process *child)
{
	struct process *parent = child->parent;

	usage_add(&parent->dead_children, &child->dead_threads);
	usage_add(&parent->dead_children, &child->dead_children);
	process_release_locked(child);
}

/* Has the child news of the wanted kind? process_lock is held. */
static bool take_news(struct process *child, uint32_t options,
		      struct wait_result *result)
{
	bool keep = options & WNOWAIT;

	result->status = child->exit_status;
	if (child->is_zombie && options & WEXITED) {
		result->code =
		    WTERMSIG(child->exit_status) ? CLD_KILLED : CLD_EXITED;
	} else if (!child->is_zombie && child->is_stop_unseen &&
		   options & WSTOPPED) {
		result->code = CLD_STOPPED;
		result->status = child->stop_signal;
		child->is_stop_unseen = keep;
	} else if (!child->is_zombie && child->is_continue_unseen &&
		   options & WCONTINUED) {
		result->code = CLD_CONTINUED;
		result->status = SIGCONT;
		child->is_continue_unseen = keep;
	} else {
		return false;
	}
	result->pid = child->pid_nr;
	process_usage_locked(child, &result->usage);
	usage_add(&result->usage, &child->dead_children);
	if (child->is_zombie && !keep)
		reap(child);
	return true;
}

/* Look once; 0 (see result->pid) or -ECHILD. */
static int look(const struct wait_request *request, struct wait_result *result)
{
	struct process *self = current->process, *child, *next;
	int err = -ECHILD;

	spin_lock(&process_lock);
	if (request->type == P_PID) {
		struct pid *pid = pid_find_locked(request->id);

		child = pid ? pid->process : NULL;
		if (child && child->parent == self &&
		    is_wanted(request, child)) {
			err = 0;
			take_news(child, request->options, result);
		}
	} else {
		list_for_each_entry_safe (child, next, &self->children,
					  sibling) {
			if (!is_wanted(request, child))
				continue;
			err = 0;
			if (take_news(child, request->options, result))
				break;
		}
	}
	spin_unlock(&process_lock);
	return err;
}

static int do_wait(const struct wait_request *request,
		   struct wait_result *result)
{
	struct wait_queue *wq = &current->process->child_wait;
	struct wait_entry entry;
	int err;

	result->pid = 0;
	err = look(request, result);
	if (err || result->pid || request->options & WNOHANG)
		return err;
	wait_entry_init(&entry);
	for (;;) {
		wait_prepare(wq, &entry);
		err = look(request, result);
		if (err || result->pid)
			break;
		if (signal_pending()) {
			err = -ERESTARTSYS;
			break;
		}
		machine_park();
	}
	wait_finish(wq, &entry);
	return err;
}

static int put_rusage(uint64_t addr, const struct usage *usage)
{
	struct rusage ru;

	usage_to_rusage(usage, &ru);
	return copy_to_user(addr, &ru, sizeof(ru));
}

/* The status word of wait4. */
static uint32_t status_word(const struct wait_result *result)
{
	switch (result->code) {
	case CLD_STOPPED:
		return (uint32_t)result->status << 8 | 0x7f;
	case CLD_CONTINUED:
		return 0xffff;
	default:
		return (uint32_t)result->status;
	}
}

long sys_wait4(uint64_t pid_arg, uint64_t status_addr, uint64_t options,
	       uint64_t usage_addr)
{
	struct wait_request request = {P_PID, (int)pid_arg, (uint32_t)options};
	struct wait_result result;
	int err;

	if (request.options & ~(WNOHANG | WUNTRACED | WCONTINUED | __WNOTHREAD |
				__WCLONE | __WALL))
		return -EINVAL;
	if (request.id == INT32_MIN)
		return -ESRCH;
	if (request.id == -1) {
		request.type = P_ALL;
	} else if (request.id <= 0) {
		request.type = P_PGID;
		request.id =
		    request.id ? -request.id : current->process->pgrp->nr;
	}
	request.options |= WEXITED;
	err = do_wait(&request, &result);
	if (err || !result.pid)
		return err;
	if (status_addr && put_user_u32(status_addr, status_word(&result)))
		return -EFAULT;
	if (usage_addr && put_rusage(usage_addr, &result.usage))
		return -EFAULT;
	return result.pid;
}

static int put_wait_info(uint64_t addr, const struct wait_result *result)
{
	struct siginfo info;

	memset(&info, 0, sizeof(info));
	if (result->pid) {
		info.si_signo = SIGCHLD;
		info.si_code = result->code;
		info.si_pid = result->pid;
		info.si_status = result->code == CLD_EXITED
				     ? WEXITSTATUS(result->status)
				     : result->status;
	}
	return copy_to_user(addr, &info, sizeof(info));
}

long sys_waitid(uint64_t type, uint64_t id, uint64_t info_addr,
		uint64_t options, uint64_t usage_addr)
{
	struct wait_request request = {(int)type, (int)id, (uint32_t)options};
	struct wait_result result;
	int err;

	if (request.options & ~(WNOHANG | WNOWAIT | WEXITED | WSTOPPED |
				WCONTINUED | __WNOTHREAD | __WCLONE | __WALL) ||
	    !(request.options & (WEXITED | WSTOPPED | WCONTINUED)))
		return -EINVAL;
	switch (request.type) {
	case P_ALL:
		break;
	case P_PID:
		if (request.id <= 0)
			return -EINVAL;
		break;
	case P_PGID:
		if (request.id < 0)
			return -EINVAL;
		if (!request.id)
			request.id = current->process->pgrp->nr;
		break;
	default:
		return -EINVAL;
	}
	err = do_wait(&request, &result);
	if (err)
		return err;
	if (result.pid && usage_addr && put_rusage(usage_addr, &result.usage))
		return -EFAULT;
	return info_addr ? put_wait_info(info_addr, &result) : 0;
}
