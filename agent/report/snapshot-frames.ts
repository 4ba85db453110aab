import { maxFrameBytes, maxSnapshotParts } from '@certherd/protocol/version';

/** UTF-16 units in a part: at most three bytes each as text in JSON, so that a frame has room for the rest. */
const partUnits = 256 * 1024;
/** Of a frame, for what stands beside the snapshot. */
export const frameMargin = 1024;

/** A snapshot as the frames that tell it: one, or parts where it is larger than a frame. */
export function snapshotFrames({
  digest,
  observedAt,
  json,
}: {
  digest: string;
  observedAt: string;
  json: string;
}): string[] {
  if (fitsFrame(json))
    return [`{"type":"snapshot","digest":"${digest}","observedAt":"${observedAt}","snapshot":${json}}`];
  const parts = Math.ceil(json.length / partUnits);
  if (parts > maxSnapshotParts) throw new Error('the snapshot was not fitted');
  return Array.from({ length: parts }, (_, at) => {
    // Half of a surrogate pair at an edge is escaped, and finds its other half again (JSON.stringify is well-formed).
    const text = json.slice(at * partUnits, (at + 1) * partUnits);
    return JSON.stringify({ type: 'snapshot-part', digest, observedAt, part: at + 1, parts, text });
  });
}

/** Is this snapshot told in one frame? */
export function fitsFrame(json: string): boolean {
  return Buffer.byteLength(json) <= maxFrameBytes - frameMargin;
}
