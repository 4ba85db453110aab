import { labelBook } from '../../../collector/evaluate/labels.ts';
import { assembleHost, type HostPresence } from '../../../collector/serve/assemble-host.ts';
import { closePart, OpenedParts } from '../../../collector/serve/closed-part.ts';
import type { EstateParts } from '../../../collector/serve/estate-parts.ts';
import { createPartsDraft } from '../../../collector/serve/parts-draft.ts';
import { certificatePacker } from '../../../collector/serve/packed-certificate.ts';
import { keepFleet } from '../../../collector/serve/fleet-view.ts';
import type { Facts } from '../../../collector/store/facts.ts';

/** The parts of an estate in which each host has all the certificates that its snapshot names. */
export function partsOf(facts: Facts, presenceOf: (agentId: string) => HostPresence, now: number): EstateParts {
  const known = new Map(facts.certificates.map((one) => [one.certificate.fingerprint, one]));
  const certificates = new Map(facts.certificates.map((one) => [one.certificate.fingerprint, one.certificate]));
  const fleet = keepFleet({ knownIssuers: undefined });
  for (const host of facts.hosts) fleet.put(host, known);
  const opened = new OpenedParts();
  const pack = certificatePacker();
  const packed = new Map(facts.certificates.map((one) => [one.certificate.fingerprint, pack(one)]));
  const parts = createPartsDraft();
  for (const host of facts.hosts) {
    const { name, agentId, snapshot } = host;
    const made = assembleHost(host, presenceOf(agentId), { certificates, book: labelBook(facts.labels), fleet }, now);
    const named = new Set([
      ...(snapshot?.files ?? []).flatMap(({ fingerprints }) => fingerprints),
      ...(snapshot?.endpoints ?? []).flatMap(({ served }) => served ?? []),
    ]);
    const held = [...named].flatMap((fingerprint) => packed.get(fingerprint) ?? []);
    const part = closePart(host, made, undefined, held, opened);
    parts.putHost({ name, agentId, part, certificates: held });
  }
  return parts.taken();
}
