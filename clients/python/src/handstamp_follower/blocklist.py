"""Which ids are blocked, until when: exact, at about 30 bytes an entry. Does not know where entries come from.

A `set` of strings needs more than 100 bytes an entry. Here a bucket is a `bytearray` of records: 22 bytes of the id, then
4 bytes of the time until which it is kept. `bytearray.find` searches a bucket with 244 records, one million entries in all, in
less than a microsecond. Readers take no lock: what a reader sees of a bucket is whole, before a change or after it.
"""

from threading import Lock

ID_BYTES = 22
"""Ids of Handstamp: 128 bits in base64url. Others are kept as strings."""
RECORD_BYTES = ID_BYTES + 4
BUCKETS = 4096
LATEST = 0xFFFF_FFFF


class Blocklist:
    """Ids of one kind."""

    def __init__(self) -> None:
        self._buckets: list[bytearray | None] = [None] * BUCKETS
        self._others: dict[bytes, int] = {}
        self._writing = Lock()
        self._count = 0
        self._swept = 0

    def __len__(self) -> int:
        return self._count + len(self._others)

    def __contains__(self, id: object) -> bool:
        if not isinstance(id, str):
            return False
        key = id.encode(errors="surrogatepass")
        if len(key) != ID_BYTES:
            return key in self._others
        bucket = self._buckets[hash(key) % BUCKETS]
        return bucket is not None and _position(bucket, key) >= 0

    def after_fork(self) -> None:
        """In a new process: the thread that wrote is not there, and may have held the lock."""
        self._writing = Lock()

    def add(self, id: str, keep_until: int) -> None:
        """Adds the id, or keeps it longer if it is there."""
        key, until = id.encode(errors="surrogatepass"), min(max(keep_until, 0), LATEST)
        with self._writing:
            if len(key) != ID_BYTES:
                self._others[key] = max(until, self._others.get(key, 0))
                return
            number = hash(key) % BUCKETS
            bucket = self._buckets[number]
            if bucket is None:
                self._buckets[number] = bucket = bytearray()
            at = _position(bucket, key)
            if at < 0:
                bucket += key + until.to_bytes(4, "big")
                self._count += 1
            elif until > _until(bucket, at):
                bucket[at + ID_BYTES : at + RECORD_BYTES] = until.to_bytes(4, "big")

    def sweep(self, now: float, buckets: int = BUCKETS) -> None:
        """Drops what need not be kept any more from the next so many buckets."""
        with self._writing:
            for _ in range(buckets):
                self._sweep_bucket(self._swept, now)
                self._swept = (self._swept + 1) % BUCKETS
            for key in [key for key, until in self._others.items() if until < now]:
                del self._others[key]

    def _sweep_bucket(self, number: int, now: float) -> None:
        bucket = self._buckets[number]
        if bucket is None:
            return
        records = range(0, len(bucket), RECORD_BYTES)
        kept = [at for at in records if _until(bucket, at) >= now]
        if len(kept) < len(records):
            self._count -= len(records) - len(kept)
            # In one step: a reader has the bucket of before or that of after.
            self._buckets[number] = bytearray().join(bucket[at : at + RECORD_BYTES] for at in kept) if kept else None


def _position(bucket: bytearray, key: bytes) -> int:
    at = bucket.find(key)
    while at % RECORD_BYTES and at >= 0:
        at = bucket.find(key, at + 1)
    return at


def _until(bucket: bytearray, at: int) -> int:
    return int.from_bytes(bucket[at + ID_BYTES : at + RECORD_BYTES], "big")
