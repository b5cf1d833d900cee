#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests that would not notice a missing safeguard are worth nothing.

    mutants.py NAME=PROGRAM...

Each PROGRAM is mutants.c with mm/ mutated as NAME says (mutate.py). The test
that guards against it must fail, by a check or a BUG; a timeout does not count.
Where nothing is missing ("none", "none_in_...") the tests must pass, also
those that have no hook there.
"""

import subprocess
import sys

NOTICED_BY = {
    "no_range_check": "an_area_that_shrank_is_a_miss",
    "no_mm_check": "an_area_of_another_mm_is_refused",
    "no_seq_check": "an_area_locked_meanwhile_is_refused",
    "no_wait_for_readers": "a_writer_waits_for_readers",
    "no_area_lock_at_fork": "fork_waits_for_readers",
    "no_area_lock_at_mremap": "nothing_moves_before_the_readers_have_left",
    "no_wait_at_detach": "detaching_waits_for_a_passing_reader",
    "no_fence_at_unmap": "unmapped_pages_are_forgotten",
    "no_fence_for_tables": "freed_tables_are_forgotten",
    "no_fence_at_copy": "a_copied_page_is_forgotten",
    "no_fence_at_fork": "write_permission_is_forgotten_at_fork",
    "unlock_before_the_copy_is_mapped":
        "truncation_finds_a_copy_that_is_being_made",
    "unlock_before_the_cached_copy_is_mapped":
        "truncation_finds_a_copy_of_a_page_that_is_there",
    "no_look_for_open_gathers": "whoever_finds_nothing_waits_for_the_fence",
    "no_stale_mark": "a_hart_elsewhere_forgets_later",
    "no_grace_period": "type_stable_memory_waits_for_rcu",
    "no_family_lock_in_walks": "areas_stay_while_they_are_walked",
    "no_family_lock_at_unmap": "areas_stay_while_they_are_walked",
    "no_family_lock_at_fork": "no_child_is_born_into_a_family_that_is_walked",
    "no_family_lock_at_first_page":
        "no_area_joins_a_family_that_is_walked",
    "no_family_lock_at_resize": "no_area_shrinks_while_it_is_walked",
    "no_family_lock_at_mremap": "a_page_that_moves_is_not_looked_for",
    "no_file_lock_at_mremap": "truncation_waits_for_pages_that_move",
    "no_fence_before_unlock_at_mremap":
        "pages_that_move_are_fenced_under_the_file_lock",
    "no_table_lock_at_mremap": "mremap_waits_for_the_table_lock",
    "no_table_lock_at_fork": "fork_waits_for_the_table_lock",
    "no_table_lock_at_zap": "discarding_waits_for_the_table_lock",
    "no_table_lock_at_mprotect": "mprotect_waits_for_the_table_lock",
    "no_table_lock_at_faults": "a_fault_waits_for_the_table_lock",
    "no_second_look_at_faults": "the_second_page_is_given_back",
    "look_into_the_area_given_back": "a_fault_goes_on_where_it_began",
    "no_look_whether_the_page_is_the_files":
        "no_copy_is_made_of_a_page_that_is_gone",
    "no_second_unmap_at_truncation":
        "truncation_finds_what_was_mapped_meanwhile",
    "no_page_lock_at_truncation": "truncation_waits_for_the_page_lock",
    "no_lock_to_fill_a_hole": "no_hole_is_filled_during_truncation",
    "no_table_lock_at_remote_access":
        "a_remote_access_waits_for_the_table_lock",
    "no_second_look_at_first_page": "an_area_gets_one_anon_vma",
    "no_second_look_at_the_peak": "no_peak_is_lost",
    "no_lock_of_upper_tables": "a_table_waits_for_one_that_is_being_hooked_in",
    "no_second_look_at_upper_tables": "the_second_table_is_given_back",
    "no_reverse_map_before_copies": "truncation_finds_a_child_being_made",
    "no_second_look_at_harts": "a_hart_that_comes_during_a_fence_is_fenced",
    "no_mark_before_the_second_look":
        "a_hart_that_comes_late_finds_its_mark",
    "no_fence_before_free": "pages_are_kept_until_the_fence",
    "no_fence_before_the_copy_shows": "a_copy_does_not_show_before_the_fence",
}

PASSED_BY = {
    "none_in_file_faults": [
        "truncation_finds_a_copy_that_is_being_made",
        "truncation_finds_a_copy_of_a_page_that_is_there",
    ],
}


def run(program, *tests):
    """Whether all passed, and what was printed; None after a timeout."""
    try:
        done = subprocess.run([program, *tests], timeout=20, text=True,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
    except subprocess.TimeoutExpired:
        return None, "timeout\n"
    failed = "not ok" in done.stdout or "BUG" in done.stdout
    if not failed and done.returncode:
        return None, done.stdout
    return not failed, done.stdout


def main():
    programs = dict(arg.split("=", 1) for arg in sys.argv[1:])
    print(f"TAP version 13\n1..{len(programs)}")
    for number, (name, program) in enumerate(programs.items(), 1):
        test = NOTICED_BY.get(name)
        only = [test] if test else PASSED_BY.get(name, [])
        passed, output = run(program, *only)
        good = passed is (test is None)
        what = f"{test} notices {name}" if test else "nothing is missing"
        print("ok" if good else "not ok", number, "-", what)
        if not good:
            print("".join(f"# {line}\n" for line in output.splitlines()))


main()
