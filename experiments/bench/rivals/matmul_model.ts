/**
 * An ONNX model of one node, c = MatMul(a, b), written as its protocol buffer: ONNX Runtime takes
 * nothing else. Field numbers are those of onnx.proto3.
 *
 * @module
 */

const varint = (n: number): number[] => n < 128 ? [n] : [(n & 127) | 128, ...varint(n >>> 7)];

/** A field with a number. */
const int = (field: number, n: number) => [...varint(field << 3), ...varint(n)];

/** A field with bytes: a text, or a message in it. */
const bytes = (field: number, content: readonly number[]) => [
  ...varint((field << 3) | 2),
  ...varint(content.length),
  ...content,
];

const text = (field: number, value: string) => bytes(field, [...new TextEncoder().encode(value)]);

/** A ValueInfo: a name and the type of a float matrix. */
function matrix(name: string, n: number): number[] {
  const side = bytes(1, int(1, n)); // a dimension, known
  const float = int(1, 1);
  const tensor = [...float, ...bytes(2, [...side, ...side])];
  return [...text(1, name), ...bytes(2, bytes(1, tensor))];
}

/** The model of the product of two f32 matrices of `n` rows and columns. */
export function matmulModel(n: number): Uint8Array {
  const node = [...text(1, "a"), ...text(1, "b"), ...text(2, "c"), ...text(4, "MatMul")];
  const graph = [
    ...bytes(1, node),
    ...text(2, "product"),
    ...["a", "b"].flatMap((name) => bytes(11, matrix(name, n))),
    ...bytes(12, matrix("c", n)),
  ];
  const format = int(1, 8);
  const operators = bytes(8, int(2, 13));
  return Uint8Array.from([...format, ...bytes(7, graph), ...operators]);
}
