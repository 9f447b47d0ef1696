//! The engine: resolve, connect, talk to a proxy, secure, exchange; it emits events.
