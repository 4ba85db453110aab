import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Sandbox } from './sandbox.ts';

export interface Authority {
  /** The CA that programs must trust to talk to the server, PEM. */
  caFile: string;
  certificateFile: string;
  keyFile: string;
}

const days = ['-days', '3650'];
const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** Makes, with openssl, a CA and a certificate of it for localhost and 127.0.0.1, both good for 10 years. */
export async function makeAuthority(sandbox: Sandbox): Promise<Authority> {
  const folder = sandbox.folder('authority');
  const at = (name: string) => join(folder, name);
  writeFileSync(at('localhost.ext'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n');
  const subject = (name: string) => ['-subj', `/CN=${name}`];
  await openssl(sandbox, [
    'req',
    '-x509',
    ...newKey,
    '-keyout',
    at('ca.key'),
    '-out',
    at('ca.pem'),
    ...days,
    ...subject('Sandbox CA'),
  ]);
  await openssl(sandbox, [
    'req',
    '-new',
    ...newKey,
    '-keyout',
    at('localhost.key'),
    '-out',
    at('localhost.csr'),
    ...subject('localhost'),
  ]);
  const signed = [
    '-CA',
    at('ca.pem'),
    '-CAkey',
    at('ca.key'),
    '-CAcreateserial',
    '-extfile',
    at('localhost.ext'),
    ...days,
  ];
  await openssl(sandbox, ['x509', '-req', '-in', at('localhost.csr'), '-out', at('localhost.pem'), ...signed]);
  return { caFile: at('ca.pem'), certificateFile: at('localhost.pem'), keyFile: at('localhost.key') };
}

async function openssl(sandbox: Sandbox, argv: string[]): Promise<void> {
  const ran = await sandbox.run('openssl', argv);
  if (ran.exit !== 0) throw new Error(`openssl ${argv[0]} failed: ${ran.stderr}`);
}
