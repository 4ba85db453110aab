import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Minted, mint } from '../../test/helpers/mint.ts';

const kinds = ['cert', 'privkey', 'chain', 'fullchain'] as const;

/** A lineage as certbot lays it out: links in live, numbered files in archive. */
export interface Lineage {
  name: string;
  live: string;
  archive: string;
  version: number;
}

export type Content = Record<(typeof kinds)[number], string>;

/** So many lineages below `root`, certbot's config directory, each with a certificate of its own from one issuer. */
export async function makeLineages(root: string, count: number): Promise<{ lineages: Lineage[]; issuer: Minted }> {
  mkdirSync(join(root, 'renewal'));
  const issuer = await mint({ authority: true, subject: [['CN', 'Bench Intermediate']] });
  const lineages: Lineage[] = [];
  for (let index = 0; index < count; index += 1) {
    const name = `shop-${index}.example.test`;
    const lineage = { name, live: join(root, 'live', name), archive: join(root, 'archive', name), version: 0 };
    for (const directory of [lineage.live, lineage.archive]) mkdirSync(directory, { recursive: true });
    swapLinks(lineage, contentOf(await mint({ names: [name], issuer }), issuer));
    const paths = kinds.map((kind) => `${kind} = ${lineage.live}/${kind}.pem\n`).join('');
    writeFileSync(join(root, 'renewal', `${name}.conf`), `archive_dir = ${lineage.archive}\n${paths}[renewalparams]\n`);
    lineages.push(lineage);
  }
  return { lineages, issuer };
}

/** A server block of nginx for each. */
export function sitesOf(lineages: readonly Lineage[], port: number): string {
  return lineages
    .map(
      ({ name, live }) =>
        `server { listen 127.0.0.1:${port} ssl; server_name ${name}; ssl_certificate ${live}/fullchain.pem; ssl_certificate_key ${live}/privkey.pem; }\n`,
    )
    .join('');
}

export function contentOf(leaf: Minted, issuer: Minted): Content {
  return { cert: leaf.pem, privkey: leaf.keyPem, chain: issuer.pem, fullchain: leaf.pem + issuer.pem };
}

/** As certbot: new files in archive, then each link removed and made again. */
export function swapLinks(lineage: Lineage, content: Content): void {
  lineage.version += 1;
  writeArchive(lineage, content);
  for (const kind of kinds) {
    const link = join(lineage.live, `${kind}.pem`);
    rmSync(link, { force: true });
    symlinkSync(`../../archive/${lineage.name}/${kind}${lineage.version}.pem`, link);
  }
}

export function writeArchive({ archive, version }: Lineage, content: Content): void {
  for (const kind of kinds) writeFileSync(join(archive, `${kind}${version}.pem`), content[kind]);
}
