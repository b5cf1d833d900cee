/* SPDX-License-Identifier: MIT */
/*
 * What boot and the clock ask of the file systems.
 */
#pragma once

#include "lib/types.h"

/*
 * Unpack the initramfs of boot_info into the root directory and give its
 * memory to the page allocator. A broken archive is reported; what came before
 * the fault stays. After vfs_init(). May sleep.
 */
void initramfs_unpack(void);

/* Before the first tty_poll_input(); echo false: "noecho" was given. */
void tty_init(bool echo);

/*
 * Fetch typed bytes from the console and run the line discipline: echo, ^C.
 * From the clock tick and the idle loop of any hart; does not sleep, takes
 * spinlocks, sends signals.
 */
void tty_poll_input(void);

/* Is input waited for, or was there some just now? Then poll more often. */
bool tty_input_wanted(void);
