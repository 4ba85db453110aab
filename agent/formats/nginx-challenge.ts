import { nameChoice } from './name-choice.ts';
import { type SharedListener, listenerTable } from './nginx-listeners.ts';
import type { Directive } from './nginx-parser.ts';
import { type ServerBlock, serverBlocks } from './nginx-server-blocks.ts';
import { atOnce } from './steps.ts';

/** Where nginx would take the answer to an http-01 challenge (RFC 8555, 8.3) for a name from. */
export type ChallengePlace =
  /** A file put below `root`/.well-known/acme-challenge is served by the block at FILE:LINE. */
  | { root: string; block: string }
  /** No directory can be told; `why` is half a sentence. */
  | { root?: undefined; why: string };

/**
 * The directory out of which the config (includes followed) answers challenges for `name`, where they come in on `port` (80, unless
 * something in front leads elsewhere). `prefix` is nginx's own, for a relative root. What only a running nginx could tell (rewrites,
 * conditions, variables) is no place.
 */
export function challengePlace(
  directives: Directive[],
  name: string,
  { prefix, port }: { prefix?: string; port: number },
): ChallengePlace {
  const { listeners } = listenerTable(atOnce(serverBlocks(directives)));
  const web = [...listeners.values()].filter((listener) => listener.kind === 'http' && !listener.datagram);
  const plain = web.filter((listener) => listener.port === port && !listener.tls && !listener.proxyProtocol);
  const [http] = directives.filter((directive) => directive.name === 'http');
  const outside: Place = { ...(prefix && { prefix }), ...rootOf(http?.block ?? []) };
  const places = plain.map((listener) => placeAt(listener, web, name, outside));
  const [first = { why: `nginx does not listen on port ${port} without TLS` }] = places;
  const differing = places.find((place) => place.root !== first.root);
  if (differing) return { why: 'its addresses answer from different directories' };
  return first;
}

function placeAt(listener: SharedListener, web: SharedListener[], name: string, outside: Place): ChallengePlace {
  const server = blockFor(listener, name);
  if (!server) return { why: 'no block can be told that answers for it' };
  const answer = answerOf(server.directive.block ?? [], outside);
  const followed = 'redirect' in answer ? redirected(web, answer.redirect, name, outside) : answer;
  if ('why' in followed) return followed;
  return { root: followed.root, block: placeOf(server.directive) };
}

type Answer = { root: string } | { redirect: Redirect } | { why: string };

interface Redirect {
  port: number;
  /** Absent: the name that was asked for. */
  host?: string;
}

/** What holds for a block from outside: the root, and the prefix of a relative one. */
interface Place {
  prefix?: string;
  root?: string;
}

/** As a CA asks for it; a token is of base64url's characters. */
const challengePath = '/.well-known/acme-challenge/certherd-AZ09_token';

function blockFor({ servers, defaultServer }: SharedListener, name: string): ServerBlock | undefined {
  const choice = nameChoice(servers.map(({ names }, index) => ({ block: String(index), names })))(name.toLowerCase());
  if (choice === 'unknown') return undefined;
  return choice === 'none' ? defaultServer : servers[Number(choice)];
}

/** CAs follow a redirect to TLS and take any certificate there. */
function redirected(
  web: SharedListener[],
  { port, host }: Redirect,
  name: string,
  outside: Place,
): { root: string } | { why: string } {
  const answers = web
    .filter((listener) => listener.port === port && listener.tls)
    .map((listener) => answerOf(blockFor(listener, host ?? name)?.directive.block ?? [], outside));
  const [first] = answers;
  if (!first || !('root' in first)) return { why: 'port 80 leads to TLS, where no directory is told for it' };
  const same = answers.every((answer) => 'root' in answer && answer.root === first.root);
  return same ? first : { why: 'its addresses answer from different directories' };
}

/** What decides an answer before a file is looked for, or in its place. */
const deciding =
  /^(?:if|rewrite|deny|internal|limit_except|auth_(?:request|jwt)|stub_status|empty_gif|js_content|perl|dav_methods|\w+_pass|\w+_by_lua\w*)$/;

function answerOf(block: Directive[], outside: Place): Answer {
  const place: Place = { ...outside, ...rootOf(block) };
  const returning = block.find(({ name }) => name === 'return');
  if (returning) {
    const redirect = redirectOf(returning.args);
    return redirect ? { redirect } : { why: `${placeOf(returning)} answers by itself` };
  }
  const decider = block.find(({ name, args }) => deciding.test(name) || (name === 'auth_basic' && args[0] !== 'off'));
  if (decider) return { why: `${placeOf(decider)} (${decider.name}) may answer otherwise` };
  const chosen = locationIn(block);
  if (chosen === 'unknown') return { why: 'a location cannot be told to fit or not' };
  if (chosen) return inLocation(chosen, place);
  return fileAnswer(block, place);
}

function inLocation(location: Directive, place: Place): Answer {
  const inside = location.block ?? [];
  const alias = inside.find(({ name }) => name === 'alias')?.args[0];
  if (alias === undefined) return answerOf(inside, place);
  // certbot writes below ROOT/.well-known/acme-challenge: the alias must be such a directory itself
  const { modifier, name: prefix } = fitting(location);
  const bare = answerOf(
    inside.filter(({ name }) => name !== 'alias'),
    { ...place, root: '/' },
  );
  const fits = modifier === '' || modifier === '^~';
  if (!('root' in bare) || !fits || !alias.endsWith(prefix) || !isFixed(alias) || !alias.startsWith('/'))
    return { why: `${placeOf(location)} has an alias that certbot cannot write to` };
  return { root: alias.slice(0, -prefix.length) || '/' };
}

function fileAnswer(block: Directive[], { root, prefix }: Place): Answer {
  const tried = block.find(({ name }) => name === 'try_files');
  if (tried && tried.args[0] !== '$uri')
    return { why: `${placeOf(tried)} (try_files) does not look for the file itself` };
  if (root === undefined || !isFixed(root)) return { why: 'no root is told for it' };
  if (root.startsWith('/')) return { root };
  return prefix === undefined
    ? { why: `its root is relative ("${root}"), and nginx's prefix is not known` }
    : { root: `${prefix.replace(/\/+$/, '')}/${root}` };
}

/** As ngx_http_core_find_location: the longest prefix, unless it says "^~" or an expression fits, of which the first counts. */
function locationIn(block: Directive[]): Directive | 'unknown' | undefined {
  const locations = block.filter(({ name, args }) => name === 'location' && args.length > 0);
  let longest: Directive | undefined;
  for (const location of locations) {
    const prefix = prefixOf(location);
    if (prefix !== undefined && challengePath.startsWith(prefix) && prefix.length >= (prefixOf(longest) ?? '').length)
      longest = location;
  }
  if (longest && fitting(longest).modifier === '^~') return longest;
  for (const location of locations) {
    const { modifier, name: pattern } = fitting(location);
    if (!['~', '~*'].includes(modifier)) continue;
    const fits = matches(pattern, modifier === '~*');
    if (fits === undefined) return 'unknown';
    if (fits) return location;
  }
  return longest;
}

function prefixOf(location: Directive | undefined): string | undefined {
  if (!location) return undefined;
  const { modifier, name } = fitting(location);
  if (modifier === '') return name.startsWith('@') ? undefined : name;
  return modifier === '^~' ? name : undefined;
}

/** The modifier may stand in one word with what follows: "^~/x", "~\.php$" (ngx_http_core_location). */
function fitting({ args: [first = '', second] }: Directive): { modifier: string; name: string } {
  if (second !== undefined) return { modifier: first, name: second };
  const [, modifier = '', name = ''] = /^(=|\^~|~\*|~|)([\s\S]*)$/.exec(first) ?? [];
  return { modifier, name };
}

/** An expression of PCRE that JavaScript reads too means the same here; undefined for others. */
function matches(pattern: string, insensitive: boolean): boolean | undefined {
  if (pattern.length > 500) return undefined;
  try {
    return new RegExp(pattern, insensitive ? 'i' : '').test(challengePath);
  } catch {
    return undefined;
  }
}

/** Where "return 301 https://$host$request_uri;" leads to, with the path kept. */
function redirectOf([code = '', target = '']: string[]): Redirect | undefined {
  if (!['301', '302', '307', '308'].includes(code)) return undefined;
  const [, host = '', port = '443'] = /^https:\/\/(\$\w+|[\w.-]+)(?::(\d{1,5}))?\$request_uri$/.exec(target) ?? [];
  if (host === '' || (host.startsWith('$') && !['$host', '$http_host', '$server_name'].includes(host)))
    return undefined;
  return { port: Number(port), ...(!host.startsWith('$') && { host }) };
}

function rootOf(block: readonly Directive[]): { root?: string } {
  const root = block.find(({ name }) => name === 'root')?.args[0];
  return root === undefined ? {} : { root };
}

function isFixed(path: string): boolean {
  return !path.includes('$');
}

function placeOf({ file, line }: Directive): string {
  return `${file}:${line}`;
}
