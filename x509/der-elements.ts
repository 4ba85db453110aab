import type { Buffer } from 'node:buffer';
import { enter } from './plain-der.ts';

/** One value of some DER (X.690): views into its bytes. */
export interface Element {
  tag: number;
  content: Buffer;
  /** With tag and length. */
  whole: Buffer;
}

/**
 * The values that stand in these bytes one after the other: what a SEQUENCE holds, or a file. Undefined where they are anything else: a length in more bytes than it
 * needs, a tag of more than one byte, something behind the last value.
 */
export function elementsOf(bytes: Buffer): Element[] | undefined {
  const elements: Element[] = [];
  const cursor = { bytes, at: 0 };
  while (cursor.at < bytes.length) {
    const from = cursor.at;
    const tag = bytes[from] ?? 0;
    const end = (tag & 0x1f) === 0x1f ? -1 : enter(cursor, tag, bytes.length);
    if (end < 0) return undefined;
    elements.push({ tag, content: bytes.subarray(cursor.at, end), whole: bytes.subarray(from, end) });
    cursor.at = end;
  }
  return elements;
}

/** The values within one of this tag; none where another one stands there, or what it holds is no DER. */
export function within(element: Element | undefined, tag: number): readonly Element[] {
  return (element?.tag === tag ? elementsOf(element.content) : undefined) ?? [];
}
