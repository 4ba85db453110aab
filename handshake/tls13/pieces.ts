import { Buffer } from 'node:buffer';

/**
 * Puts chunks together and cuts whole pieces off their front. `lengthOf` tells how long the piece is that these bytes begin, or how many are needed to
 * tell. What is not whole is kept, and joined only once it is.
 */
export function pieces(lengthOf: (bytes: Uint8Array) => number): (chunk: Uint8Array) => Uint8Array[] {
  let parts: Uint8Array[] = [];
  let held = 0;
  let wanted = 0;
  return (chunk) => {
    parts.push(chunk);
    held += chunk.length;
    if (held < wanted) return [];
    let bytes: Uint8Array = parts.length === 1 ? chunk : Buffer.concat(parts);
    const whole: Uint8Array[] = [];
    for (;;) {
      wanted = lengthOf(bytes);
      if (bytes.length < wanted) break;
      whole.push(bytes.subarray(0, wanted));
      bytes = bytes.subarray(wanted);
    }
    parts = bytes.length === 0 ? [] : [bytes];
    held = bytes.length;
    return whole;
  };
}
