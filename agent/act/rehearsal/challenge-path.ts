import { isIP } from 'node:net';
import type { Failure } from '@certherd/protocol/failure';
import { eachAtMost } from '../../observe/each-at-most.ts';
import { observeListening } from '../../observe/listening-sockets.ts';
import { observeOwnRights } from '../../observe/own-rights.ts';
import { type Answered, askAsTheCa, isOwnAddress } from './as-the-ca.ts';
import { hooksOf } from './certbot-files.ts';
import {
  answersOverHttp,
  type Check,
  passed,
  type Rehearsed,
  together,
  untold,
  type Verdict,
  wouldFail,
} from './check.ts';

/** Many names mostly lead to one server. */
export const atOnce = { total: 8, perGroup: 8 };

/** Every name has an address. Whether that is this host's is told by the challenge path: NAT and load balancers hide it. */
export const resolves: Check = async (rehearsed) => {
  if (!answersOverHttp(rehearsed)) return passed('not asked: the challenges are not answered at the names');
  const { rehearsal } = rehearsed.ports;
  const own = rehearsal.addresses();
  const verdicts = await eachAtMost(atOnce, rehearsed.names, String, async (name): Promise<Verdict> => {
    if (isIP(name) !== 0) return passed();
    if (name.startsWith('*.')) return wouldFail('unauthorized', `${name} cannot be proved over HTTP: it needs dns-01`);
    const found = await rehearsal.names.addresses(name);
    if (!found.ok)
      return found.failure.reason === 'unreachable'
        ? wouldFail('dns', found.failure.detail)
        : untold('dns', found.failure.detail);
    if (found.value.length === 0) return wouldFail('dns', `${name} has no address: neither A nor AAAA`);
    if (found.value.some((address) => isOwnAddress(address, own))) return passed();
    return passed(`${name} does not point here, but to ${found.value.slice(0, 3).join(', ')}`);
  });
  return together(verdicts);
};

/** Port 80 of every name reaches the place in which certbot's authenticator will answer. */
export const challengePath: Check = (rehearsed) => {
  switch (rehearsed.settings.authenticator) {
    case 'webroot':
      return webrootAnswers(rehearsed);
    case 'nginx':
    case 'apache':
      return serverAnswers(rehearsed);
    case 'standalone':
      return portIsFree(rehearsed);
    default:
      return passed(`not asked: ${rehearsed.settings.authenticator ?? 'nobody'} answers elsewhere`);
  }
};

/** A file put there comes back, for every name out of its own webroot. */
async function webrootAnswers(rehearsed: Rehearsed): Promise<Verdict> {
  const { settings, ports, lineage } = rehearsed;
  const webrootOf = (name: string) => settings.webroots?.get(name) ?? settings.webrootPath ?? '';
  const verdicts: Verdict[] = [];
  for (const webroot of new Set(rehearsed.names.map(webrootOf))) {
    const names = rehearsed.names.filter((name) => webrootOf(name) === webroot && !name.startsWith('*.'));
    if (!webroot.startsWith('/')) {
      verdicts.push(wouldFail('config-broken', `${lineage.renewalConfig} names no webroot for ${names[0]}`));
      continue;
    }
    const token = ports.rehearsal.placeToken(webroot);
    if (!token.ok) {
      verdicts.push(notPlaced(token.failure, rehearsed));
      continue;
    }
    const { path, content } = token.value;
    try {
      const comesBack = (answered: Answered) => answered.kind === 'answer' && answered.body.trim() === content;
      verdicts.push(...(await eachAtMost(atOnce, names, String, (name) => askedFor(rehearsed, name, path, comesBack))));
    } finally {
      token.value.remove();
    }
  }
  return together(verdicts);
}

/** Where root may not write, its own unit or container keeps it from that, and would keep certbot from it too. */
function notPlaced({ reason, detail }: Failure, { ports }: Rehearsed): Verdict {
  if (reason === 'unsupported') return passed(`not asked: ${detail}`);
  if (reason !== 'permission-denied') return wouldFail('config-broken', `the webroot ${detail}`);
  return observeOwnRights(ports.proc)?.uid === 0
    ? wouldFail(
        'sandbox-blocked',
        `${detail}: certherd-agent may not write there, see ReadWritePaths of certherd-act@.service`,
      )
    : untold('sandbox-blocked', detail);
}

/**
 * These authenticators put their answer into the server's config for a moment, before all that answers there now: that any server
 * answers is all that can be asked, and a redirect that no CA would follow is an answer too.
 */
async function serverAnswers(rehearsed: Rehearsed): Promise<Verdict> {
  const path = '/.well-known/acme-challenge/certherd';
  const isHeard = ({ kind }: Answered) => kind === 'answer' || kind === 'refused';
  const names = rehearsed.names.filter((name) => !name.startsWith('*.'));
  return together(await eachAtMost(atOnce, names, String, (name) => askedFor(rehearsed, name, path, isHeard)));
}

/** Where the name leads elsewhere and nobody answers from there, this host itself is asked: NAT mostly does not lead back inside. */
async function askedFor(
  rehearsed: Rehearsed,
  name: string,
  path: string,
  isGood: (answered: Answered) => boolean,
): Promise<Verdict> {
  const answered = await askAsTheCa(rehearsed, name, path);
  if (isGood(answered)) return passed();
  const own = rehearsed.ports.rehearsal.addresses();
  switch (answered.kind) {
    case 'unresolved':
      return passed(`not asked: ${answered.detail}`);
    case 'elsewhere':
      return passed(`not asked: ${answered.detail}`);
    case 'refused':
      return wouldFail('unauthorized', `${name}: ${answered.detail}`);
    case 'no-answer': {
      const isOwn = isOwnAddress(answered.from, own);
      if (!isOwn && isGood(await askAsTheCa(rehearsed, name, path, true)))
        return passed(
          `${name} at ${answered.from} does not answer this host, and this host itself answers as it should`,
        );
      return wouldFail('connection', `port 80 of ${name} at ${answered.from}: ${answered.detail}`);
    }
    case 'answer':
      return wouldFail(
        'unauthorized',
        `http://${name}/.well-known/acme-challenge/ at ${answered.from} is answered with status ${answered.status} and not with what is in the webroot`,
      );
  }
}

/** certbot itself listens there, so nobody else may. */
function portIsFree(rehearsed: Rehearsed): Verdict {
  const { settings, ports } = rehearsed;
  const port = Number(settings.http01Port ?? 80);
  const bound = observeListening(ports.proc, [
    { address: '0.0.0.0', port },
    { address: '::', port },
  ]);
  if (!bound) return untold('connection', 'who listens on this host cannot be told');
  const held = bound.filter((one) => one.bound || one.holders);
  if (held.length === 0) return passed();
  const by = held.flatMap(({ holders = [] }) => holders.map(({ name }) => name))[0] ?? 'another program';
  const [hook] = hooksOf('pre', rehearsed);
  if (hook !== undefined) return passed(`port ${port} is held by ${by}: ${hook} must free it`);
  return wouldFail('connection', `port ${port} is held by ${by}, and certbot's standalone server needs it`);
}
