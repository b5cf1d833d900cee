/* SPDX-License-Identifier: MIT */
/*
 * Creating threads and processes: the flags of clone(2) and clone3(2), and the
 * names of the scheduling policies.
 *
 * riscv64 takes clone(flags, stack, parent_tid, tls, child_tid), the tls
 * before the child_tid. Three uses matter in practice:
 *   fork           SIGCHLD, with CHILD_SETTID | CHILD_CLEARTID from glibc
 *   vfork          SIGCHLD | CLONE_VM | CLONE_VFORK
 *   pthread_create CLONE_THREAD and everything shared, see CLONE_PTHREAD
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define CSIGNAL		     0x000000ffUL /* signal sent to the parent */
#define CLONE_VM	     0x00000100UL
#define CLONE_FS	     0x00000200UL
#define CLONE_FILES	     0x00000400UL
#define CLONE_SIGHAND	     0x00000800UL
#define CLONE_PIDFD	     0x00001000UL
#define CLONE_PTRACE	     0x00002000UL
#define CLONE_VFORK	     0x00004000UL
#define CLONE_PARENT	     0x00008000UL
#define CLONE_THREAD	     0x00010000UL
#define CLONE_NEWNS	     0x00020000UL
#define CLONE_SYSVSEM	     0x00040000UL
#define CLONE_SETTLS	     0x00080000UL
#define CLONE_PARENT_SETTID  0x00100000UL
#define CLONE_CHILD_CLEARTID 0x00200000UL
#define CLONE_DETACHED	     0x00400000UL
#define CLONE_UNTRACED	     0x00800000UL
#define CLONE_CHILD_SETTID   0x01000000UL
#define CLONE_NEWCGROUP	     0x02000000UL
#define CLONE_NEWUTS	     0x04000000UL
#define CLONE_NEWIPC	     0x08000000UL
#define CLONE_NEWUSER	     0x10000000UL
#define CLONE_NEWPID	     0x20000000UL
#define CLONE_NEWNET	     0x40000000UL
#define CLONE_IO	     0x80000000UL
#define CLONE_CLEAR_SIGHAND  0x100000000UL /* clone3 only */
#define CLONE_INTO_CGROUP    0x200000000UL

/* What the usual pthread_create asks for: 0x7d0f00 with the tid and tls bits */
#define CLONE_PTHREAD                                                          \
	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |    \
	 CLONE_SYSVSEM)

/* clone3: the stack is given by its lowest address and size. */
struct clone_args {
	uint64_t flags;
	uint64_t pidfd;
	uint64_t child_tid;
	uint64_t parent_tid;
	uint64_t exit_signal;
	uint64_t stack;
	uint64_t stack_size;
	uint64_t tls;
	uint64_t set_tid;
	uint64_t set_tid_size;
	uint64_t cgroup;
};

#define CLONE_ARGS_SIZE_VER0 64

/* Whose nice value getpriority is about. */
#define PRIO_PROCESS 0
#define PRIO_PGRP    1
#define PRIO_USER    2

#define SCHED_NORMAL 0
#define SCHED_FIFO   1
#define SCHED_RR     2

_Static_assert(sizeof(struct clone_args) == 88, "clone_args");
_Static_assert(offsetof(struct clone_args, tls) == 56, "clone_args");
