/* SPDX-License-Identifier: MIT */
/*
 * The console: one device, one lock.
 *
 * Three devices are known. The 16550 is driven directly: two register reads
 * for each burst of 16 bytes, and no trap to the firmware, which is twice as
 * fast as its legacy call. The firmware has set speed and format.
 *
 * A panic takes the console without the lock: whoever holds it may never run
 * again. From then on other harts stop when they want to write.
 */
#include "kernel/console.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "kernel/panic.h"
#include "kernel/riscv/boot.h"
#include "lib/spinlock.h"
#include "sbi/sbi.h"

/* 16550: register numbers and bits of the line status. */
enum {
	UART_DATA = 0,
	UART_FIFO_CONTROL = 2,
	UART_LINE_STATUS = 5,
	UART_NR_REGS = 8
};

/* FIFOs on, and room for 14 bytes announced: QEMU sends no more at a time. */
#define FCR_ENABLE_14  0xc1
#define LSR_DATA_READY 0x01
#define LSR_FIFO_EMPTY 0x20
#define UART_FIFO_SIZE 16

#define LINE_MAX_LEN 512
#define LINGER	     200000 /* nanoseconds */

static struct spinlock console_lock;
static bool is_quiet = true; /* until console_begin() */
static bool has_begun;
static bool is_panicking; /* atomic; no lock is taken any more */

static char *uart; /* NULL: firmware */
static unsigned uart_stride, uart_width;
static bool has_dbcn;

static uint8_t uart_read(unsigned reg)
{
	char *at = uart + reg * uart_stride;

	return uart_width == 4 ? (uint8_t) * (volatile uint32_t *)at
			       : *(volatile uint8_t *)at;
}

static void uart_write(unsigned reg, uint8_t value)
{
	char *at = uart + reg * uart_stride;

	if (uart_width == 4)
		*(volatile uint32_t *)at = value;
	else
		*(volatile uint8_t *)at = value;
}

static void uart_send(const char *buf, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (i % UART_FIFO_SIZE == 0) {
			while (!(uart_read(UART_LINE_STATUS) & LSR_FIFO_EMPTY))
				machine_relax();
		}
		uart_write(UART_DATA, (uint8_t)buf[i]);
	}
}

/*
 * The firmware wants a physical address, and buf may lie anywhere in the
 * kernel, so the bytes go through a buffer in the image.
 */
static char dbcn_buf[256];

static void dbcn_send(const char *buf, size_t len)
{
	while (len) {
		size_t n = min(len, sizeof(dbcn_buf));
		long done;

		memcpy(dbcn_buf, buf, n);
		done = sbi_console_write((paddr_t)dbcn_buf - kernel_offset, n);
		if (done < 0)
			return;
		buf += done;
		len -= (size_t)done;
	}
}

static void send(const char *buf, size_t len)
{
	if (has_dbcn) {
		dbcn_send(buf, len);
	} else if (uart) {
		uart_send(buf, len);
	} else {
		while (len--)
			sbi_putchar(*buf++);
	}
}

void console_init(const struct boot_info *info)
{
	has_dbcn = sbi_probe(SBI_EXT_DBCN);
	if (has_dbcn || !info->uart.base)
		return;
	uart_stride = info->uart.stride;
	uart_width = info->uart.width;
	uart = device_map(info->uart.base, UART_NR_REGS * uart_stride);
	uart_write(UART_FIFO_CONTROL, FCR_ENABLE_14);
}

void console_begin(bool quiet)
{
	static const char marker[] = "\036faultline\n";

	if (!has_begun)
		console_write(marker, sizeof(marker) - 1);
	has_begun = true;
	is_quiet = quiet;
}

/* Who finds a panic when it gets the lock stops there and keeps it. */
void console_write(const char *buf, size_t len)
{
	if (load_relaxed(&is_panicking)) {
		panic_check();
		send(buf, len);
		return;
	}
	spin_lock(&console_lock);
	panic_check();
	send(buf, len);
	spin_unlock(&console_lock);
}

/* A line that was being written is ended first. */
void console_panic(void)
{
	store_relaxed(&is_panicking, true);
	console_begin(false);
	send("\n", 1);
}

static size_t receive(char *buf, size_t len)
{
	size_t n = 0;
	int c;

	if (has_dbcn) {
		long got = sbi_console_read((paddr_t)dbcn_buf - kernel_offset,
					    min(len, sizeof(dbcn_buf)));

		n = got > 0 ? (size_t)got : 0;
		memcpy(buf, dbcn_buf, n);
	} else if (uart) {
		while (n < len && uart_read(UART_LINE_STATUS) & LSR_DATA_READY)
			buf[n++] = (char)uart_read(UART_DATA);
	} else {
		while (n < len && (c = sbi_getchar()) >= 0)
			buf[n++] = (char)c;
	}
	return n;
}

/*
 * Where input streams in from a file the next bytes are never far: linger for
 * them rather than let them wait for the next poll.
 */
size_t console_poll(char *buf, size_t len)
{
	static uint64_t last_input; /* atomic */
	size_t n = 0;

	do {
		if (spin_trylock(&console_lock)) {
			n = receive(buf, len);
			spin_unlock(&console_lock);
		}
	} while (!n && machine_clock() - load_relaxed(&last_input) < LINGER);
	if (n)
		store_relaxed(&last_input, machine_clock());
	return n;
}

static void print(const char *fmt, va_list args)
{
	char line[LINE_MAX_LEN];
	int len = vsnprintf(line, sizeof(line), fmt, args);

	if (len > 0)
		console_write(line, min((size_t)len, sizeof(line) - 1));
}

void kprintf(const char *fmt, ...)
{
	va_list args;

	if (is_quiet)
		return;
	va_start(args, fmt);
	print(fmt, args);
	va_end(args);
}

void console_print(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	print(fmt, args);
	va_end(args);
}
