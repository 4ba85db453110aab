import type { RefusalReason } from '@certherd/protocol/frame';
import type { Clock, Log } from '../ports.ts';
import type { Endings } from './endings.ts';
import type { FrameReader } from './frames.ts';
import type { Liveness } from './liveness.ts';
import type { Asked } from './proving.ts';
import type { Changed, Records } from './records.ts';
import type { Sessions } from './sessions.ts';
import type { PartsRoom } from './snapshot-parts.ts';

/** What every connection shares. */
export interface Gate {
  collectorId: string;
  heartbeatSeconds: number;
  readFrame: FrameReader;
  records: Records;
  sessions: Sessions;
  endings: Endings;
  liveness: Liveness;
  partsRoom: PartsRoom;
  asked: Asked;
  refusals: Refusals;
  /** Tells the pages that something they may show is different now. */
  changed: Changed;
  clock: Clock;
  log: Log;
}

/** What is no message that could be read, and is closed with a code of WebSocket's own. */
export type BrokenMessage = 'websocket-broken' | 'not-utf-8' | 'too-many-fragments' | 'too-large';

/** Counts what ends connections by reason, for /metrics. */
export interface Refusals {
  count: (reason: RefusalReason | BrokenMessage) => void;
  totals: () => ReadonlyMap<RefusalReason | BrokenMessage, number>;
}

/** By the code of ws's error: a flood of one kind is to be told from one of another. undefined: the network's fault. */
export function brokenMessage(code: string): BrokenMessage | undefined {
  if (code === 'WS_ERR_INVALID_UTF8') return 'not-utf-8';
  if (code === 'WS_ERR_TOO_MANY_BUFFERED_PARTS') return 'too-many-fragments';
  if (/^WS_ERR_UNSUPPORTED_(?:MESSAGE|DATA_PAYLOAD)_LENGTH$/.test(code)) return 'too-large';
  return code.startsWith('WS_ERR_') ? 'websocket-broken' : undefined;
}

export function createRefusals(): Refusals {
  const totals = new Map<RefusalReason | BrokenMessage, number>();
  return {
    count(reason) {
      totals.set(reason, (totals.get(reason) ?? 0) + 1);
    },
    totals: () => totals,
  };
}
