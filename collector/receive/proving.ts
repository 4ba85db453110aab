import { hash } from 'node:crypto';
import { setImmediate as othersTurn } from 'node:timers/promises';
import type { CertificatesFrame } from '@certherd/protocol/frame';
import { certificatesSince, maxDerBytes, maxWantedCertificates } from '@certherd/protocol/version';
import { openCertificate } from '@certherd/x509/certificate';
import { keyDigestOf } from '@certherd/x509/key-digest';
import { messageOf } from '../failure.ts';
import type { Channel } from './channel.ts';
import type { Gate } from './gate.ts';
import { tryLater } from './greet.ts';
import type { Proved } from './records.ts';

/** Most bytes of DER that one host's current certificates may have here; what is beyond is known as told. */
export const maxHostDerBytes = 32 * 1024 * 1024;
/** An agent is asked for the next ones no faster than this: each row it has us keep costs disk. */
const bytesPerSecond = 1024 * 1024;

/** Has one agent tell the DER of what its snapshot names, and reads for itself what is true of it. */
export interface Proving {
  /** A snapshot of this digest is kept. What it names and nobody has told yet is asked for, once and a few at a time. */
  begin: (digest: string) => void;
  take: (frame: CertificatesFrame) => Promise<void>;
  end: () => void;
}

/** The digest of the snapshot that each agent has answered everything about: what it did not find is not asked for again. */
export type Asked = Map<string, string>;

type ProvingNeeds = Pick<Gate, 'clock' | 'log' | 'changed' | 'asked'> & {
  records: Pick<Gate['records'], 'notProved' | 'derBytes' | 'keepDer'>;
};

export function createProving(agentId: string, version: number, channel: Channel, gate: ProvingNeeds): Proving {
  const { records, clock, log, asked } = gate;
  let digest: string | undefined;
  let beyond = 0;
  /** Told once there is something to ask for. */
  let bytesLeft: number | undefined;
  let reading = 0;
  let asking = false;
  let freeAt = 0;
  /** Asked for, and not answered yet. */
  let open: Set<string> | undefined;
  let cancel: (() => void) | undefined;
  return { begin, take, end: () => cancel?.() };

  function begin(current: string): void {
    if (version < certificatesSince || asked.get(agentId) === current) return;
    digest = current;
    beyond = 0;
    bytesLeft = undefined;
    ask();
  }

  function isAnswered(): boolean {
    if (open?.size === 0) open = undefined;
    return open === undefined;
  }

  /** The answer that is still out leads here again. */
  function ask(): void {
    if (asking || !isAnswered() || reading > 0 || cancel || digest === undefined || !channel.isOpen()) return;
    const current = digest;
    asking = true;
    askOf(current).then(
      () => {
        asking = false;
        // Another snapshot was kept meanwhile: its certificates are looked for from the first on.
        if (digest !== current) ask();
      },
      (error: unknown) => {
        asking = false;
        log.error({ agentId, detail: messageOf(error) }, 'which certificates are still to be told cannot be read');
        channel.refuse('try-later', 'the database cannot be read', tryLater.retryAfterSeconds);
      },
    );
  }

  async function askOf(current: string): Promise<void> {
    const next = await records.notProved(agentId, beyond, maxWantedCertificates);
    const last = next.at(-1);
    const left = last && (bytesLeft ?? maxHostDerBytes - (await records.derBytes(agentId)));
    if (digest !== current) return;
    if (!last || left === undefined || left <= 0) {
      asked.set(agentId, current);
      digest = undefined;
      return;
    }
    bytesLeft = left;
    beyond = last.id;
    open = new Set(next.map(({ fingerprint }) => fingerprint));
    channel.send({ type: 'want-certificates', fingerprints: [...open] });
  }

  async function take({ certificates }: CertificatesFrame): Promise<void> {
    const ders: { fingerprint: string; der: Buffer }[] = [];
    for (const { fingerprint, der: base64 } of certificates) {
      if (!open?.delete(fingerprint)) return channel.refuse('frame-invalid', 'certificates: not asked for');
      if (base64 === undefined) continue;
      const der = Buffer.from(base64, 'base64');
      if (der.length > maxDerBytes || hash('sha256', der, 'hex') !== fingerprint)
        return channel.refuse('frame-invalid', 'certificates: not of its fingerprint');
      ders.push({ fingerprint, der });
    }
    reading += 1;
    try {
      await keep(await proved(ders));
    } finally {
      reading -= 1;
    }
    const bytes = ders.reduce((sum, { der }) => sum + der.length, 0);
    if (bytesLeft !== undefined) bytesLeft -= bytes;
    const now = clock.monotonic();
    freeAt = Math.max(freeAt, now) + (bytes / bytesPerSecond) * 1000;
    if (!isAnswered() || reading > 0 || !channel.isOpen()) return;
    cancel = clock.after(freeAt - now, () => {
      cancel = undefined;
      ask();
    });
  }

  /** What is no certificate here, though its agent says so, stays as told: the two may know other kinds. */
  async function proved(ders: readonly { fingerprint: string; der: Buffer }[]): Promise<Proved[]> {
    const all: Proved[] = [];
    for (const { fingerprint, der } of ders) {
      const read = openCertificate(der);
      const { certificate } = read.ok ? read.value : {};
      const keyDigest = read.ok ? keyDigestOf(read.value) : undefined;
      if (certificate?.fingerprint === fingerprint) all.push({ certificate, der, ...(keyDigest && { keyDigest }) });
      else log.warn({ agentId, fingerprint }, 'what an agent tells as a certificate is none that can be read here');
      await othersTurn();
    }
    return all;
  }

  async function keep(all: readonly Proved[]): Promise<void> {
    if (all.length === 0) return;
    const kept = await records.keepDer(agentId, all);
    if (!kept.ok) return channel.refuse('try-later', kept.failure.reason, tryLater.retryAfterSeconds);
    if (!kept.value) return channel.refuse('revoked', 'certificates');
    for (const { fingerprint, toldBy } of kept.value.contradicted)
      log.warn({ fingerprint, toldBy }, 'an agent had told other dates of a certificate than are in it');
    if (kept.value.topics.length > 0) gate.changed(kept.value.topics, [agentId]);
  }
}
