/* SPDX-License-Identifier: MIT */
/*
 * Results of system calls that a signal interrupted. They never reach a
 * program: signal.c turns them into -EINTR or restarts the call.
 */
#pragma once

#define ERESTARTSYS	      512 /* restart if no handler, or SA_RESTART */
#define ERESTARTNOINTR	      513 /* always restart */
#define ERESTARTNOHAND	      514 /* restart if no handler ran */
#define ERESTART_RESTARTBLOCK 516 /* the same, by restart_syscall */
