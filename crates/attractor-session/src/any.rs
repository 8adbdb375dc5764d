//! A memory whose number type, f32 or f64, is chosen at run time.

use attractor::{Memory, Real};

/// The number type of states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// Single precision.
    F32,
    /// Double precision.
    F64,
}

impl Precision {
    /// The precision `asked` for. If none was asked for: double if `wide`, else single.
    pub fn choose(asked: Option<Precision>, wide: bool) -> Self {
        asked.unwrap_or(if wide { Precision::F64 } else { Precision::F32 })
    }
}

impl std::str::FromStr for Precision {
    type Err = attractor::Error;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "f32" => Ok(Precision::F32),
            "f64" => Ok(Precision::F64),
            other => Err(attractor::Error::parameter("dtype", "f32 or f64", other)),
        }
    }
}

/// A memory of either number type.
pub enum AnyMemory {
    /// A memory with states in single precision.
    F32(Box<dyn Memory<f32>>),
    /// A memory with states in double precision.
    F64(Box<dyn Memory<f64>>),
}

impl AnyMemory {
    /// The number type of its states.
    pub fn precision(&self) -> Precision {
        match self {
            AnyMemory::F32(_) => Precision::F32,
            AnyMemory::F64(_) => Precision::F64,
        }
    }
}

/// A number type that [`AnyMemory`] can hold a memory of.
pub trait Held: Real {
    /// Wraps a memory of this number type.
    fn hold(memory: Box<dyn Memory<Self>>) -> AnyMemory;
}

impl Held for f32 {
    fn hold(memory: Box<dyn Memory<f32>>) -> AnyMemory {
        AnyMemory::F32(memory)
    }
}

impl Held for f64 {
    fn hold(memory: Box<dyn Memory<f64>>) -> AnyMemory {
        AnyMemory::F64(memory)
    }
}

/// Evaluates an expression with the memory inside an [`AnyMemory`], whatever its number type.
///
/// ```
/// use attractor::{Patterns, Spec};
/// use attractor_session::{AnyMemory, with_memory};
/// let patterns = Patterns::new(ndarray::array![[1.0_f32, -1.0]])?;
/// let any = AnyMemory::F32(Spec::new("hopfield").build(patterns)?);
/// assert_eq!(with_memory!(&any, memory => memory.dim()), 2);
/// # Ok::<(), attractor::Error>(())
/// ```
#[macro_export]
macro_rules! with_memory {
    ($any:expr, $memory:ident => $body:expr) => {
        match $any {
            $crate::AnyMemory::F32($memory) => {
                let $memory = $memory.as_ref();
                $body
            }
            $crate::AnyMemory::F64($memory) => {
                let $memory = $memory.as_ref();
                $body
            }
        }
    };
}

/// Evaluates an expression with a type alias for the number type of a [`Precision`].
///
/// ```
/// use attractor_session::{Precision, in_precision};
/// assert_eq!(in_precision!(Precision::F64, F => size_of::<F>()), 8);
/// ```
#[macro_export]
macro_rules! in_precision {
    ($precision:expr, $number:ident => $body:expr) => {
        match $precision {
            $crate::Precision::F32 => {
                type $number = f32;
                $body
            }
            $crate::Precision::F64 => {
                type $number = f64;
                $body
            }
        }
    };
}
