import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import { hostileFiles } from './hostile-files.ts';
import { type Minted, mint, toPem } from './mint.ts';
import { oddCertificates, rareKeys, refusedCertificates, unknownKeys } from './rare-certificates.ts';

export interface HostileTree {
  /** Every certificate file that a site names, by what is wrong with it. */
  certificates: Map<string, string>;
}

/** Server names and comments that a terminal would obey, or that are written right to left. */
const hostileNames = [
  '\u001b]0;x\u0007.test',
  '\u202egnp.test',
  'a\u0085b.test',
  '\u009b2J.test',
  '$(id).test',
  '~^(((((a',
];

/**
 * Fills a certbot config directory and nginx's sites with what an attacker, a broken disk or a tired person leaves there:
 * each certificate is named by a site of its own on `port`, and each has a lineage too where that is possible.
 */
export async function fillHostileTree(options: {
  directory: string;
  letsencrypt: string;
  sites: string;
  port: number;
}): Promise<HostileTree> {
  const { directory, letsencrypt, sites, port } = options;
  const own = await mint({ names: ['hostile.example.test'] });
  const certificates = new Map<string, string>();
  const place = (title: string, write: (path: string) => void) => {
    const path = join(directory, `${certificates.size}.pem`);
    write(path);
    certificates.set(title, path);
  };
  const files = { ...hostileFiles(own), DER: own.der, ...certificateFiles() };
  for (const [title, bytes] of Object.entries(files)) place(title, (path) => fs.writeFileSync(path, bytes));
  place('a pipe', (path) => execFileSync('mkfifo', [path]));
  place('a link to a device', (path) => fs.symlinkSync('/dev/zero', path));
  place('a directory', (path) => fs.mkdirSync(path));
  place('a link to itself', (path) => fs.symlinkSync(path, path));
  place('a link to nowhere', (path) => fs.symlinkSync('/nonexistent', path));
  place('2 GB', (path) => {
    fs.writeFileSync(path, own.pem);
    fs.truncateSync(path, 2 ** 31);
  });
  place('closed', (path) => fs.writeFileSync(path, own.pem, { mode: 0 }));
  certificates.set('a path of 4096 bytes', `/${'x'.repeat(250)}`.repeat(17).slice(0, 4096));
  certificates.set('a path with NUL', `${directory}/a\0b.pem`);

  const key = join(directory, 'key');
  fs.writeFileSync(key, own.keyPem);
  const blocks = [...certificates].map(
    ([title, path], index) => `# ${title}
server { listen 127.0.0.1:${port} ssl; server_name hostile-${index}.example.test "${hostileNames[index % hostileNames.length]}";
  ssl_certificate "${path}"; ssl_certificate_key ${key}; }\n`,
  );
  fs.writeFileSync(join(sites, 'hostile.conf'), blocks.join(''));
  fillSites(sites, directory);
  fillLineages(letsencrypt, own, [...certificates.values()]);
  return { certificates };
}

function certificateFiles(): Record<string, Buffer> {
  const all = { ...rareKeys(), ...unknownKeys(), ...oddCertificates(), ...refusedCertificates() };
  return Object.fromEntries(
    Object.entries(all).map(([title, { der }]) => [title, Buffer.from(toPem('CERTIFICATE', der))]),
  );
}

/** Files beside the site that the server's pattern finds too. */
function fillSites(sites: string, directory: string): void {
  fs.writeFileSync(join(sites, 'a\nb\u001b[31m\u202e.conf'), '# a name with a line break\n');
  fs.writeFileSync(Buffer.concat([Buffer.from(`${sites}/latin-`), Buffer.from([0xdf]), Buffer.from('.conf')]), '# ß\n');
  fs.writeFileSync(join(sites, 'bytes.conf'), Buffer.from([0x23, 0xff, 0xfe, 0x1b, 0x5b, 0x0a]));
  fs.symlinkSync('.', join(sites, 'round'));
  fs.mkdirSync(join(directory, 'closed.d'), { mode: 0 });
}

/** Renewal files that name hostile files, nonsense, or nothing. */
function fillLineages(letsencrypt: string, own: Minted, hostile: readonly string[]): void {
  const renewal = join(letsencrypt, 'renewal');
  for (const directory of ['renewal', 'live', 'archive'])
    fs.mkdirSync(join(letsencrypt, directory), { recursive: true });
  for (const [index, path] of hostile.slice(0, 40).entries()) {
    const text = ['cert', 'privkey', 'chain', 'fullchain'].map((kind) => `${kind} = ${path}\n`).join('');
    fs.writeFileSync(join(renewal, `hostile-${index}.conf`), `${text}[renewalparams]\nserver = \u001b[2J\u202e\n`);
  }
  fs.writeFileSync(join(renewal, 'line\nbreak\u001b[31m\u202e.conf'), 'archive_dir = \0\n[[[\n');
  fs.writeFileSync(join(renewal, 'bytes.conf'), Buffer.from([0xff, 0xfe, 0, 1, 2]));
  fs.writeFileSync(join(renewal, 'empty.conf'), '');
  fs.writeFileSync(join(renewal, 'long.conf'), 'a = '.padEnd(2 * 1024 * 1024, 'x'));
  fs.mkdirSync(join(renewal, 'directory.conf'));
  fs.symlinkSync('round.conf', join(renewal, 'round.conf'));
  execFileSync('mkfifo', [join(renewal, 'pipe.conf')]);
  const archive = join(letsencrypt, 'archive', 'many');
  fs.mkdirSync(archive);
  for (const version of ['0', '99999999999999999999', '1e9', '-1', '\u202e1'])
    fs.writeFileSync(join(archive, `cert${version}.pem`), own.pem);
  fs.writeFileSync(join(renewal, 'many.conf'), `archive_dir = ${archive}\n`);
}
