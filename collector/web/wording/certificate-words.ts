import type { Automation, CertificateState } from '../facts/certificate-rows.ts';
import { endpointTone, type Tone } from './words.ts';

export const stateTone: Readonly<Record<CertificateState, Tone>> = {
  ...endpointTone,
  awaited: 'warning',
  unserved: 'notice',
};

const stateWords: Readonly<Partial<Record<string, string>>> = {
  awaited: 'not served yet',
  unserved: 'served nowhere',
};

/** A state in words; an endpoint's status is its own word. */
export function stateName(state: string): string {
  return stateWords[state] ?? state;
}

const automationWords: Readonly<Record<Automation, string>> = {
  certherd: 'Certherd renews',
  certbot: 'certbot’s timer',
  'by hand': 'by hand',
};

export function automationName(automation: string): string {
  return Object.entries(automationWords).find(([name]) => name === automation)?.[1] ?? automation;
}
