import { CollectorFrame } from '@certherd/protocol/frame';
import { checkedJson } from '../formats/checked-json.ts';

/** One frame of the collector, or undefined where it is not one. They are few: a compiled check would cost 2 MB. */
export function readCollectorFrame(text: string): CollectorFrame | undefined {
  return checkedJson(text, CollectorFrame);
}
