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
  return name === 'listen' ? listenFault(args) : undefined;
}

/** In a map an include has one argument too, and a table's key may be called "include" only with other counts. */
function includeFault({ args, block }: Directive): string | undefined {
  if (block) return 'directive "include" is not terminated by ";"';
  return args.length === 1 ? undefined : 'invalid number of arguments in "include" directive';
}

/** A parameter that is a directive's name, or that could not be a word of nginx's, shows a forgotten ";". Others may belong to a later nginx. */
function listenFault(args: string[]): string | undefined {
  const swallowed = args.slice(1).find(isNoParameter);
  if (swallowed) return `invalid parameter "${swallowed}"`;
  const listen = parseListen(args);
  return listen.ok ? undefined : listen.failure.detail;
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
