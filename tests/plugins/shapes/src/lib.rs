//! Latency, sidechains, layouts, settings and positions, each held to what was promised.

#![deny(unsafe_code)]

mod delay;
mod key;
mod keys;
mod position;
mod settings;
mod widen;

use segue_plugin::export;

use delay::{Delay, Liar};
use key::Key;
use keys::Keys;
use position::Position;
use settings::Settings;
use widen::Widen;

export! {
    id: "test.shapes",
    components: [
        Delay as "delay",
        Liar as "liar",
        Key as "key",
        Keys as "keys",
        Position as "position",
        Settings as "settings",
        Widen as "widen",
    ]
}
