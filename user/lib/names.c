/* SPDX-License-Identifier: MIT */
/* Names of error numbers and signals, for messages. */
#include "user/lib/user.h"

#define NAME(n) [n] = #n

static const char *const errors[] = {
    NAME(EPERM),      NAME(ENOENT),    NAME(ESRCH),	   NAME(EINTR),
    NAME(EIO),	      NAME(ENXIO),     NAME(E2BIG),	   NAME(ENOEXEC),
    NAME(EBADF),      NAME(ECHILD),    NAME(EAGAIN),	   NAME(ENOMEM),
    NAME(EACCES),     NAME(EFAULT),    NAME(EBUSY),	   NAME(EEXIST),
    NAME(ENODEV),     NAME(ENOTDIR),   NAME(EISDIR),	   NAME(EINVAL),
    NAME(ENFILE),     NAME(EMFILE),    NAME(ENOTTY),	   NAME(ETXTBSY),
    NAME(EFBIG),      NAME(ENOSPC),    NAME(ESPIPE),	   NAME(EROFS),
    NAME(EPIPE),      NAME(ERANGE),    NAME(ENAMETOOLONG), NAME(ENOSYS),
    NAME(ENOTEMPTY),  NAME(ELOOP),     NAME(EOVERFLOW),	   NAME(ETIMEDOUT),
    NAME(EOPNOTSUPP), NAME(EHWPOISON),
};

static const char *const signals[] = {
    NAME(SIGHUP),  NAME(SIGINT),  NAME(SIGQUIT), NAME(SIGILL),	NAME(SIGTRAP),
    NAME(SIGABRT), NAME(SIGBUS),  NAME(SIGFPE),	 NAME(SIGKILL), NAME(SIGUSR1),
    NAME(SIGSEGV), NAME(SIGUSR2), NAME(SIGPIPE), NAME(SIGALRM), NAME(SIGTERM),
    NAME(SIGCHLD), NAME(SIGCONT), NAME(SIGSTOP), NAME(SIGTSTP), NAME(SIGTTIN),
    NAME(SIGTTOU), NAME(SIGURG),  NAME(SIGXCPU), NAME(SIGXFSZ), NAME(SIGVTALRM),
    NAME(SIGPROF), NAME(SIGSYS),
};

const char *error_name(long error)
{
	if (error < 0)
		error = -error;
	if (error == 0)
		return "success";
	if (error >= (long)ARRAY_SIZE(errors) || !errors[error])
		return "unknown error";
	return errors[error];
}

const char *signal_name(int sig)
{
	if (sig == 0)
		return "no signal";
	if (sig < 0 || sig >= (int)ARRAY_SIZE(signals) || !signals[sig])
		return "real-time signal";
	return signals[sig];
}
