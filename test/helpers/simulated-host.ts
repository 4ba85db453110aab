import type { Finding } from '@certherd/protocol/finding';
import type { Outcome, Verb } from '../../agent/decide/action.ts';
import { decide } from '../../agent/decide/decide.ts';
import { capOf, type Ledger, settledLedger, withEnd, withTry } from '../../agent/decide/caps.ts';
import { type Attempt, attemptsToKeep, withAttempt } from '../../agent/decide/retry.ts';
import { type SuggestedWindow, waitAfterFailures, waitBeforeAsking } from '../../agent/formats/renewal-information.ts';
import {
  afterAnswer,
  afterLook,
  afterRenewal,
  type AskedCertificate,
  type AskedCertificates,
  suggestedRenewals,
} from '../../agent/observe/suggested-renewals.ts';
import { certificate, config, day, deployment, endpoint, lineage, noon, observed } from './observed.ts';

const hour = 3_600_000;

/** A certificate of the simulated lineage; instants are milliseconds since 1970. */
export interface Simulated {
  /** 1 for the first, and one more for each that was issued. */
  number: number;
  issuedAt: number;
  endsAt: number;
}

export interface Simulation {
  lifeMs: number;
  days: number;
  /** What comes of an action; 'renewed and restored': the old certificate is linked back at once. */
  act: (verb: Verb, now: number) => Outcome['reason'] | 'renewed' | 'renewed and restored';
  /** The CA's renewal information for the live certificate; absent: the CA has none. */
  ca?: (live: Simulated, now: number) => SuggestedWindow | 'none' | 'failed';
  /** How long the CA wants to be left alone. */
  retryAfterSeconds?: number;
  /** certbot's own timer looks at each of these intervals, and renews what has this much of its life left. */
  timer?: { everyMs: number; leftMs: number };
  servesOld?: boolean;
  /** act's own limits hold too, and a renewal that is ended at its deadline takes ten minutes. */
  withLedger?: boolean;
  rescanMs?: number;
}

/** A renewal, by the agent or by certbot's timer. */
export interface Renewed {
  at: number;
  by: 'agent' | 'timer';
  /** What it replaced, and by which rule. */
  before: Simulated;
  basis: string;
}

/** A host whose agent acts on its own plan for `days`, on a clock that jumps to whatever comes next. */
export function simulate({ lifeMs, days, act, ca, timer, ...options }: Simulation) {
  let now = noon;
  let issued: Simulated = { number: 1, issuedAt: now, endsAt: now + lifeMs };
  let live = issued;
  let attempts: Attempt[] = [];
  let ledger: Ledger = { tries: [] };
  let before: Finding[] = [];
  let asked: AskedCertificates = new Map();
  let timerAt = timer ? now + timer.everyMs : Infinity;
  let looks = 0;
  /** The plan's own next look; what the CA says brings it forward where it differs from what is known. */
  let lookAt = now;
  let told = '';
  let expiredMs = 0;
  const tries: { verb: string; at: number; reason: string }[] = [];
  const renewals: Renewed[] = [];
  const codes = new Set<string>();
  const settings = config('renew');
  const paced = {
    ...settings,
    rescanMs: options.rescanMs ?? hour,
    certbot: { ...settings.certbot, rehearsalMs: 0 },
  };
  const issue = (by: Renewed['by'], basis: string, restored = false) => {
    renewals.push({ at: now, by, before: live, basis });
    issued = { number: issued.number + 1, issuedAt: now, endsAt: now + lifeMs };
    if (!restored) live = issued;
  };

  /** Asks the CA where it is time to, as agent/observe/renewal-information.ts does; answers with the next time. */
  const ask = (): number => {
    if (!ca) return Infinity;
    const certId = `key.${live.number}`;
    const { issuedAt: notBefore, endsAt: notAfter } = live;
    const fresh: AskedCertificate = {
      certId,
      fingerprint: markOf(live),
      lineage: 'shop',
      notBefore,
      notAfter,
      nextAskAt: now,
      failures: 0,
    };
    const entry = asked.get(certId) ?? fresh;
    if (entry.renewedAt !== undefined || notAfter <= now) return Infinity;
    if (entry.nextAskAt > now) return entry.nextAskAt;
    const answer = ca(live, now);
    const wait =
      answer === 'failed'
        ? waitAfterFailures(entry.failures + 1)
        : waitBeforeAsking(options.retryAfterSeconds?.toString(), now);
    asked = new Map(asked).set(certId, afterAnswer(entry, answer, now + wait, now));
    return now + wait;
  };

  /** As `act` does it: within its own limits, each try kept before it begins. */
  const performed = (verb: Verb): { said: ReturnType<Simulation['act']> | 'capped'; retryAt?: number } => {
    if (verb !== 'renew' || options.withLedger !== true) return { said: act(verb, now) };
    const order = { lineage: 'shop', names: ['shop.example.test'], lifeMs, notAfter: live.endsAt };
    ledger = settledLedger(ledger, now);
    const cap = capOf(ledger, order, now);
    if (cap) return { said: 'capped', retryAt: cap.retryAt };
    ledger = withTry(ledger, order, now);
    const said = act(verb, now);
    if (said === 'timed-out') pass(now + hour / 6);
    ledger = withEnd(ledger, said === 'renewed' || said === 'renewed and restored' ? 'done' : said);
    return { said };
  };

  const pass = (next: number) => {
    expiredMs += Math.max(0, next - Math.max(now, live.endsAt));
    now = next;
  };

  for (const until = now + days * day; now < until; ) {
    looks += 1;
    if (looks > 2_000_000) throw new Error('it spins');
    if (timer && now >= timerAt) {
      timerAt = now + timer.everyMs;
      lookAt = now;
      if (live.endsAt - now < timer.leftMs) issue('timer', 'certbot');
    }
    const seen = look(live, issued, options.servesOld === true);
    asked = afterLook(asked, seen, now);
    const askAgainAt = ask();
    const known = JSON.stringify([...suggestedRenewals(asked)]);
    if (known === told && now < lookAt && now < timerAt) {
      pass(Math.min(lookAt, askAgainAt, timerAt));
      continue;
    }
    told = known;
    attempts = attemptsToKeep(attempts, now);
    const facts = { ...seen, suggestedRenewals: suggestedRenewals(asked) };
    const { plan, snapshot } = decide(facts, attempts, before, paced, now);
    before = snapshot.findings;
    for (const { code } of before) codes.add(code);
    const [action] = plan.actions;
    if (!action) {
      lookAt = Math.max(plan.lookAgainAt, now + 1);
      pass(Math.max(Math.min(lookAt, askAgainAt, timerAt), now + 1));
      continue;
    }
    now += 10_000;
    const { said, retryAt } = performed(action.request.verb);
    lookAt = now;
    const renewed = said === 'renewed' || said === 'renewed and restored';
    const renewal = snapshot.lineages[0]?.renewal;
    if (renewed) {
      asked = afterRenewal(asked, markOf(live), renewal?.basis === 'renewal-information', now);
      issue('agent', renewal?.basis ?? 'none', said === 'renewed and restored');
    }
    const reason = renewed ? 'done' : said;
    const { verb } = action.request;
    tries.push({ verb, at: now, reason });
    attempts = withAttempt(attempts, {
      verb,
      subject: action.subject,
      at: now,
      reason,
      detail: '',
      ...(retryAt !== undefined && { retryAt }),
    });
  }
  const most = (windowMs: number) =>
    Math.max(0, ...tries.map(({ at }) => tries.filter((other) => other.at >= at && other.at < at + windowMs).length));
  return { tries, renewals, expiredMs, most, attempts, asked, codes };
}

function markOf({ number }: Simulated): string {
  return (number + 9).toString(16).padStart(8, '0').repeat(8);
}

/** All is as it should be: what is live is configured and served, unless an old certificate is served for ever. */
function look(live: Simulated, issued: Simulated, servesOld: boolean) {
  const [mark, newest] = [markOf(live), markOf(issued)];
  const of = (one: Simulated) =>
    certificate('a', {
      fingerprint: markOf(one),
      notBefore: new Date(one.issuedAt).toISOString(),
      notAfter: new Date(one.endsAt).toISOString(),
    });
  return observed({
    certificates: [of(live), of(issued), certificate('b')],
    lineages: [lineage({ issued: newest, live: mark, changedAt: new Date(issued.issuedAt).toISOString() })],
    deployments: [deployment({ configured: mark })],
    endpoints: [endpoint({ issued: newest, configured: mark, served: servesOld ? 'b'.repeat(64) : mark })],
    files: [],
  });
}
