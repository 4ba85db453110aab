import { CollectorFrame } from '@certherd/protocol/frame';
import { Check } from 'typebox/value';

/** What a collector says four times a minute, as it writes it: the check of any frame costs a fifth of what follows from it. */
const heartbeat = /^\{"type":"heartbeat","at":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)"\}$/;

/**
 * One frame of the collector, or undefined where it is not one. They are few: a compiled check would cost 2 MB. But they come for as
 * long as the host runs: each is checked against its own kind alone.
 */
export function readCollectorFrame(text: string): CollectorFrame | undefined {
  const [, at] = heartbeat.exec(text) ?? [];
  if (at !== undefined) return { type: 'heartbeat', at };
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
