//! The limits of time of connections, with a clock that the tests tick, and how all connections end.

use super::*;

/// A limit of ten ticks for a header, and of thirty for writing.
fn connections() -> Connections {
    let second = Duration::from_secs(1);
    Connections::new(Limits { header_time: 10 * second, write_time: 30 * second, ..Limits::default() })
}

/// Whether a connection is late after each of these ticks from now on.
fn late_after(connection: &Connection, ticks: [u32; 2]) -> [bool; 2] {
    let shared = &connection.noted.all.0;
    let now = shared.now.load(Ordering::Relaxed);
    ticks.map(|ticks| shared.is_late(connection.noted.doing.load(Ordering::Relaxed), now.wrapping_add(ticks)))
}

fn write_of(connection: &Connection, written: Poll<io::Result<usize>>) {
    connection.note().wrote(&written);
}

#[test]
fn a_client_has_the_header_time_from_the_last_answer_and_no_limit_while_its_answer_is_made() {
    let connections = connections();
    // The clock may go round.
    connections.0.now.store(u32::MAX - 5, Ordering::Relaxed);
    let connection = connections.open();
    assert_eq!(late_after(&connection, [10, 11]), [false, true]);
    connection.note().answering();
    assert_eq!(late_after(&connection, [11, 1_000_000]), [false, false]);
    connections.0.now.fetch_add(100, Ordering::Relaxed);
    let _answer = connection.note().answered(Response::new(Body::from("whole")));
    assert_eq!(late_after(&connection, [10, 11]), [false, true]);
    connections.0.now.fetch_add(5, Ordering::Relaxed);
    write_of(&connection, Poll::Ready(Ok(1)));
    assert_eq!(late_after(&connection, [10, 11]), [false, true]);
}

#[test]
fn a_body_that_is_made_while_it_is_sent_has_no_limit_but_that_of_a_client_that_does_not_read() {
    let connections = connections();
    let connection = connections.open();
    connection.note().answering();
    let made_later = Body::from_stream(futures::stream::pending::<Result<&str, io::Error>>());
    let answer = connection.note().answered(Response::new(made_later));
    write_of(&connection, Poll::Ready(Ok(1)));
    assert_eq!(late_after(&connection, [11, 1_000_000]), [false, false]);
    write_of(&connection, Poll::Pending);
    connections.0.now.fetch_add(5, Ordering::Relaxed);
    write_of(&connection, Poll::Pending);
    assert_eq!(late_after(&connection, [25, 26]), [false, true], "since the first of them");
    write_of(&connection, Poll::Ready(Ok(1)));
    assert_eq!(late_after(&connection, [31, 1_000_000]), [false, false]);
    drop(answer);
    assert_eq!(late_after(&connection, [10, 11]), [false, true]);
}

#[test]
fn an_answer_after_the_signal_to_stop_is_the_last_on_its_connection() {
    let connections = connections();
    let connection = connections.open();
    let said = || {
        connection.note().answering();
        connection.note().answered(Response::new(Body::from("whole"))).headers().get(CONNECTION).cloned()
    };
    assert_eq!(said(), None);
    connections.let_go();
    assert_eq!(said(), Some(HeaderValue::from_static("close")));
}

#[tokio::test]
async fn all_are_told_to_finish_and_the_end_waits_for_the_last() {
    let connections = connections();
    let (first, second) = (connections.open(), connections.open());
    let (told, was_told) = tokio::sync::watch::channel(0);
    let serve = |connection: Connection| {
        let (told, mut was_told) = (told.clone(), was_told.clone());
        async move {
            let serving = std::pin::pin!(was_told.wait_for(|told| *told == 2));
            connection.serve(serving, |_| told.send_modify(|told| *told += 1)).await;
        }
    };
    tokio::join!(serve(first), serve(second), connections.finish());
    assert_eq!(*was_told.borrow(), 2);
}
