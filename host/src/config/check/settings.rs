//! Settings: texts, whole numbers, booleans and lists, as far as they can be checked without the
//! component.

use toml::de::{DeTable, DeValue};

use crate::config::check::{Checker, TomlValue, found};
use crate::config::keys::{ListRule, Repeats, TextRule};
use crate::config::limits::{NAMES_MAX, SETTINGS_MAX, TEXT_BYTES_MAX};
use crate::config::mistake::Mistake;
use crate::config::source::Spanned;
use crate::config::values::{SettingValue, SettingValues};

/// A list within `settings`.
static TEXTS: ListRule = ListRule {
    item: &TextRule {
        expected: "a text",
        pattern: None,
        except: None,
        bytes_max: TEXT_BYTES_MAX,
        check: |_| Ok(()),
    },
    items_min: 0,
    items_max: NAMES_MAX,
    repeats: Repeats::Allowed,
};

impl Checker<'_> {
    /// Checks the settings of a component.
    pub(super) fn settings(
        &mut self,
        value: &TomlValue<'_>,
        table: &DeTable<'_>,
    ) -> Option<SettingValues> {
        if table.len() > SETTINGS_MAX {
            self.too_many("settings", self.span(value), table.len(), SETTINGS_MAX);
            return None;
        }
        let mut entries = Vec::new();
        for (name, value) in table {
            let name = Spanned::new(name.get_ref().to_string(), self.span(name));
            if !self.param_name(&name) {
                continue;
            }
            if let Some(found) = self.setting(&name.value, value) {
                entries.push((name, Spanned::new(found, self.span(value))));
            }
        }
        entries.sort_by_key(|(name, _)| name.span);
        Some(SettingValues { entries })
    }

    fn setting(&mut self, name: &str, value: &TomlValue<'_>) -> Option<SettingValue> {
        let span = self.span(value);
        let setting = match value.get_ref() {
            DeValue::String(text) if text.len() <= TEXT_BYTES_MAX => {
                Some(SettingValue::Text(text.to_string()))
            }
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .ok()
                .map(SettingValue::Integer),
            DeValue::Boolean(value) => Some(SettingValue::Boolean(*value)),
            DeValue::Array(items) => {
                return self.list(name, &TEXTS, span, items).map(SettingValue::List);
            }
            _ => None,
        };
        if setting.is_none() {
            let what = match value.get_ref() {
                DeValue::String(_) => "too long a text",
                DeValue::Integer(_) => "too large a number",
                other => found(other),
            };
            let message = format!(
                "`{name}` is {what}, expected a text, a whole number, a boolean or a list of texts"
            );
            self.mistakes.push(Mistake::new(span, message));
        }
        setting
    }
}
