//! Tables as Parquet files, for tables of many rows.

use std::sync::Arc;

use parquet::basic::{ConvertedType, Repetition, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::Result as Written;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;
use serde_json::Value;

use crate::Table;

/// The type of a column: the narrowest that holds all of its values.
fn physical(values: &[Option<Value>]) -> Physical {
    let all = |is: fn(&Value) -> bool| values.iter().flatten().all(is);
    if all(Value::is_boolean) && values.iter().any(Option::is_some) {
        Physical::BOOLEAN
    } else if all(Value::is_i64) && values.iter().any(Option::is_some) {
        Physical::INT64
    } else if all(Value::is_number) {
        Physical::DOUBLE
    } else {
        Physical::BYTE_ARRAY
    }
}

/// The table as a Parquet file, with one column for each value of a cell.
pub(super) fn bytes(table: &Table) -> Written<Vec<u8>> {
    let columns = table.keyed();
    let mut fields = Vec::new();
    for (key, values) in &columns {
        let kind = physical(values);
        let text = if kind == Physical::BYTE_ARRAY { ConvertedType::UTF8 } else { ConvertedType::NONE };
        let field = Type::primitive_type_builder(key, kind).with_converted_type(text);
        fields.push(Arc::new(field.with_repetition(Repetition::OPTIONAL).build()?));
    }
    let schema = Arc::new(Type::group_type_builder(&table.name).with_fields(fields).build()?);
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(WriterProperties::new()))?;
    let mut group = writer.next_row_group()?;
    for (_, values) in &columns {
        let there: Vec<i16> = values.iter().map(|value| i16::from(value.is_some())).collect();
        let some = || values.iter().flatten();
        let mut column = group.next_column()?.expect("as many columns as fields");
        match physical(values) {
            Physical::BOOLEAN => {
                let values: Vec<bool> = some().filter_map(Value::as_bool).collect();
                column.typed::<BoolType>().write_batch(&values, Some(&there), None)?;
            }
            Physical::INT64 => {
                let values: Vec<i64> = some().filter_map(Value::as_i64).collect();
                column.typed::<Int64Type>().write_batch(&values, Some(&there), None)?;
            }
            Physical::DOUBLE => {
                let values: Vec<f64> = some().filter_map(Value::as_f64).collect();
                column.typed::<DoubleType>().write_batch(&values, Some(&there), None)?;
            }
            _ => {
                let text = |value: &Value| ByteArray::from(crate::table::field(value).into_bytes());
                let values: Vec<ByteArray> = some().map(text).collect();
                column.typed::<ByteArrayType>().write_batch(&values, Some(&there), None)?;
            }
        }
        column.close()?;
    }
    group.close()?;
    writer.into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Cell, Column};
    use parquet::file::reader::{FileReader, SerializedFileReader};

    #[test]
    fn what_is_written_is_read_again() {
        let mut table = Table::new("numbers", ["name", "n", "x", "is"].map(Column::plain).to_vec());
        table.rows.push(vec![Cell::plain("a"), Cell::plain(3), Cell::plain(0.1), Cell::plain(true)]);
        table.rows.push(vec![Cell::plain("b, c"), Cell::empty(), Cell::plain(1), Cell::plain(false)]);
        let reader = SerializedFileReader::new(bytes::Bytes::from(super::bytes(&table).expect("a file")));
        let rows: Vec<String> = reader
            .expect("a file")
            .get_row_iter(None)
            .expect("rows")
            .map(|r| r.expect("a row").to_string())
            .collect();
        assert_eq!(
            rows,
            ["{name: \"a\", n: 3, x: 0.1, is: true}", "{name: \"b, c\", n: null, x: 1.0, is: false}"]
        );
    }
}
