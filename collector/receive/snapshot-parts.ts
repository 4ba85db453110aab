import { createHash } from 'node:crypto';
import type { RefusalReason, SnapshotFrame, SnapshotPart } from '@certherd/protocol/frame';
import { maxSnapshotBytes, partsSpacingSeconds } from '@certherd/protocol/version';
import type { Clock } from '../ports.ts';
import type { FrameReader } from './frames.ts';

/** What all agents together may have lying in unfinished snapshots. */
const poolBytes = 8 * maxSnapshotBytes;
/** From the first part to the last. */
export const partsWithinMs = 60_000;

/** Room for parts, shared by all connections. */
export interface PartsRoom {
  /** False: there is none left. */
  take: (bytes: number) => boolean;
  giveBack: (bytes: number) => void;
  /** Milliseconds until the next whole snapshot in parts of this agent may begin; `at` is on the monotonic clock. */
  waitMs: (agentId: string, at: number) => number;
  /** All parts of one came. */
  noteWhole: (agentId: string, at: number) => void;
}

export function createPartsRoom(): PartsRoom {
  let taken = 0;
  const wholeAt = new Map<string, number>();
  return {
    take(bytes) {
      if (taken + bytes > poolBytes) return false;
      taken += bytes;
      return true;
    },
    giveBack(bytes) {
      taken -= bytes;
    },
    waitMs: (agentId, at) => (wholeAt.get(agentId) ?? -Infinity) + partsSpacingSeconds * 1000 - at,
    noteWhole(agentId, at) {
      wholeAt.set(agentId, at);
    },
  };
}

/** Why a part ends the connection. */
export interface PartRefusal {
  refused: RefusalReason;
  detail: string;
  /** Of `try-later`, where it is known. */
  retryAfterSeconds?: number;
}

/** The snapshot that one agent is telling in parts. */
export interface Assembly {
  /** With the whole and its size, once the last part came. */
  add: (part: SnapshotPart) => { whole?: WholeSnapshot } | PartRefusal;
  /** Forgets what is unfinished. */
  drop: () => void;
}

export interface WholeSnapshot {
  frame: SnapshotFrame;
  /** Of its text. */
  bytes: number;
}

/** Keeps nothing of a snapshot beyond its bounds in bytes, time and room; the whole is checked as if it had come in one frame. */
export function createAssembly(
  agentId: string,
  needs: { room: PartsRoom; clock: Clock; readFrame: FrameReader },
  onLate: () => void,
): Assembly {
  const { room, clock, readFrame } = needs;
  let begun: Pick<SnapshotPart, 'digest' | 'parts'> | undefined;
  let texts: string[] = [];
  let bytes = 0;
  let cancel = () => {};
  return { add, drop };

  function add(part: SnapshotPart): { whole?: WholeSnapshot } | PartRefusal {
    if (part.part === 1) {
      const waitMs = room.waitMs(agentId, clock.monotonic());
      if (waitMs > 0)
        return { ...refuse('try-later', 'too soon after the last one'), retryAfterSeconds: Math.ceil(waitMs / 1000) };
      begin(part);
    }
    const isNext = begun?.digest === part.digest && begun.parts === part.parts && part.part === texts.length + 1;
    if (!isNext || part.part > part.parts) return refuse('frame-invalid', 'not the next part');
    const size = Buffer.byteLength(part.text);
    if (bytes + size > maxSnapshotBytes) return refuse('frame-invalid', 'more than a snapshot may have');
    if (!room.take(size)) return refuse('try-later', 'no room for parts');
    bytes += size;
    texts.push(part.text);
    if (part.part < part.parts) return {};
    const text = texts.join('');
    drop();
    room.noteWhole(agentId, clock.monotonic());
    return whole(part, text);
  }

  function begin(part: SnapshotPart): void {
    drop();
    begun = part;
    cancel = clock.after(partsWithinMs, () => {
      drop();
      onLate();
    });
  }

  function whole({ digest, observedAt }: SnapshotPart, text: string): { whole: WholeSnapshot } | PartRefusal {
    if (createHash('sha256').update(text).digest('hex') !== digest) return refuse('frame-invalid', 'not of its digest');
    const frame = readFrame({ type: 'snapshot', digest, observedAt, snapshot: parsed(text) });
    if (!frame.ok) return refuse('frame-invalid', frame.failure);
    // Of the whole, since halves of a character that was cut measure more than the character.
    return frame.value.type === 'snapshot'
      ? { whole: { frame: frame.value, bytes: Buffer.byteLength(text) } }
      : refuse('frame-invalid', 'no snapshot');
  }

  function refuse(refused: RefusalReason, detail: string): PartRefusal {
    drop();
    return { refused, detail: `snapshot-part: ${detail}` };
  }

  function drop(): void {
    cancel();
    room.giveBack(bytes);
    begun = undefined;
    texts = [];
    bytes = 0;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
