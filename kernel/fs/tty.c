/* SPDX-License-Identifier: MIT */
/*
 * The terminal: /dev/console and /dev/tty, one for the whole machine.
 *
 * Input is fetched by tty_poll_input() from the clock tick and the idle loop,
 * which must not sleep: so a spinlock guards the line, and bytes pass through
 * small buffers on the stack on their way to user memory. Nothing is fetched
 * from the device while the line is full, so nothing typed is lost.
 */
#include "kernel/fs/tty_line.h"

#include "abi/errno.h"
#include "kernel/console.h"
#include "kernel/fs/boot.h"
#include "kernel/fs/special.h"
#include "kernel/process.h"
#include "kernel/riscv/uaccess.h"
#include "kernel/signal.h"
#include "kernel/sleep.h"

#define CHUNK 256

/* So long after a byte, more are expected soon; nanoseconds. */
#define BUSY_TIME 100000000UL

static struct tty {
	struct spinlock lock;
	struct tty_line line; /* lock */
	struct wait_queue readers;
	int pgrp;	     /* a; foreground group, gets ^C; 0: none */
	int session;	     /* a; whose terminal it is; 0: nobody's */
	uint64_t last_input; /* a; when something was typed */
} tty = {
    .readers = WAIT_QUEUE_INIT(tty.readers),
};

void tty_init(bool echo)
{
	tty_line_init(&tty.line);
	if (!echo)
		tty.line.termios.c_lflag &= ~(uint32_t)ECHO;
}

bool tty_input_wanted(void)
{
	return !list_empty(&tty.readers.waiters) ||
	       machine_clock() - load_relaxed(&tty.last_input) < BUSY_TIME;
}

void tty_poll_input(void)
{
	bool is_ready = false, interrupts = false;
	char buf[16];
	size_t n;

	if (!spin_trylock(&tty.lock))
		return; /* another hart does it */
	while (tty_line_space(&tty.line) >= sizeof(buf)) {
		n = console_poll(buf, sizeof(buf));
		if (!n)
			break;
		for (size_t i = 0; i < n; i++) {
			struct tty_effect effect;

			tty_line_type(&tty.line, buf[i], &effect);
			console_write(effect.echo, effect.nr_echo);
			interrupts |= effect.interrupts;
		}
		is_ready = true;
	}
	spin_unlock(&tty.lock);
	if (is_ready) {
		store_relaxed(&tty.last_input, machine_clock());
		wake_all(&tty.readers);
	}
	if (interrupts && load_relaxed(&tty.pgrp))
		signal_pgrp(load_relaxed(&tty.pgrp), SIGINT, NULL);
}

/* Take a part of a line; false: nothing can be read now. */
static bool take_chunk(char *buf, size_t len, unsigned *n, bool *ended)
{
	bool is_ready;

	spin_lock(&tty.lock);
	is_ready = tty_line_is_ready(&tty.line);
	*n = tty_line_take(&tty.line, buf, (unsigned)len, ended);
	spin_unlock(&tty.lock);
	return is_ready;
}

static long tty_read(struct open_file *file, struct io *io, uint64_t *pos)
{
	bool ended = false;
	char buf[CHUNK];
	long total = 0;
	unsigned n;
	int err;

	(void)pos;
	while (io->count && !ended) {
		if (take_chunk(buf, min(io->count, sizeof(buf)), &n, &ended)) {
			if (io_put(io, buf, n) != n)
				return total ? total : -EFAULT;
			total += n;
			continue;
		}
		if (total || !(tty.line.termios.c_lflag & ICANON ||
			       tty.line.termios.c_cc[VMIN]))
			break;
		if (load_relaxed(&file->flags) & O_NONBLOCK)
			return -EAGAIN;
		err = wait_event_interruptible(&tty.readers,
					       tty_line_is_ready(&tty.line));
		if (err)
			return err;
	}
	return total;
}

static long tty_write(struct open_file *file, struct io *io, uint64_t *pos)
{
	char buf[CHUNK];
	long total = 0;

	(void)file;
	(void)pos;
	while (io->count) {
		size_t n = min(io->count, sizeof(buf));
		size_t done = io_get(io, buf, n);

		console_write(buf, done);
		total += (long)done;
		if (done < n)
			return total ? total : -EFAULT;
	}
	return total;
}

static unsigned tty_poll(struct open_file *file, struct poll_table *table)
{
	(void)file;
	poll_wait(table, &tty.readers);
	if (tty_line_is_ready(&tty.line))
		return POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM;
	return POLLOUT | POLLWRNORM;
}

static long set_termios(vaddr_t arg, bool flush)
{
	struct termios termios;

	if (copy_from_user(&termios, arg, sizeof(termios)))
		return -EFAULT;
	spin_lock(&tty.lock);
	if (flush)
		tty.line.read = tty.line.ready = tty.line.edit;
	tty_line_set(&tty.line, &termios);
	spin_unlock(&tty.lock);
	wake_all(&tty.readers);
	return 0;
}

static long get_termios(vaddr_t arg)
{
	struct termios termios;

	spin_lock(&tty.lock);
	termios = tty.line.termios;
	spin_unlock(&tty.lock);
	return copy_to_user(arg, &termios, sizeof(termios));
}

/* The terminal becomes that of the caller's session. */
static long take_over(void)
{
	struct process_info info;

	process_get_info(current_process(), &info);
	store_relaxed(&tty.session, info.session);
	store_relaxed(&tty.pgrp, info.pgrp);
	return 0;
}

static long set_pgrp(vaddr_t arg)
{
	uint32_t pgrp;

	if (get_user_u32(&pgrp, arg))
		return -EFAULT;
	if ((int)pgrp <= 0)
		return -EINVAL;
	store_relaxed(&tty.pgrp, (int)pgrp);
	return 0;
}

static long tty_ioctl(struct open_file *file, unsigned cmd, vaddr_t arg)
{
	static const struct winsize unknown;

	(void)file;
	switch (cmd) {
	case TCGETS:
		return get_termios(arg);
	case TCSETS:
	case TCSETSW:
	case TCSETSF:
		return set_termios(arg, cmd == TCSETSF);
	case TIOCGWINSZ:
		return copy_to_user(arg, &unknown, sizeof(unknown));
	case TIOCSCTTY:
		return take_over();
	case TIOCGPGRP:
		return put_user_u32(arg, (uint32_t)load_relaxed(&tty.pgrp));
	case TIOCSPGRP:
		return set_pgrp(arg);
	case TIOCGSID:
		return put_user_u32(arg, (uint32_t)load_relaxed(&tty.session));
	case FIONREAD:
		return put_user_u32(arg, tty.line.ready - tty.line.read);
	}
	return -ENOTTY;
}

static int tty_open(struct open_file *file)
{
	file->file.f_mode |= FMODE_STREAM;
	return 0;
}

const struct file_ops tty_file_ops = {
    .open = tty_open,
    .read = tty_read,
    .write = tty_write,
    .ioctl = tty_ioctl,
    .poll = tty_poll,
};
