//! Writes the log on a thread of its own, so that no request waits for the reader of the log.
//!
//! The queue is bounded. What does not fit is dropped and counted: a reader that has stopped must not stop the server. A
//! line that comes alone is written at once; while many come, the thread writes them together, a few hundred times a
//! second. What is in the queue is written before the process ends in order, and at a panic.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Bytes of the lines that can wait: those of some thousand requests.
const ROOM: usize = 1024 * 1024;
/// Bytes that are written together without a pause before.
const ENOUGH: usize = ROOM / 4;
/// The pause after each write, while more lines come.
const PAUSE: Duration = Duration::from_millis(4);
/// Bytes of memory that an empty queue keeps.
const KEPT: usize = 64 * 1024;
/// How long the end of the process waits for a reader that does not read.
const PATIENCE: Duration = Duration::from_secs(2);

/// The lines that wait, and the thread that writes them.
#[derive(Clone)]
pub struct LogQueue(Arc<Shared>);

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    /// For the thread: there is something to do.
    work: Condvar,
    /// For those who wait until all is written.
    idle: Condvar,
    dropped: AtomicU64,
}

#[derive(Default)]
struct Queue {
    waiting: Vec<u8>,
    /// Whether the thread waits for a line. Otherwise it writes or pauses, and looks here afterwards by itself.
    asleep: bool,
    /// How many wait until all is written: no pause now.
    hurried: usize,
}

impl LogQueue {
    /// Starts the thread, which writes to `to` as long as the process lives.
    ///
    /// # Errors
    /// If the system starts no thread.
    pub fn begin(to: impl Write + Send + 'static) -> io::Result<Self> {
        let queue = Self(Arc::default());
        let shared = Arc::clone(&queue.0);
        std::thread::Builder::new().name("log".to_owned()).spawn(move || shared.write_to(to))?;
        Ok(queue)
    }

    /// Returns how many lines were dropped.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.0.dropped.load(Ordering::Relaxed)
    }

    /// Waits until all lines are written, but not for ever.
    pub fn flush(&self) {
        let until = Instant::now() + PATIENCE;
        let mut queue = self.0.lock();
        queue.hurried += 1;
        while !(queue.waiting.is_empty() && queue.asleep) {
            self.0.work.notify_one();
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            queue = self.0.idle.wait_timeout(queue, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        queue.hurried -= 1;
    }

    /// Adds a line, or drops it.
    fn add(&self, line: &[u8]) {
        let mut queue = self.0.lock();
        let before = queue.waiting.len();
        if before + line.len() > ROOM {
            self.0.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        queue.waiting.extend_from_slice(line);
        let enough = before < ENOUGH && queue.waiting.len() >= ENOUGH;
        if std::mem::take(&mut queue.asleep) || enough {
            self.0.work.notify_one();
        }
    }
}

/// Takes one whole line with each call. Never fails: what a full queue drops is counted.
impl Write for &LogQueue {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.add(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Shared {
    fn write_to(&self, mut to: impl Write) {
        let mut lines = Vec::new();
        loop {
            self.next(&mut lines);
            if to.write_all(&lines).and_then(|()| to.flush()).is_err() {
                // Nobody can be told but the metrics. Some of these lines may have been written.
                let count = lines.split_inclusive(|byte| *byte == b'\n').count();
                self.dropped.fetch_add(count as u64, Ordering::Relaxed);
            }
            lines.clear();
            lines.shrink_to(KEPT);
            let queue = self.lock();
            let more_may_come = |queue: &mut Queue| queue.hurried == 0 && queue.waiting.len() < ENOUGH;
            drop(self.work.wait_timeout_while(queue, PAUSE, more_may_come));
        }
    }

    /// Waits for lines, and takes all.
    fn next(&self, lines: &mut Vec<u8>) {
        let mut queue = self.lock();
        while queue.waiting.is_empty() {
            queue.asleep = true;
            self.idle.notify_all();
            queue = self.work.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        queue.asleep = false;
        std::mem::swap(&mut queue.waiting, lines);
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    /// Takes what is written only when it is let, and passes it on.
    struct Reader {
        may_read: Receiver<()>,
        read: Sender<Vec<u8>>,
    }

    impl Write for Reader {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.may_read.recv().map_err(io::Error::other)?;
            self.read.send(bytes.to_vec()).map_err(io::Error::other)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn with_reader() -> (LogQueue, Sender<()>, Receiver<Vec<u8>>) {
        let ((let_read, may_read), (read, was_read)) = (channel(), channel());
        (LogQueue::begin(Reader { may_read, read }).unwrap(), let_read, was_read)
    }

    #[test]
    fn a_line_that_comes_alone_is_written_at_once_and_later_ones_together() {
        let (queue, let_read, was_read) = with_reader();
        queue.add(b"one\n");
        let_read.send(()).unwrap();
        assert_eq!(was_read.recv().unwrap(), b"one\n");
        // The reader is not let: the first of these may be on its way, and the others wait.
        for number in 2..100 {
            queue.add(format!("{number}\n").as_bytes());
        }
        let_read.send(()).unwrap();
        let_read.send(()).unwrap();
        queue.flush();
        let rest: Vec<_> = was_read.try_iter().collect();
        assert!((1..=2).contains(&rest.len()), "{rest:?}");
        let expected: Vec<_> = (2..100).map(|number| format!("{number}\n")).collect();
        assert_eq!(String::from_utf8(rest.concat()).unwrap(), expected.concat());
        assert_eq!(queue.dropped(), 0);
    }

    #[test]
    fn what_does_not_fit_is_dropped_and_counted_and_the_rest_is_written_whole_and_in_order() {
        let (queue, let_read, was_read) = with_reader();
        let line = |number: usize| format!("{number:>0$}\n", 1023);
        // One more than there is room for, besides those that the thread may have taken already.
        let lines = 3 * ROOM / 1024;
        for number in 0..lines {
            queue.add(line(number).as_bytes());
        }
        let dropped = usize::try_from(queue.dropped()).unwrap();
        assert!((lines / 3..=2 * lines / 3).contains(&dropped), "{dropped}");
        for _ in 0..4 {
            let_read.send(()).unwrap();
        }
        queue.flush();
        let written = was_read.try_iter().collect::<Vec<_>>().concat();
        let written = String::from_utf8(written).unwrap();
        assert_eq!(written.lines().count(), lines - dropped);
        let numbers: Vec<usize> = written.lines().map(|line| line.trim().parse().unwrap()).collect();
        assert!(numbers.is_sorted_by(|one, next| one < next) && written.ends_with('\n'));
        // There is room again.
        queue.add(b"again\n");
        let_read.send(()).unwrap();
        queue.flush();
        assert_eq!(was_read.try_iter().collect::<Vec<_>>().concat(), b"again\n");
    }

    #[test]
    fn lines_that_could_not_be_written_are_counted() {
        let (queue, let_read, was_read) = with_reader();
        drop((let_read, was_read));
        queue.add(b"one\n");
        queue.flush();
        assert_eq!(queue.dropped(), 1);
    }
}
