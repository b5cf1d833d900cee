/* SPDX-License-Identifier: MIT */
/*
 * Line discipline. The end of a line is a bit beside its last byte; a ^D is
 * stored as a zero byte with that bit, which a literal zero byte never has.
 */
#include "kernel/fs/tty_line.h"

#include <string.h>

#define CTRL(c) ((c)&0x1f)

void tty_line_init(struct tty_line *line)
{
	memset(line, 0, sizeof(*line));
	line->termios = (struct termios){
	    .c_iflag = ICRNL,
	    .c_cflag = 0xbf, /* 38400 baud, 8 bits, receiver on */
	    .c_lflag = ISIG | ICANON | ECHO,
	};
	line->termios.c_cc[VINTR] = CTRL('C');
	line->termios.c_cc[VERASE] = 0x7f;
	line->termios.c_cc[VKILL] = CTRL('U');
	line->termios.c_cc[VEOF] = CTRL('D');
	line->termios.c_cc[VMIN] = 1;
	line->termios.c_cc[VLNEXT] = CTRL('V');
}

unsigned tty_line_space(const struct tty_line *line)
{
	return LINE_SIZE - (line->edit - line->read);
}

static bool is_end(const struct tty_line *line, uint32_t at)
{
	return line->is_end[at % LINE_SIZE / 64] >> at % 64 & 1;
}

static void push(struct tty_line *line, char c, bool ends)
{
	uint32_t at = line->edit++ % LINE_SIZE;
	uint64_t bit = 1UL << at % 64;

	line->buf[at] = c;
	line->is_end[at / 64] &= ~bit;
	if (ends)
		line->is_end[at / 64] |= bit;
	if (ends || !(line->termios.c_lflag & ICANON) || !tty_line_space(line))
		line->ready = line->edit;
}

static void echo(struct tty_line *line, struct tty_effect *effect,
		 const char *text)
{
	if (!(line->termios.c_lflag & ECHO))
		return;
	effect->nr_echo = (unsigned)strlen(text);
	memcpy(effect->echo, text, effect->nr_echo);
}

/* The editing keys of canonical mode; false: an ordinary byte. */
static bool edit_key(struct tty_line *line, char c, struct tty_effect *effect)
{
	const uint8_t *cc = line->termios.c_cc;
	uint8_t key = (uint8_t)c;

	if (key == cc[VLNEXT]) {
		line->is_literal = true;
	} else if (key == cc[VEOF]) {
		push(line, 0, true);
	} else if (key == cc[VERASE] || key == CTRL('H')) {
		if (line->edit == line->ready)
			return true;
		line->edit--;
		echo(line, effect, "\b \b");
	} else if (key == cc[VKILL]) {
		line->edit = line->ready;
		echo(line, effect, "^U\n");
	} else {
		return false;
	}
	return true;
}

void tty_line_type(struct tty_line *line, char c, struct tty_effect *effect)
{
	const struct termios *t = &line->termios;
	char text[2] = {c, '\0'};

	*effect = (struct tty_effect){0};
	if (line->is_literal) {
		line->is_literal = false;
		push(line, c, false);
		return;
	}
	if (t->c_lflag & ISIG && (uint8_t)c == t->c_cc[VINTR]) {
		line->edit = line->ready;
		effect->interrupts = true;
		echo(line, effect, "^C\n");
		return;
	}
	if (c == '\r' && t->c_iflag & ICRNL)
		text[0] = '\n';
	if (t->c_lflag & ICANON && edit_key(line, text[0], effect))
		return;
	push(line, text[0], t->c_lflag & ICANON && text[0] == '\n');
	echo(line, effect, text);
}

unsigned tty_line_take(struct tty_line *line, char *buf, unsigned len,
		       bool *ended)
{
	unsigned n = 0;

	*ended = false;
	while (tty_line_is_ready(line) && !*ended) {
		uint32_t at = line->read;
		char c = line->buf[at % LINE_SIZE];

		*ended = is_end(line, at);
		/* A ^D behind the last byte that fits goes with it. */
		if (n == len && !(*ended && n && !c)) {
			*ended = false;
			break;
		}
		line->read++;
		if (!*ended || c)
			buf[n++] = c;
	}
	return n;
}

void tty_line_set(struct tty_line *line, const struct termios *termios)
{
	line->termios = *termios;
	if (!(termios->c_lflag & ICANON))
		line->ready = line->edit;
}
