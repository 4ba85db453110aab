import type { Failure } from '@certherd/protocol/failure';
import type { Server } from '@certherd/protocol/snapshot';
import type { HaproxyConfig, Place, StoredCertificate } from '../../formats/haproxy-config.ts';
import type { CrtList } from '../../formats/haproxy-crt-list.ts';
import type { Files } from '../../ports.ts';
import type { ReadingBudget } from '../reading-budget.ts';

type ServerFailure = NonNullable<Server['failure']>;

/** What the wire takes of one server program. */
export const mostConfigFiles = 20_000;

/** Bound on the certificates that one config may bring in, each counted for each bind that loads it. */
export const mostCertificates = 100_000;

/** Bound on the addresses and ports of all binds together. */
export const mostListeners = 200_000;

/** What is known while the binds of a config are followed to their certificates. */
export interface Reading {
  files: Files;
  isSpent: ReadingBudget;
  config: HaproxyConfig;
  configFiles: string[];
  lists: Map<string, CrtList>;
  /** Certificates of every `crt-store`, by the names that a bind may give. */
  stored: ReadonlyMap<string, StoredCertificate>;
  /** The key that belongs to a certificate file, and the files in a directory: many binds may name the same ones. */
  keyBeside: Map<string, string>;
  inside: Map<string, string[] | undefined>;
  /** How many certificates were brought in so far. */
  loaded: number;
  /** How many listeners were told so far. */
  listeners: number;
  /** Each with the place in the config at which HAProxy comes to it. */
  failures: { reached: Place; failure: ServerFailure }[];
}

/** Keeps an objection with its own place, and with where in the config HAProxy comes to it if that is another. */
export function note(
  reading: Reading,
  detail: string,
  { file, line }: Place,
  { reason = 'syntax', reached = { file, line } }: { reason?: Failure['reason']; reached?: Place } = {},
): void {
  const told = `parsing [${file}:${line}] : ${detail}`.slice(0, 2000);
  reading.failures.push({ reached, failure: { reason, detail: told, file, line } });
}

/** What HAProxy would tell first, reading `files` in their order. */
export function firstFailure({ failures }: Reading, files: string[]): ServerFailure | undefined {
  const order = new Map(files.map((file, index) => [file, index]));
  const earlier = (a: Place, b: Place) => (order.get(a.file) ?? -1) - (order.get(b.file) ?? -1) || a.line - b.line;
  return failures.toSorted((a, b) => earlier(a.reached, b.reached))[0]?.failure;
}
