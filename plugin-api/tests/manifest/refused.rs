//! Declarations that break a rule: what the compiler says about them.

use crate::decls::{NUMBER, PLAIN, SMALL};
use segue_plugin::declare::{ComponentDecl, ParamDecl, ParamItem, PluginDecl};
use segue_plugin::manifest::encode;

/// The text of the panic when `decl` is encoded, which is a compile error in a constant.
fn refusal(decl: PluginDecl) -> String {
    let panic = std::panic::catch_unwind(|| {
        let _: [u8; 4096] = encode(&decl);
    });
    let payload = panic.expect_err("the declaration breaks a rule");
    match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(payload) => (*payload.downcast::<&str>().expect("a panic has a text")).to_owned(),
    }
}

fn with_params(params: &'static [ParamItem]) -> PluginDecl {
    let component = ComponentDecl { params, ..PLAIN };
    PluginDecl {
        components: Box::leak(Box::new([component])),
        ..SMALL
    }
}

fn with_param(param: ParamDecl) -> PluginDecl {
    with_params(Box::leak(Box::new([ParamItem::One(param)])))
}

#[test]
fn a_declaration_that_breaks_a_rule_does_not_compile() {
    let check = |decl: PluginDecl, expected: &str| assert_eq!(refusal(decl), expected);
    check(
        PluginDecl {
            id: "Warmth",
            ..SMALL
        },
        "the plugin's id is `Warmth`, expected an id as in `acme.warmth`: \
         [a-z0-9-]+(\\.[a-z0-9-]+)+, 64 bytes at most",
    );
    check(
        PluginDecl {
            version: "1.0",
            ..SMALL
        },
        "the plugin's version is `1.0`, expected a semantic version as in `1.2.3`, 128 bytes at most",
    );
    check(
        PluginDecl {
            components: &[],
            ..SMALL
        },
        "the plugin `acme.small`: it has no component",
    );
    check(
        PluginDecl {
            components: &[PLAIN, PLAIN],
            ..SMALL
        },
        "there are two of the name `plain` (component)",
    );
    check(
        PluginDecl {
            replaces: &["acme.small"],
            ..SMALL
        },
        "there are two of the name `acme.small` (replaced plugin)",
    );
    check(
        with_param(ParamDecl {
            default: 2.0,
            ..NUMBER
        }),
        "parameter `mix`: expected min <= default <= max",
    );
    check(
        with_param(ParamDecl {
            id: "gain_dB",
            ..NUMBER
        }),
        "a parameter's id is `gain_dB`, expected an id as in `gain_db`: [a-z0-9_]+, 64 bytes at most",
    );
    check(
        with_param(ParamDecl {
            choices: &["a", "b", "c"],
            smooth_ms: 0.0,
            default: 0.0,
            ..NUMBER
        }),
        "parameter `mix`: the range of choices goes from 0 to the last one's index",
    );
    check(
        with_params(&[ParamItem::One(NUMBER), ParamItem::One(NUMBER)]),
        "there are two of the name `mix` (parameter or setting)",
    );
}

#[test]
fn a_name_too_long_for_a_sentence_is_left_out_of_it() {
    let long: &'static str = Box::leak("x".repeat(600).into_boxed_str());
    assert_eq!(
        refusal(PluginDecl { id: long, ..SMALL }),
        "an id as in `acme.warmth`: [a-z0-9-]+(\\.[a-z0-9-]+)+, 64 bytes at most"
    );
}
