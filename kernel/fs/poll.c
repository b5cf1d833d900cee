/* SPDX-License-Identifier: MIT */
/*
 * Waiting for several files at once.
 *
 * Each round joins every queue, looks at every file, and leaves the queues
 * again after it has slept. Joining comes before looking, so nothing that
 * happens in between is missed (lib/waitqueue.h).
 */
#include "kernel/fs/poll.h"

#include "abi/errno.h"
#include "kernel/fs/files.h"
#include "kernel/fs/vfs.h"
#include "kernel/sleep.h"
#include "mm/slab.h"

#define QUEUES_PER_FILE 2 /* the most that a poll operation joins */
#define FEW		4 /* entries on the stack */

struct poll_entry {
	struct wait_entry wait;
	struct wait_queue *wq;
	struct open_file *file; /* reference: keeps the queue in memory */
};

struct poll_table {
	struct poll_entry *entries;
	unsigned nr, max;
	struct open_file *file; /* whose poll operation runs */
};

void poll_wait(struct poll_table *table, struct wait_queue *wq)
{
	struct poll_entry *entry;

	if (!table)
		return;
	BUG_ON(table->nr == table->max);
	entry = &table->entries[table->nr++];
	entry->wq = wq;
	entry->file = open_file_get(table->file);
	wait_entry_init(&entry->wait);
	wait_prepare(wq, &entry->wait);
}

static void leave_all(struct poll_table *table)
{
	while (table->nr) {
		struct poll_entry *entry = &table->entries[--table->nr];

		wait_finish(entry->wq, &entry->wait);
		open_file_put(entry->file);
	}
}

/* Look at one file, joining its queues if table is given. */
static int16_t poll_one(const struct pollfd *pfd, struct poll_table *table)
{
	unsigned wanted = (uint16_t)pfd->events | POLLERR | POLLHUP;
	struct open_file *file;
	unsigned events;

	if (pfd->fd < 0)
		return 0;
	file = fd_get(pfd->fd);
	if (!file)
		return POLLNVAL;
	if (table)
		table->file = file;
	events = vfs_poll(file, table) & wanted;
	open_file_put(file);
	return (int16_t)events;
}

/* Look at all; stops joining queues at the first that is ready. */
static int poll_round(struct pollfd *fds, unsigned nr, struct poll_table *table)
{
	int ready = 0;

	for (unsigned i = 0; i < nr; i++) {
		fds[i].revents = poll_one(&fds[i], ready ? NULL : table);
		if (fds[i].revents)
			ready++;
	}
	return ready;
}

int poll_files(struct pollfd *fds, unsigned nr, uint64_t deadline)
{
	struct poll_entry few[FEW * QUEUES_PER_FILE];
	struct poll_table table = {few, 0, ARRAY_SIZE(few), NULL};
	bool is_late = !deadline;
	int ready;

	if (nr > FEW) {
		table.max = nr * QUEUES_PER_FILE;
		table.entries = kmalloc(table.max * sizeof(*few), GFP_USER);
		if (!table.entries)
			return -ENOMEM;
	}
	for (;;) {
		ready = poll_round(fds, nr, is_late ? NULL : &table);
		if (ready || is_late)
			break;
		if (signal_pending()) {
			ready = -EINTR;
			break;
		}
		is_late = park_until(deadline);
		leave_all(&table);
	}
	leave_all(&table);
	if (table.entries != few)
		kfree(table.entries);
	return ready;
}
