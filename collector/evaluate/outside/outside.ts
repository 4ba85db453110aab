import type { Finding } from '@certherd/protocol/finding';
import type { StartTls } from '@certherd/protocol/snapshot';
import type { Life } from '../../store/concern.ts';
import type { TargetPlace, TargetRow } from '../../store/targets.ts';
import type { OutsideFindingCode } from '../explanations.ts';

/** What a host has proved of a name: issued, configured and served are one certificate there. */
export interface HostProof {
  agentId: string;
  hostName: string;
  /** The endpoint's id. */
  id: string;
  /** As the server has it: a name, or a wildcard. */
  serverName: string;
  algorithm: string;
  served: string;
  issuer: string;
  notBefore: string;
  notAfter: string;
  /** When a look of the host first saw it served, by the collector's clock. */
  servedSince: string | undefined;
}

/** A finding about what is seen from outside, at the host that it concerns; '' and the target where no host is known to serve it. */
export interface OutsideFinding {
  agentId: string;
  hostName: string;
  /** What was asked for, or what the certificate names; at most 20. */
  names: readonly string[];
  finding: Omit<Finding, 'code'> & { code: OutsideFindingCode };
  /** The address was silent last, or the address has not been asked for three intervals: this was so before. */
  stale: boolean;
  /** The life of what is presented there. */
  life?: Life;
  /** Of the target, where it is of no host. */
  labels?: Readonly<Record<string, string>>;
}

/** One target with what is needed to judge it. */
export interface Outside extends Pick<TargetRow, 'held' | 'labels' | 'seen' | 'setAt' | 'askedAt' | 'everyMs'> {
  host: string;
  port: number;
  /** What is said in plain text before TLS. */
  startTls?: StartTls;
  /** The host whose agent looked; undefined: the collector did. */
  seenFrom?: string;
}

/** Urgent at a third of its life, as a renewal would be. */
export function severityOf(notBefore: string, notAfter: string, now: number): 'critical' | 'warning' {
  const end = Date.parse(notAfter);
  return (end - now) / (end - Date.parse(notBefore)) <= 1 / 3 ? 'critical' : 'warning';
}

export function clipped(text: string): string {
  return text.slice(0, 4000);
}

/** Texts, and instants as texts, in their order. */
export function order(one = '', other = ''): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

/** "192.0.2.1:443", "[2001:db8::1]:443". */
export function placeText(address: string, port: number): string {
  return `${address.includes(':') ? `[${address}]` : address}:${port}`;
}

/** The command that shows what a target presents now. */
export function scanCommand({ host, port, startTls }: Pick<Outside, 'host' | 'port' | 'startTls'>): string {
  const place = port === 443 && !host.includes(':') ? host : placeText(host, port);
  return `certherd-collector scan ${startTls ? `${startTls}://${placeText(host, port)}` : place}`;
}

/** What an address is called in a finding: where two vantages see the same one, each names its own. */
export function seenText(place: string, { seenFrom }: Pick<Outside, 'seenFrom'>): string {
  return seenFrom === undefined ? place : `${place} as seen from ${seenFrom}`;
}

/** Part of a subject: what two vantages see is told apart. */
export function fromText({ seenFrom }: Pick<Outside, 'seenFrom'>): string {
  return seenFrom === undefined ? '' : ` from ${seenFrom.slice(0, 253)}`;
}

/** Evidence of where it was seen from. */
export function vantageEvidence({ seenFrom }: Pick<Outside, 'seenFrom'>): Record<string, string> {
  return seenFrom === undefined ? {} : { seenFrom: clipped(seenFrom) };
}

export function lifeOf({ notBefore, notAfter }: TargetPlace): { life?: Life } {
  return notBefore === undefined || notAfter === undefined ? {} : { life: { notBefore, notAfter } };
}

/** It was not asked for so long that what is told of it is from before. */
export function isNotAsked({ askedAt, setAt, everyMs }: Pick<Outside, 'askedAt' | 'setAt' | 'everyMs'>, now: number) {
  return now - (askedAt ?? setAt) >= notSeenAfter * everyMs;
}

/** Intervals. */
export const notSeenAfter = 3;
