//! A run and its stories, as its thread holds them.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use capture::read::Held;
use story::{Story, TapChoice};

use super::Subject;
use crate::api::{Code, Problem, Tap};
use crate::view::Tables;

/// Stories at other taps that are kept beside the first.
const MAX_OTHERS: usize = 4;

/// A run and its stories.
pub struct Workshop {
    subject: Subject,
    /// What is seen at the tap that is taken if none is named.
    main: Rc<Seen>,
    others: RefCell<Vec<Rc<Seen>>>,
    /// The capture's own bytes.
    file: Option<Held>,
}

/// A story at one tap.
pub struct Seen {
    /// The tap's name; `all` for every one.
    pub tap: String,
    /// The story.
    pub story: Story,
    tables: OnceCell<Tables>,
}

impl Seen {
    fn new(story: Story, tap: String) -> Rc<Seen> {
        Rc::new(Seen { tap, story, tables: OnceCell::new() })
    }

    /// The tables that its rows refer to, made when they are first asked for.
    pub fn tables(&self) -> &Tables {
        self.tables.get_or_init(|| Tables::new(&self.story))
    }
}

impl Workshop {
    /// A workshop of one story. `file` is the capture that it was read from.
    pub fn new(subject: Subject, story: Story, file: Option<Held>) -> Workshop {
        let tap = story.tap().and_then(|id| story.trace()?.tap(id)).map(|tap| tap.name.clone());
        let main = Seen::new(story, tap.unwrap_or_else(|| "capture".to_owned()));
        Workshop { subject, main, others: RefCell::default(), file }
    }

    /// What is known beside the packets.
    pub fn subject(&self) -> &Subject {
        &self.subject
    }
    /// What is seen at the first tap.
    pub fn main(&self) -> &Seen {
        &self.main
    }
    /// The story at the first tap.
    pub fn story(&self) -> &Story {
        &self.main.story
    }
    /// The capture's own bytes.
    pub fn file(&self) -> Option<&Held> {
        self.file.as_ref()
    }

    /// About how much memory it takes: frames, rows and events.
    pub fn bytes(&self) -> u64 {
        let story = &self.main.story;
        let rows = story.len() as u64 * 400;
        let trace = story.trace().map_or(0, |trace| trace.frames.len() as u64 * 300 + trace.events.len() as u64 * 80);
        let file = match &self.file {
            Some(Held::Memory(bytes)) => bytes.len() as u64,
            Some(Held::File(..)) | None => 0,
        };
        rows + trace + file
    }

    /// The points of observation; the first is the one that is taken if none is named.
    pub fn taps(&self) -> Vec<Tap> {
        let mut taps = vec![Tap { name: self.main.tap.clone(), place: String::new() }];
        if let Some(trace) = self.main.story.trace() {
            taps = trace
                .taps
                .iter()
                .map(|tap| Tap {
                    name: tap.name.clone(),
                    place: trace.place(tap.place).map_or_else(String::new, |place| place.name.clone()),
                })
                .collect();
            taps.sort_by_key(|tap| tap.name != self.main.tap);
            taps.push(Tap { name: "all".to_owned(), place: "every hop".to_owned() });
        }
        taps
    }

    /// What is seen at a tap; at the first one if none is named.
    ///
    /// # Errors
    /// If there is no such tap.
    pub fn seen(&self, tap: Option<&str>) -> Result<Rc<Seen>, Problem> {
        let Some(tap) = tap.filter(|tap| !tap.is_empty() && *tap != self.main.tap) else {
            return Ok(self.main.clone());
        };
        if let Some(seen) = self.others.borrow().iter().find(|seen| seen.tap == tap) {
            return Ok(seen.clone());
        }
        let Some(trace) = self.main.story.trace() else {
            let message = format!("there is no tap `{tap}`: a capture has one point of observation");
            return Err(Problem::new(Code::UnknownTap, message).input(tap).place("tap"));
        };
        let choice = if tap == "all" { TapChoice::All } else { TapChoice::Named(tap.to_owned()) };
        let story = Story::from_trace(trace.clone(), choice)
            .map_err(|error| Problem::new(Code::UnknownTap, error.to_string()).input(tap).place("tap"))?;
        let seen = Seen::new(story, tap.to_owned());
        let mut others = self.others.borrow_mut();
        if others.len() == MAX_OTHERS {
            others.remove(0);
        }
        others.push(seen.clone());
        Ok(seen)
    }
}
