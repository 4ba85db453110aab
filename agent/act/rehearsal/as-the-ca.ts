import { isIP } from 'node:net';
import type { Rehearsed } from './check.ts';

/** What a request for a challenge came to; `from` is the address that answered, or was tried last. */
export type Answered =
  | { kind: 'answer'; status: number; body: string; from: string }
  | { kind: 'no-answer'; detail: string; from: string }
  /** Sent where a CA does not follow, or where only a CA should: `detail` says which. */
  | { kind: 'refused' | 'elsewhere'; detail: string }
  | { kind: 'unresolved'; detail: string };

const redirects = 10;
const timeoutMs = 10_000;

/**
 * GET http://NAME/PATH as Let's Encrypt's validation does it: IPv6 before IPv4 and IPv4 where IPv6 does not answer, up to ten
 * redirects to the ports 80 and 443, no certificate judged. Only names of the certificate are followed. `here`: at this
 * host itself, whatever the DNS says.
 */
export async function askAsTheCa(rehearsed: Rehearsed, name: string, path: string, here = false): Promise<Answered> {
  const first = `http://${isIP(name) === 6 ? `[${name}]` : name}${path}`;
  if (!URL.canParse(first)) return { kind: 'unresolved', detail: `${name} is no name of a host` };
  let url = new URL(first);
  for (let hop = 0; hop <= redirects; hop += 1) {
    const answered = await ask(rehearsed, url, here);
    if (answered.kind !== 'answer' || answered.location === undefined) return answered;
    if (!URL.canParse(answered.location, url.href))
      return { kind: 'refused', detail: 'a redirect leads to no address' };
    url = new URL(answered.location, url);
    const stop = notFollowed(url, rehearsed);
    if (stop) return stop;
  }
  return { kind: 'refused', detail: `more than ${redirects} redirects` };
}

/** Ports and hosts of a redirect that a CA refuses, and those that this host has no business to ask. */
function notFollowed(url: URL, { names }: Rehearsed): Answered | undefined {
  const { protocol, port, hostname } = url;
  const shown = `a redirect leads to ${url.origin}`;
  const usual = protocol === 'http:' ? '80' : protocol === 'https:' ? '443' : undefined;
  if (usual === undefined || !['', '80', '443'].includes(port))
    return { kind: 'refused', detail: `${shown}: CAs follow to the ports 80 and 443 only` };
  if (isIP(hostname.replace(/^\[|\]$/g, '')) !== 0)
    return { kind: 'refused', detail: `${shown}: CAs follow to names only` };
  const isOwn = names.some((name) => name.toLowerCase() === hostname.toLowerCase());
  return isOwn ? undefined : { kind: 'elsewhere', detail: `${shown}, which is none of the certificate's names` };
}

async function ask({ ports, config }: Rehearsed, url: URL, here: boolean): Promise<Answered & { location?: string }> {
  const name = url.hostname.replace(/^\[|\]$/g, '');
  const found = here
    ? { ok: true as const, value: ['127.0.0.1'] }
    : isIP(name) !== 0
      ? { ok: true as const, value: [name] }
      : await ports.rehearsal.names.addresses(name);
  if (!found.ok) return { kind: 'unresolved', detail: found.failure.detail };
  const [v6] = found.value.filter((address) => isIP(address) === 6);
  const [v4] = found.value.filter((address) => isIP(address) === 4);
  const own = ports.rehearsal.addresses();
  let last: Answered = { kind: 'unresolved', detail: `${name} has no address` };
  for (const address of [v6, v4]) {
    if (address === undefined) continue;
    const usual = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
    const port = usual === 80 && isOwnAddress(address, own) ? config.certbot.challengePort : usual;
    const heard = await ports.rehearsal.webGet({ url: url.href, at: { address, port }, timeoutMs });
    if (heard.ok) {
      const { status, body, location } = heard.value;
      const isRedirect = [301, 302, 303, 307, 308].includes(status) && location !== undefined;
      return { kind: 'answer', status, body, from: address, ...(isRedirect && { location }) };
    }
    last = { kind: 'no-answer', detail: heard.failure.detail, from: address };
  }
  return last;
}

/** Loopback too: a resolver that reads /etc/hosts answers it for the host's own name. */
export function isOwnAddress(address: string, own: readonly string[]): boolean {
  return /^127\.|^::1$/.test(address) || own.includes(address.toLowerCase());
}
