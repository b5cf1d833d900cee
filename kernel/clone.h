/* SPDX-License-Identifier: MIT */
/*
 * New threads and processes.
 */
#pragma once

/*
 * Make process 1. It runs the program at `path` with these arguments and
 * environment (argv[0] included, NULL-terminated), or panics when there is
 * none. The strings must stay. Once, at boot, with the root directory filled.
 */
void start_init(const char *path, const char *const *argv,
		const char *const *envp);
