import { Fingerprint } from '@certherd/protocol/certificate';
import Type, { type Static } from 'typebox';
import { checkedJson } from '../formats/checked-json.ts';
import { instantInWindow, type SuggestedWindow } from '../formats/renewal-information.ts';
import type { Observations } from './observations.ts';

/** What a CA told about one certificate, and when it is asked again. Instants are milliseconds since 1970. */
export const AskedCertificate = Type.Object({
  /** RFC 9773 4.1 */
  certId: Type.String({ maxLength: 300 }),
  fingerprint: Fingerprint,
  lineage: Type.String({ maxLength: 1024 }),
  notBefore: Type.Number(),
  notAfter: Type.Number(),
  nextAskAt: Type.Number(),
  /** Answers in a row that told nothing. */
  failures: Type.Integer({ minimum: 0 }),
  window: Type.Optional(
    Type.Object({
      start: Type.Number(),
      end: Type.Number(),
      /** When it was told: an instant that was over by then means this one. */
      from: Type.Number(),
      explanation: Type.Optional(Type.String({ maxLength: 2048 })),
    }),
  ),
  /** The lineage had a newer certificate by then: whatever the CA says of this one, it is not renewed for that again. */
  renewedAt: Type.Optional(Type.Number()),
  /** That renewal was the agent's, on the CA's advice, in the first third of the life. */
  advised: Type.Optional(Type.Boolean()),
});
export type AskedCertificate = Static<typeof AskedCertificate>;

/** By certID. */
export type AskedCertificates = ReadonlyMap<string, AskedCertificate>;

/** A window that counts, and the instant before which it does not. */
export type SuggestedRenewal = SuggestedWindow & { from: number };

const mostKept = 20_000;
const Stored = Type.Object({
  version: Type.Literal(1),
  certificates: Type.Array(AskedCertificate, { maxItems: mostKept }),
});

/** The file that `storedText` wrote; undefined for one that is damaged. */
export function readStored(text: string): AskedCertificates | undefined {
  const stored = checkedJson(text, Stored);
  return stored && new Map(stored.certificates.map((one) => [one.certId, one]));
}

/** Of more than 20,000 those with the latest notAfter. */
export function storedText(asked: AskedCertificates): string {
  const certificates = [...asked.values()].sort((a, b) => b.notAfter - a.notAfter).slice(0, mostKept);
  return `${JSON.stringify({ version: 1, certificates })}\n`;
}

/**
 * After a look: a certificate whose lineage has a newer one is marked as renewed, whoever did it and even where the older is live
 * again. What is not live is forgotten, a mark once its certificate has ended. Gives `asked` back where nothing changed.
 */
export function afterLook(asked: AskedCertificates, seen: Observations, now: number): AskedCertificates {
  const lineages = new Map(seen.lineages.map((lineage) => [lineage.name, lineage]));
  const beginOf = (fingerprint: string) =>
    Date.parse(seen.certificates.find((one) => one.fingerprint === fingerprint)?.notBefore ?? '') || 0;
  const live = new Set(seen.lineages.map((lineage) => lineage.live));
  const complete = seen.certbot.directory === 'present' && seen.settling.length === 0;
  const marked = [...asked.values()].map((one) => {
    const newest = lineages.get(one.lineage)?.issued;
    if (one.renewedAt !== undefined || newest === undefined || newest === one.fingerprint) return one;
    if (seen.settling.includes(one.lineage) || beginOf(newest) < one.notBefore) return one;
    return { ...one, renewedAt: now };
  });
  const kept = marked.filter(
    (one) => one.notAfter > now && (one.renewedAt !== undefined || live.has(one.fingerprint) || !complete),
  );
  const isSame = kept.length === asked.size && kept.every((one) => asked.get(one.certId) === one);
  return isSame ? asked : new Map(kept.map((one) => [one.certId, one]));
}

/** What is known of a certificate after the CA was asked: a window, 'none' where it has none to tell, or a failure. */
export function afterAnswer(
  one: AskedCertificate,
  answer: SuggestedWindow | 'none' | 'failed',
  nextAskAt: number,
  now: number,
): AskedCertificate {
  // an outage takes nothing back
  if (answer === 'failed') return { ...one, failures: one.failures + 1, nextAskAt };
  const { window: before, ...rest } = one;
  const asked = { ...rest, failures: 0, nextAskAt };
  return answer === 'none'
    ? asked
    : { ...asked, window: { ...answer, from: toldAt(answer, before, one.fingerprint, now) } };
}

/** The agent renewed this certificate; `advised`: because the CA asked for it. */
export function afterRenewal(
  asked: AskedCertificates,
  fingerprint: string,
  advised: boolean,
  now: number,
): AskedCertificates {
  const marked = (one: AskedCertificate) => {
    if (one.fingerprint !== fingerprint) return one;
    const early = advised && now - one.notBefore < (one.notAfter - one.notBefore) / 3;
    return { ...one, renewedAt: now, ...(early && { advised: true }) };
  };
  return new Map([...asked].map(([certId, one]) => [certId, marked(one)]));
}

/**
 * The windows that count, by fingerprint: none for what was renewed already. After a renewal that the CA asked for early, the next
 * such advice for the lineage counts from a sixth of the life on, so that a CA which always says "now" does not get a loop.
 */
export function suggestedRenewals(asked: AskedCertificates): ReadonlyMap<string, SuggestedRenewal> {
  const advisedAt = new Map<string, number>();
  for (const { lineage, renewedAt, advised } of asked.values())
    if (advised && renewedAt !== undefined) advisedAt.set(lineage, Math.max(renewedAt, advisedAt.get(lineage) ?? 0));
  return new Map(
    [...asked.values()].flatMap(({ window, renewedAt, fingerprint, lineage, notBefore, notAfter }) => {
      if (!window || renewedAt !== undefined) return [];
      const last = advisedAt.get(lineage);
      const from = last === undefined ? window.from : Math.max(window.from, last + (notAfter - notBefore) / 6);
      return [[fingerprint, { ...window, from }]];
    }),
  );
}

/** A window that is due and stays due, however its ends move, was told when the first such was. */
function toldAt(window: SuggestedWindow, before: AskedCertificate['window'], fingerprint: string, now: number): number {
  if (!before) return now;
  if (before.start === window.start && before.end === window.end) return Math.min(before.from, now);
  const wasDue = Math.max(before.from, instantInWindow(before, fingerprint)) <= now;
  return wasDue && instantInWindow(window, fingerprint) <= now ? before.from : now;
}
