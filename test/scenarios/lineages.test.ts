import fs from 'node:fs';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { TestHost } from '../helpers/host.ts';
import { cleared, follow, found, halves, healthy, sharedHost } from '../helpers/scenario.ts';

const shared = sharedHost(test);
const kinds = ['cert', 'privkey', 'chain', 'fullchain'];

const liveOf = ({ certbot }: TestHost, kind: string) => path.join(certbot.configDirectory, `live/shop/${kind}.pem`);

/** As if what was done to the lineage's files had been done an hour ago: certbot is not writing them. */
function anHourAgo(host: TestHost): void {
  const then = new Date(Date.now() - 3_600_000);
  for (const directory of ['live/shop', 'archive/shop'])
    fs.utimesSync(path.join(host.certbot.configDirectory, directory), then, then);
}

/** The finding's remedy is run as printed; the lineage and the site are whole again, and certbot says so too. */
async function mendBroken(t: ExecutionContext, host: TestHost, cause: RegExp): Promise<void> {
  anHourAgo(host);
  const finding = await found(host, 'lineage-broken');
  t.is(finding.severity, 'critical');
  t.regex(finding.cause, cause);
  await follow(t, host, finding.remedy);
  await cleared(t, host, finding);
  t.is((await host.certbot.renew('shop')).exit, 0, 'certbot goes on from there');
  await host.nginx.reloadWhole();
  await healthy(t, host);
}

test.serial('lineage-broken: a live link was deleted', async (t) => {
  const host = shared();
  fs.rmSync(liveOf(host, 'fullchain'));
  await mendBroken(t, host, /fullchain\.pem: no such file/);
});

test.serial('lineage-broken: the whole live directory was emptied', async (t) => {
  const host = shared();
  for (const kind of kinds) fs.rmSync(liveOf(host, kind));
  await mendBroken(t, host, /cert\.pem, .*privkey\.pem.* no such file/);
});

test.serial('lineage-broken: files were copied over the links, and stay beside the mended ones', async (t) => {
  const host = shared();
  const texts = kinds.map((kind) => fs.readFileSync(liveOf(host, kind), 'utf8'));
  kinds.forEach((kind, index) => {
    fs.rmSync(liveOf(host, kind));
    fs.writeFileSync(liveOf(host, kind), texts[index] ?? '', { mode: 0o600 });
  });
  await mendBroken(t, host, /cert\.pem is not a link to a numbered file/);
  const beside = fs
    .readdirSync(path.dirname(liveOf(host, 'privkey')))
    .filter((name) => name.startsWith('privkey.pem.~'));
  t.true(
    beside.some((name) => readText(host, name) === texts[1]),
    beside.join(' '),
  );
});

test.serial('lineage-broken: the newest version is no longer whole in the archive', async (t) => {
  const host = shared();
  fs.rmSync(fs.realpathSync(liveOf(host, 'chain')));
  await mendBroken(t, host, /chain\.pem leads to a file that does not exist/);
});

test.serial('lineage-broken: an archive file is empty', async (t) => {
  const host = shared();
  fs.writeFileSync(fs.realpathSync(liveOf(host, 'fullchain')), '');
  await mendBroken(t, host, /the file is empty/);
});

test.serial('lineage-broken: a renewal was cut off between two links, more than a minute ago', async (t) => {
  const host = shared();
  pointTo(host, 'cert', 1);
  await mendBroken(t, host, /the live links lead to different versions: cert1, /);
});

test.serial('lineage-broken: the renewal config lost a path', async (t) => {
  const host = shared();
  const { renewalConfig } = host.certbot.lineage('shop');
  const text = fs.readFileSync(renewalConfig, 'utf8');
  fs.writeFileSync(renewalConfig, text.replace(/^chain = .*\n/m, ''));
  const finding = await found(host, 'lineage-broken');
  t.regex(finding.cause, /has no absolute path for chain/);
  const { sentence, command } = halves(finding.remedy);
  const [, line] = /^Put "(chain = [^"]+)" back at the top of (\S+)$/.exec(sentence) ?? [];
  fs.writeFileSync(renewalConfig, `${line}\n${fs.readFileSync(renewalConfig, 'utf8')}`);
  await follow(t, host, command);
  await cleared(t, host, finding);
});

test.serial('settling: certbot is between two links', async (t) => {
  const host = shared();
  const newest = versionOf(host, 'fullchain');
  t.is((await host.certbot.renew('shop')).exit, 0);
  for (const kind of ['chain', 'fullchain']) pointTo(host, kind, newest);
  const finding = await found(host, 'settling');
  t.is(finding.severity, 'notice');
  t.regex(finding.cause, /the four links of lineage shop lead to different versions: a renewal is being written/);
  t.regex(finding.remedy, /^Wait for a minute/);
  // What certbot does next, and its hook.
  for (const kind of ['chain', 'fullchain']) pointTo(host, kind, newest + 1);
  await host.nginx.reloadWhole();
  await cleared(t, host, finding);
});

test.serial('renewal-failing: the challenge directory cannot be written to', async (t) => {
  const host = shared();
  const challenges = path.join(host.nginx.webroot, '.well-known');
  fs.rmSync(challenges, { recursive: true, force: true });
  fs.writeFileSync(challenges, 'no directory');
  t.not((await host.certbot.renew('shop')).exit, 0);
  const finding = await found(host, 'renewal-failing');
  t.is(finding.severity, 'warning');
  t.deepEqual(finding.subject, { kind: 'lineage', id: 'shop' });
  t.regex(finding.cause, /certbot's own run at .* could not renew lineage shop: ./);
  // What certbot names as the reason is mended first: the remedy tries again.
  fs.rmSync(challenges);
  await follow(t, host, finding.remedy);
  await cleared(t, host, finding);
});

/** Empty where a kept link leads nowhere. */
function readText(host: TestHost, name: string): string {
  const file = path.join(path.dirname(liveOf(host, 'privkey')), name);
  return fs.lstatSync(file).isSymbolicLink() ? '' : fs.readFileSync(file, 'utf8');
}

function versionOf(host: TestHost, kind: string): number {
  return Number(/(\d+)\.pem$/.exec(fs.realpathSync(liveOf(host, kind)))?.[1]);
}

/** One link as certbot moves it: unlink, then symlink. */
function pointTo(host: TestHost, kind: string, version: number): void {
  fs.unlinkSync(liveOf(host, kind));
  fs.symlinkSync(`../../archive/shop/${kind}${version}.pem`, liveOf(host, kind));
}
