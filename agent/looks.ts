import type { SignatureAlgorithm } from '@certherd/protocol/certificate';
import type { Handshake } from '@certherd/handshake/dial';
import { askPlaces, type Asked } from '@certherd/handshake/outside/ask-places';
import { createPace } from '@certherd/handshake/outside/pace';
import type { Resolve } from '@certherd/handshake/outside/resolve';
import { failed, type Result, success } from '@certherd/protocol/failure';
import type { LookedAnswer, LookedFrame, LookFrame, OutsideFailure } from '@certherd/protocol/look';
import {
  maxDerBytes,
  maxLookedBytes,
  maxLookedCertificates,
  maxLookedChain,
  maxStapleBytes,
  staplesSince,
} from '@certherd/protocol/version';
import { readCertificate } from '@certherd/x509/certificate';
import type { Config } from './config.ts';
import { whyNotLook } from './decide/probe-policy.ts';
import type { Clock, Dialer } from './ports.ts';

/** Answers what a collector asks this host to look at, as one of this version of the protocol takes it. Never rejects. */
export type AnswerLook = (frame: LookFrame, version: number) => Promise<LookedFrame>;

/** A collector that asks more at a time is told that the host is busy. */
const mostAtOnce = 8;
const pace = { perSecond: 5, perSecondOfAddress: 2, atOnce: 4, atOnceOfAddress: 2 };

interface Shown extends Handshake {
  algorithm: SignatureAlgorithm;
}

/**
 * Looks at what names and addresses present, as seen from this host, where its settings allow it: of names by `[probe] allow`, and of the addresses behind
 * them by `[probe] reach`. Link-local addresses and metadata services are asked never.
 */
export function answerLooks(needs: {
  config: Pick<Config, 'probe' | 'probeTimeoutMs'>;
  clock: Clock;
  dial: Dialer;
  resolver: (servers: readonly string[]) => Resolve;
}): AnswerLook {
  const { config, clock, dial, resolver } = needs;
  let resolve: Resolve | undefined;
  const inTurn = createPace(pace, clock);
  const allow = new Set(config.probe.reach);
  let running = 0;
  return async (frame, version) => {
    const { id, host, port, startTls } = frame;
    const target = { host, port, ...(startTls && { startTls }) };
    const refusal = whyNotLook(target, config.probe.allow);
    if (refusal !== undefined) return without(id, { reason: 'vantage-refused', detail: refusal.slice(0, 1000) });
    if (running >= mostAtOnce)
      return without(id, { reason: 'vantage-busy', detail: `it looks at ${mostAtOnce} targets already` });
    running++;
    try {
      resolve ??= resolver(config.probe.nameServers);
      const asking = { resolve, inTurn, dial, read, allow, versions: false, timeoutMs: config.probeTimeoutMs };
      return answered(id, await askPlaces(target, asking), version >= staplesSince);
    } finally {
      running--;
    }
  };
}

/** The kind of its key is all that is read here: the collector judges. */
function read(shown: Handshake): Result<Shown, OutsideFailure> {
  const [leaf] = shown.chain;
  const facts = leaf ? readCertificate(leaf) : failed('no-certificate', 'no certificate was shown');
  return facts.ok ? success({ ...shown, algorithm: facts.value.algorithm }) : facts;
}

/**
 * Certificates that several addresses show go over the wire once; an address whose own would be too much is a failure. Of `staples` those are told that fit behind all
 * certificates.
 */
function answered(id: string, { places, ...asked }: Asked<Shown>, staples: boolean): LookedFrame {
  const table = new Map<string, number>();
  let bytes = 0;
  const placed = places.map(({ address, answers, notAnswered, failure }) => {
    const fresh = new Set(answers.flatMap(({ chain }) => chain.map(base64)).filter((text) => !table.has(text)));
    const size = [...fresh].reduce((sum, text) => sum + text.length, 0);
    const isTooLarge =
      bytes + size > maxLookedBytes ||
      table.size + fresh.size > maxLookedCertificates ||
      answers.some(({ chain }) => chain.length > maxLookedChain || chain.some((der) => der.length > maxDerBytes));
    if (isTooLarge) {
      const detail = 'it presents more certificates than an agent may tell of';
      return { address, answers: [], failure: { reason: 'too-large' as const, detail } };
    }
    bytes += size;
    for (const text of fresh) table.set(text, table.size);
    return {
      address,
      answers: answers.map(
        ({ algorithm, chain, tlsVersion, alpn }): LookedAnswer => ({
          algorithm,
          chain: chain.map((der) => table.get(base64(der)) ?? 0),
          tlsVersion,
          ...(alpn !== undefined && { alpn }),
        }),
      ),
      ...(notAnswered && { notAnswered }),
      ...(failure && { failure }),
    };
  });
  if (staples)
    for (const [at, { answers }] of placed.entries())
      for (const [which, answer] of answers.entries()) {
        const staple = places[at]?.answers[which]?.staple;
        const text = staple && staple.length <= maxStapleBytes ? base64(staple) : undefined;
        if (text === undefined || bytes + text.length > maxLookedBytes) continue;
        bytes += text.length;
        answer.staple = text;
      }
  return { type: 'looked', id, certificates: [...table.keys()], places: placed, ...asked };
}

function base64(der: Uint8Array): string {
  return Buffer.from(der).toString('base64');
}

function without(id: string, failure: OutsideFailure): LookedFrame {
  return { type: 'looked', id, certificates: [], places: [], leftOut: 0, failure };
}
