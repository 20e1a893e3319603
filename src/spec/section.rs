//! A table of the spec while it is read: typed access by key, every problem noted at its place, and at the end every
//! key that nobody asked for.

use std::cell::RefCell;
use std::ops::Range;

use toml_edit::{Item, TableLike, Value};

use super::problem::Problem;
use super::suggest;

/// The problems found so far, shared by all sections of a file.
pub(super) type Problems = RefCell<Vec<Problem>>;

/// A value with its place in the file.
#[derive(Clone, Debug)]
pub(super) struct Placed<T> {
    pub(super) value: T,
    pub(super) span: Range<usize>,
}

/// One table being read.
pub(super) struct Section<'a> {
    /// How the table is called in messages: `[targets.vm]`.
    title: String,
    table: &'a dyn TableLike,
    pub(super) span: Range<usize>,
    asked: Vec<&'static str>,
    problems: &'a Problems,
}

impl<'a> Section<'a> {
    pub(super) fn new(title: String, table: &'a dyn TableLike, span: Range<usize>, problems: &'a Problems) -> Self {
        Self { title, table, span, asked: Vec::new(), problems }
    }

    pub(super) fn problem(&self, problem: Problem) {
        self.problems.borrow_mut().push(problem);
    }

    fn wrong_type(&self, key: &str, item: &Item, wanted: &str) {
        let message = format!("`{key}` in {} must be {wanted}, not {}", self.title, a_type(item));
        self.problem(Problem::new(message, span_of(item, &self.span), format!("this is {}", a_type(item))));
    }

    fn take(&mut self, key: &'static str) -> Option<&'a Item> {
        self.asked.push(key);
        self.table.get(key).filter(|item| !item.is_none())
    }

    pub(super) fn string(&mut self, key: &'static str) -> Option<Placed<String>> {
        let item = self.take(key)?;
        let text = item.as_str().map(|text| Placed { value: text.to_owned(), span: span_of(item, &self.span) });
        if text.is_none() {
            self.wrong_type(key, item, "a string");
        }
        text
    }

    pub(super) fn required_string(&mut self, key: &'static str, help: &str) -> Option<Placed<String>> {
        if self.table.get(key).is_none() {
            self.asked.push(key);
            let message = format!("{} lacks `{key}`", self.title);
            self.problem(Problem::new(message, self.span.clone(), format!("`{key}` is missing here")).help(help));
            return None;
        }
        self.string(key)
    }

    pub(super) fn boolean(&mut self, key: &'static str) -> Option<bool> {
        let item = self.take(key)?;
        let value = item.as_bool();
        if value.is_none() {
            self.wrong_type(key, item, "true or false");
        }
        value
    }

    pub(super) fn integer(&mut self, key: &'static str) -> Option<Placed<i64>> {
        let item = self.take(key)?;
        let value = item.as_integer().map(|value| Placed { value, span: span_of(item, &self.span) });
        if value.is_none() {
            self.wrong_type(key, item, "a number");
        }
        value
    }

    /// An item to be looked at by the caller, with its place.
    pub(super) fn item(&mut self, key: &'static str) -> Option<Placed<&'a Item>> {
        let item = self.take(key)?;
        Some(Placed { value: item, span: span_of(item, &self.span) })
    }

    pub(super) fn strings(&mut self, key: &'static str) -> Option<Vec<Placed<String>>> {
        let item = self.take(key)?;
        let strings = strings_of(item, &self.span);
        if strings.is_none() {
            match item.as_array().and_then(|array| array.iter().find(|value| !value.is_str())) {
                Some(value) => {
                    let message = format!("`{key}` in {} must be a list of strings", self.title);
                    let span = value.span().unwrap_or_else(|| self.span.clone());
                    self.problem(Problem::new(message, span, "this is not a string"));
                }
                None => self.wrong_type(key, item, "a list of strings"),
            }
        }
        strings
    }

    pub(super) fn section(&mut self, key: &'static str) -> Option<Section<'a>> {
        let item = self.take(key)?;
        let span = self.key_span(key).unwrap_or_else(|| span_of(item, &self.span));
        let Some(table) = item.as_table_like() else {
            self.wrong_type(key, item, "a table");
            return None;
        };
        Some(Section::new(self.title_below(key), table, span, self.problems))
    }

    /// `[[key]]`: a list of tables.
    pub(super) fn sections(&mut self, key: &'static str) -> Vec<Section<'a>> {
        let Some(item) = self.take(key) else { return Vec::new() };
        let title = format!("[[{key}]]");
        let outer = &self.span;
        let tables: Option<Vec<(&'a dyn TableLike, Range<usize>)>> = match item {
            Item::ArrayOfTables(array) => Some(
                array.iter().map(|table| (table as &dyn TableLike, table.span().unwrap_or(outer.clone()))).collect(),
            ),
            Item::Value(Value::Array(array)) => array
                .iter()
                .map(|value| {
                    let table = value.as_inline_table()?;
                    Some((table as &dyn TableLike, value.span().unwrap_or(outer.clone())))
                })
                .collect(),
            _ => None,
        };
        let Some(tables) = tables else {
            self.wrong_type(key, item, &format!("tables, each under {title}"));
            return Vec::new();
        };
        tables.into_iter().map(|(table, span)| Section::new(title.clone(), table, span, self.problems)).collect()
    }

    /// Every key of a table whose keys are names, in the order of the file. Keys asked for before are left out.
    pub(super) fn entries(&mut self) -> Vec<Entry<'a>> {
        let asked = std::mem::take(&mut self.asked);
        let mut entries = Vec::new();
        for (key, item) in self.table.iter().filter(|(key, _)| !asked.contains(key)) {
            let key_span = self.key_span(key).unwrap_or_else(|| self.span.clone());
            entries.push(Entry {
                name: key.to_owned(),
                title: self.title_below(key),
                item,
                span: span_of(item, &key_span),
                key_span,
                problems: self.problems,
            });
        }
        entries
    }

    /// Reports every key that nobody asked for.
    pub(super) fn finish(self) {
        for (key, _) in self.table.iter().filter(|(key, _)| !self.asked.contains(key)) {
            let span = self.key_span(key).unwrap_or_else(|| self.span.clone());
            let problem = Problem::new(format!("unknown key `{key}` in {}", self.title), span, "not known here");
            self.problem(match suggest::nearest(key, self.asked.iter().copied()) {
                Some(known) => problem.help(format!("did you mean `{known}`?")),
                None => problem.help(format!("known keys: {}", self.asked.join(", "))),
            });
        }
    }

    fn key_span(&self, key: &str) -> Option<Range<usize>> {
        self.table.key(key).and_then(toml_edit::Key::span)
    }

    fn title_below(&self, key: &str) -> String {
        match self.title.strip_suffix(']') {
            Some(open) if !self.title.starts_with("[[") => format!("{open}.{key}]"),
            _ => format!("[{key}]"),
        }
    }
}

/// A named entry of a table such as `[tools]`.
pub(super) struct Entry<'a> {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) item: &'a Item,
    pub(super) span: Range<usize>,
    pub(super) key_span: Range<usize>,
    problems: &'a Problems,
}

impl<'a> Entry<'a> {
    pub(super) fn problem(&self, problem: Problem) {
        self.problems.borrow_mut().push(problem);
    }

    /// The entry as a table, if it is one.
    pub(super) fn section(&self) -> Option<Section<'a>> {
        let table = self.item.as_table_like()?;
        Some(Section::new(self.title.clone(), table, self.key_span.clone(), self.problems))
    }

    pub(super) fn wrong_type(&self, wanted: &str) {
        let message = format!("`{}` must be {wanted}, not {}", self.name, a_type(self.item));
        self.problem(Problem::new(message, self.span.clone(), format!("this is {}", a_type(self.item))));
    }
}

/// A list of strings, or one string standing for a list of one.
pub(super) fn strings_of(item: &Item, outer: &Range<usize>) -> Option<Vec<Placed<String>>> {
    if let Some(text) = item.as_str() {
        return Some(vec![Placed { value: text.to_owned(), span: span_of(item, outer) }]);
    }
    let array = item.as_array()?;
    array
        .iter()
        .map(|value| {
            let text = value.as_str()?;
            Some(Placed { value: text.to_owned(), span: value.span().unwrap_or(outer.clone()) })
        })
        .collect()
}

fn span_of(item: &Item, outer: &Range<usize>) -> Range<usize> {
    item.span().unwrap_or_else(|| outer.clone())
}

fn a_type(item: &Item) -> String {
    let name = item.type_name();
    let article = if name.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {name}")
}
