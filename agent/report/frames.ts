import { CollectorFrame } from '@certherd/protocol/frame';
import { Compile } from 'typebox/compile';

const check = Compile(CollectorFrame);

/** One frame of the collector, or undefined where it is not one. */
export function readCollectorFrame(text: string): CollectorFrame | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return check.Check(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
