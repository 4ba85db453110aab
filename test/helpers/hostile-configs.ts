import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A config that somebody wrote to hold the agent up, and what it names. */
export interface HostileConfig {
  title: string;
  server: 'nginx' | 'apache' | 'haproxy';
  /** Text by name; `main` is the config file. DIRECTORY stands for the directory that they are written to. */
  files: Record<string, string>;
}

const mebibyte = 1024 * 1024;
const filled = (piece: string, bytes = mebibyte - 100) => piece.repeat(Math.floor(bytes / piece.length));
const numbered = (count: number, text: (index: number) => string) => Array.from({ length: count }, (_, at) => text(at));
const named = (count: number) =>
  Object.fromEntries(numbered(count, (at) => `${'a'.repeat(200)}${at}`).map((name) => [name, '']));

/** Made anew at each call: together they are some 20 MB. */
export function hostileConfigs(): HostileConfig[] {
  return [...nginx(), ...apache(), ...haproxy()];
}

function nginx(): HostileConfig[] {
  const tls = 'ssl_certificate a;ssl_certificate_key b;';
  const cases: Record<string, Record<string, string>> = {
    'a mebibyte of quotes': { main: filled('"') },
    'a mebibyte of escapes': { main: filled('\\') },
    'a mebibyte of opening braces': { main: filled('a{') },
    'a mebibyte of closing braces': { main: filled('}') },
    'a mebibyte in one word': { main: filled('a') },
    'a mebibyte of long brackets in Lua': { main: `x_by_lua_block {${filled('[=')}` },
    '100,000 includes of one file': {
      main: `events{}http{${'include s;'.repeat(100_000)}}`,
      s: `server{listen 443 ssl;${tls}${'server_name a;'.repeat(30)}}`,
    },
    '100,000 server blocks': {
      main: `events{}http{${'include s;'.repeat(1000)}}`,
      s: `server{listen 443 ssl;${tls}}\n`.repeat(100),
    },
    '1,500 servers with 1,000 ports and 100 names each': {
      main: `events{}http{${tls}${`server{listen 1-1000 ssl;server_name ${numbered(100, (at) => `n${at}`).join(' ')};}\n`.repeat(1500)}}`,
    },
    '30,000 listens on all ports': { main: `events{}http{${tls}${'server{listen 1-65535 ssl;}\n'.repeat(30_000)}}` },
    '80,000 entries in a map': { main: `http{map a b{${numbered(80_000, (at) => `k${at} v;`).join('')}}}` },
    'globs that nearly match': { main: `include ${'a*'.repeat(120)}b;`.repeat(1000), ...named(1000) },
    'directives that may stand once, after 50,000 others': {
      main: `http{${'a b;'.repeat(50_000)}${numbered(50_000, (at) => `root x${at};`).join('')}}`,
    },
  };
  return casesOf('nginx', cases);
}

function apache(): HostileConfig[] {
  const host = '<VirtualHost *>\nSSLEngine on\nSSLCertificateFile a\n</VirtualHost>\n';
  const cases: Record<string, Record<string, string>> = {
    'variables that double': { main: `Define a xxxxxxxx\n${filled('Define a ${a}${a}\n')}` },
    'a macro of 100,000 lines used 50,000 times': {
      main: `<Macro a>\n${'x y\n'.repeat(100_000)}</Macro>\n${'Use a\n'.repeat(50_000)}`,
    },
    'a macro with 500 parameters': {
      main: `<Macro a ${numbered(500, (at) => `$p${at}`).join(' ')}>\n${filled('$', 500_000)}\n</Macro>\n${`Use a ${'1 '.repeat(500)}\n`.repeat(400)}`,
    },
    '50,000 macros': { main: filled('<Macro a>\n</Macro>\n') },
    '10,000 hosts on 1,000 ports': {
      main: `${numbered(1000, (at) => `Listen ${at + 1} https\n`).join('')}${host.repeat(10_000)}`,
    },
    '10,000 hosts that inherit 20,000 certificates': {
      main: `Listen 1 https\n${'SSLCertificateFile a\n'.repeat(20_000)}${'<VirtualHost *:1>\nSSLEngine on\n</VirtualHost>\n'.repeat(10_000)}`,
    },
    '9,000 includes of one file': { main: 'Include DIRECTORY/s\n'.repeat(9_000), s: 'x y\n'.repeat(1000) },
    'sections that are passed over': { main: filled('<IfDefine !a>\n<IfDefine a>\n') },
  };
  return casesOf('apache', cases);
}

function haproxy(): HostileConfig[] {
  const cases: Record<string, Record<string, string>> = {
    '40,000 bind lines': { main: `frontend a\n${'bind :443 ssl crt /p\n'.repeat(40_000)}` },
    '9,000 bind lines that name a certificate with its key beside': {
      main: `frontend a\n${'bind :443 ssl crt DIRECTORY/p\n'.repeat(9_000)}`,
      p: filled('x'),
      'p.key': 'x',
    },
    'binds of all ports': { main: `frontend a\n${'bind :1-65535 ssl crt /p\n'.repeat(40_000)}` },
    '1,000 binds of a list of 100,000 lines': {
      main: `frontend a\n${'bind :443 ssl crt-list DIRECTORY/l\n'.repeat(1000)}`,
      l: '/p a b\n'.repeat(100_000),
    },
    'a list of 100,000 certificates': {
      main: 'frontend a\nbind :443 ssl crt-list DIRECTORY/l\n',
      l: numbered(100_000, (at) => `/p${at}\n`).join(''),
    },
    'variables that double': { main: `global\nsetenv A aaaaaaaa\n${'setenv A "$A$A"\n'.repeat(60)}` },
    'variables that become 100,000 words': {
      main: `global\nsetenv A "${'a '.repeat(100_000)}"\nfrontend a\n${'bind "${A[*]}"\n'.repeat(20_000)}`,
    },
  };
  return casesOf('haproxy', cases);
}

function casesOf(server: HostileConfig['server'], cases: Record<string, Record<string, string>>): HostileConfig[] {
  return Object.entries(cases).map(([title, files]) => ({ title, server, files }));
}

/** Writes one into a directory of its own below this one and answers with the path of its main file. */
export function writeHostileConfig({ files, server, title }: HostileConfig, below: string): string {
  const directory = join(below, `${server}-${title}`.replaceAll(/[^a-z\d]+/gi, '-'));
  mkdirSync(directory);
  for (const [name, text] of Object.entries(files))
    writeFileSync(join(directory, name), text.replaceAll('DIRECTORY', directory));
  return join(directory, 'main');
}
