//! A walk over the parser's events that notes where every node stands and which keys a table repeats. What values mean is not judged here.

use std::collections::HashMap;

use granit_parser::{Event, Marker, Parser};

use crate::flow::source::{Position, Spot, child};

/// What the walk found, up to the first place that is not YAML.
#[derive(Debug, Default)]
pub struct Scan {
    pub positions: HashMap<String, Spot>,
    /// Pointer of each repeated key, and where its repetition stands.
    pub duplicates: Vec<(String, Position)>,
    pub documents: usize,
    /// Tables and lists inside each other, at most.
    pub depth: usize,
}

/// A table or list that is being walked.
struct Open {
    pointer: String,
    /// Of a table: the key that waits for its value. Of a list: the next index.
    at: At,
}

enum At {
    Key,
    /// The pointer of the value to come, and where its key stands.
    Value(String, Position),
    Item(usize),
}

fn position(marker: Marker) -> Position {
    Position { line: marker.line(), column: marker.col() + 1 }
}

#[must_use]
pub fn scan(text: &str) -> Scan {
    let mut scan = Scan::default();
    let mut open: Vec<Open> = Vec::new();
    for next in Parser::new_from_str(text) {
        let Ok((event, place)) = next else { break };
        let at = position(place.start);
        match event {
            Event::DocumentStart(..) => scan.documents += 1,
            Event::Scalar(text, ..) => scan.node(&mut open, at, Some(&text)),
            Event::Alias(_) => scan.node(&mut open, at, Some("*")),
            Event::SequenceStart(..) => {
                let pointer = scan.enter(&mut open, at);
                open.push(Open { pointer, at: At::Item(0) });
            }
            Event::MappingStart(..) => {
                let pointer = scan.enter(&mut open, at);
                open.push(Open { pointer, at: At::Key });
            }
            Event::SequenceEnd | Event::MappingEnd => {
                open.pop();
            }
            _ => {}
        }
        scan.depth = scan.depth.max(open.len());
        if scan.documents > 1 {
            break;
        }
    }
    scan
}

impl Scan {
    /// A scalar or alias: a key where one is due, otherwise a value.
    fn node(&mut self, open: &mut [Open], at: Position, text: Option<&str>) {
        if let (Some(table), Some(text)) = (open.last_mut(), text)
            && matches!(table.at, At::Key)
        {
            let pointer = child(&table.pointer, text);
            let repeated = self.positions.contains_key(&pointer);
            if repeated {
                self.duplicates.push((pointer.clone(), at));
            }
            // What a repeated key holds must not be taken for more repetitions: it stands under a name that no pointer has.
            let pointer = if repeated { format!("{}/\u{0}{}", table.pointer, self.duplicates.len()) } else { pointer };
            table.at = At::Value(pointer, at);
            return;
        }
        let (pointer, key) = place(open);
        self.positions.entry(pointer).or_insert(Spot { key, value: at, scalar: true });
    }

    /// A table or list begins. A table as a key is refused later; its place is noted under a name that no pointer has.
    fn enter(&mut self, open: &mut [Open], at: Position) -> String {
        let (pointer, key) = place(open);
        self.positions.entry(pointer.clone()).or_insert(Spot { key, value: at, scalar: false });
        pointer
    }
}

/// The pointer of the value that begins now, and its key's place; moves its table or list on.
fn place(open: &mut [Open]) -> (String, Option<Position>) {
    let Some(parent) = open.last_mut() else { return (String::new(), None) };
    match std::mem::replace(&mut parent.at, At::Key) {
        At::Item(index) => {
            parent.at = At::Item(index + 1);
            (child(&parent.pointer, index), None)
        }
        At::Value(pointer, key) => (pointer, Some(key)),
        At::Key => {
            let pointer = format!("{}/\u{0}", parent.pointer);
            parent.at = At::Value(pointer.clone(), Position { line: 1, column: 1 });
            (pointer, None)
        }
    }
}
