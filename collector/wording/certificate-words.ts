import type { Automation, CertificateState } from '../present/certificate-rows.ts';
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

const stayWords: Readonly<Partial<Record<string, string>>> = {
  'endpoint-issued': 'newest issued',
  'endpoint-configured': 'configured',
  'endpoint-served': 'served',
};

/** What a certificate was of an endpoint for a while, in words. */
export function stayName(state: string): string {
  return stayWords[state] ?? state;
}
