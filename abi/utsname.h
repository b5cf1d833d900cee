/* SPDX-License-Identifier: MIT */
/* The names of system and machine that uname(2) fills in, zero-terminated. */
#pragma once

struct utsname {
	char sysname[65];
	char nodename[65];
	char release[65];
	char version[65];
	char machine[65];
	char domainname[65];
};

_Static_assert(sizeof(struct utsname) == 390, "utsname");
