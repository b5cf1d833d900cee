/* SPDX-License-Identifier: MIT */
/*
 * cpio archives: built here entry by entry, and as GNU cpio makes them. Torn
 * and flipped ones are the business of test/fuzz/.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/errno.h"
#include "lib/cpio.h"

#include "test/host/bytes.h"
#include "test/host/tap.h"

static uint8_t archive[8192];
static size_t archive_len, archive_start;
static struct cpio cpio;
static struct cpio_entry entry;

static void set_up(void)
{
	archive_len = 0;
	archive_start = 0;
}

static void pad(void)
{
	while ((archive_len - archive_start) % 4)
		archive[archive_len++] = 0;
}

static void add_entry(const char *magic, const char *name, unsigned mode,
		      const char *data, size_t size)
{
	size_t name_size = strlen(name) + 1;
	unsigned sum = 0;

	for (size_t i = 0; i < size; i++)
		sum += (uint8_t)data[i];
	archive_len += (size_t)sprintf(
	    (char *)archive + archive_len,
	    "%s%08X%08x%08X%08X%08X%08X%08zX%08X%08X%08X%08X%08zx%08X", magic,
	    7, mode, 1, 2, 3, 4, size, 5, 6, 8, 9, name_size, sum);
	memcpy(archive + archive_len, name, name_size);
	archive_len += name_size;
	pad();
	memcpy(archive + archive_len, data, size);
	archive_len += size;
	pad();
}

static void add_file(const char *name, const char *data)
{
	add_entry("070701", name, 0100644, data, strlen(data));
}

static void add_trailer(void)
{
	add_entry("070701", "TRAILER!!!", 0, "", 0);
}

static void add_zeros(size_t count)
{
	memset(archive + archive_len, 0, count);
	archive_len += count;
	archive_start = archive_len;
}

/* Names of all entries in a row; the call that ended it goes to *result. */
static const char *names(int *result)
{
	static char text[256];
	uint8_t *copy = bytes_copy(archive, archive_len);

	text[0] = '\0';
	cpio_open(&cpio, copy, archive_len);
	while ((*result = cpio_next(&cpio, &entry)) == 1) {
		strncat(text, entry.name, 100);
		strcat(text, " ");
	}
	CHECK_EQ(cpio_next(&cpio, &entry), *result);
	free(copy);
	return text;
}

#define CHECK_NAMES(expected, expected_result)                                 \
	do {                                                                   \
		int result_;                                                   \
		CHECK_STR(names(&result_), expected);                          \
		CHECK_EQ(result_, expected_result);                            \
	} while (0)

static void entries_are_read(void)
{
	set_up();
	add_file("etc/motd", "hello");
	add_entry("070701", "bin/sh", 0120777, "busybox", 7);
	add_trailer();
	cpio_open(&cpio, archive, archive_len);
	CHECK_EQ(cpio_next(&cpio, &entry), 1);
	CHECK_STR(entry.name, "etc/motd");
	CHECK_EQ(entry.size, 5);
	CHECK(!memcmp(entry.data, "hello", 5));
	CHECK_EQ(entry.ino, 7);
	CHECK_EQ(entry.mode, 0100644);
	CHECK_EQ(entry.uid, 1);
	CHECK_EQ(entry.gid, 2);
	CHECK_EQ(entry.nlink, 3);
	CHECK_EQ(entry.mtime, 4);
	CHECK_EQ(entry.dev_major, 5);
	CHECK_EQ(entry.dev_minor, 6);
	CHECK_EQ(entry.rdev_major, 8);
	CHECK_EQ(entry.rdev_minor, 9);
	CHECK_EQ(cpio_next(&cpio, &entry), 1);
	CHECK_EQ(entry.mode, 0120777);
	CHECK(!memcmp(entry.data, "busybox", 7));
	CHECK_EQ(cpio_next(&cpio, &entry), 0);
	CHECK_EQ(cpio_next(&cpio, &entry), 0);
}

static void nothing_is_an_empty_archive(void)
{
	set_up();
	CHECK_NAMES("", 0);
	add_zeros(512);
	CHECK_NAMES("", 0);
	add_trailer();
	CHECK_NAMES("", 0);
}

static void archives_follow_each_other(void)
{
	set_up();
	add_file("a", "1");
	add_trailer();
	add_zeros(8);
	add_file("b", "22");
	add_trailer();
	/* One that begins off the grid counts its padding from there. */
	add_zeros(3);
	add_file("c", "333");
	add_file("d", "");
	add_trailer();
	CHECK_NAMES("a b c d ", 0);
	add_zeros(500);
	CHECK_NAMES("a b c d ", 0);
	archive[archive_len - 1] = 'x';
	CHECK_NAMES("a b c d ", -EINVAL);
}

static void missing_trailer_is_refused(void)
{
	set_up();
	add_file("a", "1");
	CHECK_NAMES("a ", -EINVAL);
	add_zeros(4);
	CHECK_NAMES("a ", -EINVAL);
}

static void checksums_are_checked(void)
{
	set_up();
	add_entry("070702", "a", 0100644, "123", 3);
	add_trailer();
	CHECK_NAMES("a ", 0);
	archive[115]++; /* padding, after header, name and data */
	CHECK_NAMES("a ", 0);
	archive[112]++;
	CHECK_NAMES("", -EINVAL);
}

static void bad_fields_are_refused(void)
{
	static const struct {
		size_t at;
		const char *text;
	} wrong[] = {
	    {0, "070700"},    {0, "070703"},	{0, "\xc7\x71"},
	    {6, "0000000g"},  {6, "0x000001"},	{6, "       1"},
	    {54, "00001000"}, {54, "ffffffff"}, {94, "00000000"},
	    {94, "00000001"}, {94, "00000003"}, {94, "00001001"},
	    {94, "ffffffff"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		set_up();
		add_file("a", "1");
		add_trailer();
		memcpy(archive + wrong[i].at, wrong[i].text,
		       strlen(wrong[i].text));
		CHECK_NAMES("", -EINVAL);
	}
}

/* Two directories, a file with two names, a symbolic link. */
static void check_gnu_archive(const char *path)
{
	size_t len;
	uint8_t *data = bytes_read(path, &len);
	unsigned count = 0, files = 0;
	int result;

	cpio_open(&cpio, data, len);
	while ((result = cpio_next(&cpio, &entry)) == 1) {
		count++;
		if ((entry.mode & 0170000) != 0100000)
			continue;
		files++;
		CHECK_EQ(entry.nlink, 2);
		CHECK_EQ(entry.size, files == 2 ? 6 : 0);
		CHECK(!memcmp(entry.data, "hello\n", entry.size));
	}
	CHECK_EQ(result, 0);
	CHECK_EQ(count, 5);
	CHECK_EQ(files, 2);
	free(data);
}

static void gnu_archives_are_read(void)
{
	check_gnu_archive("test/fuzz/corpus/cpio/gnu.cpio");
	check_gnu_archive("test/fuzz/corpus/cpio/crc.cpio");
}

static const struct tap_test tests[] = {
    TEST(entries_are_read),	      TEST(nothing_is_an_empty_archive),
    TEST(archives_follow_each_other), TEST(missing_trailer_is_refused),
    TEST(checksums_are_checked),      TEST(bad_fields_are_refused),
    TEST(gnu_archives_are_read),
};

TAP_MAIN(tests)
