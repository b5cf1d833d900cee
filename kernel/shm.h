/* SPDX-License-Identifier: MIT */
/*
 * System V shared memory: its limits, of /proc/sys/kernel. They may change at
 * any time and hold for segments that are made later.
 */
#pragma once

extern long sysctl_shmmax; /* bytes of one, an unsigned number */
extern long sysctl_shmall; /* pages of all, an unsigned number */
extern long sysctl_shmmni; /* how many */

void shm_init(void); /* once, at boot */
