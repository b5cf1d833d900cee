/* SPDX-License-Identifier: MIT */
/*
 * Line discipline: from typed bytes to the bytes a program reads.
 *
 * Plain data and functions without locks, output or sleep; tty.c supplies
 * those. In canonical mode bytes become readable a line at a time: newline
 * ends a line, ^D ends it without a byte of its own (so that an empty line is
 * the end of the file), ^V takes the next byte as it is, ^U and backspace
 * edit. Otherwise each byte is readable at once.
 *
 * A line longer than the buffer becomes readable in pieces rather than being
 * cut, since what is typed is often a file.
 */
#pragma once

#include "abi/ioctl.h"
#include "lib/types.h"

#define LINE_SIZE 4096u /* bytes; power of two */

struct tty_line {
	struct termios termios;
	uint32_t read, ready, edit; /* read <= ready <= edit, free running */
	bool is_literal;	    /* ^V was typed */
	uint64_t is_end[LINE_SIZE / 64]; /* this byte is the last of a line */
	char buf[LINE_SIZE];
};

/* What a typed byte asks for besides being stored. */
struct tty_effect {
	char echo[4];
	unsigned nr_echo;
	bool interrupts; /* ^C */
};

void tty_line_init(struct tty_line *line);

/* How many more bytes can be typed. */
unsigned tty_line_space(const struct tty_line *line);

/* One byte was typed; there is space. */
void tty_line_type(struct tty_line *line, char c, struct tty_effect *effect);

static inline bool tty_line_is_ready(const struct tty_line *line)
{
	return line->ready != line->read;
}

/*
 * Take at most len readable bytes, and none behind the end of a line. *ended
 * tells that the line's end was reached. With ^D alone: 0 bytes, ended.
 */
unsigned tty_line_take(struct tty_line *line, char *buf, unsigned len,
		       bool *ended);

/* Change modes; what is being edited becomes readable in raw mode. */
void tty_line_set(struct tty_line *line, const struct termios *termios);
