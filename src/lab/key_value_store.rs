//! A key-value store over TCP with a line-based protocol: `GET key`, `SET key value`, `DEL key`.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};

use super::service::{AcceptedConnection, Service};

/// The key-value service.
pub(super) const KEY_VALUE: Service = Service::tcp("key-value", "tcp", 7000, |visit| {
    Box::pin(async {
        let _ = serve_key_value(visit).await;
    })
});

const MAX_KEYS: usize = 1000;
const MAX_LINE_BYTES: usize = 4096;

/// The stored keys and values, kept as long as the lab runs.
#[derive(Default)]
pub(super) struct KeyValueStore(Mutex<BTreeMap<String, String>>);

impl KeyValueStore {
    /// Executes one command line and returns the reply line.
    fn execute(&self, line: &str) -> String {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut words = line.splitn(3, ' ');
        match (words.next().unwrap_or_default(), words.next(), words.next()) {
            ("GET", Some(key), None) => entries
                .get(key)
                .map_or_else(|| "NOTHING".to_owned(), |value| format!("VALUE {value}")),
            ("SET", Some(key), Some(_))
                if entries.len() >= MAX_KEYS && !entries.contains_key(key) =>
            {
                format!("ERROR {MAX_KEYS} keys at most; DEL one first")
            }
            ("SET", Some(key), Some(value)) => {
                entries.insert(key.to_owned(), value.to_owned());
                "OK".to_owned()
            }
            ("DEL", Some(key), None) => entries
                .remove(key)
                .map_or_else(|| "NOTHING".to_owned(), |_| "OK".to_owned()),
            _ => "ERROR the commands are GET key, SET key value, and DEL key".to_owned(),
        }
    }
}

/// Serves one connection; a line that is too long ends it.
async fn serve_key_value(
    AcceptedConnection { stream, state }: AcceptedConnection,
) -> io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader);
    loop {
        let mut line = Vec::new();
        (&mut reader)
            .take(MAX_LINE_BYTES as u64)
            .read_until(b'\n', &mut line)
            .await?;
        let Some(line) = line.strip_suffix(b"\n") else {
            if line.len() >= MAX_LINE_BYTES {
                writer
                    .write_all(
                        format!("ERROR a line may have {MAX_LINE_BYTES} bytes at most\n")
                            .as_bytes(),
                    )
                    .await?;
            }
            return Ok(());
        };
        let reply = state
            .key_values
            .execute(String::from_utf8_lossy(line).trim_end_matches('\r'));
        writer.write_all((reply + "\n").as_bytes()).await?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_kept_up_to_a_number() {
        let store = KeyValueStore::default();
        for number in 0..MAX_KEYS {
            assert_eq!(store.execute(&format!("SET {number} a value")), "OK");
        }
        assert!(
            store
                .execute("SET one-more x")
                .starts_with("ERROR 1000 keys")
        );
        assert_eq!(store.execute("SET 7 another"), "OK");
        assert_eq!(
            (store.execute("GET 7"), store.execute("GET 8")),
            ("VALUE another".to_owned(), "VALUE a value".to_owned())
        );
        assert_eq!(
            (store.execute("DEL 7"), store.execute("DEL 7")),
            ("OK".to_owned(), "NOTHING".to_owned())
        );
        for nonsense in ["", " ", "GET", "GET a b", "SET a", "get a", "\u{0}"] {
            assert!(store.execute(nonsense).starts_with("ERROR"), "{nonsense:?}");
        }
    }
}
