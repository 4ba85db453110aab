import { type Listen, parseListen } from './nginx-listen.ts';
import type { Directive } from './nginx-parser.ts';
import type { Steps } from './steps.ts';

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
export function* serverBlocks(directives: Directive[]): Steps<ServerBlock[]> {
  const servers: ServerBlock[] = [];
  for (const outer of directives) {
    const kind = kinds.find((each) => each === outer.name);
    if (!kind || !outer.block) continue;
    const shared = settingsOf(outer.block);
    for (const directive of outer.block)
      if (directive.name === 'server' && directive.block)
        if (servers.push(serverBlock(directive, kind, shared)) % 50 === 0) yield;
  }
  return servers;
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

/** What http, stream, mail and server blocks say in the same way; only a server block has `listen`. */
interface Settings {
  names: string[];
  listens: PlacedListen[];
  certificates: string[];
  keys: string[];
  tlsOn?: boolean;
  rejectHandshake?: boolean;
}

/** Each list is inherited as a whole and by itself: a block with its own certificates may take its keys from outside. */
function serverBlock(directive: Directive, kind: ServerBlock['kind'], shared: Settings): ServerBlock {
  const own = settingsOf(directive.block ?? []);
  return {
    directive,
    kind,
    names: own.names.length > 0 && kind !== 'mail' ? own.names : [''],
    listens: own.listens.length > 0 || kind !== 'http' ? own.listens : [{ ...unsaid, directive }],
    certificates: own.certificates.length > 0 ? own.certificates : shared.certificates,
    ownCertificates: own.certificates.length > 0,
    keys: own.keys.length > 0 ? own.keys : shared.keys,
    tlsOn: own.tlsOn ?? shared.tlsOn ?? false,
    rejectHandshake: own.rejectHandshake ?? shared.rejectHandshake ?? false,
  };
}

function settingsOf(block: Directive[]): Settings {
  const settings: Settings = { names: [], listens: [], certificates: [], keys: [] };
  for (const directive of block) collect(settings, directive);
  return settings;
}

/** Where one argument is right the first is taken: more of them mean a forgotten ";". */
function collect(settings: Settings, directive: Directive): void {
  const [value = ''] = directive.args;
  switch (directive.name) {
    case 'server_name':
      if (settings.names.length === 0) settings.names = [...directive.args];
      else for (const name of directive.args) settings.names.push(name);
      break;
    case 'listen':
      listenTo(settings, directive);
      break;
    case 'ssl_certificate':
      settings.certificates = grown(settings.certificates, value);
      break;
    case 'ssl_certificate_key':
      settings.keys = grown(settings.keys, value);
      break;
    case 'ssl':
      settings.tlsOn ??= isOn(value);
      break;
    case 'ssl_reject_handshake':
      settings.rejectHandshake ??= isOn(value);
      break;
  }
}

function listenTo(settings: Settings, directive: Directive): void {
  const listen = parseListen(directive.args);
  if (listen.ok) settings.listens = grown(settings.listens, { ...listen.value, directive });
}

/** Most lists get one value, and the first push makes room for 17. */
function grown<T>(list: T[], value: T): T[] {
  if (list.length === 0) return [value];
  list.push(value);
  return list;
}

function isOn(value: string): boolean {
  return value.toLowerCase() === 'on';
}
