import { createHash } from 'node:crypto';
import { Enums, Models, Serialize, Spec, SPDX } from '@cyclonedx/cyclonedx-library';
import type { BundledPackage } from './bundled.ts';
import type { Identity } from './identity.ts';

export interface SbomParts {
  program: string;
  identity: Identity;
  packages: readonly BundledPackage[];
  /** Node's version and, by name, those of the libraries that are linked into it. */
  node: { version: string; linked: Readonly<Record<string, string>> };
  /** SQLite's version, where a binary holds it. */
  sqlite?: string;
}

/** What is in one binary, as CycloneDX 1.6 JSON. The same parts give the same text: nothing in it is random or of today. */
export function sbomOf({ program, identity, packages, node, sqlite }: SbomParts): string {
  const { version, commit, epoch } = identity;
  const bom = new Models.Bom();
  const root = new Models.Component(Enums.ComponentType.Application, program, { version, bomRef: program });
  root.licenses.add(new Models.SpdxLicense('Apache-2.0'));
  root.properties.add(new Models.Property('certherd:commit', commit));
  bom.metadata.component = root;
  bom.metadata.timestamp = new Date(epoch * 1000);
  const made = new Map(packages.map((one) => [one.folder, componentOf(one)]));
  for (const { folder, dependsOn } of packages) {
    const component = made.get(folder);
    if (!component) continue;
    for (const other of dependsOn) {
      const dependency = made.get(other);
      if (dependency) component.dependencies.add(dependency.bomRef);
    }
    bom.components.add(component);
    root.dependencies.add(component.bomRef);
  }
  const sqliteHolder = made.get('node_modules/better-sqlite3');
  if (sqlite !== undefined && sqliteHolder)
    sqliteHolder.components.add(generic(sqliteHolder.name, 'sqlite', sqlite, 'sqlite:sqlite'));
  const runtime = nodeComponent(node);
  bom.components.add(runtime);
  root.dependencies.add(runtime.bomRef);
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));
  bom.serialNumber = serialNumber(serializer.serialize(bom, { sortLists: true }));
  return `${serializer.serialize(bom, { sortLists: true, space: 2 })}\n`;
}

function componentOf({ folder, name, version, licence, integrity }: BundledPackage): Models.Component {
  const [scope, bare] = name.startsWith('@') ? name.split('/') : [undefined, name];
  const component = new Models.Component(Enums.ComponentType.Library, bare ?? name, {
    ...(scope !== undefined && { group: scope }),
    version,
    bomRef: folder,
    purl: `pkg:npm/${name.replace('@', '%40')}@${version}`,
  });
  component.licenses.add(licenceOf(licence));
  const [, base64] = /^sha512-([\w+/=]+)$/.exec(integrity ?? '') ?? [];
  if (base64 !== undefined)
    component.hashes.set(Enums.HashAlgorithm['SHA-512'], Buffer.from(base64, 'base64').toString('hex'));
  return component;
}

function licenceOf(expression: string): Models.License {
  if (SPDX.isSupportedSpdxId(expression)) return new Models.SpdxLicense(expression);
  return / (?:OR|AND|WITH) /.test(expression)
    ? new Models.LicenseExpression(expression)
    : new Models.NamedLicense(expression);
}

/** Scanners find advisories on Node and OpenSSL by their CPE names. */
function nodeComponent({ version, linked }: SbomParts['node']): Models.Component {
  const component = generic('runtime', 'node', version, 'nodejs:node.js', Enums.ComponentType.Platform);
  component.licenses.add(new Models.SpdxLicense('MIT'));
  for (const [name, own] of Object.entries(linked))
    component.components.add(generic('node', name, own, name === 'openssl' ? 'openssl:openssl' : undefined));
  return component;
}

function generic(
  within: string,
  name: string,
  version: string,
  cpe: string | undefined,
  type: Enums.ComponentType = Enums.ComponentType.Library,
): Models.Component {
  return new Models.Component(type, name, {
    version,
    bomRef: `${within}/${name}@${version}`,
    purl: `pkg:generic/${name}@${version}`,
    ...(cpe !== undefined && { cpe: `cpe:2.3:a:${cpe}:${version}:*:*:*:*:*:*:*` }),
  });
}

/** A UUID (version 8: of one's own making) from the text's digest. */
function serialNumber(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 3) | 8).toString(16);
  return `urn:uuid:${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
