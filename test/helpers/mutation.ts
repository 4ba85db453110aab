import fc from './properties.ts';

/** Valid bytes with up to `most` changes: a byte set, flipped, cut out, doubled or put in, or the end lost. */
export function mutation(valid: fc.Arbitrary<Buffer>, most = 6): fc.Arbitrary<Buffer> {
  const change = fc.record({
    kind: fc.constantFrom('set', 'flip', 'cut', 'double', 'insert', 'end'),
    place: fc.double({ min: 0, max: 0.999_999, noNaN: true }),
    size: fc.integer({ min: 1, max: 8 }),
    byte: fc.integer({ min: 0, max: 255 }),
  });
  return fc
    .tuple(valid, fc.array(change, { minLength: 1, maxLength: most }))
    .map(([bytes, changes]) => changes.reduce(changed, Buffer.from(bytes)));
}

interface Change {
  kind: string;
  /** From 0 to 1. */
  place: number;
  size: number;
  byte: number;
}

function changed(bytes: Buffer, { kind, place, size, byte }: Change): Buffer {
  const at = Math.floor(place * bytes.length);
  const before = bytes.subarray(0, at);
  const after = bytes.subarray(at);
  switch (kind) {
    case 'set':
      return Buffer.concat([before, Buffer.from([byte]), after.subarray(1)]);
    case 'flip':
      return Buffer.concat([before, Buffer.from([(after[0] ?? 0) ^ (1 << (byte % 8))]), after.subarray(1)]);
    case 'cut':
      return Buffer.concat([before, after.subarray(size)]);
    case 'double':
      return Buffer.concat([before, after.subarray(0, size), after]);
    case 'insert':
      return Buffer.concat([before, Buffer.alloc(size, byte), after]);
    default:
      return before;
  }
}
