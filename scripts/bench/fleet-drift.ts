import { createHash } from 'node:crypto';
import { fleetFindings } from '../../collector/evaluate/fleet/fleet-findings.ts';
import { createFleetIndex, type KnownCertificate } from '../../collector/evaluate/fleet/fleet-index.ts';
import type { HostHoldings } from '../../collector/evaluate/fleet/holdings.ts';
import { type Bench, median } from './goal.ts';

const hosts = 10_000;
const perHost = 20;
const renewals = 51;
const policy = { knownIssuers: undefined };
const now = Date.parse('2026-11-27T12:00:00.000Z');

/**
 * What the fleet as a whole must be judged anew by when one host renews one certificate, among 200,000: each name is on two hosts, and one wildcard on every
 * hundredth. The baseline judges the whole fleet.
 */
export const fleetDrift: Bench = async (progress) => {
  const index = createFleetIndex();
  const certificates = new Map<string, KnownCertificate>();
  const wildcard = issue(certificates, 'wildcard', ['*.example.test'], 1);
  const heldBy = (host: number, month: number): HostHoldings => {
    const fingerprints = Array.from({ length: perHost }, (_, at) => {
      const site = Math.floor(host / 2) * perHost + at;
      const isRenewed = month > 1 && at === 0;
      const name = `shop-${site}.example.test`;
      // two hosts hold one certificate in seven, and each its own of the others
      const owner = at % 7 === 0 ? '' : String(host);
      return issue(
        certificates,
        `${site} ${owner} ${isRenewed ? month : 1}`,
        [name, `www.${name}`],
        isRenewed ? month : 1,
      );
    });
    if (host % 100 === 0) fingerprints.push(wildcard);
    const holding = { files: ['/etc/ssl/one.pem'], endpoints: ['one'], renewedHere: false, inUse: true };
    return {
      agentId: `agent-${host}`,
      hostName: `web-${host}`,
      held: new Map(fingerprints.map((one) => [one, holding])),
    };
  };
  for (let host = 0; host < hosts; host++) {
    index.replace(`agent-${host}`, heldBy(host, 1), certificates);
    if (host % 2000 === 1999) progress(`fleet-drift: ${host + 1} of ${hosts} hosts are known`);
  }
  const took: number[] = [];
  let found = 0;
  for (let renewal = 0; renewal < renewals; renewal++) {
    const host = (renewal * 194) % hosts;
    const next = heldBy(host, 2);
    const began = performance.now();
    for (const agentId of index.replace(`agent-${host}`, next, certificates))
      found += fleetFindings(index, agentId, policy, now).filter(({ code }) => code === 'stale-copy').length;
    took.push(performance.now() - began);
  }
  if (found < renewals) throw new Error(`only ${found} of ${renewals} renewals left a stale copy`);
  const began = performance.now();
  for (let host = 0; host < hosts; host++) fleetFindings(index, `agent-${host}`, policy, now);
  const whole = performance.now() - began;
  return [
    {
      what: `one renewal among ${certificates.size} certificates, median of ${renewals}`,
      unit: 'ms',
      ours: median(took),
      baseline: { what: 'judging the whole fleet', value: whole },
      goal: { of: 'ours', below: 10 },
      note: `longest ${Math.max(...took).toFixed(2)} ms, ${found} stale copies found`,
    },
  ];
};

function issue(known: Map<string, KnownCertificate>, mark: string, names: string[], month: number): string {
  const fingerprint = createHash('sha256').update(mark).digest('hex');
  if (!known.has(fingerprint))
    known.set(fingerprint, {
      firstSeenAt: now,
      certificate: {
        fingerprint,
        subject: `CN=${names[0]}`,
        issuer: "C=US, O=Let's Encrypt, CN=R11",
        subjectAltNames: names,
        serialNumber: fingerprint.slice(0, 16),
        notBefore: `2026-${String(8 + month).padStart(2, '0')}-01T00:00:00.000Z`,
        notAfter: '2026-12-30T00:00:00.000Z',
        algorithm: 'ecdsa',
        key: 'EC prime256v1',
        isAuthority: false,
      },
    });
  return fingerprint;
}
