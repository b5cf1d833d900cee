/* SPDX-License-Identifier: MIT */
/*
 * pselect6(2): a set of descriptors is an array of words, bit fd % 64 of word
 * fd / 64. The call's sixth argument points at a signal mask and its size.
 */
#pragma once

#include <stdint.h>

#define FD_SETSIZE 1024

struct pselect_sigmask {
	uint64_t ss; /* address of the mask, or 0 */
	uint64_t ss_len;
};
