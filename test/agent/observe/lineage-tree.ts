import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileObservation, Lineage } from '@certherd/protocol/snapshot';
import type { ExecutionContext } from 'ava';
import { Value } from 'typebox/value';
import { observeLineages } from '../../../agent/observe/lineage.ts';
import { systemFiles } from '../../../agent/system/files.ts';
import { type Minted, mintChain } from '../../helpers/mint.ts';

const files = systemFiles();
export const kinds = ['cert', 'privkey', 'chain', 'fullchain'] as const;
/** A fingerprint as the protocol writes it. */
export const print = ({ x509 }: Minted) => x509.fingerprint256.replaceAll(':', '').toLowerCase();

/** A config directory as certbot lays it out, with one lineage. */
export function letsencrypt(t: ExecutionContext, name = 'shop.example.test') {
  const root = mkdtempSync(join(tmpdir(), 'certherd-lineage-'));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  const archive = join(root, 'archive', name);
  const live = join(root, 'live', name);
  for (const path of [archive, live, join(root, 'renewal')]) mkdirSync(path, { recursive: true });
  const paths = kinds.map((kind) => `${kind} = ${join(live, `${kind}.pem`)}\n`).join('');
  const config = `version = 2.1.0\narchive_dir = ${archive}\n${paths}[renewalparams]\nauthenticator = webroot\nserver = https://ca.test/dir\n`;
  writeFileSync(join(root, 'renewal', `${name}.conf`), config);
  writeFileSync(join(root, 'renewal', 'README'), 'not a lineage');

  const add = async (version: number, only: readonly string[] = kinds) => {
    const { leaf, intermediate, fullchain, chain } = await mintChain({ names: [name] });
    const content = { cert: leaf.pem, privkey: leaf.keyPem, chain, fullchain };
    for (const kind of kinds)
      if (only.includes(kind)) writeFileSync(join(archive, `${kind}${version}.pem`), content[kind]);
    return { leaf, intermediate };
  };
  const link = (version: number, only: readonly string[] = kinds) => {
    for (const kind of kinds.filter((one) => only.includes(one))) {
      rmSync(join(live, `${kind}.pem`), { force: true });
      symlinkSync(`../../archive/${name}/${kind}${version}.pem`, join(live, `${kind}.pem`));
    }
  };
  const observe = () => {
    const seen = observeLineages(files, root);
    const [lineage] = seen.lineages;
    if (!lineage) throw new Error('no lineage');
    t.true(Value.Check(Lineage, lineage));
    for (const file of seen.files) t.true(Value.Check(FileObservation, file));
    return { ...seen, lineage };
  };
  return { root, archive, live, add, link, observe };
}
