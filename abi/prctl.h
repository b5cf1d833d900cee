/* SPDX-License-Identifier: MIT */
/*
 * Small calls that share one header: prctl(2), getrandom(2), membarrier(2),
 * reboot(2) and the riscv instruction cache flush.
 */
#pragma once

#define PR_SET_PDEATHSIG       1
#define PR_GET_PDEATHSIG       2
#define PR_GET_DUMPABLE	       3
#define PR_SET_DUMPABLE	       4
#define PR_GET_KEEPCAPS	       7
#define PR_SET_KEEPCAPS	       8
#define PR_GET_TIMING	       13
#define PR_SET_TIMING	       14
#define PR_SET_NAME	       15
#define PR_GET_NAME	       16
#define PR_CAPBSET_READ	       23
#define PR_GET_SECUREBITS      27
#define PR_SET_TIMERSLACK      29
#define PR_GET_TIMERSLACK      30
#define PR_MCE_KILL_GET	       34
#define PR_SET_CHILD_SUBREAPER 36
#define PR_GET_CHILD_SUBREAPER 37
#define PR_SET_NO_NEW_PRIVS    38
#define PR_GET_NO_NEW_PRIVS    39
#define PR_SET_THP_DISABLE     41
#define PR_GET_THP_DISABLE     42
#define PR_SET_MDWE	       65
#define PR_GET_MDWE	       66

#define PR_MCE_KILL_DEFAULT 2

#define PR_MDWE_REFUSE_EXEC_GAIN 1
#define PR_MDWE_NO_INHERIT	 2

#define GRND_NONBLOCK 0x0001
#define GRND_RANDOM   0x0002
#define GRND_INSECURE 0x0004

#define MEMBARRIER_CMD_QUERY				    0
#define MEMBARRIER_CMD_GLOBAL				    1
#define MEMBARRIER_CMD_GLOBAL_EXPEDITED			    2
#define MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED	    4
#define MEMBARRIER_CMD_PRIVATE_EXPEDITED		    8
#define MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED	    16
#define MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE	    32
#define MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE 64
#define MEMBARRIER_CMD_GET_REGISTRATIONS		    512

#define LINUX_REBOOT_MAGIC1	   0xfee1deadU
#define LINUX_REBOOT_MAGIC2	   672274793
#define LINUX_REBOOT_CMD_RESTART   0x01234567
#define LINUX_REBOOT_CMD_HALT	   0xcdef0123U
#define LINUX_REBOOT_CMD_POWER_OFF 0x4321fedc

#define SYS_RISCV_FLUSH_ICACHE_LOCAL 1UL
