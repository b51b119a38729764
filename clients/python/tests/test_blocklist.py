"""Blocklists: exact, compact, and safe to ask while another thread writes."""

import os
import secrets
import sys
import threading
import unittest

from handstamp_follower.blocklist import ID_BYTES, RECORD_BYTES, Blocklist

MILLION = 1_000_000


def new_id() -> str:
    return secrets.token_urlsafe(16)


def resident() -> int:
    with open("/proc/self/statm") as sizes:
        return int(sizes.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Blocklists(unittest.TestCase):
    def test_exactly_the_ids_that_were_added_are_blocked(self) -> None:
        added, others = {new_id() for _ in range(20_000)}, [new_id() for _ in range(20_000)]
        blocklist = Blocklist()
        for id in added:
            blocklist.add(id, 100)
        self.assertTrue(all(id in blocklist for id in added))
        self.assertFalse(any(id in blocklist for id in others))
        self.assertEqual(len(blocklist), len(added))

    def test_an_id_that_differs_in_one_character_or_in_length_is_another(self) -> None:
        id, blocklist = new_id(), Blocklist()
        blocklist.add(id, 100)
        changed = [id[:at] + ("A" if id[at] != "A" else "B") + id[at + 1 :] for at in range(ID_BYTES)]
        for other in [*changed, id[:-1], id + "A", "", "\ud800"]:
            self.assertNotIn(other, blocklist)

    def test_ids_of_another_length_are_blocked_too(self) -> None:
        blocklist = Blocklist()
        for id in ("short", "x" * 300, "é" * 11 + "!", "\ud800"):
            self.assertNotIn(id, blocklist)
            blocklist.add(id, 100)
            self.assertIn(id, blocklist)
        self.assertEqual(len(blocklist), 4)
        blocklist.sweep(101)
        self.assertEqual(len(blocklist), 0)

    def test_text_across_two_records_is_no_id(self) -> None:
        blocklist = Blocklist()
        blocklist._buckets = [bytearray(b"A" * RECORD_BYTES * 3)] * len(blocklist._buckets)
        self.assertIn("A" * ID_BYTES, blocklist)
        blocklist._buckets = [bytearray(b"-" + b"A" * (RECORD_BYTES - 1)) * 3] * len(blocklist._buckets)
        self.assertNotIn("A" * ID_BYTES, blocklist)

    def test_an_entry_stays_until_its_time_and_one_that_comes_twice_until_the_later_one(self) -> None:
        blocklist, brief, longer = Blocklist(), new_id(), new_id()
        for id, until in ((brief, 100), (longer, 100), (longer, 200), (longer, 150)):
            blocklist.add(id, until)
        self.assertEqual(len(blocklist), 2)
        blocklist.sweep(100)
        self.assertEqual([brief in blocklist, longer in blocklist], [True, True])
        blocklist.sweep(101)
        self.assertEqual([brief in blocklist, longer in blocklist], [False, True])
        blocklist.sweep(201)
        self.assertEqual(len(blocklist), 0)

    def test_times_that_do_not_fit_into_a_record_are_the_nearest_that_do(self) -> None:
        blocklist, past, distant = Blocklist(), new_id(), new_id()
        blocklist.add(past, -5)
        blocklist.add(distant, 1 << 40)
        blocklist.sweep(1)
        self.assertEqual([past in blocklist, distant in blocklist], [False, True])

    def test_a_reader_misses_nothing_while_others_add_and_sweep(self) -> None:
        blocklist, kept = Blocklist(), [new_id() for _ in range(5_000)]
        for id in kept:
            blocklist.add(id, 100)
        done = threading.Event()

        def write() -> None:
            for _ in range(5):
                for _ in range(5_000):
                    blocklist.add(new_id(), 1)
                blocklist.sweep(50)
            done.set()

        interval = sys.getswitchinterval()
        sys.setswitchinterval(1e-6)
        self.addCleanup(sys.setswitchinterval, interval)
        writer = threading.Thread(target=write)
        writer.start()
        missed = 0
        while not done.is_set():
            missed += sum(id not in blocklist for id in kept)
        writer.join()
        self.assertEqual(missed, 0)

    def test_a_million_entries_need_at_most_64_bytes_each(self) -> None:
        before, blocklist = resident(), Blocklist()
        for _ in range(MILLION):
            blocklist.add(new_id(), 2_000_000_000)
        own = sys.getsizeof(blocklist._buckets) + sum(sys.getsizeof(bucket) for bucket in blocklist._buckets)
        in_process = (resident() - before) / MILLION
        print(f"python: {own / MILLION:.1f} bytes an entry, {in_process:.1f} of the process, at {len(blocklist):,} entries")
        self.assertLessEqual(own / MILLION, 64)
        self.assertLessEqual(in_process, 64)


if __name__ == "__main__":
    unittest.main()
