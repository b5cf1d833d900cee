/* SPDX-License-Identifier: MIT */
/*
 * Waiting for children: options of wait4(2) and waitid(2), and the status word
 * that wait4 stores: exit code in bits 8 to 15, or the signal in bits 0 to 6
 * with bit 7 for a core dump, 0x7f in the low byte for stopped, 0xffff for
 * continued.
 */
#pragma once

#define WNOHANG	    0x00000001
#define WUNTRACED   0x00000002
#define WSTOPPED    0x00000002
#define WEXITED	    0x00000004
#define WCONTINUED  0x00000008
#define WNOWAIT	    0x01000000
#define __WNOTHREAD 0x20000000
#define __WALL	    0x40000000
#define __WCLONE    0x80000000U

#define P_ALL	0
#define P_PID	1
#define P_PGID	2
#define P_PIDFD 3

#define WEXITSTATUS(s)	(((s) >> 8) & 0xff)
#define WTERMSIG(s)	((s)&0x7f)
#define WSTOPSIG(s)	WEXITSTATUS(s)
#define WIFEXITED(s)	(WTERMSIG(s) == 0)
#define WIFSTOPPED(s)	(((s)&0xff) == 0x7f)
#define WIFSIGNALED(s)	(WTERMSIG(s) != 0 && WTERMSIG(s) != 0x7f)
#define WIFCONTINUED(s) ((s) == 0xffff)
#define WCOREDUMP(s)	((s)&0x80)
