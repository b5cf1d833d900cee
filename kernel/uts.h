/* SPDX-License-Identifier: MIT */
/*
 * What the system says of itself: uname(2), /proc/version, /proc/sys/kernel.
 * The release is that of the Linux whose system calls are spoken here, since
 * C libraries refuse to start on one that looks too old.
 */
#pragma once

#include "abi/utsname.h"

#define UTS_SYSNAME "Linux"
#define UTS_RELEASE "6.12.0-faultline"
#define UTS_VERSION "#1 SMP"
#define UTS_MACHINE "riscv64"

/* What uname(2) tells; the names of the host and its domain may change. */
extern struct utsname system_name;
