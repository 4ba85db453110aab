import fs from 'node:fs';
import path from 'node:path';
import type { TestHost } from './host.ts';
import { mintChain, type MintRequest } from './mint.ts';

const kinds = ['cert', 'privkey', 'chain', 'fullchain'] as const;

/** Writes the next version of a lineage into certbot's archive, as a renewal would, and leads the live links there. */
export async function addVersion(host: TestHost, name: string, request: MintRequest): Promise<number> {
  const { archive, certificate } = host.certbot.lineage(name);
  const version = fs.readdirSync(archive).filter((file) => file.startsWith('cert')).length + 1;
  const made = await mintChain(request);
  const content = {
    cert: made.leaf.pem,
    privkey: made.leaf.keyPem,
    chain: made.chain,
    fullchain: made.fullchain,
  };
  for (const kind of kinds)
    fs.writeFileSync(path.join(archive, `${kind}${version}.pem`), content[kind], { mode: 0o600 });
  linkVersion(path.dirname(certificate), version);
  return version;
}

/** Leads all four links of a lineage's live directory to this version. */
export function linkVersion(live: string, version: number): void {
  const archive = path.join('../../archive', path.basename(live));
  for (const kind of kinds) {
    const link = path.join(live, `${kind}.pem`);
    fs.rmSync(link, { force: true });
    fs.symlinkSync(path.join(archive, `${kind}${version}.pem`), link);
  }
}

/** The version that each live link leads to. */
export function linkedVersions(host: TestHost, name: string): number[] {
  const live = path.dirname(host.certbot.lineage(name).certificate);
  return kinds.map((kind) => Number(/(\d+)\.pem$/.exec(fs.readlinkSync(path.join(live, `${kind}.pem`)))?.[1]));
}
