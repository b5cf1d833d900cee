/* SPDX-License-Identifier: MIT */
/*
 * From what processes count to what getrusage(2) shows. All time is user time:
 * the kernel does not read the clock at each trap.
 */
#pragma once

#include "kernel/process.h"

void usage_to_rusage(const struct usage *usage, struct rusage *ru);
