import { X509Certificate } from 'node:crypto';
import type { Estate } from '../../collector/serve/estate.ts';
import { caseStudy } from './plan.ts';

export type Numbers = Record<keyof typeof caseStudy, number>;

/** Counts an estate as the case study did, from what the API says and the certificates themselves; it shares no code with the pages. */
export function numbersOf(estate: Pick<Estate, 'certificates'>, pems: readonly string[], now: number): Numbers {
  const leaves = pems.map((pem) => new X509Certificate(pem));
  const left = leaves.map(({ validTo }) => Date.parse(validTo) - now);
  const names = leaves.flatMap(({ subjectAltName = '' }) =>
    subjectAltName.split(', ').map((name) => name.replace(/^DNS:/, '')),
  );
  return {
    certificates: estate.certificates.filter(({ isAuthority }) => !isAuthority).length,
    // All names of the estate are below "example", so that two labels are what somebody registered.
    domains: new Set(names.map((name) => name.split('.').slice(-2).join('.'))).size,
    authorities: new Set(leaves.map(({ issuer }) => /^O=(.*)$/m.exec(issuer)?.[1])).size,
    ended: left.filter((ms) => ms <= 0).length,
    endingIn30Days: left.filter((ms) => ms > 0 && ms < 30 * 86_400_000).length,
  };
}

/** What is not as the case study says, in words; empty: all is. */
export function differences(numbers: Numbers): string[] {
  return Object.entries(caseStudy).flatMap(([name, expected]) => {
    const found = Object.entries(numbers).find(([key]) => key === name)?.[1];
    return found === expected ? [] : [`${name}: ${found}, where the case study has ${expected}`];
  });
}
