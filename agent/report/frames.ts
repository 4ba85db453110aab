import { CollectorFrame } from '@certherd/protocol/frame';
import { Check } from 'typebox/value';

/**
 * One frame of the collector, or undefined where it is not one. They are few: a compiled check would cost 2 MB. But they come for as
 * long as the host runs: each is checked against its own kind alone.
 */
export function readCollectorFrame(text: string): CollectorFrame | undefined {
  let frame: unknown;
  try {
    frame = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof frame !== 'object' || frame === null || !('type' in frame)) return undefined;
  const { type } = frame;
  const kind = CollectorFrame.anyOf.find(({ properties }) => properties.type.const === type);
  return kind && Check(kind, frame) ? frame : undefined;
}
