import type { Files } from '../ports.ts';
import type { RenewalConfig } from '../formats/certbot-renewal.ts';
import { type Kind, kinds, type LiveLinks, versionOf } from './lineage-links.ts';

/** What a lineage with a failure can be mended from. */
export interface LineageArchive {
  lineage: string;
  /** certbot's archive directory of the lineage. */
  directory: string;
  /** The live links, which certbot replaces one by one. */
  links: Readonly<Record<Kind, string>>;
  /** Settings that renewal/NAME.conf lacks: certbot then refuses the lineage. */
  unnamed: Kind[];
  /** All four links lead into the archive, to one version or to several: certbot itself can go on from there. */
  linked: boolean;
  /** The highest version of which all four files are there. */
  complete?: number;
  /** The highest version of which any certificate is there. */
  newest?: number;
}

/** Looks at what is left of a lineage; reads names only. */
export function observeLineageArchive(
  files: Pick<Files, 'list'>,
  lineage: string,
  directory: string,
  { paths, links, config }: { paths: Readonly<Record<Kind, string>>; links: LiveLinks; config: RenewalConfig },
): LineageArchive {
  const listed = files.list(directory);
  const names = listed.ok ? listed.value : [];
  const versions = names
    .map((name) => versionOf('cert', name))
    .filter((version) => version !== undefined)
    .sort((a, b) => b - a);
  const [newest] = versions;
  const complete = versions.find((version) => kinds.every((kind) => names.includes(`${kind}${version}.pem`)));
  return {
    lineage,
    directory,
    links: paths,
    unnamed: kinds.filter((kind) => !config[kind]?.startsWith('/')),
    linked: kinds.every((kind) => links.targets[kind] !== undefined) && (!links.failure || links.settling),
    ...(complete === undefined ? {} : { complete }),
    ...(newest === undefined ? {} : { newest }),
  };
}
