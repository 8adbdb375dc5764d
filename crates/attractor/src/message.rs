//! Sentences for users, which can name an argument that the user should give.
//!
//! An error or a note often tells the user to give something: a noise level, a mask, an option. On the command line
//! that is `--sigma`, in Python `sigma`, in Rust a field of a request. A [`Message`] therefore refers to it as an
//! [`Argument`], and each front end implements [`Spelling`] to say how its users write arguments. `Display` spells
//! them for users of this crate.

use std::fmt;

/// An argument that users can give. Every front end has its own word for it.
///
/// A front end matches on all variants, so the compiler reports a variant that it forgets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument {
    /// The noise level of the cues: [`Request::level`](crate::Request::level).
    CueLevel,
    /// The noise levels of states, one for each row, as in [`Memory::energies`](crate::Memory::energies).
    StateLevels,
    /// The mask of the cues' known units: [`Request::known`](crate::Request::known).
    Known,
    /// Vectors associated with the patterns: [`Patterns::with_associated`](crate::Patterns::with_associated).
    Values,
    /// Computing in `f64` instead of `f32`.
    DoublePrecision,
    /// Fitting a density to patterns.
    Fitting,
    /// Training a score network on patterns.
    Training,
    /// Keeping a memory in a file.
    Storing,
    /// A stored memory to open.
    Memory,
    /// Channels, height and width of the images in the rows.
    Shape,
    /// The order in which an image's numbers are stored.
    Layout,
    /// Reading images in greyscale.
    Grey,
    /// The size that images are resized to.
    Resize,
    /// An option of a model, of training or of an experiment, by its declared name.
    Option {
        /// Its name, as `norm-bias`.
        name: &'static str,
        /// The value to be given, if it matters.
        value: Option<&'static str>,
    },
}

impl Argument {
    /// An option, with any value.
    pub const fn option(name: &'static str) -> Self {
        Argument::Option { name, value: None }
    }

    /// An option, set to this value.
    pub const fn set(name: &'static str, value: &'static str) -> Self {
        Argument::Option { name, value: Some(value) }
    }
}

/// How a front end spells arguments.
pub trait Spelling {
    /// The argument, as the front end's users write it.
    fn argument(&self, argument: Argument) -> String;

    /// The spelling of a parameter's name in a sentence about it. `name` is the declared name, such as `norm-bias`.
    fn parameter(&self, name: &str) -> String {
        name.to_owned()
    }
}

/// The spelling for users of the Rust crates.
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
            Argument::Fitting => "`attractor_fit::fit`".into(),
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
    /// An argument that the user should give.
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

/// A sentence that can refer to arguments. The macro [`message!`](crate::message!) writes one.
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
    /// The arguments that the message asks for.
    pub fn arguments(&self) -> Vec<Argument> {
        let argument = |part: &Part| match part {
            Part::Argument(argument) => Some(*argument),
            Part::Text(_) | Part::Parameter(_) => None,
        };
        self.parts.iter().filter_map(argument).collect()
    }

    /// The message, with arguments spelled by a front end.
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

/// Joins messages, one after the other.
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
