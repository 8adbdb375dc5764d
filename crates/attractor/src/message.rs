//! Sentences for users that may name something to be given.
//!
//! An error or a note often says what to give: a noise level, a mask, an option. On the command line that is `--sigma`,
//! in Python `sigma`, in Rust a field of a request. So a [`Message`] refers to it as an [`Argument`], and each front end
//! says how it spells arguments: its [`Spelling`]. `Display` spells them for users of this crate.

use std::fmt;

/// Something that users give, which every front end has its own word for.
///
/// A front end matches on all of them, so that it cannot forget one that is added here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument {
    /// How noisy cues are: [`Request::level`](crate::Request::level).
    CueLevel,
    /// How noisy states are, one level a row, as [`Memory::energies`](crate::Memory::energies) takes them.
    StateLevels,
    /// Which units of the cues are known: [`Request::known`](crate::Request::known).
    Known,
    /// Vectors that the patterns bring to mind: [`Patterns::with_associated`](crate::Patterns::with_associated).
    Values,
    /// Computing in `f64` instead of `f32`.
    DoublePrecision,
    /// Training a score network on patterns.
    Training,
    /// Keeping a memory in a file.
    Storing,
    /// A stored memory, as the memory to be used.
    Memory,
    /// Channels, height and width of the images that rows are.
    Shape,
    /// The order of the numbers of an image.
    Layout,
    /// Pictures read as grey.
    Grey,
    /// The size that pictures are brought to.
    Resize,
    /// An option of a model, of training or of an experiment, by the name that it is declared with.
    Option {
        /// Its name, as `norm-bias`.
        name: &'static str,
        /// The value to be given, if it matters.
        value: Option<&'static str>,
    },
}

impl Argument {
    /// An option with whatever value.
    pub const fn option(name: &'static str) -> Self {
        Argument::Option { name, value: None }
    }

    /// An option at this value.
    pub const fn set(name: &'static str, value: &'static str) -> Self {
        Argument::Option { name, value: Some(value) }
    }
}

/// How a front end spells what its users give.
pub trait Spelling {
    /// An argument, as its users write it.
    fn argument(&self, argument: Argument) -> String;

    /// The name of a parameter, declared as in `norm-bias`, where a sentence is about it.
    fn parameter(&self, name: &str) -> String {
        name.to_owned()
    }
}

/// The spelling of users of the crates.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rust;

impl Spelling for Rust {
    fn argument(&self, argument: Argument) -> String {
        match argument {
            Argument::CueLevel => "`Request::level`".into(),
            Argument::StateLevels => "`sigmas`".into(),
            Argument::Known => "`Request::known`".into(),
            Argument::Values => "`Patterns::with_associated`".into(),
            Argument::DoublePrecision => "`f64`".into(),
            Argument::Training => "`attractor_networks::Trainer`".into(),
            Argument::Storing => "`attractor_data::Stored`".into(),
            Argument::Memory => "a memory (`attractor_data::read_memory`)".into(),
            Argument::Shape => "`Reading::shape`".into(),
            Argument::Layout => "`Reading::layout`".into(),
            Argument::Grey => "`Reading::grey`".into(),
            Argument::Resize => "`Reading::resize`".into(),
            Argument::Option { name, value: None } => format!("`{name}`"),
            Argument::Option { name, value: Some(value) } => format!("`{name}` {value}"),
        }
    }
}

/// A part of a [`Message`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Words, the same for everybody.
    Text(String),
    /// Something to be given.
    Argument(Argument),
    /// The name of a parameter, as it is declared: `norm-bias`.
    Parameter(String),
}

impl From<&str> for Part {
    fn from(text: &str) -> Self {
        Part::Text(text.to_owned())
    }
}

impl From<String> for Part {
    fn from(text: String) -> Self {
        Part::Text(text)
    }
}

impl From<Argument> for Part {
    fn from(argument: Argument) -> Self {
        Part::Argument(argument)
    }
}

/// Words that may refer to arguments; [`message!`](crate::message!) writes one.
///
/// ```
/// use attractor::message;
/// use attractor::message::{Argument, Spelling};
///
/// let cure = message!["give the level (", Argument::CueLevel, ")"];
/// assert_eq!(cure.to_string(), "give the level (`Request::level`)");
///
/// struct Flags;
/// impl Spelling for Flags {
///     fn argument(&self, argument: Argument) -> String {
///         format!("--{argument:?}")
///     }
/// }
/// assert_eq!(cure.spelled(&Flags), "give the level (--CueLevel)");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    parts: Vec<Part>,
}

impl Message {
    /// What it asks to give.
    pub fn arguments(&self) -> Vec<Argument> {
        let argument = |part: &Part| match part {
            Part::Argument(argument) => Some(*argument),
            Part::Text(_) | Part::Parameter(_) => None,
        };
        self.parts.iter().filter_map(argument).collect()
    }

    /// The sentence as a front end says it.
    pub fn spelled(&self, spelling: &dyn Spelling) -> String {
        let spell = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Argument(argument) => spelling.argument(*argument),
            Part::Parameter(name) => spelling.parameter(name),
        };
        self.parts.iter().map(spell).collect()
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.spelled(&Rust))
    }
}

impl<P: Into<Part>> From<P> for Message {
    fn from(part: P) -> Self {
        Message { parts: vec![part.into()] }
    }
}

impl From<&Message> for Message {
    fn from(message: &Message) -> Self {
        message.clone()
    }
}

/// One after the other.
impl FromIterator<Message> for Message {
    fn from_iter<I: IntoIterator<Item = Message>>(messages: I) -> Self {
        Message { parts: messages.into_iter().flat_map(|message| message.parts).collect() }
    }
}

/// Writes a [`Message`] from text, [`Argument`]s and other messages, in order.
///
/// ```
/// use attractor::message;
/// use attractor::message::Argument;
///
/// let note = message![format!("{} locations are few; give more ", 10), Argument::option("locations")];
/// assert_eq!(note.to_string(), "10 locations are few; give more `locations`");
/// assert_eq!(message![&note, " or less noise"].arguments(), note.arguments());
/// ```
#[macro_export]
macro_rules! message {
    ($($part:expr),+ $(,)?) => {
        [$($crate::message::Message::from($part)),+].into_iter().collect::<$crate::message::Message>()
    };
}
