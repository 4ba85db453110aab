import { type Listen, parseListen } from './nginx-listen.ts';
import type { Directive } from './nginx-parser.ts';

/** A `listen` and where it stands; the server block itself where nothing is said. */
export interface PlacedListen extends Listen {
  directive: Directive;
}

/** A server block with what it inherits from the block around it. */
export interface ServerBlock {
  directive: Directive;
  kind: 'http' | 'stream' | 'mail';
  /** As written; [""] when the block names none. A mail server is not chosen by name. */
  names: string[];
  listens: PlacedListen[];
  certificates: string[];
  /** The certificates are named in the block itself. */
  ownCertificates: boolean;
  keys: string[];
  /** `ssl on`, which nginx knew up to 1.25.0: TLS on all listeners whose default server this is. */
  tlsOn: boolean;
  rejectHandshake: boolean;
}

/** All server blocks of http, stream and mail, in order. */
export function serverBlocks(directives: Directive[]): ServerBlock[] {
  return directives.flatMap((outer) => {
    const kind = kinds.find((each) => each === outer.name);
    if (!kind || !outer.block) return [];
    const shared = settingsOf(outer.block);
    return outer.block
      .filter((directive) => directive.name === 'server' && directive.block)
      .map((directive) => serverBlock(directive, kind, shared));
  });
}

const kinds = ['http', 'stream', 'mail'] as const;

/** What nginx listens on when a server in http {} does not say (as root, which the master process is). */
const unsaid: Listen = {
  address: '0.0.0.0',
  firstPort: 80,
  lastPort: 80,
  tls: false,
  datagram: false,
  proxyProtocol: false,
  defaultServer: false,
  setsOptions: false,
};

interface Settings {
  certificates: string[];
  keys: string[];
  tlsOn?: boolean;
  rejectHandshake?: boolean;
}

/** Each list is inherited as a whole and by itself: a block with its own certificates may take its keys from outside. */
function serverBlock(directive: Directive, kind: ServerBlock['kind'], shared: Settings): ServerBlock {
  const block = directive.block ?? [];
  const own = settingsOf(block);
  const listens = block.flatMap((each) => (each.name === 'listen' ? listensOf(each) : []));
  const names = valuesOf(block, 'server_name');
  return {
    directive,
    kind,
    names: names.length > 0 && kind !== 'mail' ? names : [''],
    listens: listens.length > 0 || kind !== 'http' ? listens : [{ ...unsaid, directive }],
    certificates: own.certificates.length > 0 ? own.certificates : shared.certificates,
    ownCertificates: own.certificates.length > 0,
    keys: own.keys.length > 0 ? own.keys : shared.keys,
    tlsOn: own.tlsOn ?? shared.tlsOn ?? false,
    rejectHandshake: own.rejectHandshake ?? shared.rejectHandshake ?? false,
  };
}

function listensOf(directive: Directive): PlacedListen[] {
  const listen = parseListen(directive.args);
  return listen.ok ? [{ ...listen.value, directive }] : [];
}

function settingsOf(block: Directive[]): Settings {
  const tlsOn = flag(block, 'ssl');
  const rejectHandshake = flag(block, 'ssl_reject_handshake');
  return {
    certificates: firstsOf(block, 'ssl_certificate'),
    keys: firstsOf(block, 'ssl_certificate_key'),
    ...(tlsOn !== undefined && { tlsOn }),
    ...(rejectHandshake !== undefined && { rejectHandshake }),
  };
}

function valuesOf(block: Directive[], name: string): string[] {
  return block.flatMap((directive) => (directive.name === name ? directive.args : []));
}

/** One value each: more arguments mean a forgotten ";". */
function firstsOf(block: Directive[], name: string): string[] {
  return block.flatMap((directive) => (directive.name === name ? directive.args.slice(0, 1) : []));
}

function flag(block: Directive[], name: string): boolean | undefined {
  const value = block.find((directive) => directive.name === name)?.args[0];
  return value === undefined ? undefined : value.toLowerCase() === 'on';
}
