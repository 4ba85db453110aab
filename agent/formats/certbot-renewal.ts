import { Buffer } from 'node:buffer';

/** What renewal/NAME.conf says about a lineage; a setting that is not there, or not readable, is absent. */
export interface RenewalConfig {
  /** certbot's version when it last wrote the file. */
  version?: string;
  archiveDirectory?: string;
  /** The four live links, as paths. certbot refuses a lineage without all of them. */
  cert?: string;
  privkey?: string;
  chain?: string;
  fullchain?: string;
  /** Of [renewalparams]: */
  account?: string;
  authenticator?: string;
  installer?: string;
  /** ACME directory. */
  server?: string;
  keyType?: string;
  /** Command that certbot runs after a renewal (saved --deploy-hook). */
  renewHook?: string;
  /** Commands that certbot runs before and after a renewal, and around a dry run too. */
  preHook?: string;
  postHook?: string;
  /** Where the standalone authenticator listens. */
  http01Port?: string;
  /** Directories that the webroot authenticator writes into: by name, and for names that are not listed. */
  webroots?: ReadonlyMap<string, string>;
  webrootPath?: string;
  /** False when the lineage is kept but not to be renewed. */
  autorenew: boolean;
}

/**
 * Reads a renewal config in the syntax of Python's ConfigObj, which certbot uses: `key = value`, [section], [[section
 * within]], # comments, values in single, double or triple quotes. Lines that make no sense are passed over.
 */
export function readRenewalConfig(bytes: Uint8Array): RenewalConfig {
  const { top, parameters, webroots } = readSections(
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString(),
  );
  const settings: [keyof RenewalConfig, string | undefined][] = [
    ['version', top.get('version')],
    ['archiveDirectory', top.get('archive_dir')],
    ['cert', top.get('cert')],
    ['privkey', top.get('privkey')],
    ['chain', top.get('chain')],
    ['fullchain', top.get('fullchain')],
    ['account', parameters.get('account')],
    ['authenticator', parameters.get('authenticator')],
    ['installer', parameters.get('installer')],
    ['server', parameters.get('server')],
    ['keyType', parameters.get('key_type')],
    ['renewHook', parameters.get('renew_hook')],
    ['preHook', parameters.get('pre_hook')],
    ['postHook', parameters.get('post_hook')],
    ['http01Port', parameters.get('http01_port')],
    ['webrootPath', lastOf(parameters.get('webroot_path') ?? '')],
  ];
  return {
    // certbot writes Python's None for a setting that was given no value
    ...Object.fromEntries(settings.filter(([, value]) => value !== undefined && value !== '' && value !== 'None')),
    ...(webroots.size > 0 && { webroots }),
    autorenew: !/^(?:false|no|off|0)$/i.test(parameters.get('autorenew') ?? ''),
  };
}

/** Settings before the first section, of [renewalparams] itself, and of its [[webroot_map]]; the first of a repeated key counts. */
function readSections(text: string): Record<'top' | 'parameters' | 'webroots', Map<string, string>> {
  const top = new Map<string, string>();
  const parameters = new Map<string, string>();
  const webroots = new Map<string, string>();
  const lines = text.replace(/^\ufeff/, '').split('\n');
  let section: Map<string, string> | undefined = top;
  for (let at = 0; at < lines.length; at += 1) {
    const line = (lines[at] ?? '').trim();
    const equals = line.indexOf('=');
    if (line.startsWith('[')) {
      const isMap: boolean = section !== top && /^\[\[\s*webroot_map\s*\]\]/.test(line);
      section = isMap ? webroots : sectionName(line) === 'renewalparams' ? parameters : undefined;
    } else if (equals > 0 && !line.startsWith('#')) {
      const value = readValue(line.slice(equals + 1).trim(), lines, at);
      at = value.at;
      const key = unquote(line.slice(0, equals).trim());
      if (section && !section.has(key)) section.set(key, value.text);
    }
  }
  return { top, parameters, webroots };
}

/** The last of a list ("/srv/a, /srv/b,"), which is the one that certbot goes on with (webroot.py). */
function lastOf(list: string): string | undefined {
  const items = list.match(/"[^"]*"|'[^']*'|[^,]+/g) ?? [];
  return items.map((item) => unquote(item.trim())).findLast((item) => item !== '');
}

/** Undefined for a section within a section, [[NAME]]. */
function sectionName(line: string): string | undefined {
  const end = line.indexOf(']');
  return line.startsWith('[[') || end < 0 ? undefined : unquote(line.slice(1, end).trim());
}

/** A value and the line it ends on: only one in triple quotes goes over several. */
function readValue(rest: string, lines: readonly string[], from: number): { text: string; at: number } {
  const quote = rest.slice(0, 3);
  if (quote !== `'''` && quote !== '"""') return { text: withoutComment(rest), at: from };
  const opened = rest.slice(3);
  const at = opened.includes(quote) ? from : closingLine(quote, lines, from + 1);
  const whole = [opened, ...lines.slice(from + 1, at + 1)].join('\n');
  const close = whole.indexOf(quote);
  return { text: close < 0 ? whole : whole.slice(0, close), at };
}

function closingLine(quote: string, lines: readonly string[], from: number): number {
  for (let at = from; at < lines.length; at += 1) if (lines[at]?.includes(quote)) return at;
  return lines.length;
}

/** Outside quotes the first # begins a comment, with or without a space before it. */
function withoutComment(rest: string): string {
  const quote = rest[0];
  const close = quote === '"' || quote === "'" ? rest.indexOf(quote, 1) : -1;
  if (close > 0 && /^\s*(?:#|$)/.test(rest.slice(close + 1))) return rest.slice(1, close);
  const comment = rest.indexOf('#');
  return comment < 0 ? rest : rest.slice(0, comment).trim();
}

function unquote(text: string): string {
  const quote = text[0];
  return text.length > 1 && (quote === '"' || quote === "'") && text.endsWith(quote) ? text.slice(1, -1) : text;
}
