/* SPDX-License-Identifier: MIT */
/*
 * shmctl(2), and who may do what with a segment.
 */
#include "test/conform/shm.h"

TEST(shm_rmid_waits_for_the_last_detach)
{
	long id = shmget(KEY + 2, PAGE, IPC_CREAT | 0600);
	char *p = attached(id, 0), *q;
	struct shmid_ds ds;

	removed(id);
	ds = state(id);
	EQ(ds.shm_perm.mode, SHM_DEST | 0600);
	EQ(ds.shm_perm.key, IPC_PRIVATE);
	EQ(shmget(KEY + 2, PAGE, 0), -ENOENT);
	put(p, 'x');
	q = attached(id, 0);
	EQ(get(q), 'x');
	EQ(shmdt(p), 0);
	EQ(get(q), 'x');
	removed(id);
	EQ(shmdt(q), 0);
	EQ(shmctl(id, IPC_STAT, &ds), -EINVAL);
}

TEST(shm_removed_goes_with_the_process)
{
	struct shmid_ds ds;
	long id = made(1);
	int pid = fork();

	if (pid == 0) {
		attached(id, 0);
		removed(id);
		exit(0);
	}
	joined(pid, 0);
	EQ(shmctl(id, IPC_STAT, &ds), -EINVAL);
}

TEST(shmctl_set_changes_owner_and_mode)
{
	long id = made(1);
	struct shmid_ds ds = state(id);

	ds.shm_perm.uid = 1000;
	ds.shm_perm.gid = 1001;
	ds.shm_perm.mode = 07444;
	ds.shm_segsz = 7;
	EQ(shmctl(id, IPC_SET, &ds), 0);
	ds = state(id);
	EQ(ds.shm_perm.uid, 1000);
	EQ(ds.shm_perm.gid, 1001);
	EQ(ds.shm_perm.cuid, 0);
	EQ(ds.shm_perm.mode, 0444);
	EQ(ds.shm_segsz, PAGE);
	EQ(shmctl(id, IPC_SET, hole(1)), -EFAULT);
	ds.shm_perm.uid = UINT32_MAX;
	EQ(shmctl(id, IPC_SET, &ds), -EINVAL);
	AS_ANOTHER_USER(removed(id));
}

TEST(shmctl_refuses_other_users)
{
	long id = made(1);
	struct shmid_ds ds = state(id);

	AS_ANOTHER_USER({
		EQ(shmctl(id, IPC_STAT, &ds), -EACCES);
		EQ(shmctl(id, IPC_SET, &ds), -EPERM);
		EQ(shmctl(id, IPC_RMID, NULL), -EPERM);
		EQ(shmctl(id, SHM_LOCK, NULL), -EPERM);
		EQ(shmctl(id, SHM_UNLOCK, NULL), -EPERM);
		EQ(shmat(id, NULL, 0), -EACCES);
		EQ(shmat(id, NULL, SHM_RDONLY), -EACCES);
	});
	removed(id);
}

TEST(shm_permissions_of_others)
{
	long id = shmget(KEY + 3, PAGE, IPC_CREAT | 0604);

	AS_ANOTHER_USER({
		struct shmid_ds ds;

		EQ(shmctl(id, IPC_STAT, &ds), 0);
		EQ(shmat(id, NULL, 0), -EACCES);
		EQ(shmat(id, NULL, SHM_RDONLY | SHM_EXEC), -EACCES);
		MAPPED(attached(id, SHM_RDONLY));
		EQ(shmget(KEY + 3, PAGE, 0), id);
		EQ(shmget(KEY + 3, PAGE, 0004), id);
		EQ(shmget(KEY + 3, PAGE, 0400), id);
		EQ(shmget(KEY + 3, PAGE, 0002), -EACCES);
		EQ(shmget(KEY + 3, PAGE, 0200), -EACCES);
		EQ(shmctl(id, IPC_RMID, NULL), -EPERM);
	});
	removed(id);
}

TEST(shm_permissions_of_the_group)
{
	long id = shmget(IPC_PRIVATE, PAGE, 0660);
	struct shmid_ds ds = state(id);

	ds.shm_perm.gid = 1000;
	EQ(shmctl(id, IPC_SET, &ds), 0);
	AS_ANOTHER_USER(put(attached(id, 0), 'x'));
	ds.shm_perm.mode = 0606;
	EQ(shmctl(id, IPC_SET, &ds), 0);
	AS_ANOTHER_USER(EQ(shmat(id, NULL, SHM_RDONLY), -EACCES));
	removed(id);
}

TEST(shm_permissions_of_the_owner)
{
	AS_ANOTHER_USER({
		long id = shmget(IPC_PRIVATE, PAGE, 0400);

		EQ(state(id).shm_perm.cuid, 1000);
		EQ(state(id).shm_perm.gid, 1000);
		EQ(shmat(id, NULL, 0), -EACCES);
		MAPPED(attached(id, SHM_RDONLY));
		removed(id);
	});
}

TEST(shm_permissions_do_not_bind_root)
{
	long id = shmget(IPC_PRIVATE, PAGE, 0);

	put(attached(id, 0), 'x');
	removed(id);
}

TEST(shm_lock_shows_in_the_mode)
{
	long id = made(1);

	EQ(shmctl(id, SHM_LOCK, NULL), 0);
	EQ(state(id).shm_perm.mode, SHM_LOCKED | 0600);
	EQ(shmctl(id, SHM_LOCK, NULL), 0);
	EQ(shmctl(id, SHM_UNLOCK, NULL), 0);
	EQ(state(id).shm_perm.mode, 0600);
	removed(id);
}

TEST(shm_lock_obeys_the_limit)
{
	AS_ANOTHER_USER({
		long id = made(4);

		limit(RLIMIT_MEMLOCK, 2 * PAGE);
		EQ(shmctl(id, SHM_LOCK, NULL), -ENOMEM);
		limit(RLIMIT_MEMLOCK, 0);
		EQ(shmctl(id, SHM_LOCK, NULL), -EPERM);
		removed(id);
	});
}

TEST(shmctl_refuses_what_it_does_not_know)
{
	long id = made(1);
	struct shmid_ds ds;

	EQ(shmctl(id, 5, &ds), -EINVAL);
	EQ(shmctl(id, 16, &ds), -EINVAL);
	EQ(shmctl(id, -1, &ds), -EINVAL);
	EQ(shmctl(-1, IPC_STAT, &ds), -EINVAL);
	EQ(shmctl(id, IPC_STAT, hole(1)), -EFAULT);
	removed(id);
}

TEST(shmctl_info_tells_the_limits)
{
	struct shminfo info;
	static char text[64];

	CHECK(shmctl(0, IPC_INFO, &info) >= 0);
	EQ(info.shmmin, 1);
	EQ(info.shmseg, info.shmmni);
	CHECK(read_file("/proc/sys/kernel/shmmax", text, sizeof(text)) > 0);
	EQ(strtoul(text, NULL), info.shmmax);
	CHECK(read_file("/proc/sys/kernel/shmall", text, sizeof(text)) > 0);
	EQ(strtoul(text, NULL), info.shmall);
	CHECK(read_file("/proc/sys/kernel/shmmni", text, sizeof(text)) > 0);
	EQ(strtoul(text, NULL), info.shmmni);
	EQ(shmctl(0, IPC_INFO, hole(1)), -EFAULT);
}

TEST(shmctl_info_counts_segments)
{
	struct shm_info before, after;
	long id, highest;

	CHECK(shmctl(0, SHM_INFO, &before) >= 0);
	id = made(8);
	memset(attached(id, 0), 'x', 3 * PAGE);
	highest = shmctl(0, SHM_INFO, &after);
	removed(id);
	CHECK(highest >= id % 32768);
	EQ(after.used_ids, before.used_ids + 1);
	EQ(after.shm_tot, before.shm_tot + 8);
	EQ(after.shm_rss, before.shm_rss + 3);
	EQ(shmctl(0, SHM_INFO, hole(1)), -EFAULT);
}

TEST(shmctl_stat_by_index_lists_all)
{
	struct shminfo info;
	struct shmid_ds ds;
	long id = shmget(KEY + 4, 3 * PAGE, IPC_CREAT | 0600);
	long highest = shmctl(0, IPC_INFO, &info), found = 0;

	for (long i = 0; i <= highest; i++)
		if (shmctl(i, SHM_STAT, &ds) == id)
			found += ds.shm_segsz == 3 * PAGE;
	EQ(found, 1);
	AS_ANOTHER_USER({
		EQ(shmctl(id % 32768, SHM_STAT, &ds), -EACCES);
		EQ(shmctl(id % 32768, SHM_STAT_ANY, &ds), id);
	});
	EQ(shmctl(32767, SHM_STAT, &ds), -EINVAL);
	removed(id);
}

static void write_number(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY, 0);

	CHECK(fd >= 0);
	EQ(write(fd, text, strlen(text)), (long)strlen(text));
	close(fd);
}

TEST(shmget_obeys_the_limits)
{
	static char max[64], all[64], mni[64];
	struct shm_info use;
	char text[32];
	long results[3], id;

	CHECK(read_file("/proc/sys/kernel/shmmax", max, sizeof(max)) > 0);
	CHECK(read_file("/proc/sys/kernel/shmall", all, sizeof(all)) > 0);
	CHECK(read_file("/proc/sys/kernel/shmmni", mni, sizeof(mni)) > 0);
	CHECK(shmctl(0, SHM_INFO, &use) >= 0);
	write_number("/proc/sys/kernel/shmmax", "8192");
	results[0] = shmget(IPC_PRIVATE, 8193, 0600);
	write_number("/proc/sys/kernel/shmmax", max);
	snprintf(text, sizeof(text), "%lu", (unsigned long)use.shm_tot + 2);
	write_number("/proc/sys/kernel/shmall", text);
	results[1] = shmget(IPC_PRIVATE, 3 * PAGE, 0600);
	id = shmget(IPC_PRIVATE, 2 * PAGE, 0600);
	write_number("/proc/sys/kernel/shmall", all);
	snprintf(text, sizeof(text), "%d", use.used_ids + 1);
	write_number("/proc/sys/kernel/shmmni", text);
	results[2] = shmget(IPC_PRIVATE, PAGE, 0600);
	write_number("/proc/sys/kernel/shmmni", mni);
	CHECK(id >= 0);
	removed(id);
	EQ(results[0], -EINVAL);
	EQ(results[1], -ENOSPC);
	EQ(results[2], -ENOSPC);
}

TAP_MAIN
