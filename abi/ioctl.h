/* SPDX-License-Identifier: MIT */
/*
 * Terminal control: the ioctl(2) requests that programs make to find out
 * whether a descriptor is a terminal and to drive it.
 */
#pragma once

#include <stdint.h>

#define TCGETS	   0x5401
#define TCSETS	   0x5402
#define TCSETSW	   0x5403
#define TCSETSF	   0x5404
#define TIOCSCTTY  0x540e
#define TIOCGPGRP  0x540f
#define TIOCSPGRP  0x5410
#define TIOCGWINSZ 0x5413
#define FIONREAD   0x541b
#define TIOCGSID   0x5429

struct winsize {
	uint16_t ws_row;
	uint16_t ws_col;
	uint16_t ws_xpixel;
	uint16_t ws_ypixel;
};

struct termios {
	uint32_t c_iflag;
	uint32_t c_oflag;
	uint32_t c_cflag;
	uint32_t c_lflag;
	uint8_t c_line;
	uint8_t c_cc[19];
};

#define ICRNL  0000400 /* c_iflag: carriage return reads as newline */
#define OPOST  0000001 /* c_oflag */
#define ONLCR  0000004
#define ISIG   0000001 /* c_lflag */
#define ICANON 0000002
#define ECHO   0000010

#define VINTR  0 /* index into c_cc */
#define VERASE 2
#define VKILL  3
#define VEOF   4
#define VMIN   6
#define VLNEXT 15

_Static_assert(sizeof(struct termios) == 36, "termios");
