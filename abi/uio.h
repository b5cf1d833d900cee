/* SPDX-License-Identifier: MIT */
/* Scatter and gather: the vector of readv(2) and writev(2). */
#pragma once

#include <stdint.h>

struct iovec {
	uint64_t iov_base;
	uint64_t iov_len;
};

#define IOV_MAX 1024

_Static_assert(sizeof(struct iovec) == 16, "iovec");
