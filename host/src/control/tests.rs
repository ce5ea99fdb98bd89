//! Tests of what anybody may send to the socket.

mod hostile;
