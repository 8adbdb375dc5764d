// NumPy's format of arrays, version 1.0: a head of text, then the numbers.

const ALIGNED = 64;

/** An array of double precision, row by row. */
export function npy(values: Float64Array, shape: number[]): Blob {
  const head = `{'descr': '<f8', 'fortran_order': False, 'shape': (${shape.join(', ')}${shape.length === 1 ? ',' : ''}), }`;
  const begin = [0x93, ...new TextEncoder().encode('NUMPY'), 1, 0];
  const length = Math.ceil((begin.length + 2 + head.length + 1) / ALIGNED) * ALIGNED - begin.length - 2;
  const text = new TextEncoder().encode(`${head.padEnd(length - 1)}\n`);
  const numbers = new DataView(new ArrayBuffer(8 * values.length));
  values.forEach((value, k) => {
    numbers.setFloat64(8 * k, value, true);
  });
  return new Blob([Uint8Array.from(begin), Uint8Array.of(length & 255, length >> 8), text, numbers]);
}
