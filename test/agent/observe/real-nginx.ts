import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ExecutionContext } from 'ava';

const fixtures = join(import.meta.dirname, '../../fixtures/nginx');

/** CERTHERD_TEST_NGINX names another nginx to compare with: a newer version, or one from elsewhere. */
export const nginxProgram = process.env.CERTHERD_TEST_NGINX ?? '/usr/sbin/nginx';

/** A directory with the shared base files, a certificate (two if nginx.conf names rsa.pem), and one fixture or the files given by text. Gone after the test. */
export function configDirectory(t: ExecutionContext, content: string | Record<string, string>): string {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'certherd-nginx-')));
  t.teardown(() => rmSync(directory, { recursive: true }));
  cpSync(join(fixtures, 'base'), join(directory, 'base'), { recursive: true });
  if (typeof content === 'string') cpSync(join(fixtures, content), directory, { recursive: true });
  else for (const [path, text] of Object.entries(content)) writeText(join(directory, path), text);
  mint(directory, 'site', ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256']);
  if (namesRsa(directory)) mint(directory, 'rsa', ['-newkey', 'rsa:2048']);
  return directory;
}

/** 1.22.1 as 1_022_001. */
export function nginxVersion(): number {
  return versionNumber(/nginx\/([\d.]+)/.exec(spawnSync(nginxProgram, ['-v'], { encoding: 'utf8' }).stderr)?.[1]);
}

export function versionNumber(text = ''): number {
  return text.split('.').reduce((sum, part) => sum * 1000 + Number(part), 0);
}

export interface Verdict {
  accepted: boolean;
  /** Files in the order of `nginx -T`. */
  files: string[];
  /** `server {` blocks in all that it printed. */
  servers: number;
  /** nginx's first complaint, and where it says it found the fault. */
  complaint?: string;
  place?: string;
}

/** What the machine's own nginx makes of a config. */
export function askNginx(directory: string): Verdict {
  const args = ['-T', '-p', `${directory}/`, '-c', join(directory, 'nginx.conf'), '-e', join(directory, 'error.log')];
  const run = spawnSync(nginxProgram, args, { encoding: 'utf8', timeout: 20_000, cwd: directory });
  const complaint = /\[(?:emerg|crit)\] (.*)/.exec(run.stderr)?.[1];
  const place = complaint === undefined ? undefined : / in (\/.*:\d+)$/.exec(complaint)?.[1];
  return {
    accepted: run.status === 0,
    files: [...run.stdout.matchAll(/^# configuration file (.*):$/gm)].map((match) => match[1] ?? ''),
    servers: [...run.stdout.matchAll(/(?:^|[\s{};])server\s*\{/g)].length,
    ...(complaint !== undefined && { complaint }),
    ...(place !== undefined && { place }),
  };
}

/** "NAME -> TARGET" makes a link. */
function writeText(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  const [name = path, target] = path.split(' -> ');
  if (target === undefined) writeFileSync(path, text);
  else symlinkSync(target, name);
}

/** An RSA key takes long to make. */
function namesRsa(directory: string): boolean {
  const configFile = join(directory, 'nginx.conf');
  return existsSync(configFile) && readFileSync(configFile, 'utf8').includes('rsa.pem');
}

function mint(directory: string, name: string, key: string[]): void {
  const files = ['-keyout', join(directory, `${name}.key`), '-out', join(directory, `${name}.pem`)];
  const args = ['req', '-x509', '-nodes', '-subj', `/CN=${name}`, '-days', '30', ...key, ...files];
  execFileSync('openssl', args, { stdio: 'ignore' });
}
