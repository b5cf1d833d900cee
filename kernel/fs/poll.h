/* SPDX-License-Identifier: MIT */
/*
 * Waiting for several files at once: the core of ppoll(2) and pselect6(2).
 */
#pragma once

#include "abi/poll.h"
#include "lib/types.h"

/*
 * Wait until one of the files is ready, the deadline (machine_clock, or
 * TIME_NEVER) has passed, or a signal came. Fills in revents. The number of
 * entries with revents, 0 when the time is over, -EINTR or -ENOMEM.
 */
int poll_files(struct pollfd *fds, unsigned nr, uint64_t deadline);
