//! The data set of handwritten digits that ships with the project.

use ndarray::Array2;

use crate::formats::{ReadOptions, read_bytes};

/// 1,797 handwritten digits, 8 × 8, sixteen grey levels above 0.
///
/// "Optical recognition of handwritten digits" by E. Alpaydin and C. Kaynak (UCI Machine Learning
/// Repository, 1998, CC BY 4.0), test part, in the order of scikit-learn's `load_digits`.
#[derive(Clone, Debug)]
pub struct Digits {
    /// The images, one per row: 1,797 × 64, values 0 to 16.
    pub images: Array2<u8>,
    /// The digit that each row shows.
    pub labels: Vec<u8>,
}

/// The shipped digits.
pub fn digits() -> Digits {
    let parse = |bytes: &[u8]| {
        let table = read_bytes("digits.gz", bytes.to_vec(), &ReadOptions::default());
        table.expect("shipped files are whole").into_bytes().expect("they hold bytes")
    };
    let labels = parse(include_bytes!("../assets/digits-labels-idx1-ubyte.gz"));
    let images = parse(include_bytes!("../assets/digits-images-idx3-ubyte.gz"));
    Digits { images: Array2::from_shape_vec((labels.len(), 64), images).expect("64 pixels a digit"), labels }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn are_the_published_ones() {
        let digits = digits();
        assert_eq!(digits.images.dim(), (1797, 64));
        assert_eq!(digits.images.iter().max(), Some(&16));
        assert_eq!(&digits.labels[..10], &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        // Sums by NumPy: load_digits().data.sum(), .target.sum().
        assert_eq!(digits.images.iter().map(|&v| u32::from(v)).sum::<u32>(), 561_718);
        assert_eq!(digits.labels.iter().map(|&v| u32::from(v)).sum::<u32>(), 8_070);
    }
}
