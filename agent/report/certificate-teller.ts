import type { WantCertificates } from '@certherd/protocol/frame';
import { maxFrameBytes } from '@certherd/protocol/version';
import type { Clock, Log } from '../ports.ts';

/** Finds the DER of some certificates of the current snapshot, by fingerprint; what is not found is left out. */
export type FindDer = (fingerprints: readonly string[]) => Promise<ReadonlyMap<string, Uint8Array>>;

/** Answers one session's collector, one question at a time. */
export interface CertificateTeller {
  take: (frame: WantCertificates) => void;
  stop: () => void;
}

/** A collector that asks again and again gets no more of this host than this. */
const betweenMs = 250;
/** Of base64 in one frame: half of what it may hold, unless a single certificate is larger. */
const frameBytes = maxFrameBytes / 2;

export function createCertificateTeller(
  { clock, log }: { clock: Pick<Clock, 'after'>; log: Pick<Log, 'error'> },
  find: FindDer,
  send: (frame: object) => void,
): CertificateTeller {
  let busy = false;
  let stopped = false;
  let cancel = () => {};

  const answer = async (fingerprints: readonly string[]) => {
    const found = await find(fingerprints).catch((error: unknown) => {
      log.error({ error: String(error) }, 'certificates could not be looked for, which is a fault of certherd-agent');
      return new Map<string, Uint8Array>();
    });
    for (const certificates of inFrames(fingerprints, found))
      if (!stopped) send({ type: 'certificates', certificates });
  };

  return {
    take({ fingerprints }) {
      // The next question comes after the answer; one that does not wait for it gets none.
      if (busy || stopped) return;
      busy = true;
      cancel = clock.after(betweenMs, () => {
        void answer(fingerprints).finally(() => (busy = false));
      });
    },
    stop() {
      stopped = true;
      cancel();
    },
  };
}

interface Told {
  fingerprint: string;
  /** base64 */
  der?: string;
}

function* inFrames(fingerprints: readonly string[], found: ReadonlyMap<string, Uint8Array>): Generator<Told[]> {
  let frame: Told[] = [];
  let bytes = 0;
  for (const fingerprint of new Set(fingerprints)) {
    const bytesOf = found.get(fingerprint);
    const der = bytesOf && Buffer.from(bytesOf).toString('base64');
    bytes += der?.length ?? 0;
    if (frame.length > 0 && bytes > frameBytes) {
      yield frame;
      frame = [];
      bytes = der?.length ?? 0;
    }
    frame.push({ fingerprint, ...(der !== undefined && { der }) });
  }
  if (frame.length > 0) yield frame;
}
