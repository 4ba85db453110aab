import { linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defaultConfig } from '../../agent/config.ts';
import { readBundle } from '../../agent/formats/bundle.ts';
import { lastRenewalIn } from '../../agent/formats/certbot-log.ts';
import { readRenewalConfig } from '../../agent/formats/certbot-renewal.ts';
import { readErrorLog } from '../../agent/formats/nginx-error-log.ts';
import { keyBelongsTo } from '../../agent/formats/private-key.ts';
import { observeFiles } from '../../agent/observe/observe.ts';
import { observeCronJobs } from '../../agent/observe/renewal-cron.ts';
import { systemClock } from '../../agent/system/clock.ts';
import { systemFiles } from '../../agent/system/files.ts';
import { hostileCertificates } from './hostile-certificates.ts';
import { mintChain } from './mint.ts';
import { rawCertificate } from './raw-certificate.ts';

/** Something that was made to hold the agent up. */
export interface HostileInput {
  title: string;
  /** Has it read, and answers with what came of it in a few words. */
  read: () => string | Promise<string>;
  /** What must come of it. */
  outcome: string;
}

const mebibyte = 1024 * 1024;
const filled = (piece: string, bytes = mebibyte - 100) => piece.repeat(Math.floor(bytes / piece.length));
const numbered = (count: number, piece: (index: number) => string) =>
  Array.from({ length: count }, (_, at) => piece(at)).join('');
const reason = (pem: string | Buffer) => readBundle(Buffer.from(pem)).failure?.reason ?? 'read whole';

/** All of it; files are written below this directory. */
export async function hostileInputs(directory: string): Promise<HostileInput[]> {
  return [...hostileCertificates(), ...pem(), ...logs(), ...settings(directory), await lineages(directory)];
}

function pem(): HostileInput[] {
  const keys = Buffer.from('-----BEGIN PRIVATE KEY-----\n'.repeat(100_000));
  return [
    {
      title: '100,000 BEGIN lines, each of another kind',
      read: () => reason(numbered(100_000, (at) => `-----BEGIN L${at}-----\n`)),
      outcome: 'no-certificate',
    },
    {
      title: '100,000 BEGIN lines of certificates',
      read: () => reason('-----BEGIN CERTIFICATE-----\n'.repeat(100_000)),
      outcome: 'malformed',
    },
    {
      title: '100,000 BEGIN lines of private keys',
      read: () => {
        const belongs = keyBelongsTo(keys, rawCertificate().der);
        return belongs.ok ? 'compared' : belongs.failure.reason;
      },
      outcome: 'malformed',
    },
  ];
}

function logs(): HostileInput[] {
  const begin = '2026/11/24 02:00:00 [emerg] 1#1: ';
  const nginx = [' in /', ' in /a:1:', ' in /:1', ':1', 'bind() to ', ' failed (', 'password=', 'https://hooks.', '"'];
  const version = '2026-11-24 02:00:00,123:DEBUG:certbot._internal.main:certbot version: 2.1.0\n';
  const run = '2026-11-24 02:00:00,123:DEBUG:x:Processing /etc/a.conf\nNo renewals were attempted\n';
  const certbot = [
    '\n',
    'Failed to renew certificate ',
    'Failed to renew certificate a with error: ',
    'Renewal configuration file a (cert: ',
    'The following renewals ',
    `${version}2026-11-24 02:00:00,123:DEBUG:x:Arguments: ['--dry-run']\n`,
  ];
  const errorLog = (words: string) => String(readErrorLog(words, Date.UTC(2030, 0)).length);
  return [
    ...nginx.flatMap((piece): HostileInput[] => [
      {
        title: `an error log with one line of ${JSON.stringify(piece)}`,
        read: () => errorLog(`${begin}${filled(piece, mebibyte / 2)}x`),
        outcome: '1',
      },
      {
        title: `an error log with many lines of ${JSON.stringify(piece)}`,
        read: () => errorLog(`${begin}${filled(piece, 1400)}x\n`.repeat(350)),
        outcome: '350',
      },
    ]),
    ...certbot.map((piece) => ({
      title: `letsencrypt.log with much of ${JSON.stringify(piece).slice(0, 60)}`,
      read: () =>
        lastRenewalIn(`${version}${filled(piece, mebibyte / 2)}\n${run}`, Date.UTC(2030, 0))?.result ?? 'none',
      outcome: piece.includes('certificate a with error') ? 'failed' : piece.includes('dry-run') ? 'none' : 'none-due',
    })),
  ];
}

function settings(directory: string): HostileInput[] {
  const pieces = ["a='''\n", `a="""'''\n`, '[', '[[\n', `a="'#`, 'a=b\n', '\t\n'];
  const root = join(directory, 'crontabs');
  const table = (lines: string, outcome: string) => ({
    read: () => {
      writeFileSync(join(root, 'var/spool/cron/crontabs/mallory'), lines);
      const { runners, unreadable } = observeCronJobs(systemFiles(), root, '/etc/letsencrypt', false);
      return `${runners.length} runners, ${unreadable.length} not read to the end`;
    },
    outcome,
  });
  mkdirSync(join(root, 'var/spool/cron/crontabs'), { recursive: true });
  writeFileSync(join(root, 's'), `#!/bin/sh\n${filled('certbot  ')}`);
  return [
    ...pieces.map((piece) => ({
      title: `a renewal config of ${JSON.stringify(piece)}`,
      read: () => readRenewalConfig(Buffer.from(`cert = /c\n${filled(piece)}`)).cert ?? 'no cert',
      outcome: '/c',
    })),
    {
      title: 'a crontab of 80,000 lines that run one large script',
      ...table('* * * * * /s\n'.repeat(80_000), '0 runners, 0 not read to the end'),
    },
    {
      title: 'a crontab of 50,000 lines that run it, each in another way',
      ...table(
        numbered(50_000, (at) => `* * * * * /s ${at}\n`),
        '0 runners, 1 not read to the end',
      ),
    },
    {
      title: 'a crontab of 40,000 lines that renew',
      ...table('* * * * * certbot renew\n'.repeat(40_000), '100 runners, 0 not read to the end'),
    },
  ];
}

/** As many as no host has: certbot itself takes minutes for them. */
async function lineages(directory: string): Promise<HostileInput> {
  const root = join(directory, 'letsencrypt');
  const { leaf, fullchain, chain } = await mintChain();
  const content = { cert: leaf.pem, privkey: leaf.keyPem, chain, fullchain };
  const kinds = Object.keys(content);
  mkdirSync(join(root, 'renewal'), { recursive: true });
  for (const [kind, pem] of Object.entries(content)) writeFileSync(join(root, kind), pem);
  for (let at = 0; at < 10_000; at += 1) {
    const [live, archive] = [join(root, 'live', `s${at}`), join(root, 'archive', `s${at}`)];
    for (const path of [live, archive]) mkdirSync(path, { recursive: true });
    for (const kind of kinds) {
      linkSync(join(root, kind), join(archive, `${kind}1.pem`));
      symlinkSync(`../../archive/s${at}/${kind}1.pem`, join(live, `${kind}.pem`));
    }
    const paths = kinds.map((kind) => `${kind} = ${live}/${kind}.pem\n`).join('');
    writeFileSync(join(root, 'renewal', `s${at}.conf`), `archive_dir = ${archive}\n${paths}[renewalparams]\n`);
  }
  const defaults = defaultConfig({ hostName: 'web-1', isRoot: true, stateHome: directory });
  const certbot = { ...defaults.certbot, configDirectory: root };
  const config = { ...defaults, certbot, nginx: { ...defaults.nginx, config: join(directory, 'none') } };
  return {
    title: '10,000 lineages',
    read: async () => {
      const seen = await observeFiles({ files: systemFiles(), clock: systemClock() }, config);
      return `${seen.lineages.filter(({ issued, failure }) => issued && !failure).length} of ${seen.lineages.length} read`;
    },
    outcome: '10000 of 10000 read',
  };
}
