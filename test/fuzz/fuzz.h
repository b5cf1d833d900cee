/* SPDX-License-Identifier: MIT */
/*
 * The one function of a fuzz target. libFuzzer calls it with inputs it makes
 * up; replay_main.c calls it with those of a corpus folder.
 *
 * A target ends in bug() or in a sanitizer's report when it finds something,
 * and returns 0 otherwise. It keeps nothing from one call to the next.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
