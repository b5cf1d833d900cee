/* SPDX-License-Identifier: MIT */
/*
 * NUMA nodes: which memory is near which hart. Set once at boot from the
 * device tree (numa-node-id); without it everything is node 0.
 */
#pragma once

#define MAX_NODES 8

/* Pages for this hart come from `node` while it has some. */
void page_set_hart_node(unsigned hart, unsigned node);
