import { parseListen } from './nginx-listen.ts';
import type { Directive } from './nginx-parser.ts';

/**
 * Where a directive stands: the name of the nearest block, "main" outside of all, "keys" where words are keys of
 * a table and not directives (map, types, geo …), and "unknown" inside a block that nginx's own modules lack.
 */
export type Context = string;

/** The context inside a directive's block. */
export function contextInside(directive: Directive, context: Context): Context {
  if (tables.has(directive.name)) return 'keys';
  if (context === 'keys' || context === 'unknown') return context;
  return directive.block && shapes.get(directive.name)?.block ? directive.name : 'unknown';
}

/**
 * What nginx would object to in a directive's place, braces and number of arguments, in its words and its order
 * (ngx_conf_handler), or undefined. Judges only directives that matter here or that often stand after a forgotten ";":
 * modules bring their own. A name that no module could have is not repeated, since the file may not be a config at all.
 */
export function shapeFault(directive: Directive, context: Context): string | undefined {
  const { name, args, block } = directive;
  if (context === 'keys' && block) return 'unexpected "{"';
  const own = context !== 'keys' && context !== 'unknown';
  if (own && directive.marked) return 'unknown directive: the file begins with a byte order mark';
  if (name === 'include') return includeFault(directive);
  if (!own) return undefined;
  const shape = name === 'server' && context === 'upstream' ? upstreamServer : shapes.get(name);
  if (!shape) return /^[A-Za-z]\w*$/.test(name) ? undefined : 'unknown directive';
  if (shape.contexts && !shape.contexts.includes(context)) return `"${name}" directive is not allowed here`;
  if (block && !shape.block) return `directive "${name}" is not terminated by ";"`;
  if (!block && shape.block) return `directive "${name}" has no opening "{"`;
  if (args.length < shape.least || args.length > shape.most)
    return `invalid number of arguments in "${name}" directive`;
  return valueFaults.get(name)?.(args, name);
}

/** In a map an include has one argument too, and a table's key may be called "include" only with other counts. */
function includeFault({ args, block }: Directive): string | undefined {
  if (block) return 'directive "include" is not terminated by ";"';
  return args.length === 1 ? undefined : 'invalid number of arguments in "include" directive';
}

/** nginx's words where it takes a directive once in each block, and `siblings` (what the block holds so far) has it already. */
export function duplicateFault(directive: Directive, siblings: Directive[], context: Context): string | undefined {
  const { name } = directive;
  if (!takenOnce.has(name) || context === 'keys' || context === 'unknown') return undefined;
  return siblings.some((sibling) => sibling.name === name) ? `"${name}" directive is duplicate` : undefined;
}

/** Each of these has its value at most once in a block: ngx_conf_set_str_slot, ngx_conf_set_flag_slot and others say so. */
const takenOnce: ReadonlySet<string> = new Set(
  'user pid worker_processes worker_connections events http stream mail ssl ssl_reject_handshake ssl_ciphers root proxy_pass'.split(
    ' ',
  ),
);

const valueFaults: ReadonlyMap<string, (args: string[], name: string) => string | undefined> = new Map([
  ['listen', listenFault],
  ['server_name', nameFault],
  ['ssl', flagFault],
  ['ssl_reject_handshake', flagFault],
  ['ssl_protocols', protocolFault],
]);

/** A wildcard is a whole label (ngx_http_core_server_name). */
function nameFault(names: string[]): string | undefined {
  if (names.includes('~')) return 'empty regex in server name "~"';
  const wrong = names.find((name) => name === '.' || (name.startsWith('*') && !/^\*\.[\s\S]/.test(name)));
  return wrong === undefined ? undefined : `server name "${wrong}" is invalid`;
}

function flagFault([value = '']: string[], name: string): string | undefined {
  if (/^(?:on|off)$/i.test(value)) return undefined;
  return `invalid value "${value}" in "${name}" directive, it must be "on" or "off"`;
}

/** A version that is not out yet is let pass; what else stands here mostly shows a forgotten ";". */
function protocolFault(values: string[]): string | undefined {
  const wrong = values.find((value) => !/^(?:SSLv[23]|TLSv\d(?:\.\d)?)$/i.test(value));
  return wrong === undefined ? undefined : `invalid value "${wrong}"`;
}

/** A parameter that is a directive's name, or that could not be a word of nginx's, shows a forgotten ";". Others may belong to a later nginx. */
function listenFault(args: string[]): string | undefined {
  const swallowed = args.slice(1).find(isNoParameter);
  if (swallowed) return `invalid parameter "${swallowed}"`;
  const listen = parseListen(args);
  return listen.ok ? incompatible(args) : listen.failure.detail;
}

/** What nginx, since it knows QUIC (1.25.0), wants on a listener of its own. */
function incompatible(args: string[]): string | undefined {
  const datagram = ['quic', 'udp'].find((transport) => args.includes(transport, 1));
  const wrong = datagram && ['ssl', 'http2', 'proxy_protocol', 'multipath'].find((each) => args.includes(each, 1));
  return wrong && `"listen" directive "${wrong}" parameter is incompatible with "${datagram}"`;
}

function isNoParameter(text: string): boolean {
  return text !== 'ssl' && (shapes.has(text) || !/^[a-z][a-z0-9_]*(?:=.*)?$/.test(text));
}

interface Shape {
  block: boolean;
  least: number;
  most: number;
  contexts?: string[];
}

const upstreamServer: Shape = { block: false, least: 1, most: Infinity };

const tables: ReadonlySet<string> = new Set(['map', 'types', 'geo', 'split_clients', 'charset_map']);

const withNames = ['http', 'stream', 'mail', 'server'];

const logged = ['http', 'server', 'location', 'if', 'limit_except', 'stream'];

const shapes: ReadonlyMap<string, Shape> = new Map<string, Shape>([
  ['events', { block: true, least: 0, most: 0, contexts: ['main'] }],
  ['http', { block: true, least: 0, most: 0, contexts: ['main'] }],
  ['stream', { block: true, least: 0, most: 0, contexts: ['main'] }],
  ['mail', { block: true, least: 0, most: 0, contexts: ['main'] }],
  ['server', { block: true, least: 0, most: 0, contexts: ['http', 'stream', 'mail'] }],
  ['upstream', { block: true, least: 1, most: 1, contexts: ['http', 'stream'] }],
  ['location', { block: true, least: 1, most: 2, contexts: ['server', 'location'] }],
  ['if', { block: true, least: 1, most: Infinity, contexts: ['server', 'location'] }],
  ['limit_except', { block: true, least: 1, most: Infinity, contexts: ['location'] }],
  ['types', { block: true, least: 0, most: 0, contexts: ['http', 'server', 'location'] }],
  ['map', { block: true, least: 2, most: 2, contexts: ['http', 'stream'] }],
  ['geo', { block: true, least: 1, most: 2, contexts: ['http', 'stream'] }],
  ['listen', { block: false, least: 1, most: Infinity, contexts: ['server'] }],
  ['server_name', { block: false, least: 1, most: Infinity, contexts: ['server', 'mail', 'stream'] }],
  ['ssl', { block: false, least: 1, most: 1, contexts: withNames }],
  ['ssl_certificate', { block: false, least: 1, most: 1, contexts: withNames }],
  ['ssl_certificate_key', { block: false, least: 1, most: 1, contexts: withNames }],
  ['ssl_reject_handshake', { block: false, least: 1, most: 1, contexts: withNames }],
  ['ssl_protocols', { block: false, least: 1, most: Infinity, contexts: withNames }],
  ['ssl_ciphers', { block: false, least: 1, most: 1, contexts: withNames }],
  ['set', { block: false, least: 2, most: 2 }],
  ['root', { block: false, least: 1, most: 1 }],
  ['index', { block: false, least: 1, most: Infinity }],
  ['return', { block: false, least: 1, most: 2 }],
  ['proxy_pass', { block: false, least: 1, most: 1 }],
  ['access_log', { block: false, least: 1, most: Infinity, contexts: logged }],
  ['log_format', { block: false, least: 2, most: Infinity, contexts: ['http', 'stream'] }],
  ['error_log', { block: false, least: 1, most: Infinity }],
]);
