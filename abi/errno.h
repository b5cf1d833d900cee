/* SPDX-License-Identifier: MIT */
/*
 * Error numbers of Linux/riscv64 (the generic table).
 *
 * A system call that fails returns the negated number, -4095 to -1, in a0.
 * The kernel and mm/ pass the same negated numbers around.
 */
#pragma once

#define EPERM	     1	 /* not permitted */
#define ENOENT	     2	 /* no such file */
#define ESRCH	     3	 /* no such process */
#define EINTR	     4	 /* interrupted by a signal */
#define EIO	     5	 /* input/output error */
#define ENXIO	     6	 /* no such device address */
#define E2BIG	     7	 /* argument list too long */
#define ENOEXEC	     8	 /* not an executable we can run */
#define EBADF	     9	 /* not an open file descriptor */
#define ECHILD	     10	 /* no child to wait for */
#define EAGAIN	     11	 /* try again */
#define ENOMEM	     12	 /* out of memory or of address space */
#define EACCES	     13	 /* permission denied */
#define EFAULT	     14	 /* bad address */
#define EBUSY	     16	 /* in use */
#define EEXIST	     17	 /* exists already */
#define EXDEV	     18	 /* names on different file systems */
#define ENODEV	     19	 /* not possible with this file */
#define ENOTDIR	     20	 /* not a directory */
#define EISDIR	     21	 /* a directory */
#define EINVAL	     22	 /* invalid argument */
#define ENFILE	     23	 /* too many open files in the system */
#define EMFILE	     24	 /* too many open files */
#define ENOTTY	     25	 /* no such ioctl here */
#define ETXTBSY	     26	 /* executable is open for writing */
#define EFBIG	     27	 /* file too large */
#define ENOSPC	     28	 /* no space left */
#define ESPIPE	     29	 /* cannot seek */
#define EROFS	     30	 /* read-only */
#define EPIPE	     32	 /* nobody reads this pipe */
#define ERANGE	     34	 /* result does not fit */
#define EDEADLK	     35	 /* would deadlock */
#define ENOLCK	     37	 /* no memory for locks */
#define ENAMETOOLONG 36	 /* name too long */
#define ENOSYS	     38	 /* no such system call */
#define ENOTEMPTY    39	 /* directory not empty */
#define ELOOP	     40	 /* too many symbolic links */
#define EOVERFLOW    75	 /* value does not fit its type */
#define ELIBBAD	     80	 /* interpreter is broken */
#define EOPNOTSUPP   95	 /* not supported */
#define ETIMEDOUT    110 /* timed out */
#define EOWNERDEAD   130 /* lock owner died */
#define EHWPOISON    133 /* page has a memory error */

#define EWOULDBLOCK EAGAIN

/* A result above this, as an unsigned number, is an error. */
#define MAX_ERRNO 4095
