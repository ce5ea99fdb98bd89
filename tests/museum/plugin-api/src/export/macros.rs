//! Macros: `export!`, the one line that makes a crate a plugin.

/// Makes a crate of type `cdylib` a Segue plugin.
///
/// Version, licence, vendor and description come from Cargo.toml. In this order, all but `id` and
/// `components` optional:
///
/// - `id`: `[a-z0-9-]+(\.[a-z0-9-]+)+`, 64 bytes at most; `segue.` is reserved.
/// - `name`: for people; the crate's name where it is not given.
/// - `requires`: other plugins, with versions in Cargo's syntax: `["segue.filters" = "1"]`; with
///   `optional` behind it the plugin does without.
/// - `replaces`: ids that this plugin takes the place of.
/// - `min_host`: the oldest host ABI it can do with, as `(major, minor)`; the SDK's own where it
///   is not given.
/// - `heap`: `unmetered` where the author brings a global allocator; tables then show `–`.
/// - `components`: types that implement one of the four traits, with their names.
///
/// ```
/// use segue_plugin::prelude::*;
///
/// /// Lets everything through.
/// #[derive(Params)]
/// struct Through;
///
/// impl AudioProcessor for Through {
///     fn process(&mut self, _: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
///         audio.copy();
///         Ok(Status::Continue)
///     }
/// }
///
/// segue_plugin::export! { id: "acme.through", heap: unmetered, components: [Through as "through"] }
/// # fn main() {}
/// ```
///
/// Under `cfg(test)` neither symbols nor allocator are made, so that plugins link into test
/// binaries.
#[macro_export]
macro_rules! export {
    (
        id: $id:literal
        $(, name: $name:literal)?
        $(, requires: [$($require:literal = $version:literal $($need:ident)?),* $(,)?])?
        $(, replaces: [$($replaced:literal),* $(,)?])?
        $(, min_host: ($major:literal, $minor:literal))?
        $(, heap: $heap:ident)?
        , components: [$($component:ty as $component_name:literal),+ $(,)?]
        $(,)?
    ) => {
        const _: () = {
            struct Exported;

            impl $crate::export::Plugin for Exported {
                const DECL: $crate::declare::PluginDecl = $crate::declare::PluginDecl {
                    id: $id,
                    name: $crate::__first!($($name,)? env!("CARGO_PKG_NAME")),
                    version: env!("CARGO_PKG_VERSION"),
                    vendor: env!("CARGO_PKG_AUTHORS"),
                    license: env!("CARGO_PKG_LICENSE"),
                    doc: env!("CARGO_PKG_DESCRIPTION"),
                    min_host: $crate::__first!(
                        $($crate::abi::AbiVersion { major: $major, minor: $minor },)?
                        $crate::abi::ABI_VERSION
                    ),
                    rustc: $crate::manifest::RUSTC_VERSION,
                    target: $crate::manifest::TARGET,
                    panic: if cfg!(panic = "unwind") {
                        $crate::declare::PanicStrategy::Unwind
                    } else {
                        $crate::declare::PanicStrategy::Abort
                    },
                    heap: $crate::__heap!($($heap)?),
                    requires: &[$($(
                        $crate::declare::RequireDecl {
                            id: $require,
                            version: $version,
                            need: $crate::__need!($($need)?),
                        },
                    )*)?],
                    replaces: &[$($($replaced),*)?],
                    components: &[$(
                        $crate::export::named(
                            <$component as $crate::export::Component<_>>::DECL,
                            $component_name,
                        ),
                    )+],
                };
                const FACTORIES: &'static [$crate::export::Factory] =
                    &[$(<$component as $crate::export::Component<_>>::FACTORY),+];
                const MANIFEST: &'static [u8] = &MANIFEST_BYTES;
            }

            const LEN: usize =
                $crate::manifest::encoded_len(&<Exported as $crate::export::Plugin>::DECL);
            const MANIFEST_BYTES: [u8; LEN] =
                $crate::manifest::encode(&<Exported as $crate::export::Plugin>::DECL);

            $crate::__symbols!(
                LEN,
                MANIFEST_BYTES,
                Exported,
                $crate::__first!(
                    $($crate::abi::AbiVersion { major: $major, minor: $minor },)?
                    $crate::abi::ABI_VERSION
                )
            );
            $crate::__allocator!($($heap)?);
        };
    };
}

/// The symbols of a library: out under `cfg(test)`.
#[doc(hidden)]
#[macro_export]
macro_rules! __symbols {
    ($len:expr, $bytes:expr, $plugin:ty, $min_host:expr) => {
        #[cfg(not(test))]
        #[used]
        #[unsafe(no_mangle)]
        #[cfg_attr(target_vendor = "apple", unsafe(link_section = "__DATA,__segue"))]
        #[cfg_attr(not(target_vendor = "apple"), unsafe(link_section = ".segue"))]
        pub static SEGUE_MANIFEST: [u8; $len] = $bytes;

        #[cfg(not(test))]
        #[used]
        #[unsafe(export_name = "segue_plugin")]
        pub static SEGUE_HEADER: $crate::abi::root::Header =
            $crate::abi::root::Header::new($min_host, $crate::export::root::<$plugin>);
    };
}

/// The counting allocator, unless the author brought another; out under `cfg(test)`.
#[doc(hidden)]
#[macro_export]
macro_rules! __allocator {
    () => {
        #[cfg(not(test))]
        #[global_allocator]
        static SEGUE_ALLOCATOR: $crate::export::Meter = $crate::export::Meter;
    };
    (unmetered) => {};
}

/// Whether a library's heap is counted.
#[doc(hidden)]
#[macro_export]
macro_rules! __heap {
    () => {
        $crate::declare::Heap::Metered
    };
    (unmetered) => {
        $crate::declare::Heap::Unmetered
    };
}

/// Whether a required plugin has to be there.
#[doc(hidden)]
#[macro_export]
macro_rules! __need {
    () => {
        $crate::declare::Need::Required
    };
    (optional) => {
        $crate::declare::Need::Optional
    };
}

/// The first of one or two expressions.
#[doc(hidden)]
#[macro_export]
macro_rules! __first {
    ($first:expr) => {
        $first
    };
    ($first:expr, $second:expr) => {
        $first
    };
}
