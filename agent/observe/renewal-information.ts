import type { Lineage } from '@certherd/protocol/snapshot';
import type { Config } from '../config.ts';
import { certIdOf } from '../formats/cert-id.ts';
import { isHttps, longestWaitMs } from '../formats/renewal-information.ts';
import type { HttpsSession, Ports } from '../ports.ts';
import { observeCertificateFile } from './certificate-file.ts';
import { certificatesByFingerprint, type Observations } from './observations.ts';
import { askCa, type KnownDirectories, type Told } from './renewal-information-question.ts';
import {
  afterAnswer,
  afterLook,
  afterRenewal,
  type AskedCertificate,
  type AskedCertificates,
  readStored,
  storedText,
  suggestedRenewals,
  type SuggestedRenewal,
} from './suggested-renewals.ts';
import { readRootTexts } from './trusted-roots.ts';

export interface RenewalInformation {
  /** The windows that count, by fingerprint. */
  known(): ReadonlyMap<string, SuggestedRenewal>;
  /** After each look: what is live, and what was renewed. The CA is asked beside the looks. */
  saw(observations: Observations): void;
  /** The agent renewed this lineage, as it was seen before. */
  renewed(before: Lineage | undefined): void;
  stop(): void;
}

type Needed = Pick<Ports, 'clock' | 'files' | 'state' | 'log' | 'random' | 'openHttps' | 'bundledRoots'>;

const fileName = 'renewal-information.json';
/** Hosts that start together do not ask in the same second. */
const firstWithinMs = 10_000;
/** Certificates become due at moments of their own, and are asked for together. */
const apartMs = 60_000;
/** A long round is kept in parts. */
const keptEvery = 100;

/** A live certificate whose CA can be asked. */
type Wanted = Pick<AskedCertificate, 'fingerprint' | 'lineage' | 'notBefore' | 'notAfter'> & {
  directory: string;
  certificatePath: string;
};

/** What a look that asks nobody may use: what the daemon with this state was told last. */
export function recallSuggestions(
  { certbot }: Pick<Config, 'certbot'>,
  state: Pick<Ports['state'], 'read'>,
): ReadonlyMap<string, SuggestedRenewal> {
  return suggestedRenewals((certbot.renewalInformation && recall(state)) || new Map());
}

/**
 * Asks each live certificate's own CA when it wants it renewed (RFC 9773), as often as the CA allows and at least twice a day,
 * one question at a time, and calls `changed` when a window is another than before. What fails is asked again later and is never
 * an error of the host: without an answer the lifetime rule holds.
 */
export function startRenewalInformation(config: Config, ports: Needed, changed: () => void): RenewalInformation {
  if (!config.certbot.renewalInformation) return neverAsked;
  const { clock, log } = ports;
  const read = recall(ports.state);
  if (!read) log.warn({ file: fileName }, 'what the CAs told before is damaged and was set aside');
  let asked: AskedCertificates = read ?? new Map();
  let suggested = suggestedRenewals(asked);
  let wanted: readonly Wanted[] = [];
  /** When to ask for the first time, by fingerprint; never for what has no certID. */
  let first = new Map<string, number>();
  const directories: KnownDirectories = new Map();
  let session: HttpsSession | undefined;
  let mayAskAt = 0;
  let cancel = () => {};
  let stopped = false;

  const keep = (next: AskedCertificates) => {
    if (next === asked) return;
    asked = next;
    suggested = suggestedRenewals(asked);
    const kept = ports.state.write(fileName, storedText(asked));
    if (!kept.ok) log.warn({ detail: kept.failure.detail }, 'the state directory cannot be written');
  };

  const dueTimes = () => {
    const now = clock.now();
    const known = new Map([...asked.values()].map((one) => [one.fingerprint, one]));
    return wanted.map((one) => {
      const entry = known.get(one.fingerprint);
      const at = entry ? entry.nextAskAt : (first.get(one.fingerprint) ?? now);
      // a clock that was ahead when this was written must not keep the CA from being asked
      const ahead = at !== Infinity && at - now > longestWaitMs;
      return { one, entry, at: entry?.renewedAt !== undefined ? Infinity : ahead ? now : at };
    });
  };

  const schedule = () => {
    cancel();
    if (stopped || session) return;
    const next = dueTimes().reduce((least, { at }) => Math.min(least, at), Infinity);
    if (next === Infinity) return;
    const waitMs = Math.max(next - clock.now(), mayAskAt - clock.monotonic());
    cancel = clock.after(waitMs, () => void round());
  };

  const round = async () => {
    const own = ports.openHttps(
      readRootTexts(
        ports.files,
        ports.bundledRoots,
        config.certbot.caBundle === undefined ? [] : [config.certbot.caBundle],
      ),
    );
    session = own;
    const answers: { entry: AskedCertificate; told: Told }[] = [];
    const flush = () => {
      const next = new Map(asked);
      for (const { entry, told } of answers.splice(0)) {
        const current = next.get(entry.certId);
        const nextAskAt = clock.now() + told.waitMs;
        // what a look marked meanwhile stays marked
        next.set(
          entry.certId,
          afterAnswer({ ...entry, ...current, fingerprint: entry.fingerprint }, told.answer, nextAskAt, clock.now()),
        );
      }
      const before = JSON.stringify([...suggested]);
      keep(next);
      if (!stopped && before !== JSON.stringify([...suggested])) changed();
    };
    try {
      for (const { one, entry: known, at } of dueTimes()) {
        if (at > clock.now()) continue;
        const entry = known ?? newEntry(ports, one);
        if (!entry) {
          first.set(one.fingerprint, Infinity);
          continue;
        }
        const told = await askCa(own, directories, { ...entry, directory: one.directory }, clock.now(), ports.random());
        if (stopped) break;
        log.debug(
          { lineage: one.lineage, certId: entry.certId, ...told },
          'the CA was asked for its renewal information',
        );
        answers.push({ entry, told });
        if (answers.length >= keptEvery) flush();
      }
      if (answers.length > 0) flush();
    } catch (error) {
      const stack = error instanceof Error ? error.stack : String(error);
      log.error({ stack }, 'asking a CA failed, which is a fault of certherd-agent: please report it');
    } finally {
      own.close();
      session = undefined;
      mayAskAt = clock.monotonic() + apartMs;
      schedule();
    }
  };

  return {
    known: () => suggested,
    saw: (observations) => {
      const now = clock.now();
      wanted = wantedIn(observations, wanted, now);
      first = new Map(
        wanted.map(({ fingerprint }) => [
          fingerprint,
          first.get(fingerprint) ?? now + 1000 + ports.random() * (firstWithinMs - 1000),
        ]),
      );
      keep(afterLook(asked, observations, now));
      schedule();
    },
    renewed: (before) => {
      const now = clock.now();
      const { live, renewal } = before ?? {};
      const advised = renewal?.basis === 'renewal-information' && Date.parse(renewal.at) <= now;
      if (live !== undefined) keep(afterRenewal(asked, live, advised, now));
    },
    stop: () => {
      stopped = true;
      cancel();
      session?.close();
    },
  };
}

const neverAsked: RenewalInformation = { known: () => new Map(), saw: () => {}, renewed: () => {}, stop: () => {} };

/** Undefined for a damaged file. */
function recall(state: Pick<Ports['state'], 'read'>): AskedCertificates | undefined {
  const stored = state.read(fileName);
  return !stored.ok || stored.value === undefined ? new Map() : readStored(stored.value);
}

/** Each certificate once, with the first lineage that has it live. What is known of it from the look before is not read anew. */
function wantedIn(observations: Observations, before: readonly Wanted[], now: number): Wanted[] {
  const known = new Map(before.map((one) => [one.fingerprint, one]));
  const certificates = certificatesByFingerprint(observations);
  const askable = new Map<string, boolean>();
  const wanted = new Map<string, Wanted>();
  for (const { name, live: fingerprint, acmeDirectory: directory, certificatePath } of observations.lineages) {
    const certificate = certificates.get(fingerprint ?? '');
    if (!certificate || !fingerprint || !directory || wanted.has(fingerprint)) continue;
    if (!askable.has(directory)) askable.set(directory, isHttps(directory));
    if (!askable.get(directory) || observations.settling.includes(name)) continue;
    const { notBefore, notAfter } = known.get(fingerprint) ?? {
      notBefore: Date.parse(certificate.notBefore),
      notAfter: Date.parse(certificate.notAfter),
    };
    if (notAfter > now)
      wanted.set(fingerprint, { fingerprint, lineage: name, notBefore, notAfter, directory, certificatePath });
  }
  return [...wanted.values()];
}

/** Undefined where the file is another one by now, or the certificate has no certID. */
function newEntry(
  { files, clock }: Needed,
  { fingerprint, lineage, notBefore, notAfter, certificatePath }: Wanted,
): AskedCertificate | undefined {
  const { certificates, leafDer } = observeCertificateFile(files, certificatePath);
  const certId = leafDer && certificates[0]?.fingerprint === fingerprint ? certIdOf(leafDer) : undefined;
  return certId === undefined
    ? undefined
    : { certId, fingerprint, lineage, notBefore, notAfter, nextAskAt: clock.now(), failures: 0 };
}
