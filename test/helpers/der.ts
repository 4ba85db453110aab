/** One DER value (X.690): its tag, and its content in parts. */
export function tlv(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag]), length(content.length), content]);
}

export function sequence(...parts: readonly Uint8Array[]): Buffer {
  return tlv(0x30, ...parts);
}

/** An OBJECT IDENTIFIER from its dotted form. */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return tlv(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

/** An INTEGER from the bytes of its content, which may be any: negative, too long, empty. */
export function integer(...bytes: number[]): Buffer {
  return tlv(0x02, Buffer.from(bytes));
}

/** A BIT STRING without unused bits. */
export function bits(content: Uint8Array): Buffer {
  return tlv(0x03, Buffer.from([0]), content);
}

export function text(tag: number, value: string): Buffer {
  return tlv(tag, Buffer.from(value, 'latin1'));
}

function length(size: number): Buffer {
  if (size < 0x80) return Buffer.from([size]);
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(size);
  const from = bytes.findIndex((byte) => byte > 0);
  return Buffer.concat([Buffer.from([0x80 + 4 - from]), bytes.subarray(from)]);
}

function base128(value: number): number[] {
  const digits = [value % 128];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) digits.unshift(128 + (rest % 128));
  return digits;
}
