/* SPDX-License-Identifier: MIT */
/* Scatter and gather: the vector of readv(2) and writev(2); vmsplice(2). */
#pragma once

#include <stdint.h>

struct iovec {
	uint64_t iov_base;
	uint64_t iov_len;
};

#define IOV_MAX 1024

#define SPLICE_F_MOVE	  1u
#define SPLICE_F_NONBLOCK 2u
#define SPLICE_F_MORE	  4u
#define SPLICE_F_GIFT	  8u
#define SPLICE_F_ALL	  15u

_Static_assert(sizeof(struct iovec) == 16, "iovec");
