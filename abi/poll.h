/* SPDX-License-Identifier: MIT */
/* Waiting for file descriptors: ppoll(2). */
#pragma once

#include <stdint.h>

struct pollfd {
	int32_t fd; /* negative: ignored */
	int16_t events;
	int16_t revents;
};

#define POLLIN	   0x0001
#define POLLPRI	   0x0002
#define POLLOUT	   0x0004
#define POLLERR	   0x0008 /* the last three are reported unasked */
#define POLLHUP	   0x0010
#define POLLNVAL   0x0020
#define POLLRDNORM 0x0040
#define POLLWRNORM 0x0100

_Static_assert(sizeof(struct pollfd) == 8, "pollfd");
